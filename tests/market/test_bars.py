"""The session that each bar belongs to."""

import numpy as np
import pytest
from hypothesis import given, settings

from pipeline.codes import interval_ns
from pipeline.market.time.time_manager import SessionTable, TimeManager
from tests.market.random_bars import DAY, MINUTE, SECOND, assigned, markets
from tests.market.real_bars import Float64Array, Int64Array

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@settings(deadline=None)
@given(market=markets())
def test_a_bar_belongs_to_the_first_session_it_overlaps(
    market: tuple[SessionTable, Int64Array, Float64Array],
) -> None:
    table, ts, _ = market
    session, close_ts = assigned(ts, MINUTE, table)
    for i, opened in enumerate(ts.tolist()):
        overlapping = [
            s
            for s in range(len(table))
            if opened < table.close_ns[s] and opened + MINUTE > table.open_ns[s]
        ]
        assert session[i] == (overlapping[0] if overlapping else -1)
        cut = table.close_ns[overlapping[0]] if overlapping else opened + MINUTE
        assert close_ts[i] == min(opened + MINUTE, cut)


def test_a_bar_cut_at_an_early_close_closes_with_the_session() -> None:
    table = TimeManager("US_EQUITY").session_table("2013-11-27", "2013-12-02")
    hour = np.array(["2013-11-29T14:00", "2013-11-29T17:00", "2013-11-29T18:00"], dtype="M8[ns]")
    ts = np.concatenate([hour.astype(np.int64), table.close_ns[2:] - 30 * SECOND])
    session, close_ts = assigned(ts, interval_ns("1h"), table)
    assert session.tolist() == [1, 1, -1, 2]
    assert close_ts[1] == table.close_ns[1] == hour[2].astype(np.int64)
    assert close_ts[3] == table.close_ns[2]


def test_daily_bars_belong_to_the_session_of_their_date() -> None:
    table = TimeManager("CME").session_table("2013-11-25", "2013-11-29")
    labels = np.array(["2013-11-24", "2013-11-25", "2013-11-28", "2013-11-30"], dtype="M8[ns]")
    session, close_ts = assigned(labels.astype(np.int64), DAY, table)
    assert session.tolist() == [-1, 0, 3, -1]
    np.testing.assert_array_equal(close_ts[1:3], table.close_ns[[0, 3]])


@pytest.mark.parametrize(
    ("group", "stamps", "dates"),
    [
        # 17:00 in New York, in summer and winter; 21:00Z all year, which is 16:00 there in winter.
        (
            "FX",
            ["2022-05-11T21:00", "2022-05-12T21:00", "2022-05-15T21:00"],
            ["2022-05-12", "2022-05-13", "2022-05-16"],
        ),
        ("FX", ["2022-01-11T22:00", "2022-01-12T21:00"], ["2022-01-12", "2022-01-13"]),
        # 17:00 in Chicago.
        ("CME", ["2022-05-11T22:00", "2022-05-15T22:00"], ["2022-05-12", "2022-05-16"]),
        ("CME", ["2022-01-11T23:00", "2022-01-12T23:00"], ["2022-01-12", "2022-01-13"]),
        # Midnight in New York, on a day that closes early, and in Tokyo.
        ("US_EQUITY", ["2024-07-02T04:00", "2024-07-03T04:00"], ["2024-07-02", "2024-07-03"]),
        ("US_EQUITY", ["2024-07-04T04:00"], [None]),
        ("XTKS", ["2022-05-11T15:00", "2022-05-12T15:00"], ["2022-05-12", "2022-05-13"]),
    ],
)
def test_daily_bars_labelled_by_an_instant_belong_to_the_session_in_the_middle_of_their_day(
    group: str, stamps: list[str], dates: list[str | None]
) -> None:
    table = TimeManager(group).session_table("2022-01-03", "2024-07-31")
    session, close_ts = assigned(np.array(stamps, "M8[ns]").astype(np.int64), DAY, table)
    known = table.date_ns.astype("M8[ns]").astype("M8[D]").astype(str)
    assert [None if at < 0 else known[at] for at in session] == dates
    inside = session >= 0
    np.testing.assert_array_equal(close_ts[inside], table.close_ns[session[inside]])
