"""Times as files write them, turned into int64 ns: formats, epochs, zones.

A stamp is kept as it is written (`wall`, ns since 1970 on the clock of the file). If the file says
which instant that is, by an epoch or a UTC offset, it is also kept as `utc`. Daily bars need the
first, and all other bars the second.
"""

from __future__ import annotations

import calendar
import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.codes import DAY_NS, SECOND_NS
from pipeline.errors import DataError

Int64Array = npt.NDArray[np.int64]
Where = Callable[[int], str]
"""Returns the place of a row by its index, for messages: "file, line 12"."""

_TIME = (
    r"(?:[ T,]+(?P<H>\d{1,2}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2})(?:\.(?P<f>\d{1,9}))?)?"
    r"(?: ?(?P<p>[AaPp][Mm]))?)?(?: ?(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?$"
)
_YEAR_FIRST = r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _TIME
_YEAR_LAST = r"^(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4}|\d{2})" + _TIME
_NAMED = r"^(?P<d>\d{1,2})[- ](?P<n>[A-Za-z]{3})[a-z]*[- ,]+(?P<y>\d{4}|\d{2})" + _TIME
_COMPACT = (
    r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:[ T]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2}))?)?$"
)
_MONTHS = {name.lower(): str(i) for i, name in enumerate(calendar.month_abbr) if name}


@dataclass(frozen=True, slots=True)
class Stamps:
    """The times of some rows."""

    wall: Int64Array
    """int64[n], the clock times as written, ns since 1970 on that clock."""
    utc: Int64Array | None
    """int64[n], the instants, ns UTC; None if they depend on a zone that the file does not name."""

    def take(self, rows: npt.NDArray[np.intp]) -> Stamps:
        """Return the times of some rows, by index."""
        return Stamps(self.wall[rows], None if self.utc is None else self.utc[rows])


def from_epochs(values: Int64Array, where: Where, zone: ZoneInfo | None) -> Stamps:
    """Read epochs in s, ms, us or ns. Their size shows the unit, for times from 1973 to 5138.

    Raises DataError, naming the row, for the first epoch in another unit than the others: it would
    be in January 1970, although the largest one is after 1973.
    """
    largest = int(np.abs(values).max(initial=0))
    scale = next((s for limit, s in _EPOCH_UNITS if largest < limit), 1)
    odd = np.abs(values) * scale < 30 * DAY_NS
    if scale * largest > 3 * 365 * DAY_NS and odd.any():
        row = int(np.argmax(odd))
        raise DataError(
            f"{where(row)}: epoch {int(values[row])} is not in the unit of the others, such as "
            f"{int(values[np.argmax(np.abs(values))])}"
        )
    return from_utc(values * scale, zone)


def from_utc(utc: Int64Array, zone: ZoneInfo | None) -> Stamps:
    """Make stamps of instants in ns UTC, with dates on the clock of `zone` (without one, UTC)."""
    if zone is None or str(zone) == "UTC":
        return Stamps(utc, utc)
    offsets = _Offsets(zone, int(utc.min(initial=0)), int(utc.max(initial=0)))
    return Stamps(utc + offsets.at(utc), utc)


_EPOCH_UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))


def from_text(
    text: pa.Array, where: Where, date_order: str | None, zone: ZoneInfo | None
) -> Stamps:
    """Read times that are written as text. Every row must have the form of the first.

    The forms are 2017-03-03 13:02:00.5+01:00 (padded or not, with any of - / . and T), 20170303
    130200, 3/31/2017, 31-Mar-17, and epochs. `date_order` ("mdy" or "dmy") settles 3/4/2017. Raises
    DataError, naming the first row that cannot be read.
    """
    text = pc.utf8_trim_whitespace(text)
    first = text[0].as_py() or ""
    digits = first.lstrip("-")
    if digits.isdigit() and len(digits) not in (8, 12, 14):
        try:
            return from_epochs(text.cast(pa.int64()).to_numpy(), where, zone)
        except pa.ArrowInvalid:
            row = next(i for i, v in enumerate(text.to_pylist()) if not v.lstrip("-").isdigit())
            raise _unreadable(where(row), text[row].as_py(), "an epoch like") from None
    for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST, _NAMED):
        if pc.match_substring_regex(pa.array([first]), pattern)[0].as_py():
            break
    else:
        raise _unreadable(where(0), first, "a date or an epoch")
    fields = pc.extract_regex(text, pattern)
    if fields.null_count:
        row = fields.is_null().index(True).as_py()
        raise _unreadable(where(row), text[row].as_py(), f"a time like {first!r},")
    return _assemble(text, fields, where, date_order if pattern is _YEAR_LAST else "mdy")


