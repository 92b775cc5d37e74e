"""Facts of the quality: what is present against what the calendar expects, by now."""

import itertools

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import interval_ns
from pipeline.market.bars import assign_sessions
from pipeline.market.quality import (
    QUALITY_STATE_I,
    expected_of,
    fill_quality,
    present_of,
    quality_of,
)
from pipeline.market.time.time_manager import SessionTable, TimeManager

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
Int64Array = npt.NDArray[np.int64]


def closes(ts: Int64Array, length: int, table: SessionTable) -> tuple[Int64Array, Int64Array]:
    session, close_ts = np.empty_like(ts), np.empty_like(ts)
    assign_sessions(ts, length, table.open_ns, table.close_ns, table.date_ns, session, close_ts)
    return session, close_ts


def filled(
    ts: Int64Array, close_ts: Int64Array, table: SessionTable, length: int, cuts: list[int]
) -> npt.NDArray[np.float64]:
    out = np.full(len(ts), -1.0)
    state = np.zeros(QUALITY_STATE_I, dtype=np.int64)
    edges = [0, *sorted(cuts), len(ts)]
    for first, last in itertools.pairwise(edges):
        # Only the sessions of the fresh rows are at hand in a call.
        low = np.searchsorted(table.close_ns, close_ts[first]) if first < last else 0
        fill_quality(
            ts, close_ts, first, last,
            table.open_ns[low:], table.close_ns[low:],
            table.break_start_ns[low:], table.break_end_ns[low:],
            length, state, out,
        )  # fmt: skip
    return out


@st.composite
def markets(draw: st.DrawFn) -> tuple[SessionTable, Int64Array]:
    """Sessions of minutes, some with a break, and a random subset of their 1m bars."""
    opens, ends, starts, stops, kept = [], [], [], [], []
    at = draw(st.integers(0, 3))
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 40))
        start = stop = 0
        if length > 5 and draw(st.booleans()):
            start = at + draw(st.integers(1, length - 3))
            stop = draw(st.integers(start + 1, at + length - 1))
        opens.append(at)
        ends.append(at + length)
        starts.append(start)
        stops.append(stop)
        kept += [m for m in range(at, at + length) if draw(st.booleans())]
        at += length + draw(st.integers(0, 20))
    scaled = [np.array(x, dtype=np.int64) * MINUTE for x in (opens, ends, starts, stops)]
    table = SessionTable(
        scaled[0], scaled[0], scaled[1], np.zeros(len(opens), np.bool_), scaled[2], scaled[3]
    )
    return table, np.array(kept, dtype=np.int64) * MINUTE


@settings(deadline=None)
@given(market=markets(), data=st.data())
def test_quality_so_far_counts_minutes_and_does_not_depend_on_cuts(
    market: tuple[SessionTable, Int64Array], data: st.DataObject
) -> None:
    table, ts = market
    session, close_ts = closes(ts, MINUTE, table)
    cuts = data.draw(st.lists(st.integers(0, len(ts)), max_size=6))
    found = filled(ts, close_ts, table, MINUTE, cuts)
    for i, s in enumerate(session):
        start, end = table.break_start_ns[s], table.break_end_ns[s]

        def trades(t: int, start: int = start, end: int = end) -> bool:
            return not (start and start <= t < end)

        want = [t for t in range(table.open_ns[s], close_ts[i], MINUTE) if trades(t)]
        have = [t for t in ts[: i + 1] if t >= table.open_ns[s] and trades(t)]
        assert found[i] == 100.0 * len(have) / len(want)
    assert ((found >= 0) & (found <= 100)).all()


@settings(deadline=None)
@given(market=markets(), missing=st.integers(0, 5))
def test_the_last_quality_of_a_session_with_its_last_bar_is_that_of_the_span(
    market: tuple[SessionTable, Int64Array], missing: int
) -> None:
    table, ts = market
    whole = np.concatenate(
        [np.arange(o, c, MINUTE) for o, c in zip(table.open_ns, table.close_ns, strict=True)]
    )
    complete = quality_of(whole, "1m", table)
    assert complete.percent == 100.0
    assert complete.sessions_complete == complete.sessions == len(table)
    part = quality_of(ts, "1m", table)
    assert part.expected == complete.expected
    assert part.percent == 100.0 * part.present / part.expected
    last = SessionTable(*(getattr(table, name)[-1:] for name in SessionTable.__slots__))
    of_last = whole[whole >= last.open_ns[0]]
    some = np.concatenate([of_last[:-1][missing:], of_last[-1:]])
    _, close_ts = closes(some, MINUTE, last)
    so_far = filled(some, close_ts, last, MINUTE, [])
    assert so_far[-1] == quality_of(some, "1m", last).percent


