"""What the page of all runs is given: plain texts, numbers and arrays.

The page has, from above: the notes; the chart of the chosen runs, what differs in their settings
and their figures; the table of all runs, which has a small curve of each run's equity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of all runs."""

    name: str
    """As in summary.json."""
    kind: str
    """How it reads: "percent", "ratio", "count", "money" or "text"."""
    tabled: bool
    """Whether the table of all runs has it; else only the comparison of the chosen ones does."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A run, or a sweep with the figures, the curve and the settings of its best set."""

    name: str
    """The name of its folder."""
    session: str
    """The name without the time and the random digits."""
    made: str
    """When it was made; "" if the name does not tell."""
    strategy: str
    first: str
    last: str
    """The first and the last session."""
    state: str
    links: Sequence[tuple[str, str]]
    """Its pages: a text and an address from where this page is."""
    figures: Sequence[Any]
    """The values of the page's figures; None is not defined."""
    seconds: npt.NDArray[np.int64]
    """int64[n], seconds since 1970, ascending."""
    growth: npt.NDArray[np.float64]
    """float64[n], what 1 grew to by these."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in which runs differ."""

    path: str
    """Its path, as `--set` takes it, or what it is."""
    values: Sequence[str]
    """The texts of its different values."""
    places: Sequence[int]
    """Which of these each run has; -1 if it has none."""
    made: bool
    """Whether runs are made from it, as code and bars; only runs that have it are compared."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows."""

    title: str
    subtitle: str
    notes: Sequence[str]
    figures: Sequence[Figure]
    entries: Sequence[Entry]
    """The newest first."""
    settings: Sequence[Setting]
