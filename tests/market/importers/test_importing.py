"""What an import says that it took for true, and what its options do with rows that are no bars."""

import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.account import UNKNOWN, Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from tests.market.importers.written import GOOD, HEADER, imported, minutes, times, write

# --- what is said --------------------------------------------------------------------------------


def test_an_account_has_what_was_taken_for_true_and_why(tmp_path: Path):
    rows = [f"{row},7" for row in minutes("14:30", "14:31", "14:32")]
    path = write(tmp_path / "SPY.csv", rows, HEADER + ",vwap")
    catalog, result = imported(path)
    account = result.account
    assert account == catalog.entry("SPY", "1m").accounts[0]
    assert account.source == f"{tmp_path.name}/SPY.csv"
    assert account.layout == "csv"
    assert account.clock == Fact("UTC", "guess", "--tz")
    assert account.stamped == Fact("open", "guess", "--end-stamped")
    assert account.interval == Fact("1m", "rows")
    assert account.adjusted == Fact(UNKNOWN, "layout")
    assert account.taken == (("ts", "time"), *((name, name) for name in PRICE_COLUMNS))
    assert account.left == ("vwap",)
    assert (account.rows, account.rows_left, account.forming) == (3, (), False)
    _, told = imported(
        path, tz="America/New_York", stamped="close", interval="1m", replace="source"
    )
    account = told.account
    assert account.clock == Fact("America/New_York", "option")
    assert account.stamped == Fact("close", "option")
    assert account.interval == Fact("1m", "option")
    _, told = imported(path, adjusted="splits", replace="series")
    assert told.account.adjusted == Fact("splits", "option")


def test_an_offset_in_the_file_is_its_clock(tmp_path: Path):
    rows = [f"2024-01-02T09:3{n}:00-05:00,{GOOD}" for n in range(3)]
    _, result = imported(write(tmp_path / "SPY.csv", rows))
    assert result.account.clock == Fact("UTC-05:00", "file")


def test_a_single_column_that_may_be_the_volume_is_taken_as_a_guess(tmp_path: Path):
    path = write(
        tmp_path / "A.csv", minutes("14:30", "14:31"), HEADER.replace("volume", "Volume BTC")
    )
    _, result = imported(path)
    assert dict(result.account.taken)["volume"] == "Volume BTC"
    assert any("--columns volume=NAME" in note for note in result.account.notes)
    header = HEADER.replace("volume", "Volume BTC,Volume USD")
    two = write(tmp_path / "B.csv", [f"{row},1" for row in minutes("14:30", "14:31")], header)
    with pytest.raises(DataError, match="the volume may be 'Volume BTC', 'Volume USD'; say which"):
        imported(two)


def test_no_volume_anywhere_is_said(tmp_path: Path):
    rows = minutes("14:30", "14:31", values="10,11,9,10.5,0")
    _, result = imported(write(tmp_path / "A.csv", rows))
    assert "Volume is 0 in all bars." in result.account.notes
    rows = minutes("14:30", values="10,11,9,10.5,") + minutes("14:31")
    _, result = imported(write(tmp_path / "B.csv", rows))
    assert "Rows without a volume, which is taken as 0: 1." in result.account.notes


def test_a_bar_that_had_not_ended_is_marked_and_replaced_by_its_own_source(tmp_path: Path):
    now = int(time.time()) // 60 * 60
    rows = [f"{now - 60 + 60 * n},{GOOD}" for n in range(2)]
    path = write(tmp_path / "A.csv", rows)
    os.utime(path, (now + 30, now + 30))
    catalog, result = imported(path)
    assert result.account.forming
    write(path, [rows[0], rows[1].replace("10.5", "10.6")])
    os.utime(path, (now + 300, now + 300))
    _, again = imported(path)
    assert (again.unchanged, again.replaced, again.account.forming) == (1, 1, False)
    write(path, [rows[0], rows[1].replace("10.5", "10.7")])
    with pytest.raises(DataError, match="--replace"):
        imported(path)
    assert catalog.load("A", "1m")["close"].to_pylist() == [10.5, 10.6]


def test_a_corrected_clock_replaces_what_the_same_source_gave(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("09:30", "09:31"))
    catalog, _ = imported(path)
    _, result = imported(path, tz="America/New_York", replace="source")
    assert times(catalog) == ["14:30:00", "14:31:00"]
    assert (result.added, result.removed) == (2, 2)


