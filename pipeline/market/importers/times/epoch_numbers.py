"""Whole and broken numbers as epochs are written: digits, decimals, powers of ten, doubles."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.plain_cast import plain_cast
from pipeline.market.importers.times.result import (
    EMPTY,
    NEGATIVE,
    UNREADABLE,
    Int64Array,
    no_faults,
)
from pipeline.market.importers.times.template import (
    Chars,
    char_at,
    groups,
    number,
    plain_text,
    string_bytes,
)

_PLAIN: Final = re.compile(r"(0{1,19})(?:\.(0{0,18}))?")
_POWER: Final = re.compile(r"0(\.0{0,18})?[eE]\+?00?")
_POWER_TYPE: Final = pa.decimal128(38, 18)
_NEGATIVE: Final = re.compile("-0")
_MOST: Final = 2**63 - 1


class EpochNumbers(NamedTuple):
    """The numbers of n rows."""

    whole: Int64Array
    """int64[n], the whole part; where there is more than 64 bits hold, the most that they do."""
    parts: Int64Array | None
    """int64[n], what is behind the decimal point in units of 1e-18; None if it is always zero."""
    fault: npt.NDArray[np.uint8]
    """uint8[n], `result.FINE`, `EMPTY`, `NEGATIVE` or `UNREADABLE`."""


def read_numbers(block: pa.Array) -> EpochNumbers:
    """Read a block of rows, an Arrow array of text of any type, integers or floats."""
    if pa.types.is_floating(block.type):
        return _of_floats(block)
    if pa.types.is_integer(block.type):
        return _of_integers(block)
    return _of_text(plain_text(block))


def _of_integers(block: pa.Array) -> EpochNumbers:
    fault = no_faults(len(block))
    if pa.types.is_uint64(block.type):
        block = pc.min_element_wise(block, pa.scalar(2**63 - 1, pa.uint64()), skip_nulls=False)
    if block.null_count:
        fault[block.is_null().to_numpy(zero_copy_only=False)] = EMPTY
        block = block.fill_null(0)
    values: Int64Array = block.cast(pa.int64()).to_numpy()
    if len(values) and values.min() < 0:
        fault[values < 0] = NEGATIVE
    return EpochNumbers(values, None, fault)


def _of_floats(block: pa.Array) -> EpochNumbers:
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


def _of_text(block: pa.Array) -> EpochNumbers:
    if block.null_count == 0 and len(block):
        offsets, data = string_bytes(block)
        # Arrow takes 0x10 for a number, too.
        if np.diff(offsets).min() >= 2 and char_at(offsets, data, 1).max() < 58:
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
    return EpochNumbers(values, parts if parts.any() else None, fault)


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
