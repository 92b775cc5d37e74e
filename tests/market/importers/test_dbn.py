"""DBN files of Databento, against what its own client makes of them."""

import csv
import datetime as dt
import gzip
import io
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import databento_dbn as client
import numpy as np
import pyarrow as pa
import pytest

from pipeline.codes import DAY_NS, PRICE_COLUMNS, interval_ns
from pipeline.errors import DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from pipeline.market.importers.dbn import DATABENTO_DBN
from pipeline.market.importers.registry import ReadOptions
from pipeline.market.importers.registry.contract import ImporterContract

DAY = dt.date(2024, 7, 1)
MIDNIGHT = 1_719_792_000 * 10**9
MINUTE = 60 * 10**9
ES = "ES_20240702/futures_{}.dbn.zst"
ES_BARS = ES.format("ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10")
ES_TRADES = ES.format("trades_2024-07-01T23-58_2024-07-02T00-02")


def unpacked(path: Path) -> bytes:
    with path.open("rb") as file:
        return pa.CompressedInputStream(file, "zstd").read()


def rows_of(data: bytes) -> dict[str, list[tuple[float, ...]]]:
    """What the client writes as text: rows of time, prices and volume by symbol."""
    out = io.BytesIO()
    coder = client.Transcoder(
        out, client.Encoding.CSV, client.Compression.NONE, pretty_px=True, pretty_ts=False
    )
    coder.write(data)
    coder.flush()
    found = defaultdict(list)
    for row in csv.DictReader(io.StringIO(out.getvalue().decode())):
        bars = "open" in row
        names = PRICE_COLUMNS if bars else ("price", "size")
        ts = int(row["ts_event" if bars else "ts_recv"])
        found[row["symbol"]].append((ts, *(float(row[name]) for name in names)))
    return dict(found)


def bars_of(rows: list[tuple[float, ...]], step: int) -> list[tuple[float, ...]]:
    """The bars of trades, one trade after the other."""
    found: dict[float, list[float]] = {}
    for ts, price, size in rows:
        bar = found.setdefault(ts // step * step, [price, price, price, price, 0.0])
        bar[1], bar[2] = max(bar[1], price), min(bar[2], price)
        bar[3], bar[4] = price, bar[4] + size
    return [(ts, *bar) for ts, bar in found.items()]


def stored(catalog: Path, symbol: str, interval: str) -> list[tuple[float, ...]]:
    table = Catalog(catalog).load(symbol, interval)
    columns = [table["ts"].cast(pa.int64()), *(table[name] for name in PRICE_COLUMNS)]
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def made(*records: Any, spans: dict[str, list[tuple[int, int, str]]], **others: Any) -> bytes:
    """A file of bars; ``spans`` has the first day, the day behind the last and the number."""
    mappings = [
        SimpleNamespace(
            raw_symbol=symbol,
            intervals=[
                SimpleNamespace(
                    start_date=DAY + dt.timedelta(first),
                    end_date=DAY + dt.timedelta(end),
                    symbol=number,
                )
                for first, end, number in some
            ],
        )
        for symbol, some in spans.items()
    ]
    head = client.Metadata(
        *("GLBX.MDP3", MIDNIGHT, client.SType.RAW_SYMBOL, client.SType.INSTRUMENT_ID),
        client.Schema.OHLCV_1M,
        mappings=mappings,
        **others,
    )
    return head.encode() + b"".join(map(bytes, records))


def bar(number: int, ts: int, price: int = 5 * 10**9, **others: int) -> client.OHLCVMsg:
    prices = dict.fromkeys(PRICE_COLUMNS[:4], price) | others
    return client.OHLCVMsg(33, 1, number, ts, **prices, volume=7)


SETS = ("EQUS.MINI", "GLBX.MDP3", "XNAS.ITCH")


@pytest.mark.parametrize("folder", SETS)
@pytest.mark.parametrize("interval", ["1s", "1m", "1h", "1d"])
def test_bars_are_those_that_the_client_reads(shared_data, tmp_path, folder, interval):
    path = shared_data / "raw/databento" / folder / f"test_data.ohlcv-{interval}.dbn.zst"
    (result,) = import_bars(path, tmp_path / "c")
    account = result.account
    assert (account.layout, account.adjusted) == ("databento", Fact("no", "layout"))
    assert account.interval == Fact(interval, "file")
    assert account.stamped.value == "open"
    assert {result.symbol: stored(tmp_path / "c", result.symbol, interval)} == rows_of(
        unpacked(path)
    )


def test_a_file_of_several_symbols_becomes_a_series_of_each(shared_data, tmp_path):
    path = shared_data / "raw/databento" / ES_BARS
    results = import_bars(path, tmp_path / "c")
    assert {one.symbol for one in results} == {"ESU4", "NQU4"}
    expected = rows_of(unpacked(path))
    assert {name: stored(tmp_path / "c", name, "1m") for name in expected} == expected
    assert "Times without trades have no bars, as the layout databento says." in (
        results[0].account.notes
    )


@pytest.mark.parametrize("interval", ["1s", "1m"])
def test_trades_become_bars_of_the_interval_that_is_asked_for(shared_data, tmp_path, interval):
    path = shared_data / "raw/databento" / ES_TRADES
    with pytest.raises(DataError, match="rows are ticks, not bars; give the interval"):
        import_bars(path, tmp_path / "c")
    import_bars(path, tmp_path / "c", interval=interval)
    (rows,) = rows_of(unpacked(path)).values()
    assert stored(tmp_path / "c", "ESU4", interval) == bars_of(rows, interval_ns(interval))


def test_bars_of_trades_are_those_that_databento_makes_of_them(shared_data, tmp_path):
    folder = shared_data / "raw/databento"
    import_bars(folder / ES_TRADES, tmp_path / "trades", interval="1m")
    import_bars(folder / ES_BARS, tmp_path / "bars")
    mine = stored(tmp_path / "trades", "ESU4", "1m")
    theirs = {row[0]: row for row in stored(tmp_path / "bars", "ESU4", "1m")}
    # The sample of trades ends within its last minutes, of which it has the first 30 each.
    assert mine[0] == theirs[mine[0][0]]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("mbp-1_2024-07-01T23-58_2024-07-02T00-02", "has records of 'mbp-1', expected ohlcv-1s"),
        ("definition", "has records of 'definition', expected ohlcv-1s, .* or trades: get one"),
    ],
)
def test_other_records_are_refused(shared_data, tmp_path, schema, words):
    with pytest.raises(DataError, match=words):
        import_bars(shared_data / "raw/databento" / ES.format(schema), tmp_path / "c")


