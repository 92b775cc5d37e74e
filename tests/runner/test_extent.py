"""The extent of a run: dates beyond the data, holes in it, and bars outside sessions."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline import Strategy, import_bars, run
from pipeline.cli import main
from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.errors import ConfigError, DataError, DataWarning
from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.time.time_manager import TimeManager
from tests.market.real_bars import load
from tests.reference.market import Bars
from tests.reference.processes import assert_nothing_left, settings_of
from tests.reference.series import TRADER, catalog_of, every, extent, ns


class AtOpen(Strategy):
    def on_session_open(self, session, ctx):
        ctx.market(0, 1.0)


class AtClose(Strategy):
    intervals = ("1m",)

    def on_session_open(self, session, ctx):
        ctx.market_on_close(0, 1.0)


# --- dates beyond the data -----------------------------------------------------------------------


def test_a_run_beyond_the_data_is_the_run_of_the_data(sample: Path, tmp_path: Path, capsys):
    config = settings_of("US_EQUITY", "2024-11-26", "2025-12-31", SYMBOLS[:2], ["1m"], sample)
    config["strategy"] = TRADER
    with pytest.warns(DataWarning, match="2024-11-26 to 2024-12-03: 269 sessions before or after"):
        beyond = run(config, out=tmp_path)
    config["backtest_config"]["end_date"] = "2024-12-03"
    exact = run(config, out=tmp_path)
    assert beyond.digest == exact.digest
    different = (
        *("session_name", "run_dir", "notes", "sessions_cut", "processes", "performance"),
        "verdict",
    )
    timed = ("seconds", "run_seconds", "bars_per_second")
    for name in exact.summary.keys() - {*different, *timed}:
        assert beyond.summary[name] == exact.summary[name], name
    assert (beyond.summary["sessions_cut"], exact.summary["sessions_cut"]) == (269, 0)
    assert beyond.summary["sessions"] == 5
    assert beyond.summary["notes"][1:] == exact.summary["notes"]
    # The command says it in the summary.
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    later = ["--set", "backtest_config.end_date=2025-12-31", "--out", str(tmp_path)]
    with pytest.raises(SystemExit) as ended:
        main(["run", str(path), *later])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "note 2024-11-26 to 2025-12-31 was asked for, the bars are of 2024-11-26" in shown
    assert_nothing_left()


def test_the_run_goes_from_the_first_to_the_last_session_with_a_bar_of_any_symbol(tmp_path: Path):
    folder = catalog_of(
        tmp_path,
        DAY_NS,
        A=[ns("2024-07-09"), ns("2024-07-10")],
        B=[ns("2024-07-05"), ns("2024-07-09")],
    )
    found = extent(folder, "US_EQUITY", "2024-06-28", "2024-07-19")
    dates = (found.sessions.date_ns // DAY_NS).astype("M8[D]").astype(str).tolist()
    assert dates == ["2024-07-05", "2024-07-08", "2024-07-09", "2024-07-10"]
    assert (found.bars, found.cut, found.outside) == (4, 4 + 7, 0)
    assert found.missing == ("2024-07-08",)
    assert found.notes == (found.warning, "1 session without a bar of any symbol: 2024-07-08")


def test_a_hole_at_the_end_of_the_range_is_cut_too(tmp_path: Path):
    """The data go on after the range, and have no bar in its last sessions."""
    folder = catalog_of(tmp_path, DAY_NS, A=[ns("2024-07-01"), ns("2024-07-02"), ns("2024-08-01")])
    found = extent(folder, "US_EQUITY", "2024-07-01", "2024-07-10")
    assert (len(found.sessions), found.cut, found.missing) == (2, 5, ())


def test_a_range_without_a_bar_is_refused_with_the_dates_of_the_data(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, A=[ns("2024-07-01"), ns("2024-07-02")])
    expected = "no 1d bars from 2024-08-01 to 2024-08-02 .*A; their bars are from 2024-07-01 to "
    with pytest.raises(DataError, match=expected + "2024-07-02$"):
        extent(folder, "US_EQUITY", "2024-08-01", "2024-08-02")


def test_a_range_within_a_gap_is_refused_with_the_gap(tmp_path: Path):
    times = {"A": ["2024-07-01", "2024-07-02", "2024-08-01"], "B": ["2024-07-03", "2024-07-30"]}
    folder = catalog_of(
        tmp_path, DAY_NS, **{name: [ns(day) for day in days] for name, days in times.items()}
    )
    expected = "from 2024-07-01 to 2024-08-01, and none between 2024-07-03 and 2024-07-30$"
    with pytest.raises(DataError, match=expected):
        extent(folder, "US_EQUITY", "2024-07-08", "2024-07-12")


def test_a_bar_at_night_before_the_first_session_is_where_a_gap_begins(tmp_path: Path):
    times = [ns("2024-07-08T20:00"), ns("2024-07-09T00:30"), ns("2024-08-01T14:00")]
    folder = catalog_of(tmp_path, MINUTE_NS, A=times)
    with pytest.raises(DataError, match=r"and none between 2024-07-09 and 2024-08-01$"):
        extent(folder, "US_EQUITY", "2024-07-09", "2024-07-12")


def imported(folder: Path, *times: str, tz: str | None = None) -> Path:
    """Import minutes of SPY at these times, on a clock that the file does not name."""
    file = folder / "SPY.csv"
    rows = "".join(f"{time},1,1,1,1,1\n" for time in times)
    file.write_text(f"time,open,high,low,close,volume\n{rows}")
    import_bars(file, folder / "catalog", interval="1m", tz=tz)
    return folder / "catalog"


@pytest.mark.parametrize(
    ("times", "tz", "words"),
    [
        (("2024-07-02 23:31", "2024-07-02 23:32"), None, "UTC, was a guess of"),
        (("2024-07-02 23:31", "2024-07-02 23:32"), "Etc/GMT+1", "Etc/GMT+1, was given to"),
        (("2024-07-01 23:31", "2024-07-03 15:31"), None, "UTC, was a guess of"),
    ],
)
def test_where_bars_are_near_the_sessions_a_clock_that_no_file_names_is_doubted(
    tmp_path: Path, times: tuple[str, ...], tz: str | None, words: str
):
    folder = imported(tmp_path, *times, tz=tz)
    with pytest.raises(DataError) as refused:
        extent(folder, "US_EQUITY", "2024-07-02", "2024-07-02")
    told = f"; the clock of SPY, {words} the import: if it is another, import it again with --tz"
    assert str(refused.value).endswith(f"{told} ZONE --replace")


@pytest.mark.parametrize(
    "times", [("2024-07-02 15:31Z",), ("2024-06-24 15:31", "2024-07-09 15:31")]
)
def test_a_clock_that_the_file_names_or_that_would_not_help_is_not_doubted(
    tmp_path: Path, times: tuple[str, ...]
):
    folder = imported(tmp_path, *times)
    with pytest.raises(DataError, match="has no 1m bars") as refused:
        extent(folder, "US_EQUITY", "2024-07-03", "2024-07-03")
    assert "; the clock of" not in str(refused.value)


def test_of_many_sessions_without_bars_the_first_are_named(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, A=[ns("2024-07-01"), ns("2024-07-31")])
    found = extent(folder, "US_EQUITY", "2024-07-01", "2024-07-31")
    assert len(found.missing) == 20
    (note,) = found.notes
    assert note == (
        "20 sessions without a bar of any symbol: 2024-07-02, 2024-07-03, 2024-07-05 and 17 more"
    )


# --- bars outside sessions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "interval", "first", "last"),
    [
        ("CRYPTO", DAY_NS, "2024-07-03", "2024-07-05"),
        ("CRYPTO", HOUR_NS, "2024-07-03", "2024-07-05"),
        ("FX", HOUR_NS, "2024-07-03", "2024-07-04"),
    ],
)
def test_bars_of_neighbouring_sessions_are_not_outside(
    tmp_path: Path, group: str, interval: int, first: str, last: str
):
    folder = catalog_of(tmp_path, interval, A=every(interval, "2024-07-01", "2024-07-08", "56"))
    found = extent(folder, group, first, last)
    assert found.outside == 0
    sessions = (ns(last) - ns(first)) // DAY_NS + 1
    assert found.bars == sessions * DAY_NS // interval


def test_rows_of_the_dates_of_the_run_are_counted_also_before_its_first_session(tmp_path: Path):
    """A broker's Sundays: the first is the day before the first session."""
    folder = catalog_of(tmp_path, DAY_NS, EURUSD=every(DAY_NS, "2024-03-03", "2024-03-18", "5"))
    found = extent(folder, "FX", "2024-03-03", "2024-03-17")
    assert (len(found.sessions), found.bars, found.outside) == (10, 10, 3)
    (note,) = found.notes
    assert note.startswith("EURUSD: 3 daily bars of days that are the evening of the next session")
    assert "import its intraday bars" in note


