"""Clocks: zones of the IANA database, fixed zones, and zones that a broker shifts.

The servers of MetaTrader often show ``America/New_York+7h``, where midnight is 17:00 in New York.
Such a clock changes with New York's summer time, and so it differs from Europe/Athens in the weeks
between the changes of the two.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, HOUR_NS, MINUTE_NS
from pipeline.errors import ConfigError
from pipeline.market.time.offsets import offsets_between
from pipeline.market.time.zone_names import zone_names, zones_like

Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_FIXED: Final = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "EST": -5,
    "MST": -7,
    "HST": -10,
    "EDT": -4,
    "MDT": -6,
    "PDT": -7,
    "PST": -8,
    "CEST": 2,
    "EEST": 3,
    "WEST": 1,
}
"""Hours ahead of UTC of names that mean the same all year. The IANA database has some of them as
links to cities with another past. CST, IST and BST are missing: each is the name of several."""
_SEVERAL: Final = {
    "CST": "America/Chicago or Asia/Shanghai",
    "IST": "Asia/Kolkata or Europe/Dublin",
    "BST": "Europe/London or Asia/Dhaka",
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "PT": "America/Los_Angeles",
}
"""Names that mean several zones, or one with and without its summer time, and what may be meant."""
_OFFSET: Final = re.compile(r"(?:UTC|GMT)? ?([+\-\u2212])(\d{1,2})(?::?(\d\d))?")
_SHIFTED: Final = re.compile(r"([A-Za-z][\w/+-]*?)([+-])(\d{1,2})h")
_FARTHEST: Final = 16 * HOUR_NS
"""Clocks have been ahead of UTC or behind it by less than this."""
_ENDLESS: Final = 2**62
_FIRST_YEAR, _LAST_YEAR = 1678, 2261
"""The whole years that ns in 64 bits can tell; the changes of a clock are those of these years."""


class Instants(NamedTuple):
    """The instants at which a clock shows some times."""

    utc: Int64Array
    """int64[n], ns UTC; of a time that exists twice the later one."""
    twice: BoolArray
    """bool[n], whether the clock shows the time twice, since it was put back."""
    never: BoolArray
    """bool[n], whether the clock never shows the time, since it was put forward."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock on a wall. Equal clocks have equal names."""

    name: str
    """``America/New_York``, ``America/New_York+7h``, ``UTC``, ``UTC-05:00``, ``EST``."""
    zone: ZoneInfo | None
    """The zone by whose rules the clock is put forward and back; None if it never is."""
    ahead: int
    """How far the clock is ahead of that zone, or of UTC without one, ns."""

    @classmethod
    def parse(cls, text: str) -> Clock:
        """Return the clock that a user or a file means, such as ``--tz America/New_York+7h``.

        That is a name of the IANA database, a name or an offset that is fixed all year (EST, UTC+8,
        -05:30), or a name with a shift in whole hours. ``GMT+2`` is 2 hours ahead of UTC, but
        ``Etc/GMT+2``, a name of the database, is 2 hours behind. ConfigError for any other text.
        """
        clock = cls.find(text)
        if clock is not None:
            return clock
        if text.upper() in _SEVERAL:
            raise ConfigError(
                f"{text} is the name of several time zones; give a city's, such as "
                f"{_SEVERAL[text.upper()]}"
            )
        near = zones_like(text)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ConfigError(
            "time zone must be a name such as America/New_York, with a shift such as "
            f"America/New_York+7h, or fixed such as EST or UTC+2, was {text!r}{meant}"
        )

    @classmethod
    def find(cls, text: str) -> Clock | None:
        """Return the clock that a text means, as `parse` does; None if it means none."""
        if text in _FIXED:
            return cls("UTC" if _FIXED[text] == 0 else text, None, _FIXED[text] * HOUR_NS)
        if (offset := _OFFSET.fullmatch(text)) is not None:
            sign = 1 if offset[1] == "+" else -1
            ahead = sign * (int(offset[2]) * HOUR_NS + int(offset[3] or 0) * MINUTE_NS)
            fine = abs(ahead) < _FARTHEST and int(offset[3] or 0) < 60
            return cls.fixed(ahead) if fine else None
        if (zone := _zone(text)) is not None:
            return cls(text, zone, 0) if text not in _UTC_NAMES else cls("UTC", None, 0)
        if (shifted := _SHIFTED.fullmatch(text)) is not None:
            zone, hours = _zone(shifted[1]), int(shifted[3])
            if zone is not None and 0 < hours < 24:
                return cls(text, zone, (1 if shifted[2] == "+" else -1) * hours * HOUR_NS)
        return None

    @classmethod
    def fixed(cls, ahead: int) -> Clock:
        """Return the clock that is always so many ns (whole minutes) ahead of UTC."""
        if ahead == 0:
            return cls("UTC", None, 0)
        minutes = abs(ahead) // MINUTE_NS
        sign = "+" if ahead > 0 else "-"
        return cls(f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}", None, ahead)

    @classmethod
    def of(cls, zone: ZoneInfo) -> Clock:
        """Return the clock of a zone."""
        return cls.find(str(zone)) or cls(str(zone), zone, 0)

    def to_wall(self, utc: Int64Array) -> Int64Array:
        """Return what the clock shows at instants: int64[n], ns since 1970 on this clock."""
        if self.zone is None:
            return utc + self.ahead if self.ahead else utc
        starts, offsets = self._periods(utc)
        return utc + (offsets[_place(starts, utc)] + self.ahead)

    def to_utc(self, wall: Int64Array) -> Instants:
        """Return the instants at which the clock shows times, int64[n], ns since 1970 on it."""
        if self.zone is None or len(wall) == 0:
            none = np.zeros(len(wall), dtype=np.bool_)
            return Instants(wall - self.ahead if self.ahead else wall, none, none)
        local = wall - self.ahead if self.ahead else wall
        starts, offsets = self._periods(local)
        begins = starts + offsets
        ends = np.append(starts[1:], _ENDLESS) + offsets
        begin, end = _place(begins, np.array([local.min(), local.max()]))
        if begin == end and local.max() < ends[begin]:
            none = np.zeros(len(wall), dtype=np.bool_)
            twice = local < ends[begin - 1] if begin > 0 else none
            return Instants(local - offsets[begin], twice, none)
        period = _place(begins, local)
        twice = (period > 0) & (local < ends[period - 1])
        return Instants(local - offsets[period], twice, local >= ends[period])

    def explain(self, wall: int) -> str:
        """Say in words why a time on this clock, ns since 1970 on it, is no single instant."""
        twice = self.to_utc(np.array([wall], dtype=np.int64)).twice[0]
        time = str(np.datetime64(wall, "ns")).split(".")[0]
        return (
            f"local time {time} occurs {'twice' if twice else 'never'} in {self.name} (clock "
            "change); the times need a UTC offset or another time zone"
        )

    def _periods(self, ns: Int64Array) -> tuple[Int64Array, Int64Array]:
        assert self.zone is not None
        if len(ns) == 0:
            return _periods(self.zone, 1970, 1970)
        first, last = _year(int(ns.min()) - 2 * DAY_NS), _year(int(ns.max()) + DAY_NS)
        return _periods(self.zone, max(first, _FIRST_YEAR), min(last, _LAST_YEAR))

    def __str__(self) -> str:
        return self.name


