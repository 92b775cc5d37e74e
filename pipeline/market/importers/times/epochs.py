"""Epochs: seconds, ms, us or ns since 1970, whose unit their size shows.

A number has one unit in which it is a time from 1973 to 2262, or none: from 9,223,372,036 s, the
end of 64 bits, to 100,000,000,000 ms, the spring of 1973, there is nothing. A file keeps its unit,
except that it may change at a boundary where the times go on, as Binance's archive does with the
year 2025. An odd number among others is no change of unit, and is not read.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.codes import DAY_NS
from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.plain_cast import plain_cast
from pipeline.market.importers.times.date_order import Verdict
from pipeline.market.importers.times.form import Order, Place, row_place
from pipeline.market.importers.times.result import (
    EMPTY,
    FINE,
    NEGATIVE,
    OTHER_UNIT,
    UNREADABLE,
    BoolArray,
    Int64Array,
    Times,
    no_faults,
)
from pipeline.market.importers.times.template import Chars, groups, number, string_bytes

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
_PLAIN: Final = re.compile(r"(0{1,19})(?:\.(0{0,18}))?")
_POWER: Final = re.compile(r"0(\.0{0,18})?[eE]\+?00?")
_NEGATIVE: Final = re.compile("-0")
_MOST: Final = 2**63 - 1
_POWER_TYPE: Final = pa.decimal128(38, 18)


class EpochTimes:
    """Reads epochs, of text, integers or floats, block by block in the order of the file.

    It remembers unit and time from block to block. Only one thread may use it.
    """

    timed = True
    """Epochs have a time of day."""

    def __init__(self, unit: str, example: str) -> None:
        self.zones: tuple[str, ...] = ("UTC",)
        """An epoch is an instant: its clock is UTC."""
        self.verdict: Verdict = "mdy"
        """Epochs have no order of day and month."""
        self._example = example
        self._unit = _NAMES.index(unit)
        self._last: int | None = None
        self._rows = 0
        self._changes = [(0, self._unit)]

    @property
    def changes(self) -> list[tuple[int, str]]:
        """The rows, counted from 0 over all blocks, from which on the unit is another, and it."""
        return [(row, _NAMES[unit]) for row, unit in self._changes[1:]]

    def gather(self, block: pa.Array) -> None:
        """Do nothing: epochs have no order of day and month."""

    def settle(self, order: Order) -> None:
        """Do nothing: epochs have no order of day and month."""

    def words(self, place: Place = row_place) -> str:
        """Return the units in words: ``epoch in ms, in us from line 7 on``.

        ``place`` returns the place of a row, counted from 0 over all blocks.
        """
        (_, first), *later = self._changes
        words = [f"epoch in {_NAMES[first]}"]
        words += [f"in {_NAMES[unit]} from {place(row)} on" for row, unit in later[:3]]
        return ", ".join(words) + (f", and {len(later) - 3} changes more" if later[3:] else "")

    def read(self, block: pa.Array) -> Times:
        """Read the next block of rows, an Arrow array of strings, integers or floats."""
        values, parts, fault = _numbers(block)
        times = self._in_units(values, parts, fault)
        self._rows += len(block)
        return times

    def explain(self, value: object) -> str:
        """Say in words why a value that was not read is no time of this file."""
        written = "" if value is None else str(value).strip()
        if written in EMPTY_CELLS:
            return "time is empty"
        _, _, fault = _numbers(pa.array([written]))
        if fault[0] == NEGATIVE:
            return f"epoch {written} is before 1970; epochs are read from 1973 on"
        if fault[0] == UNREADABLE:
            return f"time must be like {self._example!r}, was {written!r}"
        return f"epoch {written} is not in the unit of the others, such as {self._example}"

    def _in_units(
        self, values: Int64Array, parts: Int64Array | None, fault: npt.NDArray[np.uint8]
    ) -> Times:
        rows = np.flatnonzero(fault == FINE)
        whole = len(rows) == len(values)
        known = values if whole else values[rows]
        if len(known) == 0:
            nothing = np.zeros(len(values), dtype=np.int64)
            return Times(nothing, nothing, fault)
        low, high = _unit_of(np.array([known.min(), known.max()]))
        if low == high == self._unit:
            ns = _ns(known, None if parts is None else parts[rows], _LENGTHS[self._unit])
        else:
            ns, odd = self._in_runs(known, None if parts is None else parts[rows], rows)
            fault[rows[odd]] = OTHER_UNIT
        fine = np.flatnonzero(fault == FINE)
        if whole:
            utc = ns
        else:
            utc = np.zeros(len(values), dtype=np.int64)
            utc[rows] = ns
        if len(fine):
            self._last = int(utc[fine[-1]])
        return Times(utc, utc, fault)

    def _in_runs(
        self, values: Int64Array, parts: Int64Array | None, rows: npt.NDArray[np.intp]
    ) -> tuple[Int64Array, BoolArray]:
        """Return the ns of each value, 0 for odd ones, and which are odd."""
        units = _unit_of(values)
        lengths = np.where(units == _NONE, 0, _LENGTHS[units])
        ns = _ns(values, parts, lengths)
        begins = np.append(0, np.flatnonzero(np.diff(units)) + 1)
        ends = np.append(begins[1:], len(values))
        odd = np.zeros(len(values), dtype=np.bool_)
        known = {unit for _, unit in self._changes}
        runs = [(int(b), int(e), int(units[b])) for b, e in zip(begins, ends, strict=True)]
        last = self._last
        if last is None:
            # At the begin of a file the rows before the first of its unit go on backwards.
            at = next((i for i, run in enumerate(runs) if run[2] == self._unit), 0)
            following = int(ns[runs[at][0]])
            for begin, end, unit in reversed(runs[:at]):
                if unit != _NONE and abs(int(ns[end - 1]) - following) <= _GOES_ON:
                    following = int(ns[begin])
                    known.add(unit)
            last = following
        for begin, end, unit in runs:
            goes_on = unit != _NONE and abs(int(ns[begin]) - last) <= _GOES_ON
            if unit == _NONE or not (unit in known or goes_on):
                odd[begin:end] = True
                continue
            known.add(unit)
            last = int(ns[end - 1])
            if unit != self._changes[-1][1]:
                row = self._rows + int(rows[begin])
                self._changes = [*self._changes, (row, unit)] if row else [(0, unit)]
                self._unit = unit
        ns[odd] = 0
        return ns, odd


def unit_of_sample(sample: pa.Array) -> str | None:
    """Return the unit of most epochs of a sample; None if most of its numbers are of none."""
    values, _, fault = _numbers(sample)
    units = _unit_of(values[fault == FINE])
    counts = np.bincount(units[units != _NONE], minlength=len(_NAMES))
    if not counts.any() or counts.sum() * 2 < len(units):
        return None
    return _NAMES[int(np.argmax(counts))]


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


def _numbers(block: pa.Array) -> tuple[Int64Array, Int64Array | None, npt.NDArray[np.uint8]]:
    """Return whole numbers, 1e-18 parts beside them (None without any) and faults of a block."""
    if pa.types.is_floating(block.type):
        return _of_floats(block)
    if pa.types.is_integer(block.type):
        return _of_integers(block)
    return _of_text(block)


def _of_integers(block: pa.Array) -> tuple[Int64Array, None, npt.NDArray[np.uint8]]:
    fault = no_faults(len(block))
    if pa.types.is_uint64(block.type):
        block = pc.min_element_wise(block, pa.scalar(2**63 - 1, pa.uint64()), skip_nulls=False)
    if block.null_count:
        fault[block.is_null().to_numpy(zero_copy_only=False)] = EMPTY
        block = block.fill_null(0)
    values: Int64Array = block.cast(pa.int64()).to_numpy()
    if len(values) and values.min() < 0:
        fault[values < 0] = NEGATIVE
    return values, None, fault


def _of_floats(
    block: pa.Array,
) -> tuple[Int64Array, Int64Array | None, npt.NDArray[np.uint8]]:
    """Read doubles as the shortest decimal numbers that stand for them."""
    values = block.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = (values == np.floor(values)) & (np.abs(values) < 2.0**53)
    if whole.all():
        return _of_integers(pa.array(values.astype(np.int64)))
    text = block.cast(pa.float64()).cast(pa.string())
    small = np.where(whole, values, 0).astype(np.int64)
    exact = pc.if_else(pa.array(whole), pa.array(small).cast(pa.string()), text)
    return _of_text(exact)


def _of_text(block: pa.Array) -> tuple[Int64Array, Int64Array | None, npt.NDArray[np.uint8]]:
    if block.null_count == 0 and len(block):
        offsets, data = string_bytes(block)
        # Arrow takes 0x10 for a number, too.
        if np.diff(offsets).min() >= 2 and data[offsets[:-1] + 1].max() < 58:
            whole = plain_cast(block, pa.int64())
            if whole is not None:
                return _of_integers(whole)
    text = pc.utf8_trim_whitespace(block.fill_null(""))
    values = np.zeros(len(text), dtype=np.int64)
    parts = np.zeros(len(text), dtype=np.int64)
    fault = no_faults(len(text))
    for group in groups(text):
        rows = slice(None) if group.rows is None else group.rows
        if (plain := _PLAIN.fullmatch(group.template)) is not None:
            values[rows], parts[rows] = _of_digits(group.chars, *map(len, plain.groups("")))
        elif _POWER.fullmatch(group.template) is not None:
            chosen = text if group.rows is None else text.take(pa.array(group.rows))
            values[rows], parts[rows], fault[rows] = _of_powers(chosen)
        elif group.template in EMPTY_CELLS:
            fault[rows] = EMPTY
        else:
            fault[rows] = NEGATIVE if _NEGATIVE.match(group.template) else UNREADABLE
    return values, parts if parts.any() else None, fault


def _of_digits(chars: Chars, whole: int, part: int) -> tuple[Int64Array, Int64Array]:
    """Return the numbers of so many digits, and 1e-18 parts of which so many digits are there."""
    head = max(whole - 18, 0)
    values = number(chars, (head, whole)).astype(np.int64)
    if head:  # a 19th digit, with which 64 bits may be too few
        first = (chars[0] - 48).astype(np.int64)
        values = np.where(
            (first < 9) | (values <= _MOST % 10**18), np.minimum(first, 9) * 10**18 + values, _MOST
        )
    if part == 0:
        return values, np.zeros(len(values), dtype=np.int64)
    begin = whole + 1
    return values, number(chars, (begin, begin + part)).astype(np.int64) * 10 ** (18 - part)


def _of_powers(text: pa.Array) -> tuple[Int64Array, Int64Array, npt.NDArray[np.uint8]]:
    """Read numbers like 1.325317920e9."""
    try:
        plain = text.cast(_POWER_TYPE).cast(pa.string())
    except pa.ArrowInvalid:  # more digits than an epoch has
        return *np.zeros((2, len(text)), dtype=np.int64), no_faults(len(text)) + np.uint8(
            UNREADABLE
        )
    values, parts, fault = _of_text(plain)
    return values, np.zeros(len(text), dtype=np.int64) if parts is None else parts, fault