def _unreadable(place: str, value: object, expected: str) -> DataError:
    return DataError(f"{place}: time must be {expected} was {value!r}")


def _assemble(text: pa.Array, fields: pa.StructArray, where: Where, order: str | None) -> Stamps:
    names = [field.name for field in fields.type]

    def number(name: str) -> Int64Array:
        if name not in names:
            return np.zeros(len(text), dtype=np.int64)
        column = fields.field(name)
        filled = pc.if_else(pc.equal(column, ""), "0", column)
        values: Int64Array = filled.cast(pa.int64()).to_numpy()
        return values

    year, day = number("y"), number("d")
    year = np.where(year < 100, np.where(year < 70, year + 2000, year + 1900), year)
    if "n" in names:
        month = _named_months(fields.field("n"), where)
    else:
        month = number("m")
    if order != "mdy":
        month, day = _in_order(month, day, where, text, order)
    hour, minute, second = number("H"), number("M"), number("S")
    if "p" in names:
        half = pc.utf8_lower(fields.field("p"))
        pm, am = pc.equal(half, "pm").to_numpy(False), pc.equal(half, "am").to_numpy(False)
        hour = np.where(pm, hour % 12 + 12, np.where(am, hour % 12, hour))
    days = _days(year, month, day)
    wrong = (days == _IMPOSSIBLE) | (hour > 23) | (minute > 59) | (second > 59)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{where(row)}: the time {text[row].as_py()!r} does not exist")
    wall = days * DAY_NS + (hour * 3600 + minute * 60 + second) * SECOND_NS
    if "f" in names:
        padded = pc.utf8_rpad(fields.field("f"), 9, "0")
        wall += padded.cast(pa.int64()).to_numpy()
    return Stamps(wall, _by_offset(wall, fields.field("z")) if "z" in names else None)


_IMPOSSIBLE = -(2**40)