def test_a_rehearsal_comes_to_the_same_and_writes_nothing(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("09:30", "09:31"))
    catalog = Catalog(tmp_path / "catalog")
    (rehearsed,) = import_bars(path, catalog, dry_run=True)
    assert not catalog.path.exists()
    assert [values for _, values in rehearsed.first_bars] == [(10.0, 11.0, 9.0, 10.5, 100.0)] * 2
    assert import_bars(path, catalog) == [rehearsed]
    write(path, minutes("09:31", values="10,11,9,10.6,100"))
    with pytest.raises(DataError, match="conflict"):
        import_bars(path, catalog, interval="1m", dry_run=True)


def test_prices_that_jump_are_named(tmp_path: Path):
    rows = [f"2024-01-0{2 + n},{p},{p},{p},{p},1" for n, p in enumerate((100, 101, 50, 51))]
    _, result = imported(write(tmp_path / "A.csv", rows))
    assert [jump.words() for jump in result.jumps.first] == ["2024-01-04 from 101 to 50"]


# --- the interval --------------------------------------------------------------------------------


def test_dates_and_rows_far_apart_are_no_minutes(tmp_path: Path):
    dates = write(tmp_path / "A.csv", [f"2024-01-0{n},{GOOD}" for n in range(2, 6)])
    with pytest.raises(DataError, match=r"dates without a time of day, so the rows are days apart"):
        imported(dates, interval="1m")
    hours = write(tmp_path / "B.csv", minutes(*(f"{hour:02}:00" for hour in range(24))))
    with pytest.raises(DataError, match=r"all 24 rows lie a multiple of 1h apart, .*--interval 1h"):
        imported(hours, interval="1m")
    assert imported(hours)[1].interval == "1h"


def test_dates_with_a_long_weekend_between_are_daily(tmp_path: Path):
    rows = [f"2023-02-{day},{GOOD}" for day in (17, 21)]
    assert imported(write(tmp_path / "A.csv", rows))[1].interval == "1d"


@pytest.mark.parametrize(
    ("stamps", "dates", "words"),
    [
        (("2022-05-11T21:00:00Z", "2022-05-12T21:00:00Z"), (12, 13), "17:00 in New York"),
        (("2022-01-11T22:00:00Z", "2022-01-12T22:00:00Z"), (12, 13), "17:00 in New York"),
        (
            ("2022-05-11T04:00:00Z", "2022-05-12T04:00:00Z"),
            (11, 12),
            "midnight of America/New_York",
        ),
    ],
)
def test_daily_bars_are_of_the_date_of_their_session(tmp_path: Path, stamps, dates, words: str):
    path = write(tmp_path / "A.csv", [f"{stamp},{GOOD}" for stamp in stamps])
    catalog, result = imported(path)
    ts = catalog.load("A", "1d")["ts"].cast(pa.int64()).to_numpy()
    assert [int(str(np.datetime64(int(one), "ns"))[8:10]) for one in ts] == list(dates)
    assert words in result.account.clock.value


# --- rows that are no bars -----------------------------------------------------------------------

BAD = [
    *minutes("14:30"),
    *minutes("14:31", values="NaN,NaN,NaN,NaN,NaN"),
    *minutes("14:32", values="10,11,9,x,100"),
    *minutes("14:33", values="10,10.4,9,10.5,100"),
    f"soon,{GOOD}",
    "2024-01-02 14:35,10,11",
    f",{GOOD}",
    *minutes("14:36", values="-10,11,-12,10.5,100"),
    *minutes("14:37"),
]


