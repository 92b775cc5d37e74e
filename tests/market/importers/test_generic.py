"""Files of no particular vendor: headers, delimiters, times, archives, options, refusals."""

import gzip
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars

HEADER = "time,open,high,low,close,volume"
PRICES = [("10", "11", "9", "10.5", "100"), ("10.5", "12", "10", "11", "200")]


def lines(times, header=HEADER, separator=","):
    rows = [separator.join((time, *PRICES[i % 2])) for i, time in enumerate(times)]
    return "\n".join(([header] if header else []) + rows) + "\n"


def times_of(catalog, symbol="SPY", interval="1m"):
    ts = catalog.load(symbol, interval)["ts"].cast(pa.int64()).to_numpy()
    return [str(np.datetime64(int(t), "s")) for t in ts // 10**9]


def import_text(tmp_path, text, name="SPY.csv", **options):
    source = tmp_path / name
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    catalog = Catalog(tmp_path / "catalog")
    return catalog, import_bars([source], catalog, **options)


MINUTES = ["2024-01-02T14:30:00", "2024-01-02T14:31:00"]


@pytest.mark.parametrize(
    "written",
    [
        ("2024-01-02 14:30:00", "2024-01-02 14:31:00"),
        ("2024-01-02T14:30:00Z", "2024-01-02T14:31:00Z"),
        ("2024-01-02T09:30:00-05:00", "2024-01-02T09:31:00-0500"),
        ("2024-1-2 14:30:0", "2024-1-2 14:31:0"),
        ("2024/01/02 14:30", "2024/01/02 14:31"),
        ("2024.01.02 14:30:00.000", "2024.01.02 14:31:00.000"),
        ("20240102 143000", "20240102 143100"),
        ("20240102143000", "20240102143100"),
        ("1/2/2024 2:30 PM", "1/2/2024 2:31 PM"),
        ("2-Jan-24 14:30", "2-Jan-24 14:31"),
        ("1704205800", "1704205860"),
        ("1704205800000", "1704205860000"),
        ("1704205800000000", "1704205860000000"),
        ("1704205800000000000", "1704205860000000000"),
    ],
)
def test_times_are_read_however_they_are_written(tmp_path, written):
    catalog, (result,) = import_text(tmp_path, lines(written), date_order="mdy")
    assert result.interval == "1m"
    assert times_of(catalog) == MINUTES


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_delimiters_and_odd_headers_are_recognised(tmp_path, separator):
    header = separator.join((" Date ", "TIME", "Open Price", "High", " low", "Last", "Tick Volume"))
    rows = [separator.join((*time.split("T"), *PRICES[0])) for time in MINUTES]
    text = "\ufeff" + header + "\r\n" + "\r\n\r\n".join(rows)
    catalog, _ = import_text(tmp_path, text, tz="UTC")
    assert times_of(catalog) == MINUTES
    table = catalog.load("SPY", "1m")
    assert table["close"].to_pylist() == [10.5, 10.5]
    assert table["volume"].to_pylist() == [100.0, 100.0]


def test_columns_are_named_by_option_or_counted_without_a_header(tmp_path):
    text = lines(MINUTES, header="when,a,b,c,d,e")
    mapping = {"ts": "when", "open": "a", "high": "b", "low": "c", "close": "d", "volume": "e"}
    catalog, _ = import_text(tmp_path, text, columns=mapping)
    first = catalog.load("SPY", "1m")
    places = {name: str(place + 1) for place, name in enumerate(mapping)}
    catalog, (result,) = import_text(tmp_path, lines(MINUTES, header=None), columns=places)
    assert (result.added, result.unchanged) == (0, 2)
    assert catalog.load("SPY", "1m").equals(first)


def test_volume_may_be_absent_and_is_then_zero(tmp_path):
    text = "time,open,high,low,close\n2024-01-02 14:30,1,1,1,1\n2024-01-02 14:31,1,1,1,1\n"
    catalog, _ = import_text(tmp_path, text)
    assert catalog.load("SPY", "1m")["volume"].to_pylist() == [0.0, 0.0]


def test_a_symbol_column_makes_a_series_each(tmp_path):
    text = "Ticker," + HEADER + "\n"
    for symbol in ("B", "A"):
        text += "".join(f"{symbol},{time},1,1,1,1,1\n" for time in MINUTES)
    catalog, results = import_text(tmp_path, text, name="all stocks.csv")
    assert [result.symbol for result in results] == ["B", "A"]
    assert times_of(catalog, "A") == MINUTES


def test_files_that_are_newest_first_are_turned_round(tmp_path):
    catalog, _ = import_text(tmp_path, lines(MINUTES[::-1]))
    assert times_of(catalog) == MINUTES
    assert catalog.load("SPY", "1m")["close"].to_pylist() == [11.0, 10.5]


def test_end_stamped_bars_are_moved_to_their_open(tmp_path):
    text = lines(["2024-01-02 09:35", "2024-01-02 09:40"])
    catalog, _ = import_text(tmp_path, text, stamped="close", tz="America/New_York")
    assert times_of(catalog, interval="5m") == ["2024-01-02T14:30:00", "2024-01-02T14:35:00"]


def test_times_without_a_zone_are_utc_and_the_result_says_so(tmp_path):
    _, (result,) = import_text(tmp_path, lines(MINUTES))
    assert result.account.clock == Fact("UTC", "guess", "--tz")
    _, (result,) = import_text(tmp_path, lines(MINUTES), tz="UTC")
    assert result.account.clock == Fact("UTC", "option")


def test_daily_bars_are_labelled_with_the_date_they_were_written_with(tmp_path):
    text = lines(["2024-01-02 00:00:00+09:00", "2024-01-03 00:00:00+09:00"])
    catalog, (result,) = import_text(tmp_path, text)
    assert result.interval == "1d"
    assert times_of(catalog, interval="1d") == ["2024-01-02T00:00:00", "2024-01-03T00:00:00"]


@pytest.mark.parametrize(
    ("time", "how"), [("2024-11-03 01:30", "twice"), ("2024-03-10 02:30", "never")]
)
def test_local_times_at_a_clock_change_are_refused_by_line(tmp_path, time, how):
    text = lines(["2024-01-02 09:30", "2024-01-02 09:31", time])
    with pytest.raises(DataError, match=rf"SPY.csv, line 4: local time .* occurs {how} in America"):
        import_text(tmp_path, text, tz="America/New_York")
    assert not (tmp_path / "catalog").exists()


def test_gz_zip_and_folders_are_opened(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with gzip.open(folder / "A.csv.gz", "wt") as file:
        file.write(lines(MINUTES))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("B.csv", lines(MINUTES))
        archive.writestr("deep/C.csv", lines(MINUTES))
    (folder / "README.md").write_text("not data")
    catalog = Catalog(tmp_path / "catalog")
    results = import_bars([folder], catalog)
    assert [result.symbol for result in results] == ["A", "B", "C"]
    assert catalog.entry("A", "1m").sources == (f"csv: {tmp_path.name}/in",)


def table(times, kind):
    columns = {name: [1.0] * len(times) for name in ("open", "high", "low", "close", "volume")}
    return pa.table({"timestamp": pa.array(times, kind), **columns})


@pytest.mark.parametrize("kind", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "+09:00"])
def test_arrow_timestamps_of_any_unit_and_zone_are_instants(tmp_path, kind, zone):
    seconds = np.array([1704205800, 1704205860])
    times = seconds * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind]
    pa.feather.write_feather(table(times, pa.timestamp(kind, zone)), str(tmp_path / "SPY.feather"))
    catalog = Catalog(tmp_path / "catalog")
    import_bars([tmp_path / "SPY.feather"], catalog)
    assert times_of(catalog) == MINUTES


