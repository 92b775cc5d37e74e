"""The fields of written times, put together into ns."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, SECOND_NS
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.date_order import LAST_SHORT_YEAR, DateOrder
from pipeline.market.importers.times.form import Order, Plan
from pipeline.market.importers.times.result import (
    FINE,
    IMPOSSIBLE,
    NEVER,
    NO_ZONE,
    TWICE,
    BoolArray,
    Int64Array,
    Times,
    no_faults,
)
from pipeline.market.importers.times.template import Chars, Integers, distinct, number

FIRST_YEAR: Final = 1678
LAST_YEAR: Final = 2261
"""The whole years that ns in 64 bits can tell."""
_MONTH_STARTS: Final = (
    np.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-02", dtype="datetime64[M]")
    .astype("datetime64[D]")
    .astype(np.int32)
)
"""Days since 1970-01-01 of the first of each month, and of the month after the last year."""


def see_order(order: DateOrder, plan: Plan, chars: Chars) -> None:
    """Take dates like 3/4/2017 as evidence of their order."""
    year = number(chars, plan.spans["y"]) if plan.form.short_year else None
    order.see(number(chars, plan.spans["a"]), number(chars, plan.spans["b"]), year)


def times_of(plan: Plan, chars: Chars, order: Order) -> tuple[Times, tuple[str, ...]]:
    """Return the times of texts of one template, and the names of their zones.

    ``chars`` are the bytes of the texts, uint8[length, n]. ``order`` settles dates like 3/4/2017.
    """
    spans = plan.spans
    year = number(chars, spans["y"])
    fine = np.ones(len(year), dtype=np.bool_)
    day: Integers
    if year_first := "a" in spans and order == "ymd":
        year, day = number(chars, spans["a"]), year
        fine &= plan.form.short_year
    if plan.form.short_year:
        fine &= (year <= LAST_SHORT_YEAR) | (year >= 70)
        year += np.where(year < 70, 2000, 1900).astype(np.int32)
    month: Integers | int
    if year_first:
        month = number(chars, spans["b"])
    elif "a" in spans:
        first, second = number(chars, spans["a"]), number(chars, spans["b"])
        month, day = (first, second) if order == "mdy" else (second, first)
    else:
        month = number(chars, spans["m"]) if "m" in spans else plan.month
        day = number(chars, spans["d"])
    days, there = _days(year, month, day)
    fine &= there
    if plan.weekday >= 0:
        fine &= (days + 3) % 7 == plan.weekday  # 1970-01-01 was a Thursday
    wall = days.astype(np.int64) * DAY_NS
    if plan.form.timed:
        fine &= _add_time_of_day(plan, chars, wall)
    fault = no_faults(len(wall))
    if not fine.all():
        fault[~fine] = IMPOSSIBLE
        wall[~fine] = 0
    if not plan.form.zoned:
        return Times(wall, None, fault), ()
    return _in_zones(wall, fault, *distinct(chars, spans["z"]))


def _days(
    year: Integers, month: Integers | int, day: Integers
) -> tuple[npt.NDArray[np.int32], BoolArray]:
    """Return the days since 1970-01-01, and whether the dates exist."""
    fine = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12)
    place = (year - FIRST_YEAR) * 12 + (month - 1)
    if not fine.all():
        place = np.where(fine, place, 0)
    days = _MONTH_STARTS[place] + (day - 1)
    fine &= (day >= 1) & (days < _MONTH_STARTS[place + 1])
    return days, fine


def _add_time_of_day(plan: Plan, chars: Chars, wall: Int64Array) -> BoolArray:
    """Add the ns since midnight to ``wall``; return whether there are such times of day.

    24:00 is the end of its day.
    """
    spans = plan.spans
    hour = number(chars, spans["H"])
    fine = hour <= (24 if plan.afternoon is None else 12)
    if plan.afternoon is not None:
        hour = hour % 12 + (12 if plan.afternoon else 0)
    second = hour * 3_600
    for name, unit in (("M", 60), ("S", 1)):
        if name in spans:
            part = number(chars, spans[name])
            fine &= part < 60
            second += part * unit
    since = second.astype(np.int64) * SECOND_NS
    if "f" in spans:
        digits = spans["f"][1] - spans["f"][0]
        since += number(chars, spans["f"]).astype(np.int64) * 10 ** (9 - digits)
    wall += since
    return fine & (since <= DAY_NS)


def _in_zones(
    wall: Int64Array, fault: npt.NDArray[np.uint8], names: list[str], which: Int64Array | None
) -> tuple[Times, tuple[str, ...]]:
    """Return times whose zones are ``names[which]``, or `names` alone if `which` is None."""
    utc = np.zeros(len(wall), dtype=np.int64)
    found = []
    for at, name in enumerate(names):
        rows = fault == FINE if which is None else (which == at) & (fault == FINE)
        clock = Clock.find("Z" if name == "z" else name)
        if clock is None:
            fault[rows] = NO_ZONE
            continue
        found.append(clock.name)
        instants = clock.to_utc(wall[rows])
        utc[rows] = instants.utc
        fault[np.flatnonzero(rows)[instants.twice]] = TWICE
        fault[np.flatnonzero(rows)[instants.never]] = NEVER
    bad = fault != FINE
    wall[bad] = utc[bad] = 0
    return Times(wall, utc, fault), tuple(found)