def test_extended_hours_are_left_out_and_counted_without_being_refused(tmp_path: Path):
    table = TimeManager("US_EQUITY").session_table("2024-07-01", "2024-07-05")
    minutes = [
        at
        for begin in table.open_ns.tolist()
        for at in range(begin - 330 * MINUTE_NS, begin + 630 * MINUTE_NS, MINUTE_NS)
    ]
    folder = catalog_of(tmp_path, MINUTE_NS, SPY=minutes)
    found = extent(folder, "US_EQUITY", "2024-07-01", "2024-07-05")
    assert (found.bars, found.outside) == (3 * 390 + 210, 3 * 570 + 750)
    assert extent(folder, "US_EQUITY", "2024-07-01", "2024-07-05", trading_hours="extended").bars


def auction_catalog(folder: Path) -> Path:
    """Write two sessions of minutes, each with a bar at 16:00, and a symbol without 15:59."""
    table = TimeManager("US_EQUITY").session_table("2024-07-01", "2024-07-02")
    minutes = [
        at
        for begin, end in zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
        for at in range(begin, end + MINUTE_NS, MINUTE_NS)
    ]
    before = [end - MINUTE_NS for end in table.close_ns.tolist()]
    return catalog_of(folder, MINUTE_NS, XOM=minutes, GAP=sorted({*minutes} - {*before}))


