"""Numbers as files write them, read as the nearest double of the decimal text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.notation import (
    APOSTROPHES,
    BLANKS,
    CURRENCY,
    CURRENCY_BEHIND,
    MINUS,
    PLAIN,
    Notation,
)

Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_EMPTY: Final = pa.array(sorted(EMPTY_CELLS))
_POWERS: Final = {"[Kk]": "e3", "[Mm]": "e6", "[Bb]": "e9", "[Tt]": "e12", "%": "e-2"}
"""Suffixes, and the powers of ten that they are. A number gets its power as an exponent of its
text, so that it is rounded once: ``68.18K`` is the double nearest to 68180."""

_FRONT: Final = rf"^([+\-]?){CURRENCY}[{BLANKS}]?"
_BEHIND: Final = rf"(?:{CURRENCY_BEHIND})$"


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
    return (
        _read_plain(block, notation)
        or _read_with_empty(block, notation)
        or _read_any(block, notation)
    )


def explain_number(name: str, cell: str | None, notation: Notation = PLAIN) -> str:
    """Say in words why a cell of the column ``name`` that was not read is no number."""
    text = (cell or "").strip()
    if text in EMPTY_CELLS:
        return f"{name} is empty" + (f": {text!r}" if text else "")
    other: Notation | None = None
    for decimal in ("point", "comma"):
        if decimal != notation.decimal:
            other = Notation(decimal, ".,"[decimal == "point"] + APOSTROPHES + BLANKS, "option", "")
    assert other is not None
    if not read_numbers(pa.array([text]), other).unreadable[0]:
        return (
            f"{name} must be a number with a decimal {notation.decimal}, was {text!r}; if all are "
            f"written so, give --decimal {other.decimal}"
        )
    return f"{name} must be a number, was {text!r}"


def _read_plain(block: pa.Array, notation: Notation) -> Numbers | None:
    """Read by Arrow's own parser; None if a cell is not a plain number."""
    text = _with_point(block, notation)
    if text is None or text.null_count:
        return None
    try:
        values = _floats(text)
    except pa.ArrowInvalid:
        return None
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
    text = pc.utf8_trim_whitespace(block.fill_null(""))
    empty = pc.is_in(text, value_set=_EMPTY)
    known = pc.match_substring_regex(text, _pattern(notation))
    number = pc.if_else(known, text, "nan")
    number = pc.replace_substring(number, MINUS, "-")
    number = pc.replace_substring_regex(number, _FRONT, r"\1")
    number = pc.replace_substring_regex(number, _BEHIND, "")
    number = pc.replace_substring_regex(number, f"[{BLANKS}{APOSTROPHES}]", "")
    if notation.decimal == "comma":
        number = pc.replace_substring(pc.replace_substring(number, ".", ""), ",", ".")
    else:
        number = pc.replace_substring(number, ",", "")
    for suffix, power in _POWERS.items():
        number = pc.replace_substring_regex(number, f"{suffix}$", power)
    values = _floats(number)
    bare = empty.to_numpy(zero_copy_only=False)
    unreadable = ~np.isfinite(values) & ~bare
    values = np.where(unreadable | bare, np.nan, values)
    return Numbers(values, bare, unreadable)


def _pattern(notation: Notation) -> str:
    """Return the regular expression of a number. All its groups have the same sign between them."""
    sign = r"\." if notation.decimal == "point" else ","
    ways = [r"[0-9]+"]
    ways += [
        rf"[0-9]{{1,3}}(?:{between}[0-9]{{2,3}})*{between}[0-9]{{3}}"
        for between in _betweens(notation)
    ]
    whole = "|".join(ways)
    front = rf"(?:[+\-{MINUS}]?(?:{CURRENCY}[{BLANKS}]?)?|{CURRENCY}[{BLANKS}]?[+\-{MINUS}])"
    number = rf"(?:(?:{whole})(?:{sign}[0-9]*)?|{sign}[0-9]+)"
    return (
        rf"^{front}{number}(?:[eE][+-]?[0-9]{{1,3}}|[{BLANKS}]?[KkMmBbTt%])?(?:{CURRENCY_BEHIND})?$"
    )


def _betweens(notation: Notation) -> list[str]:
    signs = set(notation.thousands)
    found = [rf"\{sign}" for sign in ".," if sign in signs]
    found += [f"[{kind}]" for kind in (APOSTROPHES, BLANKS) if signs & set(kind)]
    return found


def _floats(text: pa.Array) -> Float64Array:
    read = text.cast(pa.float64())
    values: Float64Array = np.frombuffer(
        read.buffers()[1], dtype=np.float64, count=len(read) + read.offset
    )
    return values[read.offset :]