def test_a_row_outside_all_sessions_has_no_quality_and_counts_nowhere() -> None:
    table = TimeManager("US_EQUITY").session_table("2023-07-03", "2023-07-03")
    ts = np.array([table.open_ns[0] - HOUR, table.open_ns[0], table.close_ns[0] + HOUR])
    _, close_ts = closes(ts, MINUTE, table)
    found = filled(ts, close_ts, table, MINUTE, [1])
    np.testing.assert_array_equal(found, [np.nan, 100.0, np.nan])
    assert quality_of(ts, "1m", table).present == 1


def test_a_missing_bar_shows_at_the_next_one_and_heals_slowly() -> None:
    table = TimeManager("US_EQUITY").session_table("2023-07-03", "2023-07-03")
    ts = table.open_ns[0] + MINUTE * np.array([0, 2, 3, 4])
    _, close_ts = closes(ts, MINUTE, table)
    found = filled(ts, close_ts, table, MINUTE, [])
    np.testing.assert_allclose(found, [100, 200 / 3, 75, 80])


@pytest.mark.parametrize(
    ("group", "date", "interval", "expected"),
    [
        ("US_EQUITY", "2013-11-29", "1m", 210),
        ("US_EQUITY", "2013-11-29", "1h", 4),
        ("US_EQUITY", "2013-11-27", "15m", 26),
        ("XTKS", "2021-01-14", "5m", 60),
        ("XSHG", "2017-03-03", "1m", 240),
        ("CRYPTO", "2016-10-07", "4h", 6),
        ("FX", "2014-05-05", "1d", 1),
    ],
)
def test_expected_bars_are_those_of_the_time_manager(
    group: str, date: str, interval: str, expected: int
) -> None:
    manager = TimeManager(group)
    table = manager.session_table(date, date)
    assert expected_of(interval, table).tolist() == [expected]
    assert manager.expected_bars(date, interval) == expected


def test_a_print_in_the_lunch_break_does_not_hide_a_missing_bar() -> None:
    table = TimeManager("XTKS").session_table("2021-01-14", "2021-01-14")
    every = np.arange(table.open_ns[0], table.close_ns[0], MINUTE)
    trading = every[(every < table.break_start_ns[0]) | (every >= table.break_end_ns[0])]
    with_print = np.sort(np.append(trading[1:], table.break_start_ns[0]))
    assert present_of(with_print, "1m", table).tolist() == [299]
    assert quality_of(with_print, "1m", table).percent == pytest.approx(100 * 299 / 300)


def test_daily_bars_are_counted_by_their_label() -> None:
    table = TimeManager("US_EQUITY").session_table("2023-07-03", "2023-07-07")
    labels = np.array(["2023-07-03", "2023-07-04", "2023-07-06"], dtype="M8[ns]").astype(np.int64)
    found = quality_of(labels, "1d", table)
    assert (found.present, found.expected, found.sessions_missing) == (2, 4, 2)
    _, close_ts = closes(labels, interval_ns("1d"), table)
    so_far = filled(labels[[0, 2]], close_ts[[0, 2]], table, interval_ns("1d"), [])
    assert so_far.tolist() == [100.0, 100.0]


def test_an_empty_span_has_no_quality() -> None:
    table = TimeManager("US_EQUITY").session_table("2023-07-01", "2023-07-02")
    assert np.isnan(quality_of(np.zeros(0, dtype=np.int64), "1m", table).percent)


def test_real_records_have_the_known_gaps(shared_data) -> None:  # type: ignore[no-untyped-def]
    """SH000001 lacks two minutes a day and has one in the break; Coinbase lacks 20 to 43."""

    def stamps(name: str, symbol: str) -> Int64Array:
        table = pq.read_table(shared_data / "open" / f"{name}.parquet")
        rows = table.filter(pc.equal(table["symbol"], symbol))
        return np.asarray(rows["timestamp"].cast("int64").to_numpy())

    shanghai = TimeManager("XSHG").session_table("2017-04-05", "2017-07-28")
    present = present_of(stamps("hikyuu_sse_index_1m_2017", "SH000001"), "1m", shanghai)
    assert np.median(present) == 238
    crypto = TimeManager("CRYPTO").session_table("2016-10-07", "2016-10-09")
    missing = 1440 - present_of(stamps("lean_crypto_coinbase_1m", "BTCUSD"), "1m", crypto)
    assert (missing >= 20).all()
    assert (missing <= 43).all()
    wiki = stamps("wiki_us_equity_1d", "AAPL")
    days = TimeManager("US_EQUITY").session_table("2000-03-01", "2013-03-01")
    assert quality_of(wiki, "1d", days).percent == 100.0
