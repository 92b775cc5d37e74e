"""Facts of TimeManager, with exchange_calendars itself as oracle."""

import datetime as dt
import pickle
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import exchange_calendars as xc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError, DataError
from pipeline.market.time import calendars
from pipeline.market.time.calendars import bars_begun
from pipeline.market.time.time_manager import TimeManager, zone
from pipeline.market.time.venues import _VENUES
from tests.reference.own_process import python

# exchange_calendars calls parts of pandas that pandas deprecates; the oracle is not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DAY = 86_400_000_000_000
MINUTE = 60_000_000_000
START, END = "2011-01-01", "2024-12-31"


def utc(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def clock(ns: int, name: str) -> str:
    moment = dt.datetime.fromtimestamp(ns / 1e9, dt.UTC).astimezone(ZoneInfo(name))
    return moment.strftime("%Y-%m-%d %H:%M")


@pytest.fixture(scope="module")
def nyse() -> TimeManager:
    return TimeManager("US_EQUITY")


@pytest.mark.parametrize("code", ["XNYS", "24/7", "CMES", "XTKS", "XSHG", "XHKG", "XLON"])
def test_session_table_equals_the_schedule_of_exchange_calendars(code: str) -> None:
    oracle = xc.get_calendar(code, start=START, end=END)
    table = TimeManager(code).session_table(START, END)
    none = np.iinfo(np.int64).min
    starts = np.where(oracle.break_starts_nanos == none, 0, oracle.break_starts_nanos)
    ends = np.where(oracle.break_ends_nanos == none, 0, oracle.break_ends_nanos)
    np.testing.assert_array_equal(table.date_ns, oracle.sessions.as_unit("ns").asi8)
    np.testing.assert_array_equal(table.open_ns, oracle.opens_nanos)
    np.testing.assert_array_equal(table.close_ns, oracle.closes_nanos)
    np.testing.assert_array_equal(table.break_start_ns, starts)
    np.testing.assert_array_equal(table.break_end_ns, ends)
    np.testing.assert_array_equal(table.early_close, oracle.sessions.isin(oracle.early_closes))
    assert len(table) == len(oracle.sessions)


@settings(deadline=None)
@given(
    date=st.dates(dt.date(2011, 2, 1), dt.date(2024, 11, 30)),
    n=st.integers(-15, 15),
    days=st.integers(0, 400),
    code=st.sampled_from(["XNYS", "CMES", "XTKS", "24/7"]),
)
def test_single_dates_equal_exchange_calendars(date: dt.date, n: int, days: int, code: str) -> None:
    oracle, manager = xc.get_calendar(code, start=START, end=END), TimeManager(code)
    sessions = [s.date() for s in oracle.sessions]
    later = [s for s in sessions if s > date]
    earlier = [s for s in sessions if s < date]
    assert manager.is_trading_day(date) is oracle.is_session(date)
    assert manager.get_first_trading_date(date) == oracle.date_to_session(date, "next").date()
    assert manager.get_next_trading_date(date) == later[0]
    assert manager.get_previous_trading_date(date) == earlier[-1]
    if n:
        assert manager.step_trading_days(date, n) == (later[n - 1] if n > 0 else earlier[n])
    end = min(date + dt.timedelta(days), sessions[-1])
    assert manager.count_trading_days(date, end) == len(oracle.sessions_in_range(date, end))
    if oracle.is_session(date):
        assert manager.expected_bars(date, "1m") == len(oracle.session_minutes(date))
        assert manager.step_trading_days(date, 0) == date


@pytest.mark.parametrize(
    ("date", "opens", "closes", "early"),
    [
        ("2013-11-27", "2013-11-27T14:30", "2013-11-27T21:00", False),
        ("2013-11-29", "2013-11-29T14:30", "2013-11-29T18:00", True),
        ("2023-07-03", "2023-07-03T13:30", "2023-07-03T17:00", True),
        ("2011-03-11", "2011-03-11T14:30", "2011-03-11T21:00", False),
        ("2011-03-14", "2011-03-14T13:30", "2011-03-14T20:00", False),
        ("2023-11-03", "2023-11-03T13:30", "2023-11-03T20:00", False),
        ("2023-11-06", "2023-11-06T14:30", "2023-11-06T21:00", False),
        ("1998-01-02", "1998-01-02T14:30", "1998-01-02T21:00", False),
    ],
)
def test_half_days_and_clock_changes_of_new_york(
    nyse: TimeManager, date: str, opens: str, closes: str, early: bool
) -> None:
    session = nyse.get_trading_session(date)
    assert (session.open_ns, session.close_ns) == (utc(opens), utc(closes))
    assert session.is_early_close is early
    assert session.date == dt.date.fromisoformat(date)
    assert (session.breaks, session.timezone) == ((), "America/New_York")
    assert nyse.expected_bars(date, "1m") == (session.close_ns - session.open_ns) // MINUTE
    assert nyse.expected_bars(date, "1h") == (4 if early else 7)
    assert nyse.expected_bars(date, "1d") == 1


def test_closures_of_new_york_are_known(nyse: TimeManager) -> None:
    closed = ["2001-09-11", "2001-09-14", "2012-10-29", "2012-10-30", "2022-06-20", "2023-07-04"]
    assert all(nyse.is_holiday(day) and not nyse.is_trading_day(day) for day in closed)
    assert nyse.get_previous_trading_date("2001-09-17") == dt.date(2001, 9, 10)
    assert nyse.get_next_trading_date("2012-10-26") == dt.date(2012, 10, 31)
    assert nyse.is_trading_day("2021-06-18")
    assert nyse.is_trading_day("2020-06-19"), "Juneteenth is kept since 2022"
    assert not nyse.is_holiday("2023-07-01"), "a Saturday is no holiday"
    assert not nyse.is_holiday("2023-07-03")
    assert nyse.get_first_trading_date("2023-07-03") == dt.date(2023, 7, 3)
    assert nyse.get_first_trading_date("2023-07-04") == dt.date(2023, 7, 5)
    assert nyse.count_trading_days("2023-07-01", "2023-07-02") == 0
    assert len(nyse.session_table("2023-07-01", "2023-07-02")) == 0


@pytest.mark.parametrize(
    ("code", "minutes", "hours", "lunch"),
    [("XTKS", 300, 6, ("11:30", "12:30")), ("XSHG", 240, 5, ("11:30", "13:00"))],
)
def test_a_lunch_break_is_excluded(
    code: str, minutes: int, hours: int, lunch: tuple[str, str]
) -> None:
    manager = TimeManager(code)
    session = manager.get_trading_session("2021-01-14")
    ((start, end),) = session.breaks
    found = clock(start, session.timezone)[-5:], clock(end, session.timezone)[-5:]
    assert found == lunch
    assert manager.expected_bars("2021-01-14", "1m") == minutes
    assert manager.expected_bars("2021-01-14", "1h") == hours
    assert manager.expected_bars("2021-01-14", "1d") == 1


def test_a_cme_session_opens_on_the_day_before() -> None:
    manager = TimeManager("CME")
    monday = manager.get_trading_session("2013-11-25")
    assert manager.calendar_code == "CMES"
    assert clock(monday.open_ns, "America/Chicago") == "2013-11-24 17:00"
    assert clock(monday.close_ns, "America/Chicago") == "2013-11-25 17:00"
    assert manager.get_trading_session("2013-11-28").is_early_close


def test_fx_trades_from_sunday_to_friday_1700_new_york() -> None:
    manager = TimeManager("FX")
    monday = manager.get_trading_session("2014-05-05")
    assert clock(monday.open_ns, "America/New_York") == "2014-05-04 17:00"
    table = manager.session_table("2014-03-01", "2014-03-31")
    weekdays = (table.date_ns // DAY + 3) % 7
    assert set(weekdays.tolist()) == {0, 1, 2, 3, 4}
    for instant in (*table.open_ns.tolist(), *table.close_ns.tolist()):
        assert clock(instant, "America/New_York").endswith("17:00")
    assert manager.is_holiday("2014-12-25")
    assert manager.is_holiday("2018-01-01")
    assert manager.is_trading_day("2016-12-26"), "no substitute day is kept"
    assert manager.expected_bars("2014-05-05", "1m") == 1440


def test_crypto_trades_every_day_around_the_clock() -> None:
    manager = TimeManager("CRYPTO")
    table = manager.session_table("2016-01-01", "2016-12-31")
    assert len(table) == 366
    assert (table.open_ns == table.date_ns).all()
    assert (table.close_ns == table.date_ns + DAY).all()
    assert not manager.is_holiday("2016-12-25")


def test_extended_hours_run_from_local_midnight_to_local_midnight() -> None:
    manager = TimeManager("US_EQUITY", trading_hours="extended")
    half_day = manager.get_trading_session("2013-11-29")
    assert clock(half_day.open_ns, half_day.timezone) == "2013-11-29 00:00"
    assert clock(half_day.close_ns, half_day.timezone) == "2013-11-30 00:00"
    assert half_day.is_early_close
    assert TimeManager("XTKS", "extended").get_trading_session("2021-01-14").breaks == ()
    regular = TimeManager("US_EQUITY").session_table(START, END)
    extended = manager.session_table(START, END)
    np.testing.assert_array_equal(regular.date_ns, extended.date_ns)
    assert (extended.open_ns <= regular.open_ns).all()
    assert (extended.close_ns >= regular.close_ns).all()
    crypto = TimeManager("CRYPTO", "extended").get_trading_session("2021-01-14")
    assert crypto.close_ns - crypto.open_ns == DAY


@pytest.mark.parametrize("group", ["CME", "FX", "IEPA"])
def test_extended_hours_are_refused_where_sessions_cross_midnight(group: str) -> None:
    with pytest.raises(ConfigError, match=r"trading_hours must be 'regular' for calendar"):
        TimeManager(group, "extended")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.get_trading_session("2023-02-30"), "date must be a calendar date"),
        (lambda m: m.get_trading_session("1850-01-02"), "1900-01-01 to 2099-12-31.*1850-01-02"),
        (lambda m: m.get_trading_session("2023-07-04"), "trading day of calendar XNYS"),
        (lambda m: m.step_trading_days("2023-07-04", 0), "trading day of calendar XNYS"),
        (lambda m: m.count_trading_days("2023-07-05", "2100-01-01"), "end_date must be within"),
        (lambda m: m.session_table("2023-07-05", "2023-07-01"), "start_date must not be after"),
        (lambda m: m.get_next_trading_date("2099-12-31"), "leave 1 trading days after it"),
        (lambda m: m.get_previous_trading_date("1900-01-01"), "leave 1 trading days before it"),
        (lambda m: m.is_trading_day(20230703), "must be a date or an ISO date"),
        (
            lambda m: m.is_trading_day(dt.datetime(2023, 7, 3, 9, 30)),  # noqa: DTZ001
            "without time or zone",
        ),
    ],
)
def test_bad_dates_are_refused_by_parameter_value_and_bound(nyse, call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=message):
        call(nyse)


