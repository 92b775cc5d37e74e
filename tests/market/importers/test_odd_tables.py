"""Tables of odd forms: titles, headers, delimiters and names that are read, or refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ConfigError, DataError
from pipeline.market.importers import import_bars
from tests.market.importers.written import GOOD, HEADER, imported, write

BARS = ("ts", "open", "high", "low", "close")


def test_short_rows_at_the_top_are_told_and_not_left_out(tmp_path: Path):
    short = [f"20240108 000{minute}00;1.1;1.2;1.0;1.1" for minute in range(3)]
    long = [f"20240108 000{minute}00;1.1;1.2;1.0;1.1;5" for minute in range(3, 7)]
    path = write(tmp_path / "EURUSD.csv", short[1:] + long, short[0])
    words = r"line is '20240108 000000;1\.1.*--columns ts=1,open=2,high=3,low=4,close=5, or"
    with pytest.raises(DataError, match=words):
        imported(path)
    columns = {name: str(at) for at, name in enumerate(BARS, 1)}
    with pytest.raises(
        DataError, match=r"4 of 7 rows .*line 4: 6 fields, expected 5 as in the fir"
    ):
        imported(path, columns=columns)


def test_a_first_row_of_currencies_is_a_bar(tmp_path: Path):
    rows = [f"Nov {day} 2024,$10.4,$11.5,$9.5,$10.6" for day in (4, 5, 6)]
    path = write(tmp_path / "ACME.csv", rows[1:], rows[0])
    columns = {name: str(at) for at, name in enumerate(BARS, 1)}
    _, result = imported(path, columns=columns)
    assert (result.rows, result.first_bars[0][1][:4]) == (3, (10.4, 11.5, 9.5, 10.6))


def test_a_title_is_left_out_and_told(tmp_path: Path):
    title = ["ACME Corp - daily prices,,,,,", ",,,,,", "Date,Open,High,Low,Close,Volume"]
    rows = [f"2024-01-0{day},{GOOD}" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "ACME.csv", title[1:] + rows, title[0]))
    assert result.rows == 3
    assert "Lines above the table, left out: 2." in result.account.notes


def test_commas_within_thousands_are_told_by_the_number_of_cells(tmp_path: Path):
    rows = [f"2024-01-0{day},10,11,9,10.5,1,500" for day in (2, 3, 4)]
    with pytest.raises(DataError, match="the header has 6 names, the rows 7 cells; quote numbers"):
        imported(write(tmp_path / "SPY.csv", rows))
    _, result = imported(write(tmp_path / "SPY.csv", [row[:-4] + "0," for row in rows]))
    assert (result.rows, result.account.left) == (3, ("column 7",))


def test_a_german_table_is_read_without_options(tmp_path: Path):
    rows = [f"{day}.11.2024;10,50;11,60;9,40;10,55;1.200" for day in (14, 15, 18)]
    header = "Datum;Eröffnung;Hoch;Tief;Schluss;Stück"
    _, result = imported(write(tmp_path / "SAP.csv", rows, header))
    assert result.first_bars[0][1] == (10.5, 11.6, 9.4, 10.55, 1200.0)


def test_a_table_that_pandas_wrote_has_its_time_first(tmp_path: Path):
    rows = [f"2024-01-0{day},{GOOD}" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "SPY.csv", rows, ",Open,High,Low,Close,Volume"))
    assert (result.rows, result.interval) == (3, "1d")


def test_rows_of_several_contracts_are_several_series(tmp_path: Path):
    rows = [f"2024-01-0{day},{GOOD},{name}" for day in (2, 3, 4) for name in ("ESH4", "ESM4")]
    path = write(tmp_path / "ES.csv", rows, HEADER + ",Contract")
    results = import_bars(path, tmp_path / "catalog")
    assert [one.symbol for one in results] == ["ESH4", "ESM4"]


def test_ticks_without_a_header_are_named_by_position(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", ["2024-01-02 09:30:02,10.5,5"], "2024-01-02 09:30:01,10,5")
    with pytest.raises(DataError, match="such as --columns ts=1,price=2,size=3, or name the"):
        imported(path, interval="1m")


@pytest.mark.parametrize("text", ["Bars of ACME.", "Bars, made in 2024\nby ACME", "a,,,,\n\nb,,,,"])
def test_other_text_is_told_as_no_table(tmp_path: Path, text: str):
    (tmp_path / "README.txt").write_text(text)
    with pytest.raises(DataError, match=r"no table of bars .* leave it out .* --skip-rows$"):
        imported(tmp_path / "README.txt")


def test_a_layout_that_the_user_names_takes_the_symbol_of_a_plain_name(tmp_path: Path):
    rows = [f"{1_704_067_200 + 60 * at},10,11,9,10.5,100,5" for at in range(9)]
    _, result = imported(write(tmp_path / "AA.csv", rows[1:], rows[0]), layout="kraken")
    assert (result.symbol, result.rows) == ("AA", 9)


def test_a_layout_of_positions_is_refused_where_the_header_names_other_prices(tmp_path: Path):
    rows = [f"{1_704_067_200 + 60 * at},10.5,10,11,9,100" for at in range(9)]
    path = write(tmp_path / "AA.csv", rows, "time,close,open,high,low,volume")
    with pytest.raises(DataError, match="column 2 is 'close', where the layout kraken has the op"):
        imported(path, layout="kraken")


def test_a_layout_of_text_is_refused_for_other_files(tmp_path: Path):
    path = tmp_path / "SPY.parquet"
    pq.write_table(pa.table({"ts": ["2024-01-02"]}), path)
    with pytest.raises(
        DataError, match=r"SPY\.parquet is Parquet or Arrow, and --layout kraken is"
    ):
        imported(path, layout="kraken")
    with pytest.raises(ConfigError, match=r"there is no layout 'kraaken'.*did you mean kraken"):
        imported(path, layout="kraaken")


def test_recordings_of_others_are_refused_with_those_that_are_read(tmp_path: Path):
    path = tmp_path / "feed.txt"
    path.write_text('1700000000.5: {"event": "book"}\n')
    with pytest.raises(DataError, match="Binance's klines and trades are read"):
        imported(path)


def test_long_lines_are_shown_by_their_beginning(tmp_path: Path):
    for text in ("x" * 50_000, "x," * 50_000, "1," * 50_000, f"Date,{'x' * 9_000},Close,Low"):
        (tmp_path / "SPY.csv").write_text(text)
        with pytest.raises(DataError) as refusal:
            imported(tmp_path / "SPY.csv")
        assert len(str(refusal.value)) < 1_500


def test_a_column_of_contracts_or_patterns_need_not_have_symbols(tmp_path: Path):
    rows = [f"2024-01-0{day},{GOOD},ES{'HM'[day > 3]}24" for day in (2, 3, 4, 5)]
    _, result = imported(write(tmp_path / "futures.csv", rows, HEADER + ",contract"), symbol="ES")
    assert (result.symbol, result.rows, result.account.left) == ("ES", 4, ("contract",))
    patterns = [f"2024-01-0{day},{GOOD},{name}" for day, name in ((2, "doji"), (3, ""), (4, "x"))]
    _, result = imported(write(tmp_path / "AAPL.csv", patterns, HEADER + ",name"))
    assert (result.symbol, result.rows) == ("AAPL", 3)
    codes = [f"2024-01-0{day},{GOOD},3" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "MSFT.csv", codes, HEADER + ",code"))
    assert result.symbol == "MSFT"


@pytest.mark.parametrize("bad_rows", ["refuse", "drop"])
def test_a_second_header_is_never_left_out(tmp_path: Path, bad_rows: str):
    header = "Date,Open,Open.1,High,High.1,Low,Low.1,Close,Close.1"
    rows = [",AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT", "2024-03-01,6,60,7,70,5,50,6,60"]
    path = write(tmp_path / "MSFT.csv", rows, header)
    with pytest.raises(DataError, match=r"the open may be 'Open', 'Open.1', as of several symbols"):
        imported(path, bad_rows=bad_rows)
    columns = {name: f"{name.title()}" for name in ("open", "high", "low", "close")}
    with pytest.raises(DataError, match=r"line 2: time is empty.*; make a file of each table"):
        imported(path, bad_rows=bad_rows, columns=columns)


def test_prices_beside_adjusted_ones_are_not_adjusted(tmp_path: Path):
    adjusted = ",".join(f"Adj_{name}" for name in ("Open", "High", "Low", "Close", "Volume"))
    header = f"Date,Open,High,Low,Close,Volume,Dividend,Split,{adjusted}"
    rows = [f"2024-01-0{day},{GOOD},0,1,{GOOD}" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "ACME.csv", rows, header))
    assert (result.account.layout, result.account.adjusted.value) == ("csv", "not known")


def test_columns_of_date_and_time_are_proposed_where_they_stand(tmp_path: Path):
    rows = [f"2024.01.02,09:3{at},{GOOD}" for at in range(3)]
    with pytest.raises(DataError, match="--columns date=1,time=2,open=3,high=4,low=5,close=6,vol"):
        imported(write(tmp_path / "EURUSD60.csv", rows[1:], rows[0]))


def test_an_hour_beside_a_date_is_no_daily_bar(tmp_path: Path):
    rows = [f"2024-01-02,{hour},{GOOD}" for hour in range(9, 16)]
    path = write(tmp_path / "SPY.csv", rows, "Date,Hour,Open,High,Low,Close,Volume")
    with pytest.raises(DataError, match="can be hours or minutes"):
        imported(path)


def test_prices_that_are_adjusted_otherwise_are_not_mixed(tmp_path: Path):
    dates = [f"2012-08-{day}" for day in (27, 28, 29, 30)]
    (tmp_path / "raw").mkdir()
    header = "Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Close"
    raw = write(tmp_path / "raw" / "AAPL.csv", [f"{one},{GOOD},0,1,5" for one in dates], header)
    import_bars(raw, tmp_path / "catalog", layout="quandl")
    rows = [f"{one},5,6,4,5,4,100" for one in dates[1:]]
    path = write(tmp_path / "AAPL.csv", rows, "Date,Open,High,Low,Close,Adj Close,Volume")
    for replace in (None, "bars"):
        with pytest.raises(DataError, match=r"not adjusted alike \(no of raw/AAPL.csv, splits of"):
            imported(path, replace=replace)
    _, result = imported(path, replace="series")
    assert result.rows == 3


def test_rows_of_several_intervals_are_several_series(tmp_path: Path):
    hours = [f"2024-01-03 {hour:02}:00,1h,{GOOD}" for hour in range(14)]
    minutes = [f"2024-01-02 10:{5 * at:02},5m,{GOOD}" for at in range(12)]
    header = HEADER.replace("open", "interval,open", 1)
    path = write(tmp_path / "SPY.csv", [*minutes, *hours], header)
    results = import_bars(path, tmp_path / "catalog", tz="UTC")
    assert [(one.interval, one.rows) for one in results] == [("5m", 12), ("1h", 14)]
    other = [row.replace(",1h,", ",1 hour,") for row in (*minutes, *hours)]
    with pytest.raises(DataError, match="the column 'timeframe' has '5m' and '1 hour', so rows"):
        imported(write(tmp_path / "QQQ.csv", other, header.replace("interval", "timeframe")))


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("UTC", ("UTC", "file", "")),
        ("America/New_York", ("America/New_York", "file", "")),
        ("USD", ("UTC", "guess", "--tz")),
    ],
)
def test_a_zone_in_the_header_is_the_clock(tmp_path: Path, zone: str, clock):
    header = HEADER.replace("time", f"Time ({zone})")
    rows = [f"2024-01-02 09:3{at},{GOOD}" for at in range(3)]
    _, result = imported(write(tmp_path / "SPY.csv", rows, header))
    assert result.account.clock == clock


def test_a_zone_in_the_header_that_may_be_fixed_is_asked_about(tmp_path: Path):
    rows = [f"2024-01-02 09:3{at},{GOOD}" for at in range(3)]
    path = write(tmp_path / "SPY.csv", rows, HEADER.replace("time", "Time (EST)"))
    with pytest.raises(DataError, match="the header says EST, which may be fixed all year or have"):
        imported(path)
    _, result = imported(path, tz="America/New_York")
    assert result.account.clock.value == "America/New_York"


def test_daily_bars_that_end_just_before_midnight_are_of_that_day(tmp_path: Path):
    rows = [f"2024-01-0{day}T23:59:59.999Z,{GOOD}" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "BTC.csv", rows))
    assert result.account.clock.value == "days of UTC, stamped just before they end"
    assert result.first_bars[0][0] == int(np.datetime64("2024-01-02", "ns").astype(np.int64))


def test_a_table_of_actions_among_bars_is_told_as_such(tmp_path: Path):
    path = write(tmp_path / "A.csv", ["2024-01-02,0.5"], "date,dividend")
    with pytest.raises(DataError, match="splits and dividends need --actions"):
        imported(path)


def test_a_layout_whose_signs_are_missing_is_told(tmp_path: Path):
    rows = [f"2024-01-02 09:3{at},{GOOD}" for at in range(3)]
    _, result = imported(write(tmp_path / "SPY.csv", rows), layout="yahoo")
    words = "The file has not the signs of its layout, yahoo: a header with"
    assert any(note.startswith(words) for note in result.account.notes)
    header = "Date,Open,High,Low,Close,Adj Close,Volume"
    site = write(tmp_path / "X.csv", ["2024-01-02,1,1,1,1,1,1"], header)
    _, result = imported(site, layout="yahoo")
    assert not any(note.startswith(words[:20]) for note in result.account.notes)
