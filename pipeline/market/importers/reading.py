"""What a layout has read of one source: the rows of each symbol, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from pipeline.errors import DataError
from pipeline.market.catalog.account import UNKNOWN, Fact, Ground
from pipeline.market.importers.magnitude import Scale, scale_of
from pipeline.market.importers.options import Options
from pipeline.market.importers.rows import Kept, Rows, Spool, joined_rows
from pipeline.market.importers.source import Source
from pipeline.market.importers.steps import Steps
from pipeline.market.importers.tally import Tally

#: So many rows are sorted at most, which take less than 1 GB.
_SORTED: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a source, or its layout, says of its rows."""

    layout: str
    """The name of the layout."""
    symbol: str
    """From where their symbol comes, such as ``the name of the file``."""
    interval: Fact | None = None
    """The interval; None if nothing but the rows shows it."""
    clock: Fact | None = None
    """The clock of times that are no instants; None if nothing says it."""
    server: bool = False
    """Whether times are on the clock of a broker's server, of which there are several."""
    asks: str = ""
    """Why the clock must be given if nothing says it; empty if it may be UTC."""
    stamped: Literal["open", "close"] | None = None
    """Of which end of its bar a time is; None if the layout does not say."""
    adjusted: str = UNKNOWN
    """What the prices are adjusted for."""
    ground: Ground = "layout"
    """Who says how times are stamped and prices adjusted."""
    taken: tuple[tuple[str, str], ...] = ()
    """The fields and the columns from which they come."""
    left: tuple[str, ...] = ()
    """The columns that are not taken."""
    own: bool = False
    """Whether the rows are bars of a catalog, whose times are their labels."""
    called: str = ""
    """The symbol that the source itself gives to rows that the user calls otherwise; "" if it gives
    none."""
    quote: bool = False
    """Whether the bars are made of bids."""
    notes: tuple[str, ...] = ()
    """Further remarks, whole sentences."""


@dataclass(slots=True)
class Reading:
    """The rows of one symbol in one source."""

    symbol: str
    source: Source
    said: Said
    tally: Tally
    """The rows of the whole source that are no bars."""
    spool: Spool
    """Where the rows wait."""
    kept: list[Kept] = field(default_factory=list)
    """The places of the rows, in the order of the file."""
    steps: Steps = field(default_factory=Steps)
    """The distances between the rows."""
    instants: bool = True
    """Whether the source says which instants the times are."""
    volume: float = 0.0
    """The largest volume."""
    divisor: float | None = None
    """What the prices are divided by; None before the first rows."""
    ticks: bool = False
    """Whether rows are ticks, not bars: their prices are all the same."""
    first_line: int = 0
    """The line of the first row."""
    times: str = ""
    """How the times are written, known when all rows are."""
    times_written: bool = True
    """Whether the rows have times of day, which may all be midnight; False for plain dates."""

    def add(self, rows: Rows) -> None:
        """Take in a block of rows, in the order of the file."""
        if not len(rows):
            return
        if not self.kept:
            self.first_line = int(rows.lines[0])
        self.kept.append(self.spool.keep(rows))
        self.steps.add(rows.wall)
        self.instants = self.instants and rows.utc is not None
        with np.errstate(invalid="ignore"):
            self.volume = max(self.volume, float(np.nanmax(rows.values[-1], initial=0.0)))

    def add_scaled(self, rows: Rows, scale: Scale | None, options: Options) -> None:
        """Take in a block of rows whose prices are perhaps whole numbers of a small unit.

        ``scale`` is the layout's rule. DataError if no rule is known, but the prices look so.
        """
        if not len(rows):
            return
        if self.divisor is None:
            place = self.tally.place(int(rows.lines[0]))
            self.divisor = 1.0
            if not self.said.own:
                self.divisor = scale_of(self.symbol, rows.values[:4], scale, options, place)
        self.add(rows if self.divisor == 1 else rows.divided(self.divisor))

    def blocks(self) -> Iterator[Rows]:
        """Yield the rows, which can be had once; of a source with the newest first from its end."""
        return self.spool.drain(self.kept, backwards=self.backwards)

    def sort(self) -> None:
        """Put the rows in the order of their times, in memory, and count those that move.

        DataError if there are too many.
        """
        if self.steps.rows > _SORTED:
            raise DataError(
                f"{self.place()}: there are {self.steps.rows:,} rows, and --sort sorts up to "
                f"{_SORTED:,} in memory; sort the file, or make several of it"
            )
        if not self.kept:
            return
        rows = joined_rows(list(self.blocks()))
        ts = rows.wall if rows.utc is None else rows.utc
        early = int(np.count_nonzero(ts < np.maximum.accumulate(ts)))
        self.tally.note("rows that were earlier than a row before, sorted", early)
        ordered = rows.take(np.argsort(ts, kind="stable"))
        self.kept, self.steps = [self.spool.keep(ordered)], Steps()
        self.steps.add(ordered.wall)

    @property
    def backwards(self) -> bool:
        """Whether the file has the newest row first."""
        return self.steps.descends and self.steps.moves

    def place(self) -> str:
        """Return the place of the first row, for messages."""
        return self.tally.place(self.first_line)

    @property
    def dated(self) -> bool:
        """Whether the times are dates without a time of day."""
        return not self.steps.timed


class Readings:
    """The readings of one source, one for each symbol and interval, as its rows come."""

    def __init__(self, source: Source, tally: Tally, spool: Spool) -> None:
        self._source, self._tally, self._spool = source, tally, spool
        self._found: dict[tuple[str, str | None], Reading] = {}

    def of(
        self, symbol: str, interval: str | None, said: Callable[[str | None], Said], *, ticks: bool
    ) -> Reading:
        """Return the reading of a symbol; a new one has what is ``said`` with its interval."""
        reading = self._found.get((symbol, interval))
        if reading is None:
            reading = Reading(
                symbol, self._source, said(interval), self._tally, self._spool, ticks=ticks
            )
            self._found[symbol, interval] = reading
        return reading

    def all(self, times: str, *, timed: bool) -> list[Reading]:
        """Return the readings, in the order of their first rows.

        ``times`` says how the times of all are written, ``timed`` whether with times of day.
        """
        for reading in self._found.values():
            reading.times, reading.times_written = times, timed
        return list(self._found.values())