def test_a_calendar_with_bounds_says_so() -> None:
    manager = TimeManager("XTKS")
    assert manager.bounds[0] == dt.date(1997, 1, 1)
    with pytest.raises(DataError, match="1997-01-01"):
        manager.is_trading_day("1996-12-31")


def test_unknown_groups_hours_and_zones_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"exchange_group must be one of US_EQUITY.*NYSE"):
        TimeManager("NYSEE")
    with pytest.raises(ConfigError, match="trading_hours must be 'regular' or 'extended'"):
        TimeManager("US_EQUITY", "night")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="'Mars/Olympus'"):
        zone("Mars/Olympus")
    assert zone("Asia/Tokyo") == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("BINANCE", r"did you mean CRYPTO \(24/7\)\?"),
        ("Coinbase", r"did you mean CRYPTO \(24/7\)\?"),
        ("24-7", r"did you mean CRYPTO \(24/7\)\?"),
        ("24_7", r"did you mean CRYPTO \(24/7\)\?"),
        ("oanda", r"did you mean FX\?"),
        ("US Equity", r"did you mean US_EQUITY"),
        ("us", r"did you mean US_EQUITY\?"),
        ("globex", r"did you mean CME\?"),
        ("Xetra", r"did you mean XETR\?"),
        ("crypto", r"did you mean CRYPTO\?$"),
        ("cme_es", r"did you mean CMES or CME or "),
        ("qqqqqq", r"was 'qqqqqq'$"),
    ],
)
def test_a_wrong_group_is_refused_with_the_calendar_that_fits(name: str, hint: str) -> None:
    TimeManager("CRYPTO").session_table("2024-01-01", "2024-01-02")  # its schedule is kept on disk
    with pytest.raises(ConfigError, match=hint):
        TimeManager(name)