def test_a_file_may_be_packed_otherwise_or_not_at_all(tmp_path):
    data = made(bar(7, MIDNIGHT), bar(7, MIDNIGHT + MINUTE), spans={"ESU4": [(0, 1, "7")]})
    (tmp_path / "plain").write_bytes(data)  # known by its first bytes alone
    (tmp_path / "plain.dbn.gz").write_bytes(gzip.compress(data))
    for name in ("plain", "plain.dbn.gz"):
        (result,) = import_bars(tmp_path / name, tmp_path / f"{name}.catalog")
        assert (result.symbol, result.rows) == ("ESU4", 2)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_older_versions_and_times_of_sending_are_read_alike(tmp_path, version):
    rows = [client.OHLCVMsg(33, 1, 7, MIDNIGHT + at * MINUTE, 1, 1, 1, 1, 1, 5) for at in (0, 1)]
    plain = made(*rows, spans={"ES": [(0, 1, "7")]}, version=version)
    timed = made(spans={"ES": [(0, 1, "7")]}, version=version, ts_out=True)
    # A record says its length in words of four bytes; the time of sending is added to it.
    timed += b"".join(b"\x10" + bytes(row)[1:56] + bytes(8) for row in rows)
    for name, data in (("plain.dbn", plain), ("timed.dbn", timed)):
        (tmp_path / name).write_bytes(data)
        batches = DATABENTO_DBN.read(tmp_path / name, ReadOptions())
        table = pa.Table.from_batches(batches)
        assert table["symbol"].to_pylist() == ["ES", "ES"]
        assert table["ts"].cast(pa.int64()).to_pylist() == [MIDNIGHT, MIDNIGHT + MINUTE]


def test_an_instrument_may_get_another_symbol_on_another_day(tmp_path):
    spans = {"OLD": [(0, 1, "7")], "NEW": [(1, 2, "7")], "OTHER": [(0, 1, ""), (0, 2, "8")]}
    late = MIDNIGHT + DAY_NS + MINUTE
    rows = [bar(7, MIDNIGHT), bar(8, MIDNIGHT), bar(8, late), bar(7, late)]
    (tmp_path / "x.dbn").write_bytes(made(*rows, spans=spans))
    results = import_bars(tmp_path / "x.dbn", tmp_path / "c")
    found = {
        one.symbol: [ts for ts, *_ in stored(tmp_path / "c", one.symbol, "1m")] for one in results
    }
    assert found == {
        "OLD": [MIDNIGHT],
        "NEW": [late],
        "OTHER": [MIDNIGHT, late],
    }


def test_an_instrument_without_a_symbol_is_asked_for(tmp_path):
    data = made(bar(7, MIDNIGHT), bar(7, MIDNIGHT + MINUTE), spans={"X": [(1, 2, "7")]})
    (tmp_path / "x.dbn").write_bytes(data)
    with pytest.raises(DataError, match=r"x\.dbn: the metadata have no symbol of instrument 7 on"):
        import_bars(tmp_path / "x.dbn", tmp_path / "c")
    (result,) = import_bars(tmp_path / "x.dbn", tmp_path / "c", symbol="ES")
    assert (result.symbol, result.rows) == ("ES", 2)


