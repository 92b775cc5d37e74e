"""Numbers as files write them, read as the nearest double of the decimal text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.fields import cut
from pipeline.market.importers.notation import (
    APOSTROPHES,
    BLANKS,
    CURRENCY,
    CURRENCY_BEHIND,
    DECIMALS,
    MINUS,
    OPTION,
    PLAIN,
    Notation,
    find_notation,
)
from pipeline.market.importers.plain_cast import plain_cast
from pipeline.market.importers.times.template import Chars, groups

Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_EMPTY: Final = pa.array(sorted(EMPTY_CELLS))
_POWERS: Final = {"K": "e3", "M": "e6", "B": "e9", "T": "e12", "%": "e-2"}
"""Suffixes, and the powers of ten that they are. A number gets its power as an exponent of its
text, so that it is rounded once: ``68.18K`` is the double nearest to 68180."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A block of a column of numbers. The arrays may be read-only views."""

    values: Float64Array
    """float64[n], NaN in rows that are empty or cannot be read."""
    empty: BoolArray
    """bool[n], whether a cell has no value: a word of `EMPTY_CELLS`."""
    unreadable: BoolArray
    """bool[n], whether a cell has a text that is no number in the notation."""


def read_numbers(block: pa.Array, notation: Notation = PLAIN) -> Numbers:
    """Read a block of cells, an Arrow array of strings."""
    if block.type != pa.string():
        block = block.cast(pa.string())
    return (
        _read_plain(block, notation)
        or _read_with_empty(block, notation)
        or _read_any(block, notation)
    )


def explain_number(name: str, cell: str | None, notation: Notation = PLAIN) -> str:
    """Say in words why a cell of the column ``name`` that was not read is no number."""
    text = (cell or "").strip()
    name = cut(name)
    if text in EMPTY_CELLS:
        return f"{name} is empty" + (f": {text!r}" if text else "")
    as_point, as_comma = (
        not read_numbers(pa.array([text]), find_notation((), decimal=decimal)).unreadable[0]
        for decimal in DECIMALS
    )
    text = cut(text)
    if as_point and as_comma:
        return (
            f"{name} must be a number, was {text!r}, which can have decimals or thousands; say "
            f"which with {OPTION} point or {OPTION} comma"
        )
    if as_point or as_comma:
        other = "point" if as_point else "comma"
        return (
            f"{name} must be a number with a decimal {notation.decimal}, was {text!r}; if all are "
            f"written so, give {OPTION} {other}"
        )
    return f"{name} must be a number, was {text!r}"


def _read_plain(block: pa.Array, notation: Notation) -> Numbers | None:
    """Read by Arrow's own parser; None if a cell is not a plain number."""
    text = _with_point(block, notation)
    if text is None or text.null_count:
        return None
    read = plain_cast(text, pa.float64())
    if read is None:
        return None
    values = _floats(read)
    if not np.isfinite(values).all():  # the words nan and inf, or more than a double holds
        return None
    none = np.zeros(len(values), dtype=np.bool_)
    return Numbers(values, none, none)


def _read_with_empty(block: pa.Array, notation: Notation) -> Numbers | None:
    """Read plain numbers among empty cells and blanks; None if there is a cell of another kind."""
    text = pc.utf8_trim_whitespace(block.fill_null(""))
    empty = pc.is_in(text, value_set=_EMPTY)
    pointed = _with_point(pc.if_else(empty, "0", text), notation)
    read = _read_plain(pointed, PLAIN) if pointed is not None else None
    if read is None:
        return None
    bare = empty.to_numpy(zero_copy_only=False)
    return Numbers(np.where(bare, np.nan, read.values), bare, read.unreadable)


def _with_point(text: pa.Array, notation: Notation) -> pa.Array | None:
    """Return cells with a decimal point in place of a comma; None if a cell has a point as well."""
    if notation.decimal == "point":
        return text
    if pc.any(pc.match_substring(text, ".")).as_py():
        return None
    return pc.replace_substring(text, ",", ".")


