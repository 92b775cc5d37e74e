"""The account of an import: what was taken for true of the bars of one series, and why.

The manifest of a catalog keeps one for each import into a series, an import prints it, and
``ringtape catalog`` shows it later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Ground = Literal["file", "layout", "importer", "option", "rows", "guess"]
"""Why a fact was taken for true: the file says it, all files of the layout are so, the importer of
another package says it of its files, the user said it by an option, the rows together show it, or
nothing says it."""

UNKNOWN: Final = "not known"
"""The value of a fact that nobody could say and on which no bar depends."""


class Fact(NamedTuple):
    """One thing that an import took for true."""

    value: str
    """What was taken for true, such as ``America/New_York``."""
    ground: Ground
    """Why."""
    option: str = ""
    """The option that says otherwise, such as ``--tz``; always there if the ground is a guess."""

    def words(self) -> str:
        """Return the fact as text: ``UTC (a guess: --tz says otherwise)``."""
        if self.value == UNKNOWN:
            return UNKNOWN
        if self.ground == "guess":
            return f"{self.value} (a guess: {self.option} says otherwise)"
        other = (
            "" if self.ground == "option" or not self.option else f"; {self.option} says otherwise"
        )
        return f"{self.value} (by the {self.ground}{other})"


@dataclass(frozen=True, slots=True)
class Account:
    """What one import took for true of the bars of one series."""

    source: str
    """The names of the files, folders or archives that were imported, sorted, joined by ``, ``. Two
    imports are of the same source if this is equal."""
    layout: str
    """The name of the layout."""
    clock: Fact
    """The zone of the times."""
    stamped: Fact
    """``open`` or ``close``: of which end of its bar a time is."""
    interval: Fact
    """The interval, and how it was found."""
    adjusted: Fact
    """``no``, ``splits``, ``splits and dividends``, or `UNKNOWN`."""
    taken: tuple[tuple[str, str], ...]
    """The fields of the bars and the columns from which they came, in the order of the fields."""
    left: tuple[str, ...]
    """The columns that were not taken."""
    rows: int
    """Bars that the import gave."""
    rows_left: tuple[tuple[str, int], ...]
    """Rows that are no bars of the series, by reason; reasons are plural, such as ``rows without
    prices``."""
    first_ts: int
    """Open of its first bar, ns UTC."""
    last_ts: int
    """Open of its last bar, ns UTC."""
    forming: bool
    """Whether the last bar had not ended when its file was written."""
    notes: tuple[str, ...]
    """Further remarks, whole sentences."""
    times: str = ""
    """How the times are written, such as ``DD.MM.YYYY HH:MM`` or ``epoch in ms``; empty if an older
    version of this program imported the bars."""
    symbol_from: str = ""
    """From where the symbol comes, such as ``the name of the file``; empty if an older version of
    this program imported the bars."""