def klines(start, step):
    rows = (f"{t},1,2,0.5,1.5,3,{t + step - 1},0,0,0,0,0" for t in (start, start + step))
    return "\n".join(rows)


def kline(open_ms, closed=True):
    prices = {"o": "1", "h": "2", "l": "0.5", "c": "1.5", "v": "3"}
    return {
        "e": "kline",
        "s": "BTCUSDT",
        "k": {"t": open_ms, "s": "BTCUSDT", "i": "1m", "x": closed, **prices},
    }


def test_binance_klines_from_archive_and_stream_are_the_same_bars(tmp_path):
    start = 1704205800000
    archive = klines(start, 60_000)
    catalog, (result,) = import_text(tmp_path, archive, name="BTCUSDT-1m-2024-01-02.csv")
    assert (result.symbol, result.interval, result.account.layout) == ("BTCUSDT", "1m", "binance")
    in_us = klines(start * 1000, 60_000_000)
    _, (result,) = import_text(tmp_path, in_us, name="BTCUSDT-1m-2025-01-02.csv")
    assert result.unchanged == 2
    messages = [kline(start), kline(start + 60000, closed=False), kline(start + 60000)]
    stream = "".join(f"17 {json.dumps({'stream': 's', 'data': m})}\n" for m in messages)
    _, (result,) = import_text(tmp_path, stream, name="recording.jsonl")
    assert (result.unchanged, result.added) == (2, 0)
    assert times_of(catalog, "BTCUSDT") == MINUTES


