"""What an engine counts of its lanes, beside what their accounts and records tell."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


class LaneCounts:
    """Counts of ``lanes`` lanes, each in a row; ``universes``: those that some of them trade."""

    def __init__(self, lanes: int, universes: Iterable[tuple[int, ...]]) -> None:
        #: Processor time that each lane took so far, in ns.
        self.spent = np.zeros(lanes, np.int64)
        #: Base bars that the lanes of a universe have seen.
        self.seen = dict.fromkeys(universes, 0)
        self._dates: list[int] = []
        self._closes = [np.zeros((lanes, 0))]  # one array for each slot

    @property
    def closes(self) -> npt.NDArray[np.float64]:
        """For each lane's equity at the closes of this slot's sessions, f8[lanes, sessions]."""
        return self._closes[-1]

    @property
    def dates(self) -> npt.NDArray[np.int64]:
        """Dates of the sessions that have closed, in ns, i8[n]."""
        return np.array(self._dates, np.int64)

    @property
    def sessions(self) -> int:
        """How many sessions have closed."""
        return len(self._dates)

    def begin(self, dates: Sequence[int]) -> None:
        """Begin a slot in which the sessions of these dates close."""
        self._dates += dates
        self._closes.append(np.zeros((len(self.spent), len(dates))))

    def by_session(self) -> npt.NDArray[np.float64]:
        """Return the equity of all lanes at the closes of all sessions, f8[lanes, sessions]."""
        self._closes = [np.concatenate(self._closes, axis=1)]
        return self._closes[0]

    def columns(
        self, rows: Sequence[int], universes: Sequence[tuple[int, ...]]
    ) -> dict[str, Sequence[Any]]:
        """Return the counts of lanes by the names that `lane.facts.LaneFacts` has for them.

        The lanes share the dates of their sessions, which then travel once.
        """
        count, dates = len(rows), self.dates
        return {
            "sessions": [len(dates)] * count,
            "session_dates": [dates] * count,
            "session_equity": list(self.by_session()[rows]),
            "bars": [self.seen[universe] for universe in universes],
            "seconds": (self.spent[rows] * 1e-9).tolist(),
        }
