"""Figures of single round trips are by lane, and of those that have ended."""

from typing import Any

import pyarrow as pa
import pytest

from pipeline.results.folder import RunFolder
from pipeline.runner.trips import trip_details

SECOND = 1_000_000_000


class Folder(RunFolder):
    """A run folder whose only table is given."""

    def __init__(self, rows: list[tuple[int, int, int | None, float]]) -> None:
        lanes, entered, left, profits = zip(*rows, strict=True) if rows else ((),) * 4
        instant = pa.timestamp("ns", "UTC")
        self.given = {
            "lane": pa.array(lanes, pa.int32()),
            "entry_ts": pa.array(entered, instant),
            "exit_ts": pa.array(left, instant),
            "profit": pa.array(profits, pa.float64()),
        }

    def table(self, name: str, columns: Any = None) -> pa.Table:
        assert name == "round_trips"
        return pa.table({name: self.given[name] for name in columns})


def test_each_lane_has_its_own_and_open_trips_do_not_count():
    rows = [
        (0, 0, 10 * SECOND, 1.0),
        (0, 0, 30 * SECOND, -2.0),
        (0, 0, None, 99.0),
        (1, 0, None, 5.0),
        (2, 5 * SECOND, 5 * SECOND, 0.5),
    ]
    assert trip_details(Folder(rows), 4) == [
        {"best": 1.0, "worst": -2.0, "mean_seconds": 20.0, "longest_seconds": 30.0},
        None,
        {"best": 0.5, "worst": 0.5, "mean_seconds": 0.0, "longest_seconds": 0.0},
        None,
    ]


@pytest.mark.parametrize("lanes", [1, 3])
def test_without_a_trip_there_are_none(lanes: int):
    assert trip_details(Folder([]), lanes) == [None] * lanes