def test_bars_at_the_close_are_counted_or_added_to_the_last_bar(tmp_path: Path):
    folder = auction_catalog(tmp_path)
    days = ("US_EQUITY", "2024-07-01", "2024-07-02")
    found = extent(folder, *days)
    assert (found.bars, found.outside) == (2 * 390 + 2 * 389, 4)
    (note,) = found.notes
    assert note.startswith("4 bars left out at a session's close, as those of closing auctions are")
    used = extent(folder, *days, closing_auction="last_bar")
    assert (used.bars, used.outside, used.notes) == (4 * 390, 0, ())
    with pytest.raises(ConfigError, match=r"FX .regular hours. follow each other without a pause"):
        extent(folder, "FX", *days[1:], closing_auction="last_bar")
    with pytest.raises(ConfigError, match=r"US_EQUITY .extended hours. follow each other"):
        extent(folder, *days, closing_auction="last_bar", trading_hours="extended")


@pytest.mark.parametrize(("before", "after", "told"), [(330, 240, True), (0, 240, False)])
def test_bars_at_the_close_are_those_of_auctions_only_if_nothing_else_follows_there(
    tmp_path: Path, before: int, after: int, told: bool
):
    """Bars of extended hours are before the open and after the close."""
    table = TimeManager("US_EQUITY").session_table("2024-07-01", "2024-07-02")
    minutes = [
        at
        for begin, end in zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
        for at in range(begin - before * MINUTE_NS, end + after * MINUTE_NS, MINUTE_NS)
    ]
    found = extent(
        catalog_of(tmp_path, MINUTE_NS, A=minutes), "US_EQUITY", "2024-07-01", "2024-07-02"
    )
    assert [note[:30] for note in found.notes] == ["2 bars left out at a session's"] * told


@pytest.mark.parametrize(
    ("name", "symbol", "span", "closes"),
    [
        ("pyalgotrade_spy_1m_2011", "SPY", ("2011-01-03", "2011-03-31"), 43),  # extended hours
        ("mplfinance_spx_1m_2019", "SPX", ("2019-11-05", "2019-11-08"), 3),
        ("lean_index_1m", "SPX", ("2021-01-04", "2023-07-03"), 0),  # two of four days end at 16:20
    ],
)
def test_real_bars_at_the_close_are_told(
    shared_data: Path, tmp_path: Path, name: str, symbol: str, span: tuple[str, str], closes: int
):
    times = np.unique(load(shared_data, name, symbol)[0])
    folder = catalog_of(tmp_path, MINUTE_NS, **{symbol: times})
    told = [note[:20] for note in extent(folder, "US_EQUITY", *span).notes if "auction" in note]
    assert told == ([f"{closes} bars left out at a"[:20]] if closes else [])


def test_an_order_on_the_close_is_filled_at_the_auctions_price(tmp_path: Path):
    folder = auction_catalog(tmp_path / "catalog")
    config = settings_of("US_EQUITY", "2024-07-01", "2024-07-02", ["XOM"], ["1m", "1d"], folder)
    config["session_data_config"]["closing_auction"] = "last_bar"
    result = run(config, strategy=AtClose, out=tmp_path)
    bars = Catalog(folder).load("XOM", "1m")
    auctions = [bars["close"][row].as_py() for row in (390, 781)]
    assert result.fills["price"].to_pylist() == auctions
    assert result.summary["bars"] == 780
    assert result.summary["quality"] == {"XOM": 100.0}
    assert_nothing_left()


# --- prices --------------------------------------------------------------------------------------


def test_prices_that_halve_without_a_split_are_noted(tmp_path: Path):
    days = np.array([ns(f"2024-07-0{day}") for day in (1, 2, 3, 5)])
    prices = np.array([[100.0, 100.0, 50.0, 50.0]] * 4 + [[9.0] * 4])
    folder = tmp_path / "catalog"
    catalog = Catalog(folder)
    catalog.write_all(
        [Series(name, "1d", Bars(days, prices).to_table(), "test") for name in ("TOLD", "MUTE")]
    )
    split = Actions(days[2:3], np.array([2.0]), np.array([0.0]))
    catalog.write_actions({"TOLD": split}, "test")
    config = settings_of("US_EQUITY", "2024-07-01", "2024-07-05", ["TOLD", "MUTE"], ["1d"], folder)
    result = run(config, strategy=AtOpen, out=tmp_path)
    (note,) = (one for one in result.summary["notes"] if one.startswith("Prices"))
    assert note == (
        "Prices jump between sessions as at splits that the catalog does not have: "
        "MUTE 2024-07-03 from 100 to 50; `ringtape import --actions` takes splits."
    )
    # What is ordered at the open of a session is filled at that open, also of a daily bar.
    opens = TimeManager("US_EQUITY").session_table("2024-07-01", "2024-07-05").open_ns
    assert result.fills["ts"].cast("int64").to_pylist() == opens.tolist()
    assert_nothing_left()
