"""Calendars that are not those of the bars: refused, or noted with one that fits."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import import_bars
from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.errors import ConfigError
from pipeline.market.catalog.account import Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.calendar_fit import clock_doubt
from tests.reference.series import catalog_of, every, extent, ns, sessions_of


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


def test_a_refusal_names_a_clock_that_was_a_guess(tmp_path: Path):
    times = sessions_of("US_EQUITY", 5 * MINUTE_NS, "2024-07-01", "2024-07-31")
    shifted = np.array([at + 12 * HOUR_NS for at in times], "datetime64[ns]").astype("M8[s]")
    rows = "".join(f"{time},1,1,1,1,1\n" for time in shifted)
    (tmp_path / "SPY.csv").write_text(f"time,open,high,low,close,volume\n{rows}")
    import_bars(tmp_path / "SPY.csv", tmp_path / "catalog")
    words = (
        "lie outside its sessions.*; the clock of SPY, UTC, was a guess of the import: if it is "
        "another, import it again with --tz ZONE --replace, or "
    )
    with pytest.raises(ConfigError, match=words):
        extent(tmp_path / "catalog", "US_EQUITY", "2024-07-01", "2024-07-31")


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
    said = (
        f"of exchange hours, the sessions of exchange_group {group} of {days}; "
        'exchange_group="US_EQUITY" fits better'
    )
    told = [note for note in found.notes if note.startswith("ALFA, ")]
    assert [note.partition(" are ")[2] for note in told] == ([said] if days else [])
    assert not [note for note in found.notes if note.startswith("BRVO")]


def test_symbols_of_the_same_finding_are_told_of_in_one_note(sample: Path):
    notes = extent(sample, "CRYPTO", "2024-10-22", "2024-12-03").notes
    (told,) = (note for note in notes if "fits better" in note)
    assert told == (
        "ALFA, BRVO, CHRL and 2 more: 0.0 % of the bars are outside the sessions of exchange_group "
        'CRYPTO, and 30.2 % of these are without a bar; exchange_group="US_EQUITY" fits better, '
        "with 0.0 % and 0.0 %"
    )


#: Without a holiday of any of the exchanges below.
MARCH = ("2024-02-26", "2024-03-07")


@pytest.mark.parametrize(
    ("own", "group"),
    [
        ("US_EQUITY", "XLON"),
        ("US_EQUITY", "XETR"),
        ("US_EQUITY", "XPAR"),
        ("XBOM", "XLON"),
        ("XTKS", "XBOM"),
    ],
)
def test_a_market_of_other_hours_is_refused_though_its_bars_are_beside_sessions(
    tmp_path: Path, own: str, group: str
):
    folder = catalog_of(tmp_path, MINUTE_NS, OTHER=sessions_of(own, MINUTE_NS, *MARCH))
    with pytest.raises(ConfigError, match=rf'is {group}, but .* set exchange_group="{own}"'):
        extent(folder, group, *MARCH)


def test_bars_of_a_market_of_other_hours_that_are_to_be_left_out_are_noted(tmp_path: Path):
    times = sessions_of("US_EQUITY", MINUTE_NS, "2024-11-04", "2024-11-08")
    folder = catalog_of(tmp_path, MINUTE_NS, A=times, B=times[::2])
    week = ("2024-11-04", "2024-11-08")
    with pytest.raises(ConfigError) as caught:
        extent(folder, "XLON", *week)
    assert str(caught.value) == (
        "exchange_group is XLON, but 1,350 of the 1,950 1m bars of A lie outside its sessions; "
        'set exchange_group="US_EQUITY", whose sessions fit them, or '
        'session_data_config.bars_outside_sessions="leave_out" to go on without those outside'
    )
    meant = extent(folder, "XLON", *week, bars_outside_sessions="leave_out")
    assert meant.bars == 900
    (told,) = (note for note in meant.notes if "fits better" in note)
    assert told == (
        "A, B: 69.2 % of the bars are outside the sessions of exchange_group XLON and left out; "
        'exchange_group="US_EQUITY" fits better, with 0.0 % outside'
    )


@pytest.mark.parametrize("traded", [1.0, 0.3, 0.05])
@pytest.mark.parametrize(("first", "last"), [MARCH, ("2024-11-29", "2024-11-29")])
def test_bars_of_extended_hours_stay_with_their_calendar(
    tmp_path: Path, traded: float, first: str, last: str
):
    """From 4:00 to 20:00, on a half day too; of a share that is traded seldom, minutes at random.

    Outside the session one has a third of the trade at most.
    """
    table = TimeManager("US_EQUITY").session_table(first, last)
    random = np.random.default_rng(7)
    times: list[int] = []
    for begin, end in zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True):
        night = begin + int(10.5 * HOUR_NS)  # 20:00
        every_minute = np.arange(begin - int(5.5 * HOUR_NS), night, MINUTE_NS)
        inside = (every_minute >= begin) & (every_minute < end)
        share = np.where(inside | (traded == 1.0), traded, traded / 3)
        times += every_minute[random.random(len(every_minute)) < share].tolist()
    found = extent(catalog_of(tmp_path, MINUTE_NS, A=times), "US_EQUITY", first, last)
    assert found.outside > 0.2 * (found.bars + found.outside)
    assert not [note for note in found.notes if "fits better" in note]


@pytest.mark.parametrize("group", ["XLON", "XSWX", "XHKG"])
def test_real_minutes_are_refused_by_calendars_of_other_hours(
    shared_data: Path, tmp_path: Path, group: str
):
    """AIG has bars before the open and after the close; none lie apart from London's sessions."""
    file = shared_data / "open" / "lean_us_equity_1m_trades.parquet"
    table = pq.read_table(file, columns=["timestamp"], filters=[("symbol", "==", "AIG")])
    times = table["timestamp"].cast(pa.timestamp("ns", "UTC")).cast("int64").to_numpy()
    folder = catalog_of(tmp_path, MINUTE_NS, AIG=np.unique(times))
    span = ("2013-10-04", "2013-10-11")
    with pytest.raises(ConfigError, match=rf'is {group}, .* set exchange_group="US_EQUITY"'):
        extent(folder, group, *span)
    assert extent(folder, "US_EQUITY", *span).bars > 2000


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
        f"OTHER: {shares[0]} of the bars are outside the sessions of exchange_group {group}, and "
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


