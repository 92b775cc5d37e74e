"""What somebody who holds a symbol from its first bar to its last pays and has."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, OPEN


class Holding(NamedTuple):
    """One unit of a symbol, bought at the earliest price of a run and held to its end."""

    #: Index of the session of the first bar.
    session: int
    #: The open of the first bar.
    paid: float
    #: The close of the last bar.
    worth: float


class HoldingFinder:
    """Finds the holding of one symbol whose bars come block by block; None before the first."""

    def __init__(self) -> None:
        self.found: Holding | None = None

    def look_at(
        self, session: npt.NDArray[np.int64], columns: tuple[npt.NDArray[np.float64], ...]
    ) -> None:
        """Look at the next bars: ``session`` int64[N > 0] is the index of the session of each."""
        worth = float(columns[CLOSE][-1])
        if self.found is None:
            self.found = Holding(int(session[0]), float(columns[OPEN][0]), worth)
        else:
            self.found = self.found._replace(worth=worth)
