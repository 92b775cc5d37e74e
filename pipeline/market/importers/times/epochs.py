"""Epochs: seconds, ms, us or ns since 1970, whose unit their size shows.

A number has one unit in which it is a time from 1973 to 2262, or none: from 9,223,372,036 s, the
end of 64 bits, to 100,000,000,000 ms, the spring of 1973, there is nothing. A file keeps its unit,
except that it may change at a boundary where the times go on, as Binance's archive does with the
year 2025. An odd number among others is no change of unit, and is not read.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.times.date_order import Verdict
from pipeline.market.importers.times.epoch_numbers import read_numbers
from pipeline.market.importers.times.epoch_units import EpochUnits
from pipeline.market.importers.times.form import Order, Place, row_place
from pipeline.market.importers.times.result import FINE, NEGATIVE, OTHER_UNIT, UNREADABLE, Times


class EpochTimes:
    """Reads epochs, of text, integers or floats, block by block in the order of the file.

    It remembers unit and time from block to block. Only one thread may use it.
    """

    timed = True
    """Epochs have a time of day."""
    ordered = False
    """Epochs have no order of day and month."""

    def __init__(self, sample: pa.Array, example: str) -> None:
        """``sample`` are the first rows. ValueError if most of its numbers are no epochs."""
        self.zones: tuple[str, ...] = ("UTC",)
        """An epoch is an instant: its clock is UTC."""
        self.verdict: Verdict = "mdy"
        """Epochs have no order of day and month."""
        self._example = example
        numbers = read_numbers(sample)
        self._units = EpochUnits(numbers.whole[numbers.fault == FINE])
        self._rows = 0

    def gather(self, block: pa.Array) -> None:
        """Do nothing: epochs have no order of day and month."""

    def settle(self, order: Order) -> None:
        """Do nothing: epochs have no order of day and month."""

    def words(self, place: Place = row_place) -> str:
        """Return the units in words: ``epoch in ms, in us from line 7 on``.

        ``place`` returns the place of a row, counted from 0 over all blocks.
        """
        (_, first), *later = self._units.changes
        words = [f"epoch in {first}"]
        words += [f"in {unit} from {place(row)} on" for row, unit in later[:3]]
        return ", ".join(words) + (f", and {len(later) - 3} changes more" if later[3:] else "")

    def read(self, block: pa.Array) -> Times:
        """Read the next block of rows, an Arrow array of text, integers or floats."""
        whole, parts, fault = read_numbers(block)
        begin = self._rows
        if not fault.any() and len(block):
            utc, odd = self._units.read(whole, parts, lambda at: begin + at)
            if odd is not None:
                fault[odd] = OTHER_UNIT
        else:
            rows = np.flatnonzero(fault == FINE)
            utc = np.zeros(len(block), dtype=np.int64)
            if len(rows):
                some = None if parts is None else parts[rows]
                utc[rows], odd = self._units.read(
                    whole[rows], some, lambda at: begin + int(rows[at])
                )
                if odd is not None:
                    fault[rows[odd]] = OTHER_UNIT
        self._rows += len(block)
        return Times(utc, utc, fault)

    def explain(self, value: object) -> str:
        """Say in words why a value that was not read is no time of this file."""
        written = "" if value is None else str(value).strip()
        if written in EMPTY_CELLS:
            return "time is empty"
        fault = read_numbers(pa.array([written])).fault[0]
        if fault == NEGATIVE:
            return f"epoch {written} is before 1970; epochs are read from 1973 on"
        if fault == UNREADABLE:
            return f"time must be like {self._example!r}, was {written!r}"
        return f"epoch {written} is not in the unit of the others, such as {self._example}"
