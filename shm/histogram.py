"""Histograms of whole numbers with logarithmic buckets, and quantiles from their counts.

Each value below 16 has a bucket of its own. Every octave above (16..31, 32..63, ...) is cut into 8
equal buckets, so a bucket is at most 1/8 as wide as its lower bound. A quantile is the middle of
the bucket that it falls into: it is off by at most 1/16 (6.25 %) of the true value, and exact below
16. (The scheme of HdrHistogram, http://hdrhistogram.org, with 3 bits of precision.)
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

# How many bits below its highest one place a value within its octave.
_PRECISION_BITS = 3
_OCTAVE = 1 << _PRECISION_BITS

# The bucket of the greatest int64, plus one.
BUCKETS = (63 - _PRECISION_BITS) * _OCTAVE + _OCTAVE

#: The greatest error of a quantile, as a share of the true value.
RELATIVE_ERROR = 1 / (2 * _OCTAVE)


def bucket_of(value: int) -> int:
    """Return the bucket in which `value` (0 or more) is counted."""
    shift = value.bit_length() - _PRECISION_BITS - 1
    return value if shift <= 0 else shift * _OCTAVE + (value >> shift)


def buckets_of(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return `bucket_of` each value of an array."""
    _, bit_length = np.frexp(values.astype(np.float64))
    shift = np.maximum(bit_length.astype(np.int64) - _PRECISION_BITS - 1, 0)
    buckets: npt.NDArray[np.int64] = shift * _OCTAVE + (values >> shift)
    return buckets


def bounds_of(bucket: int) -> tuple[int, int]:
    """Return the least and the greatest value that are counted in `bucket`."""
    shift = max(bucket // _OCTAVE - 1, 0)
    low = (bucket - shift * _OCTAVE) << shift
    return low, low + (1 << shift) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """A summary of recorded values, in their unit: a copy, valid for ever."""

    #: How many values were recorded.
    count: int
    #: Their sum.
    total: int
    #: The least and the greatest of them, exact; 0 if there are none.
    minimum: int
    maximum: int
    #: How many of them fell into each bucket, int64[BUCKETS].
    counts: npt.NDArray[np.int64]

    @property
    def mean(self) -> float:
        """The total divided by the count, exact; NaN if there are no values."""
        return self.total / self.count if self.count else math.nan

    @property
    def p50(self) -> float:
        """The median, within 1/16 of the true one."""
        return self.quantile(0.5)

    @property
    def p99(self) -> float:
        """The value that 99 % do not exceed, within 1/16 of the true one."""
        return self.quantile(0.99)

    def quantile(self, q: float) -> float:
        """Return the value that a share `q` (0 to 1) of the values does not exceed.

        That is the ceil(q x count)-th smallest value. The result is within 1/16 of it and never
        below the minimum or above the maximum; NaN if there are no values. Raises ValueError for a
        q outside 0 to 1.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"q must be 0 to 1, was {q}")
        if not self.count:
            return math.nan
        rank = max(1, math.ceil(q * self.count))
        bucket = int(np.searchsorted(np.cumsum(self.counts), rank))
        low, high = bounds_of(bucket)
        return float(min(max((low + high) / 2, self.minimum), self.maximum))

    @classmethod
    def merge(cls, parts: Iterable[Self]) -> Self:
        """Return the distribution of the values of all parts together."""
        all_parts = list(parts)
        filled = [part for part in all_parts if part.count]
        counts = np.zeros(BUCKETS, np.int64)
        for part in filled:
            counts += part.counts
        return cls(
            count=sum(part.count for part in filled),
            total=sum(part.total for part in filled),
            minimum=min((part.minimum for part in filled), default=0),
            maximum=max((part.maximum for part in filled), default=0),
            counts=counts,
        )
