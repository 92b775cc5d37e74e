"""The forms of a written time, recognised in the template of a text."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

Family = Literal["year first", "compact", "numbers", "year named", "day named", "named day"]
Span = tuple[int, int]
Order = Literal["mdy", "dmy", "ymd"]
"""``ymd`` is of years with two digits."""
Place = Callable[[int], str]
"""Returns the place of a row, counted from 0 over all blocks of a file: "line 12"."""


def row_place(row: int) -> str:
    """Return the place of a row where there are no lines."""
    return f"row {row}"


class Form(NamedTuple):
    """What all times of one file have in common. A time of another form is not read."""

    family: Family
    """The order and kind of year, month and day. ``numbers`` are day and month in either order, and
    the year, which may stand in front if it has two digits. ``year named``, ``day named`` and
    ``named day`` have the month as a word."""
    separator: str
    """The character between the numbers of a date; empty without one."""
    timed: bool
    """Whether a time of day follows."""
    zoned: bool
    """Whether a zone or an offset follows."""
    short_year: bool
    """Whether the year has two digits."""

    def words(self, order: Order | None) -> str:
        """Return the form in words, such as ``ISO 8601`` or ``DD.MM.YYYY HH:MM``."""
        zone = " with its zone" if self.zoned else ""
        if self.family == "year first" and self.separator == "-":
            return f"ISO 8601{zone}"
        year = "YY" if self.short_year else "YYYY"
        between = self.separator
        date = {
            "year first": f"{year}{between}MM{between}DD",
            "compact": "YYYYMMDD",
            "numbers": between.join(
                {"dmy": ("DD", "MM", year), "ymd": (year, "MM", "DD")}.get(
                    order or "mdy", ("MM", "DD", year)
                )
            ),
            "year named": f"{year} Mon DD",
            "day named": f"DD Mon {year}",
            "named day": f"Mon DD, {year}",
        }[self.family]
        return f"{date}{' HH:MM' if self.timed else ''}{zone}"


class Plan(NamedTuple):
    """Where the fields of a time stand in all texts of one template."""

    form: Form
    """The form."""
    spans: dict[str, Span]
    """Places [begin, end), in bytes, of ``y``, ``m``, ``d`` or ``a``, ``b`` (the two numbers in
    either order), ``H``, ``M``, ``S``, ``f`` (a fraction of a second), ``z`` (the zone)."""
    month: int
    """The month, if it is a word, else 0."""
    weekday: int
    """The day of the week, Monday is 0, if it is there, else -1."""
    afternoon: bool | None
    """Whether the time has PM or AM; None if it has neither."""
    single: frozenset[str]
    """The fields of month, day and time that have one digit."""


_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_BLANK = r"[ \t\u00a0\u202f]"
_CLOCK = (
    rf"(?P<H>00?):(?P<M>00?)(?::(?P<S>00?)(?:[.,](?P<f>0{{1,9}}))?)?"
    rf"(?:{_BLANK}*(?P<p>[AaPp])\.?[Mm]\.?(?![A-Ya-y]))?"
)
_TIGHT = r"(?P<H>00)(?:(?P<M>00)(?:(?P<S>00)(?:\.?(?P<f>0{1,9}))?)?)?"
_HALF = r"(?P<H>00?)-?(?P<p>[AaPp])[Mm]"
"""An hour alone, such as ``04-PM``."""
_NAME = r"[A-Za-z][A-Za-z_]*(?:/[A-Za-z0-9_+-]+)+|[A-Za-z]{3,5}(?:0[A-Z]{3})?"
_ZONE = (
    rf"(?:{_BLANK}*(?P<z>[Zz]|(?:(?:UTC|GMT){_BLANK}?)?[+\-\u2212]00?(?::?00)?|{_NAME})"
    rf"(?:{_BLANK}?\[[^\]]*\])?(?:{_BLANK}\([^)]*\))?)?"
)
_UTC = rf"{_BLANK}*(?P<utc>[Zz]|UTC|GMT|\+00:?00)"
"""The zone of a date alone; 20240102-0500 might be a date with a time."""
_WEEKDAY = rf"(?:(?P<w>[A-Za-z]{{3,9}})\.?,?{_BLANK}+)?"
PADDED: Final = frozenset("mdabHMS")
"""The fields that have two digits in files that pad them with 0."""
_SAME: Final = {"yy": "y", "utc": "z"}
"""Fields that have another name in the patterns, since a pattern has each name once."""
_YEAR = r"(?:(?P<y>0000)|'?(?P<yy>00))"
_FAMILIES: Final[dict[Family, str]] = {
    "year first": r"(?P<y>0000)(?P<s>[-/.])(?P<m>00?)(?P=s)(?P<d>00?)",
    "compact": r"(?P<y>0000)(?P<m>00)(?P<d>00)",
    "numbers": rf"(?P<a>00?)(?P<s>[-/.])(?P<b>00?)(?P=s){_YEAR}",
    "year named": (
        rf"(?P<y>0000)(?:[-/]|{_BLANK}+)(?P<n>[A-Za-z]{{3,9}})(?:[-/]|{_BLANK}+)(?P<d>00?)"
    ),
    "day named": (
        rf"{_WEEKDAY}(?P<d>00?)(?:st|nd|rd|th)?(?:[-/.]|{_BLANK}+)?(?P<n>[A-Za-z]{{3,9}})\.?"
        rf"(?:[-/]|,?{_BLANK}+)?{_YEAR}"
    ),
    "named day": (
        rf"{_WEEKDAY}(?P<n>[A-Za-z]{{3,9}})\.?(?:[-/]|{_BLANK}+)(?P<d>00?)(?:st|nd|rd|th)?"
        rf"(?:[-/]|,?{_BLANK}+){_YEAR}"
    ),
}
_BETWEEN: Final = rf"(?:[Tt]|_|[,;]?{_BLANK}+|[,;])"
# They are compiled, and kept by `re`, when they are first needed: most files need the first one.
_PATTERNS: Final = tuple(
    (family, rf"{date}(?:{_BETWEEN}{time}{_ZONE}|{_UTC})?")
    for family, date in _FAMILIES.items()
    for time in (_CLOCK, _TIGHT, _HALF)
)
_CLOSE: Final = (
    rf"{_FAMILIES['compact']}{_TIGHT}{_ZONE}",
    rf"{_FAMILIES['compact']}-(?P<H>00):(?P<M>00):(?P<S>00)",
)
"""A compact date with its time right behind, such as 20240102093000 and 20240102-09:30:00. The
latter needs its seconds: -09:30 might be an offset."""
_CLOSE_DIGITS: Final = (8, 10, 12, 14, 17, 20, 23)
"""How many digits such a text has, with a date alone, hours, minutes, seconds, ms, us and ns."""


@functools.lru_cache(maxsize=4096)
def plan_of(template: str) -> Plan | None:
    """Return where the fields stand in texts of a template; None if it is that of no time.

    A number alone may be an epoch as well: see `only_digits`.
    """
    if only_digits(template) and len(template) not in _CLOSE_DIGITS:
        return None
    for family, pattern in _PATTERNS:
        if (match := re.fullmatch(pattern, template)) is not None:
            return _plan(family, match)
    for pattern in _CLOSE:
        if (match := re.fullmatch(pattern, template)) is not None:
            return _plan("compact", match)
    return None


def only_digits(template: str) -> bool:
    """Return whether a template is that of whole numbers."""
    return template.strip("0") == "" and template != ""


def _plan(family: Family, match: re.Match[str]) -> Plan | None:
    found = {name: text for name, text in match.groupdict().items() if text is not None}
    month = _named(found["n"], _MONTHS) if "n" in found else 0
    weekday = _named(found["w"], _WEEKDAYS) if "w" in found else 0
    if month is None or weekday is None:
        return None
    spans = {
        _SAME.get(name, name): _in_bytes(match.string, match.span(name))
        for name in found
        if name not in ("s", "n", "w", "p")
    }
    form = Form(family, found.get("s", ""), "H" in found, "z" in spans, "yy" in found)
    afternoon = found["p"] in "Pp" if "p" in found else None
    single = frozenset(name for name in PADDED & spans.keys() if len(found[name]) == 1)
    return Plan(form, spans, month, weekday - 1, afternoon, single)


def _in_bytes(template: str, span: Span) -> Span:
    begin, end = (len(template[:place].encode()) for place in span)
    return begin, end


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Return the number from 1 of a month or weekday, by its name or 3 or 4 letters of it."""
    word = word.lower()
    for number, name in enumerate(names, start=1):
        if word == name or (len(word) in (3, 4) and name.startswith(word)):
            return number
    return None
