"""Counts many values into the histogram of a timer in one compiled call."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.native.kernel import kernel
from shm.histogram import bucket_of
from shm.stats_row import COUNT, FIRST_BUCKET, MAXIMUM, MINIMUM, TOTAL

_bucket_of = kernel()(bucket_of)


@kernel()
def count_values(values: Any, words: Any) -> None:
    """Add values, int64[n] of 0 or more, to the words of a timer (`shm.stats_row` names them)."""
    if values.size == 0:
        return
    minimum = maximum = values[0]
    total = 0
    for value in values:
        words[FIRST_BUCKET + _bucket_of(value)] += 1
        total += value
        minimum = min(minimum, value)
        maximum = max(maximum, value)
    if words[COUNT] != 0:
        minimum = min(minimum, words[MINIMUM])
        maximum = max(maximum, words[MAXIMUM])
    words[COUNT] += values.size
    words[TOTAL] += total
    words[MINIMUM] = minimum
    words[MAXIMUM] = maximum


def warm_up() -> None:
    """Load the compiled code for which the first slot would otherwise wait."""
    none: npt.NDArray[np.int64] = np.zeros(0, np.int64)
    count_values(none, np.zeros(FIRST_BUCKET, np.int64))