def test_all_bad_rows_are_told_at_once_with_the_ways_on(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        imported(write(tmp_path / "SPY.csv", BAD), interval="1m")
    told = str(caught.value)
    assert "SPY.csv: 7 of 9 rows cannot be taken: " in told
    for words in (
        "1 row without prices (line 3: there are no prices)",
        "1 row with a cell that is no number (line 4: close must be a number, was 'x')",
        "1 row with a price outside of high and low (line 5: close must be within",
        "1 row whose time cannot be read (line 6: time must be like '2024-01-02 14:30', was ",
        "1 row with more or fewer cells than columns (line 7: 3 fields, expected 6",
        "1 row without a time (line 8: time is empty)",
        "line 9: open must be above zero, was -10.0 (negative prices are not supported)",
        "--bad-rows drop leaves such rows out",
        "--bad-rows widen",
    ):
        assert words in told


def test_bad_rows_are_left_out_and_counted_if_asked(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", BAD)
    catalog, result = imported(path, interval="1m", bad_rows="drop")
    assert times(catalog) == ["14:30:00", "14:37:00"]
    assert sum(count for _, count in result.account.rows_left) == 7
    assert ("rows without prices", 1) in result.account.rows_left


@pytest.mark.parametrize(("high", "fine"), [("10.45", True), ("10.3", False)])
def test_widening_holds_open_and_close_up_to_one_per_cent(tmp_path: Path, high: str, fine: bool):
    rows = minutes("14:30") + minutes("14:31", values=f"10,{high},9,10.5,100")
    path = write(tmp_path / "SPY.csv", rows)
    if not fine:
        words = r"line 3: close must be within .*; --bad-rows drop leaves such rows out$"
        with pytest.raises(DataError, match=words):
            imported(path, bad_rows="widen", interval="1m")
        return
    catalog, result = imported(path, bad_rows="widen")
    assert catalog.load("SPY", "1m")["high"].to_pylist() == [11.0, 10.5]
    assert "Rows whose high or low was widened: 1." in result.account.notes


@pytest.mark.parametrize(
    ("how", "closes"), [("first", [10.5, 10.5, 10.5]), ("last", [10.5, 10.6, 10.5]), ("same", None)]
)
def test_rows_of_one_time_are_settled_as_asked(tmp_path: Path, how: str, closes):
    other = minutes("14:31", values="10,11,9,10.6,100")
    rows = minutes("14:30", "14:31") + other + minutes("14:32")
    path = write(tmp_path / "SPY.csv", rows)
    with pytest.raises(DataError, match=r"line 4: ts duplicates .*--duplicates same .* last"):
        imported(path)
    if closes is None:
        with pytest.raises(DataError, match="line 4: ts duplicates"):
            imported(path, duplicates="same")
        write(path, minutes("14:30", "14:31", "14:31", "14:32"))
        assert imported(path, duplicates="same")[1].added == 3
        return
    catalog, _ = imported(path, duplicates=how)
    assert catalog.load("SPY", "1m")["close"].to_pylist() == closes


def test_rows_off_the_grid_are_refused_kept_or_moved(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("14:30", "14:31", "14:32:14", "14:34"))
    catalog, _ = imported(path)
    assert times(catalog)[2] == "14:32:14"
    with pytest.raises(DataError, match=r"line 4: ts is 14 s after the beginning of a bar of 1m"):
        imported(path, off_grid="refuse")
    catalog, result = imported(path, off_grid="floor", replace="series")
    assert times(catalog)[2] == "14:32:00"
    assert "Rows moved to the beginning of their bar: 1." in result.account.notes


def test_newest_first_is_turned_round_over_blocks_and_duplicates_are_found(tmp_path: Path):
    clock = [f"14:{minute:02}" for minute in range(59, -1, -1)]
    catalog, _ = imported(write(tmp_path / "SPY.csv", minutes(*clock)))
    assert times(catalog) == [f"{one}:00" for one in clock[::-1]]


# --- text ----------------------------------------------------------------------------------------


def test_lines_above_the_header_and_other_encodings_are_read(tmp_path: Path):
    text = "Exported by Ärger\n\n" + "\n".join([HEADER, *minutes("14:30", "14:31")])
    (tmp_path / "SPY.csv").write_bytes(text.encode("latin-1"))
    _, result = imported(tmp_path / "SPY.csv", skip_rows=2)
    assert any("Windows-1252 (a guess: --encoding" in note for note in result.account.notes)
    _, result = imported(tmp_path / "SPY.csv", skip_rows=2, encoding="latin-1")
    assert result.unchanged == 2


def test_decimal_commas_are_read_and_doubtful_ones_asked_about(tmp_path: Path):
    rows = [f"2024-01-0{n};1.010,50;1.011,25;1.009,00;1.010,75;1.200" for n in (2, 3)]
    path = write(tmp_path / "SAP.csv", rows, HEADER.replace(",", ";"))
    catalog, _ = imported(path)
    assert catalog.load("SAP", "1d")["open"].to_pylist() == [1010.5, 1010.5]
    assert catalog.load("SAP", "1d")["volume"].to_pylist() == [1200.0, 1200.0]
    doubtful = [f"2024-01-0{n};1,010;1,011;1,009;1,010;5" for n in (2, 3)]
    path = write(tmp_path / "BMW.csv", doubtful, HEADER.replace(",", ";"))
    with pytest.raises(DataError, match=r"line 2: .*--decimal comma or --decimal point"):
        imported(path)
    catalog, _ = imported(path, decimal="comma")
    assert catalog.load("BMW", "1d")["open"].to_pylist() == [1.01, 1.01]


def test_a_fixed_point_is_asked_about(tmp_path: Path):
    rows = minutes(
        "14:30", "14:31", values="4512250000000,4512250000000,4512250000000,4512250000000,1"
    )
    path = write(tmp_path / "ES.csv", rows)
    with pytest.raises(DataError, match=r"line 2: prices such as 4512250000000 look like"):
        imported(path)
    catalog, _ = imported(path, scale=1e-9)
    assert catalog.load("ES", "1m")["open"].to_pylist() == [4512.25, 4512.25]


def test_ticks_become_bars_of_the_interval_that_is_asked_for(tmp_path: Path):
    ticks = ["14:30:01,10,1", "14:30:59,12,2", "14:31:00,11,3", "14:33:30,9,4", "14:33:30,9.5,5"]
    path = write(tmp_path / "SPY.csv", [f"2024-01-02 {t}" for t in ticks], "time,price,size")
    with pytest.raises(DataError, match=r"rows are ticks, not bars; .*--interval 1m"):
        imported(path)
    with pytest.raises(DataError, match="ticks make no bars of 1d"):
        imported(path, interval="1d")
    catalog, _ = imported(path, interval="1m")
    assert catalog.load("SPY", "1m").drop_columns("ts").to_pylist() == [
        dict(zip(PRICE_COLUMNS, values, strict=True))
        for values in ((10, 12, 10, 12, 3), (11, 11, 11, 11, 3), (9, 9.5, 9, 9.5, 9))
    ]


def test_symbols_keep_their_zeros_and_whole_numbers_are_asked_about(tmp_path: Path):
    rows = [f"{row},000005" for row in minutes("14:30", "14:31")]
    _, result = imported(write(tmp_path / "all.csv", rows, HEADER + ",symbol"))
    assert result.symbol == "000005"
    columns = {name: [1.0, 1.0] for name in PRICE_COLUMNS}
    stamps = pa.array([0, 60 * 10**9], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"ts": stamps, **columns, "symbol": [5, 5]}), tmp_path / "all.parquet")
    with pytest.raises(DataError, match="the symbols are whole numbers, in which zeros in front"):
        imported(tmp_path / "all.parquet")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"bad_rows": "dorp"},
            "bad_rows must be refuse, drop or widen, was 'dorp'; did you mean drop",
        ),
        ({"duplicates": "none"}, "duplicates must be refuse, first, last or same, was 'none'"),
        ({"off_grid": 1}, "off_grid must be refuse, keep or floor, was 1"),
        ({"adjusted": "all"}, "adjusted must be no, splits or splits and dividends, was 'all'"),
        ({"layout": "yfinanc"}, "there is no layout 'yfinanc', .*did you mean yfinance"),
        ({"encoding": "latin-one"}, "--encoding must be a name such as utf-8"),
        ({"scale": 0}, "scale must be a number from 1e-18 to 1e[+]18, was 0"),
        ({"tz": "New York"}, "time zone must be a name such as"),
        ({"tz": 5}, "tz must be the name of a time zone, such as 'America/New_York', was 5"),
        ({"encoding": 5}, "encoding must be the name of an encoding, such as 'latin-1', was 5"),
        ({"layout": 5}, "layout must be the name of a layout, such as 'kraken', was 5"),
        ({"interval": 5}, "interval must be text, such as '1m', was 5"),
        ({"skip_rows": 1.5}, "skip_rows must be a whole number, 0 or more, was 1.5"),
        ({"skip_rows": True}, "skip_rows must be a whole number, 0 or more, was True"),
        ({"skip_rows": -1}, "skip_rows must be a whole number, 0 or more, was -1"),
        ({"scale": "x"}, "scale must be a number from 1e-18 to 1e[+]18, was 'x'"),
        ({"scale": True}, "scale must be a number from 1e-18 to 1e[+]18, was True"),
        ({"bad_rows": None}, "bad_rows must be refuse, drop or widen, was None"),
        ({"symbol": ""}, "symbol must be 1 to 128 printable characters, .* was ''"),
        ({"symbol": "  "}, "symbol must be 1 to 128 printable characters, .* was '  '"),
        ({"symbol": 5}, "symbol must be text, such as 'SPY', was 5"),
        ({"columns": {"open": None}}, "columns must map fields to .*, was 'open': None"),
        ({"columns": "open"}, "columns must map fields to names or positions .*, was 'open'"),
        ({"replace": "foo"}, "replace must be bars, series or source, was 'foo'"),
        ({"replace": True}, "replace must be bars, series or source, was True"),
    ],
)
def test_options_of_other_values_are_refused_with_those_that_there_are(
    tmp_path: Path, options, words: str
):
    path = write(tmp_path / "SPY.csv", minutes("14:30", "14:31"))
    with pytest.raises(ConfigError, match=words):
        imported(path, **options)
    assert not (tmp_path / "catalog").exists()


def test_a_position_of_a_column_may_be_a_number(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("14:30", "14:31"))
    _, result = imported(path, columns={"open": 5, "close": 2})
    assert result.first_bars[0][1][0] == 10.5


def test_an_empty_path_is_not_the_folder_of_the_process(tmp_path: Path):
    with pytest.raises(ConfigError, match="source must be a path, was ''"):
        import_bars("", tmp_path / "catalog")
