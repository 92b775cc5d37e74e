"""The extent of a run: dates beyond the data, holes in it, and calendars that are not its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import SessionConfig, Strategy, run
from pipeline.cli import main
from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS, interval_name
from pipeline.errors import ConfigError, DataError, DataWarning
from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.extent import Extent, find_extent
from pipeline.runner.terms import time_manager
from tests.reference.market import Bars, random_walk
from tests.reference.processes import assert_nothing_left, settings_of

TRADER = {"name": "tests.reference.traders:Crosser", "parameters": {"fast": 3}}


class AtOpen(Strategy):
    def on_session_open(self, session, ctx):
        ctx.market(0, 1.0)


class AtClose(Strategy):
    intervals = ("1m",)

    def on_session_open(self, session, ctx):
        ctx.market_on_close(0, 1.0)


def ns(time: str) -> int:
    return int(np.datetime64(time, "ns").astype(np.int64))


def catalog_of(folder: Path, interval: int, **symbols: Any) -> Path:
    """Write a catalog of bars at these times, ns UTC."""
    name = interval_name(interval)
    Catalog(folder).write_all(
        [
            Series(symbol, name, random_walk(np.asarray(ts, np.int64), 1).to_table(), "test")
            for symbol, ts in symbols.items()
        ]
    )
    return folder


def every(interval: int, first: str, last: str, without: str = "") -> list[int]:
    """Give the opens of bars around the clock; ``without``: digits of weekdays, Monday 0."""
    return [
        at
        for at in range(ns(first), ns(last), interval)
        if str((at // DAY_NS + 3) % 7) not in without
    ]


def extent(folder: Path, group: str, first: str, last: str, **data: Any) -> Extent:
    entries = Catalog(folder).entries()
    symbols, streams = [one.symbol for one in entries], [entries[0].interval]
    settings = settings_of(group, first, last, symbols, streams, folder)
    settings["session_data_config"] |= data
    loaded = SessionConfig.load(settings | {"strategy": TRADER})
    return find_extent(loaded, time_manager(loaded))


# --- dates beyond the data -----------------------------------------------------------------------


def test_a_run_beyond_the_data_is_the_run_of_the_data(sample: Path, tmp_path: Path, capsys):
    config = settings_of("US_EQUITY", "2024-11-26", "2025-12-31", SYMBOLS[:2], ["1m"], sample)
    config["strategy"] = TRADER
    with pytest.warns(DataWarning, match="2024-11-26 to 2024-12-03: 269 sessions before or after"):
        beyond = run(config, out=tmp_path)
    config["backtest_config"]["end_date"] = "2024-12-03"
    exact = run(config, out=tmp_path)
    assert beyond.digest == exact.digest
    different = ("session_name", "run_dir", "notes", "sessions_cut", "processes", "performance")
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


@pytest.mark.parametrize(
    ("interval", "without", "group", "fits"),
    [
        (HOUR_NS, "", "US_EQUITY", "CRYPTO"),
        (DAY_NS, "", "US_EQUITY", "CRYPTO"),
        (HOUR_NS, "", "FX", "CRYPTO"),
        (DAY_NS, "5", "US_EQUITY", "FX"),
    ],
)
def test_another_markets_calendar_is_refused_with_the_one_that_fits(
    tmp_path: Path, interval: int, without: str, group: str, fits: str
):
    times = every(interval, "2024-07-01", "2024-08-01", without)
    folder = catalog_of(tmp_path, interval, OTHER=times)
    meant = extent(folder, group, "2024-07-01", "2024-07-31", bars_outside_sessions="leave_out")
    rows = meant.bars + meant.outside
    assert len(times) - 5 < rows <= len(times)  # by the dates of the exchange
    with pytest.raises(ConfigError) as caught:
        extent(folder, group, "2024-07-01", "2024-07-31")
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        f"exchange_group is {group}",
        f"{meant.outside:,} of the {rows:,} ",
        "bars of OTHER",
        f'set exchange_group="{fits}"',
        'session_data_config.bars_outside_sessions="leave_out"',
    ):
        assert part in message
    assert extent(folder, fits, "2024-07-01", "2024-07-31").sessions
    assert not [note for note in meant.notes if "auction" in note]


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


def test_a_few_days_of_a_series_of_all_the_week_are_known_to_be_such(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, BTC=every(DAY_NS, "2024-07-01", "2024-08-01"))
    with pytest.raises(ConfigError, match=r'BTC in catalog .* all seven .* set .*"CRYPTO"'):
        extent(folder, "US_EQUITY", "2024-07-08", "2024-07-12")
    week = ("US_EQUITY", "2024-07-08", "2024-07-12")
    assert extent(folder, *week, bars_outside_sessions="leave_out").bars == 5


@pytest.mark.parametrize(
    ("group", "days"), [("CRYPTO", "all days"), ("FX", "all hours"), ("US_EQUITY", "")]
)
def test_bars_of_less_than_the_calendar_are_noted(sample: Path, group: str, days: str):
    """In a week without enough sessions without a bar to tell which calendar fits."""
    found = extent(sample, group, "2024-11-22", "2024-11-26")
    said = [f"of exchange hours, the sessions of exchange_group {group} of {days}"] if days else []
    of_alfa = [note for note in found.notes if note.startswith("ALFA")]
    assert [note.partition(" are ")[2] for note in of_alfa] == said


def sessions_of(group: str, interval: int, first: str, last: str) -> list[int]:
    """Give the opens of the bars of a calendar's sessions."""
    table = TimeManager(group).session_table(first, last)
    if interval == DAY_NS:
        return table.date_ns.tolist()
    spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
    return [at for begin, end in spans for at in range(begin, end, interval)]