def _read_any(block: pa.Array, notation: Notation) -> Numbers:
    """Read cells by their templates: those of one template have their digits at the same places."""
    text = pc.utf8_trim_whitespace(block.fill_null(""))
    values = np.full(len(text), np.nan)
    empty = np.zeros(len(text), dtype=np.bool_)
    for group in groups(text):
        rows = slice(None) if group.rows is None else group.rows
        recipe = _recipe(group.template, notation)
        if recipe is not None:
            values[rows] = _floats(_cells(group.chars, recipe).cast(pa.float64()))
        elif group.template in EMPTY_CELLS:
            empty[rows] = True
    unreadable = ~np.isfinite(values)  # infinite is what a double does not hold
    values[unreadable] = np.nan
    return Numbers(values, empty, unreadable & ~empty)


def _cells(chars: Chars, recipe: tuple[int | str, ...]) -> pa.Array:
    """Return texts that are made of characters of cells, and of characters of the recipe."""
    made = np.empty((chars.shape[1], len(recipe)), dtype=np.uint8)
    for place, item in enumerate(recipe):
        made[:, place] = chars[item] if isinstance(item, int) else ord(item)
    offsets = np.arange(len(made) + 1, dtype=np.int32) * len(recipe)
    return pa.StringArray.from_buffers(len(made), pa.py_buffer(offsets), pa.py_buffer(made))


@functools.lru_cache(maxsize=4096)
def _recipe(template: str, notation: Notation) -> tuple[int | str, ...] | None:
    """Return how a plain number is made of a cell of a template; None if it is no number.

    It has places in the cell, in bytes, and characters that the cell writes in another way or has
    not.
    """
    match = _pattern(notation).fullmatch(template)
    if match is None:
        return None
    found: list[int | str] = ["-"] if (match["sign"] or match["inner"]) in ("-", MINUS) else []
    found += [place for place in range(*match.span("whole")) if template[place] == "0"]
    found += [".", *range(*match.span("part"))]
    if match["power"]:
        found += range(*match.span("power"))
    found += _POWERS.get((match["suffix"] or "").upper(), "")
    return tuple(item if isinstance(item, str) else len(template[:item].encode()) for item in found)


@functools.lru_cache(maxsize=16)
def _pattern(notation: Notation) -> re.Pattern[str]:
    """Return the form of a template of numbers. The thousands of one number have one sign."""
    sign = r"\." if notation.decimal == "point" else ","
    ways = ["0+"]
    ways += [rf"0{{1,3}}(?:{between}0{{2,3}})*{between}000" for between in _betweens(notation)]
    minus = rf"[+\-{MINUS}]"
    front = (
        rf"(?:(?P<sign>{minus})?(?:{CURRENCY}[{BLANKS}]?)?|{CURRENCY}[{BLANKS}]?(?P<inner>{minus}))"
    )
    number = rf"(?P<whole>{'|'.join(ways)}|(?={sign}0))(?:{sign}(?P<part>0*))?"
    behind = rf"(?:(?P<power>[eE][+-]?0{{1,3}})|[{BLANKS}]?(?P<suffix>[KkMmBbTt%]))?"
    return re.compile(rf"{front}{number}{behind}(?:{CURRENCY_BEHIND})?")


def _betweens(notation: Notation) -> list[str]:
    signs = set(notation.thousands)
    found = [re.escape(sign) for sign in ".," if sign in signs]
    found += [f"[{kind}]" for kind in (APOSTROPHES, BLANKS) if signs & set(kind)]
    return found


def _floats(read: pa.Array) -> Float64Array:
    """Return the values of an Arrow array of doubles without nulls, as a view."""
    size = len(read) + read.offset
    values: Float64Array = np.frombuffer(read.buffers()[1], dtype=np.float64, count=size)
    return values[read.offset :]
