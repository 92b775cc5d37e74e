"""Log-scaled histograms of whole numbers: where a value is counted, and what the counts tell.

Values below 16 have a bucket each. From there every octave (16..31, 32..63, ...) is cut into 8
equal buckets, so that a bucket is at most 1/8 as wide as its lower bound. A quantile is answered by
the middle of its bucket: it is off by at most 1/16 (6.25 %) of the true value, and exact below 16.
(The scheme of HdrHistogram, http://hdrhistogram.org, with 3 bits of precision.)
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

# Bits of a value that are told apart below its highest one.
_PRECISION_BITS = 3
_OCTAVE = 1 << _PRECISION_BITS

# That of the greatest int64, plus one.
BUCKETS = (63 - _PRECISION_BITS) * _OCTAVE + _OCTAVE

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
    """What is known of recorded values: a copy, valid for ever.

    count, total (their sum), minimum and maximum are exact; minimum and maximum are 0 where count
    is 0. counts: int64[BUCKETS], how many values fell into each bucket. The unit is that of the
    values.
    """

    count: int
    total: int
    minimum: int
    maximum: int
    counts: npt.NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Total by count, exact; NaN where there are no values."""
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

        That is the ceil(q x count)-th smallest. Within 1/16 of the true one, and never outside
        minimum and maximum; NaN where there are no values. Raises ValueError for another q.
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
