"""Prices that jump between two sessions as they do at a split."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, OPEN
from pipeline.market.jumps import is_jump

NEAR: Final = 4
"""Sessions between which a jump is told; over longer gaps in the data prices may do anything."""


class Jump(NamedTuple):
    """A jump of one symbol's price."""

    #: Index of the session that opens with it.
    session: int
    #: The last close before.
    before: float
    #: The open of the session.
    after: float


class JumpFinder:
    """Finds the jumps of one symbol whose bars come block by block.

    ``splits``: the ratio of the symbol's split before each session that has one; prices do not jump
    if they follow it.
    """

    def __init__(self, splits: Mapping[int, float]) -> None:
        self._splits = splits
        self._session = -1
        self._close = np.nan
        self.found: list[Jump] = []

    def look_at(
        self, session: npt.NDArray[np.int64], columns: tuple[npt.NDArray[np.float64], ...]
    ) -> None:
        """Look at the next bars: ``session`` int64[N > 0] is the index of the session of each."""
        starts = np.flatnonzero(np.diff(session, prepend=self._session))
        if len(starts):
            before = columns[CLOSE][starts - 1]
            since = session[starts] - session[starts - 1]
            if starts[0] == 0:
                before[0] = self._close
                since[0] = session[0] - self._session
            after = columns[OPEN][starts]
            with np.errstate(divide="ignore", invalid="ignore"):
                times = after / before
            # NaN, before the first bar, is neither.
            far = is_jump(times) & (since <= NEAR)
            for place in np.flatnonzero(far):
                self._note(int(session[starts[place]]), float(before[place]), float(after[place]))
        self._session, self._close = int(session[-1]), float(columns[CLOSE][-1])

    def _note(self, session: int, before: float, after: float) -> None:
        if is_jump(after / before * self._splits.get(session, 1.0)):
            self.found.append(Jump(session, before, after))
