"""The unit of each epoch of a file, by its size and by the epochs before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS
from pipeline.market.importers.times.result import BoolArray, Int64Array

UNITS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""The units and their length in ns."""
_NAMES: Final = tuple(UNITS)
_LENGTHS: Final = np.array(tuple(UNITS.values()), dtype=np.int64)
_LOWEST: Final = 10**8
"""The least number of seconds that is read, 1973-03-03. A date as YYYYMMDD is below it."""
_EDGES: Final = np.array(
    [
        edge
        for length in UNITS.values()
        for edge in (_LOWEST * 10**9 // length, (2**63 - 1) // length)
    ],
    dtype=np.int64,
)
"""Begin and end of the range of each unit, ascending."""
_NONE: Final = -1
_GOES_ON: Final = 366 * DAY_NS
"""Times go on across a change of unit if they are not further apart than this."""


class EpochUnits:
    """Finds the unit of each epoch, in the order of the file.

    A file begins in the unit of most epochs of its sample. Where another unit begins, the times
    must go on, or the file must have had that unit before, as one that has several symbols below
    each other; otherwise the epochs of that unit are odd ones. Only one thread may use it.
    """

    def __init__(self, sample: Int64Array) -> None:
        """``sample`` are the first epochs of a file, int64[n]. ValueError if most have no unit."""
        units = _unit_of(sample)
        counts = np.bincount(units[units != _NONE], minlength=len(_NAMES))
        if not counts.any() or counts.sum() * 2 < len(units):
            raise ValueError("most epochs of the sample have no unit")
        self._unit = int(np.argmax(counts))
        self._known = {self._unit}
        self._odd: int | None = None
        self._changes: list[tuple[int, int]] = []
        # The rows before the first of this unit may be of another one that goes on backwards.
        first = int(np.argmax(units == self._unit))
        self._last = int(sample[first] * _LENGTHS[self._unit])
        for value, unit in zip(sample[:first][::-1], units[:first][::-1], strict=True):
            if unit == _NONE:
                continue
            at = int(value * _LENGTHS[unit])
            if unit in self._known or abs(at - self._last) <= _GOES_ON:
                self._known.add(int(unit))
                self._last = at

    @property
    def changes(self) -> list[tuple[int, str]]:
        """The rows from which on the epochs are in a unit, and its name; the first is a begin."""
        return [(row, _NAMES[unit]) for row, unit in self._changes] or [(0, _NAMES[self._unit])]

    def read(
        self, values: Int64Array, parts: Int64Array | None, row: Callable[[int], int]
    ) -> tuple[Int64Array, BoolArray | None]:
        """Return the ns of the next epochs, int64[n], 0 for odd ones, and which are odd, bool[n].

        The second is None if none is. ``parts`` are 1e-18 parts of a unit beside whole units.
        ``row`` returns the row in the file of one of the values.
        """
        low, high = _unit_of(np.array([values.min(), values.max()]))
        if low == high == self._unit and self._changes:
            self._odd = None
            ns = _ns(values, parts, _LENGTHS[self._unit])
            self._last = int(ns[-1])
            return ns, None
        units = _unit_of(values)
        ns = _ns(values, parts, np.where(units == _NONE, 0, _LENGTHS[units]))
        odd = np.zeros(len(values), dtype=np.bool_)
        begins = np.append(0, np.flatnonzero(np.diff(units)) + 1)
        for begin, end in zip(begins, np.append(begins[1:], len(values)), strict=True):
            if self._takes(int(units[begin]), int(ns[begin])):
                self._last = int(ns[end - 1])
                if not self._changes or self._changes[-1][1] != units[begin]:
                    self._changes.append((row(int(begin)), int(units[begin])))
            else:
                odd[begin:end] = True
        ns[odd] = 0
        return ns, odd

    def _takes(self, unit: int, at: int) -> bool:
        """Return whether epochs of a unit, the first of which is ``at`` ns, are of the file."""
        goes_on = abs(at - self._last) <= _GOES_ON and unit != self._odd
        if unit == _NONE or not (unit in self._known or goes_on):
            self._odd = unit
            return False
        self._odd = None
        self._known.add(unit)
        self._unit = unit
        return True


def _unit_of(values: Int64Array) -> npt.NDArray[np.intp]:
    """Return the place in `UNITS` of the unit of each epoch, `_NONE` if it is of none."""
    place = np.searchsorted(_EDGES, values, side="right")
    return np.where(place % 2 == 1, place // 2, _NONE)


def _ns(values: Int64Array, parts: Int64Array | None, lengths: Int64Array | np.int64) -> Int64Array:
    """Return ns of whole units and of 1e-18 parts of a unit; what is below 1 ns is cut off."""
    ns = values * lengths
    if parts is not None:
        ns += parts // (10**18 // np.maximum(lengths, 1))
    return ns
