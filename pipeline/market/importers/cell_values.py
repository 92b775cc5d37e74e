"""Which cells of a text are values, numbers or times, and not names of columns."""

from __future__ import annotations

import re
from typing import Final

from pipeline.market.importers.notation import (
    APOSTROPHES,
    BLANKS,
    CURRENCY_SIGN,
    MINUS,
)

_MINUS: Final = rf"[+\-{MINUS}]?"
_DIGITS: Final = rf"(?:\d[\d.,{APOSTROPHES}{BLANKS}]*|[.,]\d+)"
_DECIMALS: Final = r"\d+[.,]\d+"
#: A sign of a currency may stand before or behind. A code of three letters needs decimals beside
#: it: `SMA 20` is a name.
_NUMBER: Final = re.compile(
    rf"{_MINUS}(?:[A-Z]{{0,3}}{CURRENCY_SIGN}[{BLANKS}]?)?{_MINUS}{_DIGITS}(?:[eE][+-]?\d+)?"
    rf"(?:[{BLANKS}]?[KkMmBbTt%])?(?:[{BLANKS}]?{CURRENCY_SIGN})?"
    rf"|{_MINUS}[A-Z]{{3}}[{BLANKS}]?{_MINUS}{_DECIMALS}|{_MINUS}{_DECIMALS}[{BLANKS}][A-Z]{{3}}"
)
_MONTH: Final = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[.]?"
_TIME: Final = re.compile(
    r"[\d.][\d.:/ -]*"  # also 2024.01, 930, a lone point
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:\D.*)?"
    r"|\d{8}[T ]\d{4}.*"
    r"|\d{1,2}:\d\d(?:\D.*)?"
    rf"|(?:[a-z]{{3,9}}[.]?,? +)?(?:\d{{1,2}}[-. /]*{_MONTH}|{_MONTH}[-. /]*\d{{1,2}})"
    r"(?:[-., /]+\d{2,4}|\d{2,4})(?:\D.*)?",
    re.IGNORECASE,
)


def is_value(cell: str) -> bool:
    """Return whether a cell is a number or a time in any notation, as far as its form shows it."""
    return _NUMBER.fullmatch(cell) is not None or _TIME.fullmatch(cell) is not None
