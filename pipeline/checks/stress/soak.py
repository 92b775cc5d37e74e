"""A long run at a fixed rate, and what grows in it.

A market has an end, so a long soak replays it in laps, each with fresh processes. What the command
itself holds is looked at over all laps. What the processes of a run hold is looked at within the
longest lap, or from lap to lap if there are many: each lap then gives one value, its median.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import psutil

from pipeline.checks.stress.result import OpenPoint, Slope, Soak
from pipeline.checks.stress.rig import Onlooker
from pipeline.runner.crew import Crew
from shm.histogram import Distribution
from shm.space import bytes_of_run, unshared_bytes

#: Share of the knee that is offered.
SHARE: Final = 0.7
#: Seconds between two looks at a run.
_EVERY: Final = 1.0
#: Laps that are enough for a slope from lap to lap.
_LAPS: Final = 8
#: Measures: unit, then the growth that matters as a share of the usual value, in an hour and while
#: it was looked at. Memory is counted exactly. A latency follows all that the machine does.
MEASURES: Final = {
    "memory of the command": ("bytes", 0.05, 0.005),
    "memory of the processes": ("bytes", 0.05, 0.005),
    "shared memory": ("bytes", 0.01, 0.001),
    "open files": ("files", 0.05, 0.005),
    "latency p99": ("seconds", 0.25, 0.25),
}


class MakeSlope(Protocol):
    """Fits how a measure grows; `slopes.slope` is one."""

    def __call__(
        self,
        measure: str,
        unit: str,
        seconds: Sequence[float],
        values: Sequence[float],
        *,
        matters: float,
        seen: float,
    ) -> Slope:
        """Return the slope of values over time; what matters are shares of their median."""
        ...


@dataclass
class _Looks:
    """What was seen of a soak, look by look."""

    began: float
    lap: int = 0
    at: list[float] = field(default_factory=list)
    laps: list[int] = field(default_factory=list)
    series: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _before: Distribution | None = None
    _due: float = 0.0

    def begin_lap(self, lap: int) -> None:
        """Begin a lap, whose histograms begin at 0."""
        self.lap, self._before = lap, None

    def look(self, crew: Crew) -> None:
        """Look at a run, if it is time to."""
        now = time.monotonic()
        found = _latency(crew)
        if now < self._due or not found.count:
            return
        self._due = now + _EVERY
        window = found if self._before is None else found.since(self._before)
        self._before = found
        if not window.count:
            return
        self.at.append(now - self.began)
        self.laps.append(self.lap)
        own = psutil.Process().memory_info()
        pids = [member.pid for member in crew.members()]
        memory, files = unshared_bytes(pids), _open_files(pids)
        values = (own.rss, memory, bytes_of_run(crew.run_id), files, window.p99 / 1e9)
        for name, value in zip(MEASURES, values, strict=True):
            self.series[name].append(float(value))


def soak(
    offer: Callable[[float, Onlooker], OpenPoint],
    rate: float,
    minutes: float,
    make_slope: MakeSlope,
    tell: Callable[[float], None] = lambda share: None,
    keep: Callable[[Soak], None] = lambda soak: None,
) -> Soak:
    """Offer bars at ``rate`` for so many minutes; return what grew.

    ``offer(rate, onlooker)`` is one lap. ``tell`` is given how much of the time is over, 0 to 1. At
    a KeyboardInterrupt ``keep`` is given what was seen until then.
    """
    began = time.monotonic()
    looks = _Looks(began)

    def look(crew: Crew) -> None:
        looks.look(crew)
        tell(min(1.0, (time.monotonic() - began) / (60 * minutes)))

    def seen(laps: int) -> Soak:
        slopes = _slopes(looks, make_slope)
        return Soak(
            seconds=time.monotonic() - began,
            offered=rate,
            at=tuple(looks.at),
            series={name: tuple(values) for name, values in looks.series.items()},
            slopes=slopes,
            said=_said(slopes, laps, looks),
        )

    lap = 0
    try:
        while time.monotonic() - began < 60 * minutes or not lap:
            looks.begin_lap(lap)
            offer(rate, look)
            lap += 1
    except KeyboardInterrupt:
        if looks.at:
            keep(seen(lap + 1))
        raise
    return seen(lap)


def _slopes(looks: _Looks, make_slope: MakeSlope) -> tuple[Slope, ...]:
    found = []
    for name, (unit, matters, seen) in MEASURES.items():
        at, values = looks.at, looks.series[name]
        if name != "memory of the command" and looks.lap + 1 >= _LAPS:
            at, values = _by_lap(looks, name)
        elif name != "memory of the command" and looks.lap:
            longest = statistics.mode(looks.laps) if looks.laps else 0
            chosen = [n for n, lap in enumerate(looks.laps) if lap == longest]
            at, values = [at[n] for n in chosen], [values[n] for n in chosen]
        found.append(make_slope(name, unit, at, values, matters=matters, seen=seen))
    return tuple(found)


def _by_lap(looks: _Looks, name: str) -> tuple[list[float], list[float]]:
    """Return the median time and value of each lap."""
    at: dict[int, list[float]] = defaultdict(list)
    values: dict[int, list[float]] = defaultdict(list)
    for lap, moment, value in zip(looks.laps, looks.at, looks.series[name], strict=True):
        at[lap].append(moment)
        values[lap].append(value)
    return (
        [statistics.median(one) for one in at.values()],
        [statistics.median(one) for one in values.values()],
    )


def _said(slopes: Sequence[Slope], laps: int, looks: _Looks) -> str:
    grown = _named(one for one in slopes if one.grows)
    perhaps = _named(one for one in slopes if one.perhaps)
    looked = f"{len(looks.at)} looks in {laps} lap{'' if laps == 1 else 's'}"
    nothing = "Nothing grows for certain" if perhaps else "Nothing grows"
    told = f"{f'Grows: {grown}' if grown else nothing} ({looked})."
    if perhaps:
        told += (
            f" Perhaps: {perhaps}, too little so far to tell from processes that settle;"
            " a longer soak (--phase soak --minutes 60) would."
        )
    if any(one.low > 0 and one.answer == "no" for one in slopes):
        memory, latency = (MEASURES[name][1] for name in ("memory of the processes", "latency p99"))
        told += (
            f" Less than {memory:.0%} an hour, or {latency:.0%} of a latency, is not called growth."
        )
    return told


def _named(slopes: Iterable[Slope]) -> str:
    return ", ".join(f"{one.measure} ({_by(one)} an hour)" for one in slopes)


def _by(slope: Slope) -> str:
    if slope.unit == "bytes":
        return f"{slope.per_hour / 2**20:+,.1f} MiB"
    if slope.unit == "seconds":
        return f"{slope.per_hour * 1e3:+,.3g} ms"
    return f"{slope.per_hour:+,.3g} {slope.unit}"


def _latency(crew: Crew) -> Distribution:
    rows = crew.stats.snapshot()
    return Distribution.merge(rows[engine].full.timers["latency"] for engine in crew.engines)


def _open_files(pids: Iterable[int]) -> int:
    """Return how many files processes have open."""
    found = 0
    for pid in pids:
        with suppress(psutil.Error):
            found += psutil.Process(pid).num_fds()
    return found