_UTC_NAMES: Final = {"Etc/UTC", "Etc/GMT", "Etc/UCT", "Etc/Zulu", "UCT", "Zulu", "Universal"}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name in zone_names() else None
    except (KeyError, ValueError, TypeError, OSError):
        return None


def _place(starts: Int64Array, ns: Int64Array) -> npt.NDArray[np.intp]:
    """Return the place of the period of each time, by the periods' starts; the first before all."""
    return np.maximum(np.searchsorted(starts, ns, side="right") - 1, 0)


def _year(ns: int) -> int:
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=ns // 1000)).year


@functools.lru_cache(maxsize=256)
def _periods(zone: ZoneInfo, first: int, last: int) -> tuple[Int64Array, Int64Array]:
    """Return when a zone's offsets begin and what they are, ns, from UTC year to UTC year."""
    changes = [change for year in range(first, last + 1) for change in _of_year(zone, year)]
    starts, offsets = np.array(changes, dtype=np.int64).T.copy()
    starts.flags.writeable = offsets.flags.writeable = False
    return starts, offsets


@functools.lru_cache(maxsize=4096)
def _of_year(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    days = [
        dt.date(one, 1, 1).toordinal() - dt.date(1970, 1, 1).toordinal() for one in (year, year + 1)
    ]
    return offsets_between(zone, days[0], days[1] - 1)
