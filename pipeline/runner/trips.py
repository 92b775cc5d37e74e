"""What the round trips of a run's lanes were like one by one, from their table."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.results.folder import RunFolder

#: What is read, and how its values lie in memory; times are int64 ns UTC.
_COLUMNS: dict[str, type[np.generic]] = {
    "lane": np.int32,
    "entry_ts": np.int64,
    "exit_ts": np.int64,
    "profit": np.float64,
}


def trip_details(folder: RunFolder, lanes: int) -> list[dict[str, float] | None]:
    """Return the best, the worst, the mean and the longest round trip of each lane.

    Profits are in account currency after costs, and durations in seconds, from the open of the bar
    that filled its first order to that of its last one. Only trips that have ended count; a lane
    without one has None.
    """
    table = folder.table("round_trips", tuple(_COLUMNS))
    ended = _has_value(table["exit_ts"])
    lane, entry_ts, exit_ts, profit = (
        _values(table[name], kind)[ended] for name, kind in _COLUMNS.items()
    )
    seconds = (exit_ts - entry_ts) / 1e9
    # Rows lie lane by lane.
    bounds = np.searchsorted(lane, np.arange(lanes + 1))
    return [
        _of_one(profit[begin:end], seconds[begin:end]) if end > begin else None
        for begin, end in pairwise(bounds.tolist())
    ]


def _has_value(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Return which rows of a column are not null.

    Arrow's own way imports its functions for computing, for which every run would wait at its end.
    """
    array = column.combine_chunks()
    valid = array.buffers()[0]
    if valid is None:  # no row is null
        return np.ones(len(array), np.bool_)
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)


def _values(column: pa.ChunkedArray, kind: type[np.generic]) -> np.ndarray[Any, Any]:
    """Return the values of a column as they lie in memory; where a row is null, any value.

    Arrow's own way imports pandas.
    """
    array = column.combine_chunks()
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def _of_one(profit: np.ndarray[Any, Any], seconds: np.ndarray[Any, Any]) -> dict[str, float]:
    return {
        "best": float(profit.max()),
        "worst": float(profit.min()),
        "mean_seconds": float(seconds.mean()),
        "longest_seconds": float(seconds.max()),
    }
