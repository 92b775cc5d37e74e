"""Prices that change their unit and change it back: pence for pounds in some rows of a file."""

from __future__ import annotations

import numpy as np

from pipeline.codes import CLOSE
from pipeline.market.importers import tally as kinds
from pipeline.market.importers.rows import Rows
from pipeline.market.importers.tally import Tally
from pipeline.market.jumps import is_jump, is_unit_step


class Units:
    """Looks at the closes of one symbol, block by block, and tells a change of unit and back.

    A change in one direction may be the market's or the vendor's; the catalog names it.
    """

    def __init__(self) -> None:
        self._close: float | None = None
        self._first: tuple[int, float, float] | None = None
        self._up = self._down = self._told = False

    def see(self, rows: Rows, tally: Tally) -> None:
        """Take in a block of rows with right values; tell the first change if one went back."""
        if not len(rows):
            return
        closes = rows.values[CLOSE]
        if self._close is not None:
            closes = np.append(self._close, closes)
        self._close = float(closes[-1])
        with np.errstate(all="ignore"):
            steps = closes[1:] / closes[:-1]
        rare = np.flatnonzero(is_jump(steps))
        unit = rare[is_unit_step(steps[rare])]
        self._up = self._up or bool((steps[unit] > 1).any())
        self._down = self._down or bool((steps[unit] < 1).any())
        if self._first is None and len(unit):
            at = int(unit[0])
            line = int(rows.lines[at + 1 - (len(closes) - len(rows))])
            self._first = line, float(closes[at]), float(closes[at + 1])
        if self._up and self._down and not self._told and self._first is not None:
            self._told = True
            line, before, after = self._first
            tally.add(
                kinds.UNIT,
                np.array([line]),
                lambda _: (
                    f"close jumps from {before:g} to {after:g}, 100 times, and back "
                    "elsewhere: some rows are in another unit (pence for pounds)"
                ),
                left_out=False,
            )
