"""A digest fed as tests find their rows: fills apart from equity, arrays of any layout."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.results.digest import absorb_rows, digest_of, digest_state

_NO_WORDS, _NO_TIMES, _NO_VALUES = (np.zeros(0, kind) for kind in (np.uint64, np.int64, np.float64))


class LaneDigest:
    """The running digest of one lane."""

    def __init__(self) -> None:
        self._state = digest_state()

    def absorb_fills(self, fills: NDArray[Any]) -> None:
        """Absorb the next fills: a structured array of six 8-byte fields, without padding."""
        words = np.ascontiguousarray(fills).view(np.uint64)
        absorb_rows(self._state, words, _NO_TIMES, _NO_VALUES, _NO_VALUES)

    def absorb_equity(
        self, ts: NDArray[np.int64], equity: NDArray[np.float64], cash: NDArray[np.float64]
    ) -> None:
        """Absorb the next equity rows: three arrays of the same length."""
        columns = (np.ascontiguousarray(column) for column in (ts, equity, cash))
        absorb_rows(self._state, _NO_WORDS, *columns)

    def hexdigest(self) -> str:
        """Return 32 hexadecimal digits; more may be absorbed afterwards."""
        return digest_of(self._state)