def test_every_venue_is_of_a_calendar_and_is_none_itself() -> None:
    for group, names in _VENUES.items():
        assert TimeManager(group).calendar_code
        for name in names:
            with pytest.raises(ConfigError, match=f"did you mean {group}"):
                TimeManager(name)


def test_aliases_are_the_calendar_they_stand_for() -> None:
    assert TimeManager("NASDAQ").calendar_code == TimeManager("US_EQUITY").calendar_code == "XNYS"
    assert TimeManager("JPX").timezone == "Asia/Tokyo"


def test_caches_count_hits_and_are_emptied_at_session_start() -> None:
    manager = TimeManager("US_EQUITY")
    for date in ("2023-07-03", "2023-07-03", "2023-07-05", "2023-07-03"):
        manager.get_trading_session(date)
    seen = manager.cache_statistics()
    assert (seen.queries, seen.last_hits, seen.lru_hits, seen.misses) == (4, 1, 1, 2)
    assert (seen.hit_rate, seen.last_hit_rate, seen.entries) == (0.5, 0.25, 2)
    assert manager.start_session("2023-07-03").is_early_close
    after = manager.cache_statistics()
    assert (after.misses, after.entries, after.invalidations) == (3, 1, 1)


def test_a_manager_over_a_runs_sessions_answers_as_its_own_would() -> None:
    manager = TimeManager("US_EQUITY")
    table = manager.session_table("2023-06-28", "2023-07-10")
    part = pickle.loads(pickle.dumps(manager.over(table)))
    assert part.bounds == (dt.date(2023, 6, 28), dt.date(2023, 7, 10))
    for day in range(-2, 11):
        date = dt.date(2023, 6, 30) + dt.timedelta(day)
        assert part.is_trading_day(date) == manager.is_trading_day(date)
        assert part.is_holiday(date) == manager.is_holiday(date)
        if part.is_trading_day(date):
            assert part.start_session(date) == manager.get_trading_session(date)
            assert part.expected_bars(date, "5m") == manager.expected_bars(date, "5m")
    assert part.get_next_trading_date("2023-07-03") == dt.date(2023, 7, 5)
    assert part.count_trading_days("2023-07-01", "2023-07-05") == 2
    assert part.timezone == manager.timezone
    assert np.array_equal(part.session_table(*part.bounds).open_ns, table.open_ns)


