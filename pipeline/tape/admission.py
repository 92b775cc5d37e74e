"""The last check before the tape: only rows that can be bars get onto it."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.market.bar_rules import find_fault, look_right
from pipeline.market.catalog.bar_file import Block


class Admission:
    """Checks the bars of one series, block by block.

    An import lets no other rows into a catalog. So a row that is refused here was changed since.
    """

    def __init__(self, series: str) -> None:
        """``series`` names the symbol and the interval in messages."""
        self._series = series
        self._last: Block | None = None

    def check(
        self, ts: npt.NDArray[np.int64], columns: tuple[npt.NDArray[np.float64], ...]
    ) -> None:
        """Look at the next rows, int64[n] and five float64[n] with n > 0.

        Raises DataError, with the time and the value, for the first row that is not after the row
        before, or that breaks another rule of bars.
        """
        last, self._last = self._last, (ts[-1:], tuple(column[-1:] for column in columns))
        if (last is None or ts[0] > last[0][0]) and look_right(ts, columns):
            return
        if last is not None:
            ts = np.concatenate((last[0], ts))
            columns = tuple(map(np.concatenate, zip(last[1], columns, strict=True)))
        fault = find_fault(ts, columns, step=1)
        if fault is not None:
            raise DataError(
                f"{self._series} at {fault.time}: {fault.words}; an import would have refused "
                "this bar, so the catalog was changed since: import it again with --replace"
            )
