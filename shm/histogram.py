"""Histograms of whole numbers with logarithmic buckets, and quantiles from their counts.

Each value below 256 has a bucket of its own. Every octave above (256..511, 512..1023, ...) is cut
into 128 equal buckets, so a bucket is at most 1/128 as wide as its lower bound. A quantile is the
middle of the bucket that it falls into: it is off by at most 1/256 (0.4 %) of the true value, and
exact below 256. (The scheme of HdrHistogram, http://hdrhistogram.org, with two significant digits.)
Histograms of the same values in parts add up to that of all of them, count by count.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

# How many bits below its highest one place a value within its octave.
_PRECISION_BITS = 7
_OCTAVE = 1 << _PRECISION_BITS

# The bucket of the greatest int64, plus one.
BUCKETS = (63 - _PRECISION_BITS) * _OCTAVE + _OCTAVE

#: The greatest error of a quantile, as a share of the true value.
RELATIVE_ERROR = 1 / (2 * _OCTAVE)


def bucket_of(value: int) -> int:
    """Return the bucket in which `value` (0 or more) is counted.

    It is plain arithmetic, so that a loop over many values can be compiled around it.
    """
    rest = value >> (_PRECISION_BITS + 1)
    shift = 0
    # The number of bits of `rest`, by halves.
    if rest >> 32:
        shift += 32
        rest >>= 32
    if rest >> 16:
        shift += 16
        rest >>= 16
    if rest >> 8:
        shift += 8
        rest >>= 8
    if rest >> 4:
        shift += 4
        rest >>= 4
    if rest >> 2:
        shift += 2
        rest >>= 2
    if rest >> 1:
        shift += 1
        rest >>= 1
    shift += rest
    return shift * _OCTAVE + (value >> shift)


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
        """The median, within 1/256 of the true one."""
        return self.quantile(0.5)

    @property
    def p99(self) -> float:
        """The value that 99 % do not exceed, within 1/256 of the true one."""
        return self.quantile(0.99)

    @property
    def p999(self) -> float:
        """The value that 99.9 % do not exceed, within 1/256 of the true one."""
        return self.quantile(0.999)

    def quantile(self, q: float) -> float:
        """Return the value that a share `q` (0 to 1) of the values does not exceed.

        That is the ceil(q x count)-th smallest value. The result is within 1/256 of it and never
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

    def since(self, earlier: "Distribution") -> "Distribution":
        """Return the distribution of the values that came after an earlier one of the same.

        Its minimum and maximum are those of all values, because those of a part are not known.
        """
        return Distribution(
            count=self.count - earlier.count,
            total=self.total - earlier.total,
            minimum=self.minimum,
            maximum=self.maximum,
            counts=self.counts - earlier.counts,
        )

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
