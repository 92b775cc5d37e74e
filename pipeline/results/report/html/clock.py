"""The clock of the page: that of the exchange, or UTC where that would put bars out of order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.results.report.html.content import Content

Instants = npt.NDArray[np.int64]

_UTC = ((0, 0),)


class Clock:
    """Turns instants into what a clock shows, as ns since 1970-01-01 00:00 of that clock."""

    def __init__(self, name: str, offsets: Sequence[tuple[int, int]]) -> None:
        self.name = name
        self.offsets = offsets
        self._since = np.array([at for at, _ in offsets], np.int64)
        self._ahead = np.array([ahead for _, ahead in offsets], np.int64)

    def local(self, ts: Instants) -> Instants:
        """Return what the clock shows at instants, ns UTC."""
        place = np.searchsorted(self._since, ts, side="right") - 1
        return np.asarray(ts + self._ahead[np.maximum(place, 0)])

    def texts(self, ts: Instants, *, days: bool) -> list[str]:
        """Return instants as text: "2024-03-04 09:30", with ``days`` the date alone."""
        unit = "D" if days else "m"
        texts = self.local(ts).view("M8[ns]").astype(f"M8[{unit}]").astype(str)
        return [str(one).replace("T", " ") for one in texts]


def clock_of(content: Content) -> Clock:
    """Return the clock of a page.

    A clock that is put back repeats an hour, and bars in it could not be drawn one after another.
    """
    own = Clock(content.zone, content.offsets or _UTC)
    series = [] if content.prices is None else [one.ts for one in content.prices.bars]
    if all(bool(np.all(np.diff(own.local(ts)) > 0)) for ts in series):
        return own
    return Clock("UTC", _UTC)