def test_days_on_holidays_of_the_calendar_are_left_out_with_a_note(tmp_path: Path):
    """An index that has all sessions, and a value on the holidays when its futures are traded."""
    span = ("2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, VIX=sessions_of("CME", DAY_NS, *span))
    found = extent(folder, "US_EQUITY", *span)
    assert (found.bars, found.outside) == (252, 7)
    (note,) = found.notes
    assert note == (
        "VIX: 7 of 259 1d bars are on holidays of exchange_group US_EQUITY and left out; "
        'exchange_group="CME" has sessions on these days'
    )
    assert extent(folder, "CME", *span).notes == ()
    with pytest.raises(ConfigError, match=r'is XLON, .* set exchange_group="CME"'):
        extent(folder, "XLON", *span)
    meant = extent(folder, "US_EQUITY", *span, bars_outside_sessions="leave_out")
    assert 'exchange_group="CME" fits better' in "".join(meant.notes)


def test_vix_runs_with_its_exchanges_calendar_in_each_year(shared_data: Path, tmp_path: Path):
    table = pq.read_table(shared_data / "open" / "vix_1d.parquet", columns=["timestamp"])
    times = table["timestamp"].cast(pa.timestamp("ns", "UTC")).cast("int64").to_numpy()
    years = times.astype("M8[ns]").astype("M8[Y]").astype(str)
    for year in np.unique(years[years >= "2020"]):
        folder = catalog_of(tmp_path / year, DAY_NS, VIX=times[years == year])
        assert extent(folder, "US_EQUITY", f"{year}-01-01", f"{year}-12-31").bars >= 139


def test_days_of_fx_are_refused_by_an_exchange(tmp_path: Path):
    span = ("2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, EURUSD=sessions_of("FX", DAY_NS, *span))
    with pytest.raises(ConfigError, match=r'is US_EQUITY, .* set exchange_group="FX"'):
        extent(folder, "US_EQUITY", *span)


def test_holes_in_the_data_are_no_other_calendar(tmp_path: Path):
    """Every twentieth session is missing, and each holiday; no calendar is like that."""
    days = sessions_of("US_EQUITY", DAY_NS, "2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, A=[day for i, day in enumerate(days) if i % 20 != 10])
    (note,) = extent(folder, "US_EQUITY", "2024-01-02", "2024-12-31").notes
    assert note.startswith("13 sessions without a bar of any symbol")


def test_a_single_bar_on_a_holiday_is_no_other_calendar(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, A=[ns(f"2024-07-0{day}") for day in range(1, 6)])
    assert extent(folder, "US_EQUITY", "2024-07-01", "2024-07-05").outside == 1


# --- bars that are shifted against the sessions --------------------------------------------------


def imported(
    folder: Path, group: str, first: str, last: str, late: int = 0, **options: Any
) -> Path:
    """Import minutes of a calendar's sessions, as clocks of the exchange show them."""
    zone = ZoneInfo(TimeManager(group).timezone)
    times = [
        dt.datetime.fromtimestamp((at + late * MINUTE_NS) // 10**9, zone).strftime("%Y-%m-%d %H:%M")
        for at in sessions_of(group, MINUTE_NS, first, last)
    ]
    rows = "".join(f"{time},1,1,1,1,1\n" for time in times)
    (folder / "SPY.csv").write_text(f"time,open,high,low,close,volume\n{rows}")
    import_bars(folder / "SPY.csv", folder / "catalog", **options)
    return folder / "catalog"


#: Ten sessions, and ten of which five are after the change of the clock.
JANUARY = ("2024-01-16", "2024-01-29")
SPRING = ("2024-03-04", "2024-03-15")
LATE = "sessions bars begin 60 minutes after the open and end 60 minutes after the close"


@pytest.mark.parametrize(
    ("group", "span", "tz", "words", "clock"),
    [
        (
            "US_EQUITY",
            JANUARY,
            "America/Chicago",
            f"in 10 of 10 {LATE}, as if their clock were 60 minutes late",
            "America/Chicago, was given to",
        ),
        (
            "US_EQUITY",
            SPRING,
            "EST",
            f"in 5 of 10 {LATE}, as if their clock changed otherwise than that of the exchange",
            "EST, was given to",
        ),
        (
            "XETR",
            JANUARY,
            None,
            f"in 10 of 10 {LATE}, as if their clock were 60 minutes late",
            "UTC, was a guess of",
        ),
    ],
)
def test_bars_of_a_wrong_clock_are_refused(
    tmp_path: Path, group: str, span: tuple[str, str], tz: str | None, words: str, clock: str
):
    folder = imported(tmp_path, group, *span, tz=tz)
    with pytest.raises(ConfigError) as refused:
        extent(folder, group, *span)
    told = (
        f"SPY: {words}; their clock, {clock} the import: if it is another, import it again with "
        "--tz ZONE --replace"
    )
    assert str(refused.value) == (
        f"exchange_group is {group}, but the bars are not in the hours of its sessions. {told}, or "
        'session_data_config.bars_outside_sessions="leave_out" to go on without those outside'
    )
    meant = extent(folder, group, *span, bars_outside_sessions="leave_out")
    assert (meant.notes, meant.warning) == ((told,), "")


def test_ends_taken_for_opens_are_a_warning(tmp_path: Path):
    folder = imported(
        tmp_path, "US_EQUITY", *JANUARY, late=1, tz="America/New_York", stamped="open"
    )
    found = extent(folder, "US_EQUITY", *JANUARY)
    assert (found.bars, found.outside) == (3_890, 10)
    assert found.notes == (found.warning,)
    assert found.warning == (
        "SPY: in 10 of 10 sessions bars begin 1 minute after the open and end 1 minute after the "
        "close, as if times of their ends had been taken for those of their opens; import them "
        "again with --end-stamped --replace"
    )
    meant = extent(folder, "US_EQUITY", *JANUARY, bars_outside_sessions="leave_out")
    assert (meant.notes, meant.warning) == (found.notes, "")


def test_opens_taken_for_ends_are_a_warning(tmp_path: Path):
    folder = imported(tmp_path, "US_EQUITY", *JANUARY, tz="America/New_York", stamped="close")
    assert extent(folder, "US_EQUITY", *JANUARY).warning.endswith(
        "as if times of their opens had been taken for those of their ends; import them again with "
        "--open-stamped --replace"
    )


def test_few_sessions_of_a_wrong_clock_are_a_warning(tmp_path: Path):
    days = JANUARY[0], "2024-01-17"
    folder = imported(tmp_path, "US_EQUITY", *days, tz="America/Chicago")
    assert extent(folder, "US_EQUITY", *days).warning.startswith(f"SPY: in 2 of 2 {LATE}, as if")


def test_hours_that_are_late_may_be_stamped_at_their_ends(tmp_path: Path):
    times = np.array(sessions_of("US_EQUITY", HOUR_NS, *JANUARY)) + HOUR_NS
    folder = catalog_of(tmp_path, HOUR_NS, A=times, B=times)
    words = (
        r"60 minutes late; check the clock of their import \(--tz ZONE --replace\), or with "
        "--end-stamped if their times are wrong by one bar, or session_data_config"
    )
    with pytest.raises(ConfigError, match=words):
        extent(folder, "US_EQUITY", *JANUARY)
    (note,) = extent(folder, "US_EQUITY", *JANUARY, bars_outside_sessions="leave_out").notes
    assert note.startswith(f"A, B: in 10 of 10 {LATE}")


def test_an_exchange_of_the_same_hours_but_for_a_shift_is_named(tmp_path: Path):
    """Seoul trades for as long as Hong Kong, an hour and a half earlier."""
    folder = catalog_of(tmp_path, MINUTE_NS, A=sessions_of("XKRX", MINUTE_NS, *MARCH))
    with pytest.raises(ConfigError, match=r'90 minutes early; .* set exchange_group="XKRX"'):
        extent(folder, "XHKG", *MARCH)


@pytest.mark.parametrize(
    ("group", "way"),
    [
        # Hours of Berlin that were taken for those of UTC leave an hour of London's empty.
        ("XETR", "session_data_config.bars_outside_sessions"),
        ("XLON", 'if it is right, set exchange_group="XLON", whose sessions fit them'),
    ],
)
def test_a_calendar_is_proposed_beside_a_guessed_clock_only_if_it_is_full(
    tmp_path: Path, group: str, way: str
):
    folder = imported(tmp_path, group, *JANUARY)
    with pytest.raises(ConfigError) as refused:
        extent(folder, "US_EQUITY", *JANUARY)
    assert (
        "the clock of SPY, UTC, was a guess of the import: if it is another, import it again with "
        f"--tz ZONE --replace, or {way}"
    ) in str(refused.value)


def test_different_clocks_of_imports_are_all_named(tmp_path: Path):
    imported(tmp_path, "US_EQUITY", *JANUARY, tz="America/Chicago")
    entry = Catalog(tmp_path / "catalog").entry("SPY", "1m")
    (first,) = entry.accounts
    second = replace(first, source="b.csv", clock=Fact("America/New_York", "option"))
    assert clock_doubt(replace(entry, accounts=(first, second))).startswith(
        f"the clock of SPY is not the same in all imports (America/Chicago of {first.source}, "
        "America/New_York of b.csv): import those with a wrong one again"
    )
