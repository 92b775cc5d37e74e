"""How a single figure is written. A figure that is missing, null, NaN or infinite is a dash.

A figure that is rounded to zero has no minus: a loss of 0.001 % is "+0.00 %", not "-0.00 %".
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeGuard

UNKNOWN = "-"
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def known(value: Any) -> TypeGuard[float]:
    """Return whether a value is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


def number(value: Any, form: str) -> str:
    """Return a number in the given format of a float, such as "+,.2f"."""
    sign = form[:1] if form[:1] in "+- " else ""
    return format(value, f"{sign}z{form.removeprefix(sign)}") if known(value) else UNKNOWN


def six_digits(value: Any) -> str:
    """Return a number with six significant digits."""
    return number(value, ".6g")


def count(value: Any) -> str:
    """Return a whole number; of a list, the number of its elements."""
    return number(len(value) if isinstance(value, list | tuple) else value, ",.0f")


def many(number: float, thing: str) -> str:
    """Return how many of a thing there are, a whole number: "1 bar", "1,200 bars"."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def first_of(names: Sequence[str], most: int = 3, between: str = ", ") -> str:
    """Return the first few of some names in a row, and how many more there are."""
    more = f" and {count(len(names) - most)} more" if len(names) > most else ""
    return f"{between.join(names[:most])}{more}"


def money(value: Any) -> str:
    """Return an amount of money with two decimals."""
    return number(value, ",.2f")


def ratio(lane: Mapping[str, Any], name: str) -> str:
    """Return the ratio of this name among a lane's figures, with two decimals."""
    return number(lane.get(name), ".2f")


def percent(value: Any, digits: int = 2) -> str:
    """Return a fraction in per cent: 0.25 is "25.00 %"."""
    return f"{number(100 * value, f',.{digits}f')} %" if known(value) else UNKNOWN


def signed_percent(value: Any) -> str:
    """Return a fraction in per cent with its sign: 0.25 is "+25.00 %"."""
    return f"{number(100 * value, '+,.2f')} %" if known(value) else UNKNOWN


def quality(value: float) -> str:
    """Return a quality (0 to 100), rounded down, so that only a complete one shows as 100 %."""
    return f"{math.floor(value * 100) / 100:.2f} %"


def duration(seconds: Any) -> str:
    """Return a duration in its two largest units: "2 d 3 h", "1 h 30 min", "45 s"."""
    if not known(seconds):
        return UNKNOWN
    whole = round(seconds)
    for (unit, length), (smaller, part) in pairwise(_UNITS):
        if whole >= length:
            more = whole % length // part
            return f"{whole // length:,} {unit}" + (f" {more} {smaller}" if more else "")
    return f"{whole} s"