@pytest.mark.parametrize(
    ("own", "interval", "group", "shares"),
    [
        ("FX", HOUR_NS, "CRYPTO", ("0.0 %", "14.1 %")),
        ("FX", DAY_NS, "CRYPTO", ("0.0 %", "28.3 %")),
        ("FX", HOUR_NS, "CME", ("2.1 %", "0.0 %")),
        ("US_EQUITY", DAY_NS, "FX", ("0.0 %", "3.1 %")),
        ("US_EQUITY", HOUR_NS, "CME", ("0.0 %", "2.3 %")),
        ("US_EQUITY", DAY_NS, "XPAR", ("0.4 %", "2.7 %")),
    ],
)
def test_a_calendar_that_fits_better_is_noted(
    tmp_path: Path, own: str, interval: int, group: str, shares: tuple[str, str]
):
    """No bar is lost, or few are: the run is not refused."""
    span = ("2010-01-04", "2010-12-30")
    folder = catalog_of(tmp_path, interval, OTHER=sessions_of(own, interval, *span))
    found = extent(folder, group, *span)
    (note,) = (one for one in found.notes if one.startswith("OTHER"))
    assert note == (
        f"OTHER: {shares[0]} of its bars are outside the sessions of exchange_group {group}, and "
        f'{shares[1]} of these are without a bar; exchange_group="{own}" fits better, with 0.0 % '
        "and 0.0 %"
    )
    if shares[1] != "0.0 %":
        assert any("without a bar of any symbol" in one for one in found.notes)
    assert not [one for one in extent(folder, own, *span).notes if one.startswith("OTHER")]


@pytest.mark.parametrize("group", ["XETR", "XLON", "XSWX", "XTSE", "XASX"])
def test_days_of_one_exchange_with_the_holidays_of_another_are_refused(tmp_path: Path, group: str):
    span = ("2010-01-04", "2012-12-31")
    folder = catalog_of(tmp_path, DAY_NS, OTHER=sessions_of("US_EQUITY", DAY_NS, *span))
    with pytest.raises(ConfigError, match=f'is {group}, .* set exchange_group="US_EQUITY"'):
        extent(folder, group, *span)


def test_holes_in_the_data_are_no_other_calendar(tmp_path: Path):
    """Every twentieth session is missing, and each holiday; no calendar is like that."""
    days = sessions_of("US_EQUITY", DAY_NS, "2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, A=[day for i, day in enumerate(days) if i % 20 != 10])
    (note,) = extent(folder, "US_EQUITY", "2024-01-02", "2024-12-31").notes
    assert note.startswith("13 sessions without a bar of any symbol")


def test_a_single_bar_on_a_holiday_is_no_other_calendar(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, A=[ns(f"2024-07-0{day}") for day in range(1, 6)])
    assert extent(folder, "US_EQUITY", "2024-07-01", "2024-07-05").outside == 1


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