def _days(year: Int64Array, month: Int64Array, day: Int64Array) -> Int64Array:
    """Return the days since 1970-01-01, `_IMPOSSIBLE` for a date that does not exist."""
    fine = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1678) & (year <= 2261)
    months = np.where(fine, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + day - 1
    fine &= days < (months + 1).astype("datetime64[D]").astype(np.int64)
    return np.where(fine, days, _IMPOSSIBLE)


def _named_months(names: pa.Array, where: Where) -> Int64Array:
    encoded = pc.utf8_lower(names).dictionary_encode()
    numbers = []
    for place, name in enumerate(encoded.dictionary.to_pylist()):
        if name not in _MONTHS:
            row = int(np.argmax(encoded.indices.to_numpy() == place))
            raise DataError(f"{where(row)}: month must be Jan to Dec, was {name!r}")
        numbers.append(int(_MONTHS[name]))
    months: Int64Array = np.array(numbers, dtype=np.int64)[encoded.indices.to_numpy()]
    return months


def _in_order(
    first: Int64Array, second: Int64Array, where: Where, text: pa.Array, order: str | None
) -> tuple[Int64Array, Int64Array]:
    """Return (month, day) of dates like 3/31/2017. A number above 12 is a day."""
    if order is None:
        month_first, day_first = (second > 12).any(), (first > 12).any()
        if month_first == day_first:
            how = "can be month first or day first" if not month_first else "are of both orders"
            row = int(np.argmax(first > 12))
            raise DataError(
                f"{where(row)}: dates like {text[row].as_py()!r} {how}; "
                "say which with --date-order mdy or dmy"
            )
        order = "mdy" if month_first else "dmy"
    return (first, second) if order == "mdy" else (second, first)


def _by_offset(wall: Int64Array, written: pa.Array) -> Int64Array | None:
    encoded = written.dictionary_encode()
    offsets = []
    for text in encoded.dictionary.to_pylist():
        if text == "":
            return None
        if text in ("Z", "UTC", "GMT"):
            offsets.append(0)
        else:
            sign = -1 if text[0] == "-" else 1
            offsets.append(sign * (int(text[1:3]) * 3600 + int(text[-2:]) * 60))
    seconds: Int64Array = np.array(offsets, dtype=np.int64)[encoded.indices.to_numpy()]
    return wall - seconds * SECOND_NS


def to_utc(stamps: Stamps, zone: ZoneInfo, where: Where) -> Int64Array:
    """Return the instants of stamps, ns UTC. Those that the file does not name are read in `zone`.

    Raises DataError for a time that the zone's clock shows twice or never.
    """
    if stamps.utc is not None:
        return stamps.utc
    if str(zone) == "UTC" or len(stamps.wall) == 0:
        return stamps.wall
    wall = stamps.wall
    offsets = _Offsets(zone, int(wall.min()), int(wall.max()))
    utc, twice, never = offsets.localize(wall)
    for flags, often in ((twice, "twice"), (never, "never")):
        if flags.any():
            row = int(np.argmax(flags))
            time = str(np.datetime64(int(wall[row]), "ns")).split(".")[0]
            raise DataError(
                f"{where(row)}: local time {time} occurs {often} in {zone} (clock change); "
                "the times need a UTC offset or another time zone"
            )
    return utc


class _Offsets:
    """The UTC offsets of a zone over a range: periods with a start (ns UTC) and an offset (ns)."""

    def __init__(self, zone: ZoneInfo, low: int, high: int) -> None:
        first, last = (_year(edge) for edge in (low - 2 * DAY_NS, high + 2 * DAY_NS))
        begin = _new_year(first)
        periods = [(begin, _offset(zone, begin))]
        for year in range(first, last + 1):
            periods += _changes(zone, year)
        self.starts = np.array([start for start, _ in periods], dtype=np.int64)
        self.offsets = np.array([offset for _, offset in periods], dtype=np.int64)

    def at(self, utc: Int64Array) -> Int64Array:
        """Return the offset of each instant."""
        return self.offsets[np.searchsorted(self.starts, utc, side="right") - 1]

    def localize(self, wall: Int64Array) -> tuple[Int64Array, Any, Any]:
        """Return (instants, whether each occurs twice, whether it never occurs) of clock times."""
        begins = self.starts + self.offsets
        ends = np.append(self.starts[1:], 2**62) + self.offsets
        period = np.searchsorted(begins, wall, side="right") - 1
        never = wall >= ends[period]
        twice = (period > 0) & (wall < ends[period - 1])
        return wall - self.offsets[period], twice, never


def _offset(zone: ZoneInfo, utc: int) -> int:
    moment = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(seconds=utc // SECOND_NS)
    delta = moment.astimezone(zone).utcoffset()
    return round(delta.total_seconds()) * SECOND_NS if delta is not None else 0


def _year(utc: int) -> int:
    return int(np.datetime64(utc, "ns").astype("datetime64[Y]").astype(np.int64)) + 1970


def _new_year(year: int) -> int:
    return (dt.date(year, 1, 1) - dt.date(1970, 1, 1)).days * DAY_NS


@functools.lru_cache(maxsize=1024)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """Return (instant, offset from then on) of each change of a zone's offset in a UTC year."""
    found = []
    at, end = _new_year(year), _new_year(year + 1)
    before = _offset(zone, at - SECOND_NS)
    if (offset := _offset(zone, at)) != before:
        found.append((at, offset))
    while at < end - SECOND_NS:
        step = min(at + DAY_NS, end - SECOND_NS)
        if (later := _offset(zone, step)) != offset:
            found.append((_change(zone, at, step, offset), later))
            offset = later
        at = step
    return tuple(found)


def _change(zone: ZoneInfo, low: int, high: int, before: int) -> int:
    """Return the first second in (low, high] at which the offset is no longer `before`."""
    low, high = low // SECOND_NS, high // SECOND_NS
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * SECOND_NS) == before:
            low = middle
        else:
            high = middle
    return high * SECOND_NS