def test_mt5_exports_of_few_rows_ask_for_the_clock(tmp_path):
    header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
    rows = [f"2024.07.02\t1{hour}:00:00\t1.1\t1.2\t1.0\t1.1\t5\t0\t1" for hour in (0, 1)]
    text = "\n".join([header, *rows])
    name = "EURUSD_H1_202407.csv"
    with pytest.raises(DataError, match=r"on its server's clock, .*--tz, such as Europe/Athens"):
        import_text(tmp_path, text, name=name)
    catalog, (result,) = import_text(tmp_path, text, name=name, tz="Europe/Athens")
    assert (result.symbol, result.interval, result.account.layout) == ("EURUSD", "1h", "mt5")
    assert times_of(catalog, "EURUSD", "1h") == ["2024-07-02T07:00:00", "2024-07-02T08:00:00"]


def test_sparse_data_do_not_hide_their_interval(tmp_path):
    seconds = np.cumsum(np.array([1, 30, 30, 7, 30, 1, 30, 12] * 5))
    times = [str(np.datetime64("2024-01-02T14:30:00") + int(s)) for s in seconds]
    _, (result,) = import_text(tmp_path, lines(times))
    assert result.interval == "1s"


@settings(max_examples=20)
@given(data=st.data(), rows=st.integers(2, 30))
def test_files_of_any_partition_in_any_order_give_the_same_catalog(tmp_path_factory, data, rows):
    folder = tmp_path_factory.mktemp("x")
    times = [str(np.datetime64("2024-01-02T14:30:00") + 60 * i) for i in range(rows)]
    text = lines(times).splitlines()
    owner = data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    (folder / "in").mkdir()
    for part in sorted(set(owner)):
        chosen = [line for line, own in zip(text[1:], owner, strict=True) if own == part]
        (folder / "in" / f"{part}.csv").write_text("\n".join([text[0], *chosen]) + "\n")
    (folder / "in.csv").write_text("\n".join(text))
    options = {"symbol": "SPY", "interval": "1m"}
    whole, parts, single = (Catalog(folder / name) for name in ("whole", "parts", "single"))
    import_bars([folder / "in.csv"], whole, **options)
    import_bars([folder / "in"], parts, **options)
    for part in data.draw(st.permutations(sorted(set(owner)))):
        import_bars([folder / "in" / f"{part}.csv"], single, **options)
    for catalog in (parts, single):
        assert catalog.entry("SPY", "1m").sha256 == whole.entry("SPY", "1m").sha256
        file = whole.entry("SPY", "1m").file
        assert (catalog.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_sources_that_contradict_each_other_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text(lines(MINUTES))
    (tmp_path / "b.csv").write_text(lines(MINUTES).replace("10.5,100", "10.4,100"))
    # around.csv has bars before and after the one that is there otherwise.
    (tmp_path / "around.csv").write_text(lines(["2024-01-02T14:29:00", "2024-01-02T14:32:00"]))
    files = [tmp_path / f"{name}.csv" for name in ("a", "b", "around")]
    words = r"SPY 1m from .*b\.csv: 1 of 2 bars conflict with bars of \S*/a\.csv, first at"
    with pytest.raises(DataError, match=words):
        import_bars(files, Catalog(tmp_path / "c"), symbol="SPY")
    assert not (tmp_path / "c").exists()


def broken(change):
    return lines(MINUTES).replace(*change)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "SPY.csv is empty"),
        (HEADER + "\n", "SPY.csv: there are no rows"),
        (broken(("11,9", "x11,9")), "line 2: high must be a number, was 'x11'"),
        (broken(("11,9", ",9")), "line 2: high is empty"),
        (broken(("11,9", "nan,9")), "line 2: high is empty"),
        (broken(("11,9", "inf,9")), "line 2: high must be a finite number, was inf"),
        (broken(("11,9", "-11,9")), "line 2: .*high must be above zero, was -11.0"),
        (broken(("12,10", "9,10")), "line 3: .*high must not be below low 10.0, was 9.0"),
        (broken(("14:31", "14:30")), "a single row shows no interval|duplicates"),
        (broken(("14:31", "24:31")), "line 3: the time '2024-01-02T24:31:00' does not exist"),
        (broken(("02T14:31", "32T14:31")), "line 3: the time .* does not exist"),
        (broken(("2024-01-02T14:31:00", "soon")), "line 3: time must be like .* was 'soon'"),
        (broken((",200", "")), "line 3: 5 fields, expected 6"),
        ("hello\nworld\n", "no table of bars or ticks at its top"),
        (lines(MINUTES, header=None), "no header and no known layout.*--columns"),
        (b"\xff\xfe\x00a", "no table of bars or ticks at its top"),
        (b"PAR1 and no more", "SPY.csv is damaged"),
    ],
)
def test_broken_files_are_refused_with_their_place_and_nothing_is_made(tmp_path, text, words):
    with pytest.raises(DataError, match=words) as refusal:
        import_text(tmp_path, text)
    assert "SPY.csv" in str(refusal.value)
    assert not (tmp_path / "catalog").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": {"prize": "close"}}, "there is no field 'prize'"),
        ({"columns": {"close": "Last"}}, "there is no column 'Last'; columns: 'time', 'open'"),
        ({"interval": "1w"}, "1w"),
        ({"interval": "5m"}, "mostly 60 s apart, so they are no bars of 5m"),
        ({"tz": "Mars/Olympus"}, "Mars/Olympus"),
        ({"date_order": "ydm"}, "must be mdy, dmy or ymd, was 'ydm'"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(tmp_path, options, words):
    with pytest.raises((DataError, ConfigError), match=words):
        import_text(tmp_path, lines(MINUTES), **options)
    assert not (tmp_path / "catalog").exists()


def test_missing_sources_are_named(tmp_path):
    catalog = Catalog(tmp_path / "c")
    with pytest.raises(DataError, match=r"there is no file or folder .*nowhere"):
        import_bars([tmp_path / "nowhere"], catalog)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty holds no file of bars"):
        import_bars([tmp_path / "empty"], catalog)
    with pytest.raises(DataError, match="no source was given"):
        import_bars([], catalog)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('2024-01-02 09:31,"1,1,1,1,1', r'line 3: a quote \("\) is opened and never closed'),
        ("2024-01-02 09:31,1,1,1,1", "line 3: 5 fields, expected 6 as in the first line"),
        ("2024-01-02 09:31,1,1,1,1,1,1", "line 3: 7 fields, expected 6 as in the first line"),
    ],
)
def test_a_line_that_is_no_row_is_named_with_what_is_wrong(tmp_path, row, words):
    good = "2024-01-02 09:30,1,1,1,1,1"
    last = "2024-01-02 09:32,1,1,1,1,1"
    text = "\n".join(["time,open,high,low,close,volume", good, row, last])
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=rf"a\.csv, {words}(; --bad|$)"):
        import_bars([tmp_path / "a.csv"], Catalog(tmp_path / "c"), symbol="A", interval="1m")


