"""Figures of single round trips, of those that have ended, however they come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.rows import TRIP_ROW
from pipeline.results.trip_tally import absorb_trips, trip_details, trip_state

SECOND = 1_000_000_000


def rows_of(trips: list[tuple[int, int, float]]) -> np.ndarray:
    """Rows of the table of round trips: when each was entered and left, in s, and its profit."""
    rows = np.zeros(len(trips), TRIP_ROW)
    for row, (entered, left, profit) in zip(rows, trips, strict=True):
        row["entry_ts"], row["exit_ts"], row["profit"] = entered * SECOND, left * SECOND, profit
    return rows


def details(*parts: list[tuple[int, int, float]]) -> dict[str, float] | None:
    state = trip_state()
    for part in parts:
        rows = rows_of(part)
        absorb_trips(state, int(rows.ctypes.data), len(rows))
    return trip_details(state)


def test_open_trips_do_not_count():
    assert details([(1, 11, 1.0), (1, 31, -2.0)], [(1, 0, 99.0)]) == {
        "best": 1.0,
        "worst": -2.0,
        "mean_seconds": 20.0,
        "longest_seconds": 30.0,
    }
    assert details([(5, 5, 0.5)]) == {
        "best": 0.5,
        "worst": 0.5,
        "mean_seconds": 0.0,
        "longest_seconds": 0.0,
    }


@pytest.mark.parametrize("parts", [[], [[]], [[(1, 0, 5.0)]]])
def test_without_a_trip_that_has_ended_there_are_none(parts):
    assert details(*parts) is None


one_trip = st.tuples(st.integers(1, 100), st.integers(0, 100), st.floats(-9.0, 9.0))


@given(st.lists(one_trip, max_size=20), st.integers(1, 7))
def test_it_does_not_matter_in_which_parts_they_come(trips, size):
    trips = [(entered, left and entered + left, profit) for entered, left, profit in trips]
    whole = details(trips)
    assert details(*(trips[at : at + size] for at in range(0, len(trips), size))) == whole
    ended = [one for one in trips if one[1]]
    if whole is not None:
        assert (whole["best"], whole["worst"]) == (
            max(profit for *_, profit in ended),
            min(profit for *_, profit in ended),
        )
        lasted = [left - entered for entered, left, _ in ended]
        assert whole["mean_seconds"] == pytest.approx(sum(lasted) / len(lasted))
        assert whole["longest_seconds"] == pytest.approx(max(lasted))