def test_no_price_and_no_time_are_told_as_such(tmp_path):
    rows = [
        bar(7, MIDNIGHT),
        bar(7, MIDNIGHT + MINUTE, high=client.UNDEF_PRICE),
        bar(7, client.UNDEF_TIMESTAMP),
        bar(7, MIDNIGHT + 2 * MINUTE, client.UNDEF_PRICE),
        bar(7, MIDNIGHT + 3 * MINUTE),
    ]
    (tmp_path / "x.dbn").write_bytes(made(*rows, spans={"ES": [(0, 1, "7")]}))
    with pytest.raises(DataError, match=r"row 2: time is empty") as refusal:
        import_bars(tmp_path / "x.dbn", tmp_path / "c")
    assert "row 1: high is empty" in str(refusal.value)
    assert "row 3: there are no prices" in str(refusal.value)
    (result,) = import_bars(tmp_path / "x.dbn", tmp_path / "c", bad_rows="drop")
    assert result.rows == 2


def test_a_file_that_is_cut_is_damaged(shared_data, tmp_path):
    packed = (shared_data / "raw/databento" / ES_BARS).read_bytes()
    plain = made(bar(7, MIDNIGHT), spans={"ES": [(0, 1, "7")]})
    for data, why in (
        (packed[:-9], "Truncated compressed stream"),
        (plain[:-9], "it ends within a record, of which it has 47 bytes"),
        (plain[:40], "it ends within its metadata"),
    ):
        (tmp_path / "x.dbn.zst").write_bytes(data)
        with pytest.raises(
            DataError, match=rf"x\.dbn\.zst is damaged: {why}.*; get the file again"
        ):
            import_bars(tmp_path / "x.dbn.zst", tmp_path / "c")


def test_without_the_client_the_way_to_get_it_is_told(shared_data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "databento_dbn", None)
    path = shared_data / "raw/databento" / ES_BARS
    with pytest.raises(DataError, match=r"pip install 'ringtape\[databento\]'") as refusal:
        import_bars(path, tmp_path / "c")
    assert str(refusal.value).startswith(str(path))


def test_it_is_no_file_of_another_layout(shared_data, tmp_path):
    path = shared_data / "raw/databento" / ES_BARS
    with pytest.raises(DataError, match=r"is Databento's DBN, and --layout kraken is one of delim"):
        import_bars(path, tmp_path / "c", layout="kraken")
    assert len(import_bars(path, tmp_path / "c", layout="databento")) == 2


def test_text_that_begins_like_dbn_is_text(tmp_path):
    (tmp_path / "DBN.csv").write_text("DBN,ts,open,high,low,close\n1,2024-01-01,1,1,1,1\n")
    (result,) = import_bars(tmp_path / "DBN.csv", tmp_path / "c")
    assert result.account.layout == "csv"


def test_other_text_is_no_file_of_a_binary_layout(tmp_path):
    (tmp_path / "A.csv").write_text("ts,open,high,low,close\n2024-01-01,1,1,1,1\n")
    with pytest.raises(
        DataError, match=r"A\.csv is no file of the layout 'arrow', which has the f"
    ):
        import_bars(tmp_path / "A.csv", tmp_path / "c", layout="arrow")


class TestContract(ImporterContract):
    """DBN's importer keeps the contract of those of other packages."""

    importer = DATABENTO_DBN

    @pytest.fixture(autouse=True)
    def _samples(self, shared_data: Path) -> None:
        folder = shared_data / "raw/databento"
        self.files = (
            folder / ES_BARS,
            folder / ES_TRADES,
            folder / "XNAS.ITCH/test_data.ohlcv-1d.dbn.zst",
        )

    def make_large(self, folder: Path, rows: int) -> Path:
        data = made(bar(7, MIDNIGHT), spans={"ES": [(0, 400, "7")]})
        path = folder / "large.dbn"
        with path.open("wb") as file:
            file.write(data)
            file.writelines(bytes(bar(7, MIDNIGHT + at * MINUTE)) for at in range(1, rows))
        return path


def test_numbers_are_whole_units_of_a_billionth(tmp_path):
    rows = [bar(7, MIDNIGHT + at * MINUTE, price) for at, price in enumerate((1, 10**9 + 1, 12345))]
    (tmp_path / "x.dbn").write_bytes(made(*rows, spans={"ES": [(0, 1, "7")]}))
    import_bars(tmp_path / "x.dbn", tmp_path / "c")
    closes = [row[4] for row in stored(tmp_path / "c", "ES", "1m")]
    assert closes == (np.array([1, 10**9 + 1, 12345]) / 1e9).tolist()