def test_a_manager_over_a_runs_sessions_knows_no_other_day() -> None:
    manager = TimeManager("XNYS")
    part = manager.over(manager.session_table("2023-06-28", "2023-07-10"))
    words = "within 2023-06-28 to 2023-07-10, the dates of this part of calendar XNYS"
    with pytest.raises(DataError, match=words):
        part.is_trading_day("2023-07-11")
    with pytest.raises(DataError, match=f"must leave 1 trading days after it {words}"):
        part.get_next_trading_date("2023-07-10")
    with pytest.raises(DataError, match="needs at least one, was given none"):
        manager.over(manager.session_table("2023-07-01", "2023-07-02"))


def test_a_manager_over_a_runs_sessions_builds_no_calendar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manager = TimeManager("US_EQUITY")
    part = manager.over(manager.session_table("2023-06-28", "2023-07-10"))
    monkeypatch.setattr(calendars, "_loaded", {})
    monkeypatch.setattr(calendars, "_calendar_type", None)  # any use of it would raise
    assert part.start_session("2023-07-03").is_early_close
    assert part.get_previous_trading_date("2023-07-05") == dt.date(2023, 7, 3)


def test_decades_from_2000_are_built_and_earlier_ones_on_demand_and_the_answer_is_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(calendars, "_loaded", {})
    manager = TimeManager("XNYS")
    before = manager.session_table("2023-01-01", "2023-12-31")
    narrow = calendars.schedule_covering("XNYS", 19_500, 19_500, extended=False)
    assert calendars._date(narrow.first_day) == dt.date(2000, 1, 1)
    assert calendars._date(narrow.last_day) == dt.date(2029, 12, 31)
    manager.is_trading_day("1998-01-02")
    wide = calendars.schedule_covering("XNYS", 19_500, 19_500, extended=False)
    assert calendars._date(wide.first_day) == dt.date(1990, 1, 1)
    after = manager.session_table("2023-01-01", "2023-12-31")
    np.testing.assert_array_equal(before.open_ns, after.open_ns)


