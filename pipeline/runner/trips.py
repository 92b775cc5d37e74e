"""What the round trips of a run's lanes were like one by one, from their table."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.results.folder import RunFolder

_COLUMNS = ("lane", "entry_ts", "exit_ts", "profit")


def trip_details(folder: RunFolder, lanes: int) -> list[dict[str, float] | None]:
    """Return the best, the worst, the mean and the longest round trip of each lane.

    Profits are in account currency after costs, and durations in seconds, from the open of the bar
    that filled its first order to that of its last one. Only trips that have ended count; a lane
    without one has None.
    """
    table = folder.table("round_trips", _COLUMNS)
    ended = table.filter(table["exit_ts"].is_valid())
    lane, profit = _array(ended["lane"]), _array(ended["profit"])
    seconds = (_array(ended["exit_ts"]) - _array(ended["entry_ts"])) / 1e9
    # Rows lie lane by lane.
    bounds = np.searchsorted(lane, np.arange(lanes + 1))
    return [
        _of_one(profit[begin:end], seconds[begin:end]) if end > begin else None
        for begin, end in pairwise(bounds.tolist())
    ]


def _array(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """Return a column without nulls as an array, times as ns; Arrow's own way imports pandas."""
    if pa.types.is_timestamp(column.type):
        column = column.cast("int64")
    return np.from_dlpack(column.combine_chunks())


def _of_one(profit: np.ndarray[Any, Any], seconds: np.ndarray[Any, Any]) -> dict[str, float]:
    return {
        "best": float(profit.max()),
        "worst": float(profit.min()),
        "mean_seconds": float(seconds.mean()),
        "longest_seconds": float(seconds.max()),
    }