def test_lean_zips_outside_their_folders_are_refused_with_the_way(tmp_path):
    with zipfile.ZipFile(tmp_path / "20240102_trade.zip", "w") as archive:
        archive.writestr("20240102_spy_minute_trade.csv", "34200000,1,1,1,1,1\n")
    with pytest.raises(DataError, match=r"looks like a LEAN zip outside .*equity/usa/minute/spy/"):
        import_bars([tmp_path / "20240102_trade.zip"], Catalog(tmp_path / "c"))


def test_lean_quotes_serve_only_where_there_are_no_trades(tmp_path):
    folder = tmp_path / "equity" / "usa" / "minute" / "spy"
    folder.mkdir(parents=True)
    quote = (
        "34200000,10000,10000,10000,10000,5,20000,20000,20000,20000,5\n34260000,,,,,0,1,1,1,1,1\n"
    )
    with zipfile.ZipFile(folder / "20240102_quote.zip", "w") as archive:
        archive.writestr("20240102_spy_minute_quote.csv", quote)
    catalog = Catalog(tmp_path / "quotes")
    (result,) = import_bars([tmp_path / "equity"], catalog)
    assert result.account.notes == (
        "Bars are bids, volume is 0.",
        "Quotes without a bid, left out: 1.",
    )
    assert catalog.load("SPY", "1m").drop_columns("ts").to_pylist() == [
        {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 0.0}
    ]
    assert times_of(catalog) == MINUTES[:1]
    with zipfile.ZipFile(folder / "20240102_trade.zip", "w") as archive:
        archive.writestr("20240102_spy_minute_trade.csv", "34200000,30000,30000,30000,30000,7\n")
    catalog = Catalog(tmp_path / "trades")
    (result,) = import_bars([tmp_path / "equity"], catalog)
    assert result.account.notes == ("Quote files left out, because there are trades: 1.",)
    assert catalog.load("SPY", "1m")["close"].to_pylist() == [3.0]


def test_a_conflict_with_the_catalog_needs_replace(tmp_path):
    import_text(tmp_path, lines(MINUTES))
    changed = broken(("11,200", "11,201"))
    with pytest.raises(DataError, match=r"1 of 2 bars conflict .* --replace takes the new ones"):
        import_text(tmp_path, changed)
    catalog, (result,) = import_text(tmp_path, changed, replace="bars")
    assert (result.replaced, result.unchanged) == (1, 1)
    assert catalog.load("SPY", "1m")["volume"].to_pylist() == [100.0, 201.0]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("demo.json", '{"session_name": "demo",\n "catalog": "x"}', "JSON"),
        ("notes.txt", '\n[{"a": 1},\n {"a": 2}]', "JSON"),
        ("mine.py", "import os\nprint(1, 2)\n", "Python"),
        ("page.csv", "<!DOCTYPE html>\n<html><body>moved</body></html>", "HTML"),
    ],
)
def test_text_that_is_no_table_is_refused_by_its_kind(tmp_path, name: str, text: str, kind: str):
    with pytest.raises(DataError, match=f"{name} is {kind}, not market data; expected a table"):
        import_text(tmp_path, text, name)
