"""Axes of drawings: from where to where, which ticks, and where a moment lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.results.report.figures import number
from pipeline.results.report.html.content import Sessions

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]

_MOST_TICKS = 6
_HOUR_NS = 3_600_000_000_000


def short(value: float) -> str:
    """Return an amount as an axis has it: "250k", "1.5M"."""
    for least, unit, letter in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{number(value / unit, '.5g')}{letter}"
    return number(value, ",.6g")


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values with its ticks."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    """Where a tick is, and its text."""

    def share(self, values: Floats) -> Floats:
        """Return how far values are on the way from the lower to the upper end, 0 to 1."""
        return np.asarray((values - self.low) / (self.high - self.low))


def axis_of(values: Floats, shown: Callable[[float], str], *, zero: bool = False) -> Axis:
    """Return an axis on which all finite values lie; with ``zero`` also zero."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        room = abs(low) * 0.01 or 1.0
        low, high = low - room * (not zero or low < 0), high + room * (not zero or high >= 0)
    step = _step((high - low) / (_MOST_TICKS - 2))
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    count = round((high - low) / step)
    places = [low + step * at for at in range(count + 1)]
    return Axis(low, high, [(place, shown(place)) for place in places])


def _step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, ... times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * one for one in (1.0, 2.0, 2.5, 5.0, 10.0) if power * one >= least * 0.999)


class Timeline:
    """The time of a run without the time between its sessions."""

    def __init__(self, sessions: Sessions, local: Callable[[Instants], Instants]) -> None:
        self._sessions = sessions
        lengths = sessions.close - sessions.open
        ends = np.cumsum(lengths)
        self._length = float(ends[-1])
        self._edges = np.stack((sessions.open, sessions.close), axis=1).reshape(-1)
        self._places = np.stack((ends - lengths, ends), axis=1).reshape(-1).astype(np.float64)
        self._local = local

    def share(self, ts: Instants) -> Floats:
        """Return how far moments are on the way through the run, 0 to 1."""
        return np.asarray(np.interp(ts, self._edges, self._places) / self._length)

    def ticks(self) -> list[tuple[float, str]]:
        """Return places from 0 to 1 with their texts: years, months, days or hours."""
        count = len(self._sessions.date)
        if count <= 2:
            return self._hours()
        dates = self._sessions.date.view("M8[ns]")
        begins, form = np.arange(count), 10
        for unit, length in (("M", 7), ("Y", 4)):
            first = np.flatnonzero(np.diff(dates.astype(f"M8[{unit}]").view(np.int64)) != 0) + 1
            if len(first) >= 3:
                begins, form = first, length
        begins = begins[:: max(1, -(-len(begins) // _MOST_TICKS))]
        places = self.share(self._sessions.open[begins])
        return [
            (float(place), str(dates[at].astype("M8[D]"))[:form])
            for place, at in zip(places, begins, strict=True)
        ]

    def _hours(self) -> list[tuple[float, str]]:
        first, last = int(self._sessions.open[0]), int(self._sessions.close[-1])
        hours = np.arange(-(-first // _HOUR_NS), last // _HOUR_NS + 1) * _HOUR_NS
        inside = np.zeros(len(hours), np.bool_)
        for begin, end in zip(self._sessions.open, self._sessions.close, strict=True):
            inside |= (hours >= begin) & (hours <= end)
        hours = hours[inside]
        hours = hours[:: max(1, -(-len(hours) // _MOST_TICKS))]
        texts = self._local(hours).view("M8[ns]").astype("M8[m]")
        return [
            (float(place), str(one)[11:])
            for place, one in zip(self.share(hours), texts, strict=True)
        ]
