"""How a file writes numbers: the decimal sign, and what stands between thousands.

``1,234.56`` and ``1.234,56`` tell it, and so does ``112,30``. ``1,234`` alone tells nothing, and a
wrong guess is wrong by a thousand: then it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import DataError
from pipeline.market.catalog.account import Fact, Ground

Decimal = Literal["point", "comma"]
DECIMALS: Final[tuple[Decimal, ...]] = ("point", "comma")
OPTION: Final = "--decimal"

BLANKS: Final = " \u00a0\u2009\u202f"
"""The blanks that stand between thousands: a usual, a hard, a thin and a narrow one."""
MINUS: Final = "\u2212"
"""The sign that typesetters use in place of a hyphen."""
APOSTROPHES: Final = "'\u2019"
"""The apostrophes that stand between thousands in Switzerland."""
CURRENCY_SIGN: Final = "[$€£¥₹₽₩₺₿₫฿]"
"""The sign of a currency, for regular expressions."""
CURRENCY: Final = rf"(?:[A-Z]{{0,3}}{CURRENCY_SIGN}|[A-Z]{{3}})"
"""A currency in front of a number, for regular expressions."""
CURRENCY_BEHIND: Final = rf"[{BLANKS}]?{CURRENCY_SIGN}|[{BLANKS}][A-Z]{{3}}"
"""A currency behind a number, with the blank between the two; a code needs the blank."""
_SIGNS: Final[dict[Decimal, str]] = {"point": ".", "comma": ","}
_FRONT: Final = rf"^[+\-{MINUS}]?(?:{CURRENCY}[{BLANKS}]?)?[+\-{MINUS}]?"
_BEHIND: Final = rf"(?:[{BLANKS}]?[KkMmBbTt%])?(?:{CURRENCY_BEHIND})?$"
_SAMPLE_ROWS: Final = 2_000
_PARTS: Final = 32
"""Prices of bonds are written in so many parts of a whole."""
_PARTING: Final = rf"[{APOSTROPHES}{BLANKS}]"
_PARTED: Final = rf"[0-9]{_PARTING}[0-9]{{3}}"
_PRICED: Final = rf"{CURRENCY_SIGN}|[A-Z]{{3}}"


@dataclass(frozen=True, slots=True)
class Notation:
    """How the numbers of one file are written."""

    decimal: Decimal
    """The sign before the decimals."""
    thousands: str
    """The characters that may stand between thousands; none if the rows do not show which sign is
    the decimal one, so that a later ``1,234`` is not read as either."""
    ground: Ground
    """Why it was taken for true."""
    shown: str
    """The number that shows it, such as ``1.234,56``; empty without one."""

    currencies: tuple[str, ...] = field(default=(), compare=False)
    """Prices in different currencies, one of each; empty if there are not several."""

    def notes(self) -> list[str]:
        """Return remarks for the account of an import, alike for all files that are alike."""
        notes = []
        if self.ground == "guess" or self.decimal == "comma":
            words = replace(self, shown="").fact().words()
            notes.append(f"Numbers are read with a {words}.")
        if self.currencies:
            shown = " and ".join(self.currencies)
            notes.append(f"Prices are in several currencies, as {shown}; their numbers are taken.")
        return notes

    def fact(self) -> Fact:
        """Return it for the account of an import: ``decimal comma, as in 1.234,56``."""
        shown = f", as in {self.shown}" if self.shown else ""
        return Fact(f"decimal {self.decimal}{shown}", self.ground, OPTION)


PLAIN: Final = Notation("point", "", "file", "")
"""The notation of programs: a decimal point, and nothing between thousands."""


def find_notation(
    prices: Iterable[pa.Array],
    volumes: Iterable[pa.Array] = (),
    *,
    delimiter: str = ",",
    decimal: Decimal | None = None,
) -> Notation:
    """Return how a file writes numbers, from samples of its columns, Arrow arrays of strings.

    `delimiter` is what stands between cells. `decimal` is the user's word. Without it the cells
    decide: any cell that can be read in one way only settles those that can be read in two. If all
    that have a point are like ``105.123``, it is before decimals in a file with commas between its
    cells, and in prices that all have it, as those of pairs with the yen; that is a guess.

    Raises DataError, without the place, if there are cells of both kinds, or if cells like
    ``1,234`` or ``1.234`` remain that may be either, or prices like ``110'165``, which in bonds are
    110 and 16.5 of 32 parts.
    """
    evidence = _Evidence()
    for column in prices:
        evidence.see(column.slice(0, _SAMPLE_ROWS), whole=False)
    for column in volumes:
        evidence.see(column.slice(0, _SAMPLE_ROWS), whole=True)
    found = _notation(decimal, "option", "") if decimal else _decide(evidence, delimiter)
    if not decimal and found.thousands and evidence.parts and not evidence.are_thousands:
        raise DataError(
            f"prices like {evidence.parts!r} can have thousands, or a fraction of 32nds behind the "
            f"sign; {OPTION} {found.decimal} says that they are thousands, and 32nds must be "
            "written as decimals"
        )
    currencies = tuple(evidence.currencies.values())
    return replace(found, currencies=currencies) if len(currencies) > 1 else found


def _decide(evidence: _Evidence, delimiter: str) -> Notation:
    """Return the notation that cells show. DataError if they show none, or two."""
    point, comma = evidence.shows["point"], evidence.shows["comma"]
    if point and comma:
        raise DataError(
            f"numbers are written in two ways, {point!r} and {comma!r}; say which sign is before "
            f"the decimals, with {OPTION} point or {OPTION} comma"
        )
    if point or comma:
        return _notation("point" if point else "comma", "rows", point or comma)
    doubtful = evidence.either[","] or (delimiter != "," and evidence.thousands)
    if doubtful:
        kinds = ("comma", "point") if "," in doubtful else ("point", "comma")
        raise DataError(
            f"numbers like {doubtful!r} can have a decimal {kinds[0]} or thousands; say which with "
            f"{OPTION} {kinds[0]} or {OPTION} {kinds[1]}"
        )
    if evidence.either["."]:
        ground: Ground = "file" if delimiter == "," else "guess"
        return Notation("point", "", ground, evidence.either["."])
    return PLAIN


def _notation(decimal: Decimal, ground: Ground, shown: str) -> Notation:
    other = "," if decimal == "point" else "."
    return Notation(decimal, other + APOSTROPHES + BLANKS, ground, shown)


class _Evidence:
    """The first cell found that can be read in one way only, and the first that can in two."""

    def __init__(self) -> None:
        self.shows: dict[Decimal, str] = {"point": "", "comma": ""}
        self.either = {".": "", ",": ""}
        self.thousands = ""
        """A cell like ``1.234`` of a column in which the point may be between thousands."""
        self.parts = ""
        """A price like ``110'165``: thousands, or 110 and 16.5 of 32 parts."""
        self.are_thousands = False
        """Whether a price has an apostrophe or a blank that can only be between thousands."""
        self.currencies: dict[str, str] = {}
        """The first price in each currency."""

    def see(self, column: pa.Array, *, whole: bool) -> None:
        """Take a sample of a column. ``whole``: whether its numbers are mostly whole."""
        text = pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null(""))
        if not whole:
            self._see_parts(text)
        before, self.either["."] = self.either["."], ""
        marked = text.filter(pc.match_substring_regex(text, "[.,]"))
        for cell in pc.unique(marked).to_pylist():
            self._see_cell(cell)
        cell = self.either["."]
        self.either["."] = before or cell
        if not cell:
            return
        if pc.any(pc.match_substring_regex(text, "^[0-9]{4,}$")).as_py():
            # 1500 beside 1.234: there is nothing between thousands.
            self.shows["point"] = self.shows["point"] or cell
        elif whole or pc.any(pc.match_substring_regex(text, "^[1-9][0-9]{0,2}$")).as_py():
            # 950 beside 1.234: all decimals would have been written, or none.
            self.thousands = self.thousands or cell

    def _see_parts(self, text: pa.Array) -> None:
        """Look for parts and currencies in a sample of prices."""
        for cell in pc.unique(text.filter(pc.match_substring_regex(text, _PARTED))).to_pylist():
            self.parts = self.parts or cell
            parts = re.split(_PARTING, cell)[1:]
            if re.search("[.,]", cell) or any(int(part[:2]) >= _PARTS for part in parts):
                self.are_thousands = True
        for cell in pc.unique(text.filter(pc.match_substring_regex(text, _PRICED))).to_pylist():
            currency = re.search(_PRICED, cell)
            if currency is not None:
                self.currencies.setdefault(currency[0], cell)

    def _see_cell(self, cell: str) -> None:
        number = re.sub(_BEHIND, "", re.sub(_FRONT, "", cell))
        number = re.sub(rf"(?<=\d)[{BLANKS}{APOSTROPHES}](?=\d{{3}})", "", number)
        for decimal, sign in _SIGNS.items():
            other = "," if sign == "." else "."
            if _only_way(number, sign, other) and not self.shows[decimal]:
                self.shows[decimal] = cell
        for sign in ".,":
            if re.fullmatch(rf"[1-9]\d{{0,2}}\{sign}\d{{3}}", number) and not self.either[sign]:
                self.either[sign] = cell


def _only_way(number: str, sign: str, other: str) -> bool:
    """Return whether ``sign`` can only be the decimal sign of a number."""
    groups = rf"\d{{1,3}}(?:\{other}\d{{2,3}})*\{other}\d{{3}}"
    if re.fullmatch(rf"{groups}\{sign}\d*", number):
        return True  # 1,234.5
    if re.fullmatch(rf"\d{{1,3}}(?:\{other}\d{{2,3}})+\{other}\d{{3}}", number):
        return True  # 1,234,567
    once = re.fullmatch(rf"(\d*)\{sign}(\d*)(?:[eE][+-]?\d+)?", number)
    if once is None or not once[1] + once[2]:
        return False
    # 1.5 and 1234.567 and 0.123, but not 1.234.
    return len(once[2]) != 3 or len(once[1]) > 3 or once[1] in ("", "0")
