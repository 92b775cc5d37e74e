"""The sets that halving has ended: how their equity went, and where it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.ranking import set_said

#: So many curves are drawn at most, and each has so many points.
MOST_CURVES = 200
_MOST_POINTS = 150


@dataclass(frozen=True, slots=True, eq=False)
class PrunedSet:
    """A set that was ended, until then."""

    label: str
    sessions: int
    """How many sessions it had."""
    dates: npt.NDArray[np.int64]
    """int64[n], dates of its sessions, ns UTC, ascending."""
    growth: npt.NDArray[np.float64]
    """float64[n], what 1 had grown to by the close of each."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A session at whose close sets were compared."""

    sessions: int
    """How many sessions had closed."""
    ended: int
    """How many sets were ended."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """All that halving has ended."""

    rungs: Sequence[Rung]
    """Ascending by sessions."""
    curves: Sequence[PrunedSet]
    """`MOST_CURVES` of the sets at most."""


def chosen_pruned(rows: Sequence[LaneRow]) -> list[LaneRow]:
    """Return the pruned lanes that are drawn, evenly from all; each rung has one if it can."""
    pruned = sorted((row for row in rows if row.state == "pruned"), key=_sessions)
    if len(pruned) <= MOST_CURVES:
        return pruned
    firsts = {_sessions(row): at for at, row in reversed(list(enumerate(pruned)))}
    room = max(0, MOST_CURVES - len(firsts))
    places = np.linspace(0, len(pruned) - 1, room).round().astype(int)
    return [pruned[at] for at in sorted({*places.tolist(), *firsts.values()})][:MOST_CURVES]


def pruned_sets(
    rows: Sequence[LaneRow],
    returns: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]],
) -> Pruned:
    """Return what halving has ended in a sweep of some lanes.

    ``returns`` are session dates and returns, by the keys of lanes that are drawn.
    """
    ends: dict[int, int] = {}
    for row in rows:
        if row.state == "pruned":
            ends[_sessions(row)] = ends.get(_sessions(row), 0) + 1
    rungs = [Rung(sessions, ends[sessions]) for sessions in sorted(ends)]
    curves = [_curve(row, *returns[row.key]) for row in chosen_pruned(rows) if row.key in returns]
    return Pruned(rungs, curves)


def _sessions(row: LaneRow) -> int:
    return int(row.statistics.get("sessions") or 0)


def _curve(
    row: LaneRow, dates: npt.NDArray[np.int64], returns: npt.NDArray[np.float64]
) -> PrunedSet:
    known = np.isfinite(returns)
    growth = np.cumprod(1.0 + returns[known])
    points = min(len(growth), _MOST_POINTS)
    kept = np.linspace(0, len(growth) - 1, points).round().astype(int)
    label = set_said(row.parameters) or row.strategy
    return PrunedSet(label, _sessions(row), dates[known][kept], growth[kept])