@pytest.mark.parametrize(("cannot", "begins"), [(2011, 2020), (2022, 2023)])
def test_a_calendar_that_cannot_be_built_for_early_years_is_built_for_later_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cannot: int, begins: int
) -> None:
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(calendars, "_loaded", {})
    kind = calendars._calendar_type("XNYS")

    def only_later(start: str, end: str) -> Any:
        if int(start[:4]) <= cannot:
            raise ValueError("no rules for these years")
        return kind(start=start, end=end)

    only_later.bound_min, only_later.bound_max = kind.bound_min, kind.bound_max
    monkeypatch.setattr(calendars, "_calendar_type", lambda code: only_later)
    built = calendars.schedule_covering("XNYS", 19_500, 19_500, extended=False)
    assert calendars._date(built.first_day) == dt.date(begins, 1, 1)


def test_a_table_belongs_to_its_caller(nyse: TimeManager) -> None:
    nyse.session_table("2023-07-03", "2023-07-05").open_ns[:] = 0
    assert nyse.get_trading_session("2023-07-03").open_ns == utc("2023-07-03T13:30")


def test_importing_the_module_imports_neither_pandas_nor_numba() -> None:
    code = (
        "import sys, pipeline.market.time.time_manager\n"
        "print(sorted({'pandas', 'numba', 'exchange_calendars'} & set(sys.modules)))"
    )
    done = python("-c", code)
    assert done.stdout.strip() == "[]"


@settings(deadline=None)
@given(
    length=st.integers(1, 60),
    lunch=st.none() | st.tuples(st.integers(1, 58), st.integers(1, 30)),
    interval=st.integers(1, 70),
    until=st.integers(-5, 70),
)
def test_bars_begun_equals_counting_bar_by_bar(
    length: int, lunch: tuple[int, int] | None, interval: int, until: int
) -> None:
    open_, close = 1000, 1000 + length
    start, end = 0, 0
    if lunch and lunch[0] + lunch[1] < length:
        start, end = open_ + lunch[0], open_ + lunch[0] + lunch[1]
    trading = {
        t for t in range(open_, min(close, open_ + until)) if not (start and start <= t < end)
    }
    expected = len({(t - open_) // interval for t in trading})
    assert bars_begun(open_ + until, open_, close, start, end, interval) == expected


def test_sessions_around_a_range_stop_at_the_bounds_of_the_calendar():
    manager = TimeManager("XBOM")
    last = manager.bounds[1]
    around = manager.table_around(last - dt.timedelta(days=7), last, 5)
    wide = manager.session_table(last - dt.timedelta(days=12), last)
    assert around.date_ns.tolist() == wide.date_ns.tolist()
    part = around.part(1, 3)
    assert len(part) == 2
    assert part.close_ns.tolist() == around.close_ns[1:3].tolist()
