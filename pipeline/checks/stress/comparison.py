"""What differs between two results of stress by more than the noise of both.

A rate differs if all of this holds:

- the ranges of all samples of both do not overlap;
- the medians differ by more than three standard errors. How far repeats lie apart is taken from all
  points of both results together, because the few repeats of one point cannot say it;
- the medians differ by more than 3 %.

A figure that was measured once (knee, p99 at a rate, memory, a rate where nothing was repeated) has
no range of its own. It differs if it does so by more than such figures were seen to differ by
themselves. A slope differs if the intervals of both do not overlap, and one of both grows.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from pipeline.checks.stress.result import VERSION, Point, Slope, Soak, Spread, StressResult
from pipeline.errors import ConfigError

#: What stress writes into its folder.
NAME: Final = "stress.json"
#: The least change of a rate that is told.
_LEAST: Final = 0.03
#: A change of a rate is more than so many standard errors of a difference of medians.
_ERRORS: Final = 3.0
#: The standard error of a median over that of a mean, for many samples.
_MEDIAN: Final = 1.2533
#: By how much figures of single runs differ by themselves: rate, knee, p99, peak memory.
_RATE: Final = 0.25
_KNEE: Final = 0.25
_P99: Final = 1.0
_MEMORY: Final = 0.3
#: Rates that are offered are alike if they differ by less.
_ALIKE: Final = 0.1
#: Phases, as fields of a result and in words.
_PARTS: Final = {
    "closed": "closed loop",
    "open": "open loop",
    "knee": "knee",
    "soak": "soak",
}


class Change(NamedTuple):
    """A figure of both results."""

    what: str
    before: float
    after: float
    unit: str
    #: Whether it differs by more than the noise of both.
    beyond_noise: bool

    @property
    def share(self) -> float | None:
        """The change as a share of the figure before; None where that has no share, as a slope."""
        if self.before <= 0 or self.unit.endswith(" an hour"):
            return None
        return self.after / self.before - 1.0

    @property
    def shown(self) -> str:
        """Both figures and their unit, as people read them: bytes in MiB, seconds in ms."""
        kind, an_hour, _ = self.unit.partition(" an hour")
        factor, unit = {"bytes": (2**-20, "MiB"), "seconds": (1e3, "ms")}.get(kind, (1.0, kind))
        before, after = (_figure(factor * value) for value in (self.before, self.after))
        return f"{before} to {after} {unit}{an_hour}"


class Comparison(NamedTuple):
    """What was compared, and what could not be."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"changes": [one._asdict() for one in self.changes], "notes": list(self.notes)}


def read_result(path: Path) -> StressResult:
    """Read a result from stress.json or the folder with it.

    ConfigError, in one line, if it is none, is damaged, or is of another version.
    """
    file = path / NAME if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{file} is no result of ringtape stress: it is no JSON") from None
    version = document.get("version") if isinstance(document, dict) else None
    if version is None:
        raise ConfigError(f"{file} is no result of ringtape stress: it has no version")
    if version != VERSION:
        raise ConfigError(
            f"{file} is a result of version {version}, expected {VERSION}: stress this machine anew"
            " to compare with"
        )
    try:
        return StressResult.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{file} is damaged: {place}: {first['msg']}") from None


def compare(old: StressResult, new: StressResult) -> Comparison:
    """Return what both have measured, and what differs beyond their noise."""
    changes = (
        *_rates(old, new),
        *_knees(old, new),
        *_latencies(old, new),
        *_slopes(old.soak, new.soak),
    )
    return Comparison(changes, (*_others(old, new), *_missing(old, new, changes)))


def _rates(old: StressResult, new: StressResult) -> Iterator[Change]:
    """Give the rate and memory of each point that both have."""
    if old.closed is None or new.closed is None:
        return
    noise = _noise((*old.closed.points, *new.closed.points))
    before = {_key(point): point for point in old.closed.points}
    for point in new.closed.points:
        other = before.get(_key(point))
        if other is None:
            continue
        load = point.load
        streams = "+".join(load.streams)
        name = f"{point.setting}, {load.symbols} symbols, {load.lanes} lanes, {streams}"
        yield Change(
            name,
            other.bars_per_second.median,
            point.bars_per_second.median,
            "bars/s",
            _apart(other.bars_per_second, point.bars_per_second, noise),
        )
        yield _single(f"{name}: memory", other.peak_bytes, point.peak_bytes, "bytes", _MEMORY)


def _knees(old: StressResult, new: StressResult) -> Iterator[Change]:
    before, after = old.knee, new.knee
    if before and after and before.rate and after.rate and before.target == after.target:
        yield _single("knee", before.rate, after.rate, "bars/s", _KNEE)


def _latencies(old: StressResult, new: StressResult) -> Iterator[Change]:
    """Give the p99 of each offered rate that both have, the nearest one of the old result."""
    if old.open is None or new.open is None:
        return
    for point in new.open.points:
        close = [
            other
            for other in old.open.points
            if _alike(other.offered, point.offered) and (point.burst == 1) == (other.burst == 1)
        ]
        if close:
            other = min(close, key=lambda one: abs(one.offered - point.offered))
            bursts = "" if point.burst == 1 else " in bursts"
            name = f"p99 at {point.offered:,.0f} bars/s{bursts}"
            yield _single(name, other.latency.p99, point.latency.p99, "seconds", _P99)


def _slopes(old: Soak | None, new: Soak | None) -> Iterator[Change]:
    """Give each slope that both have, if bars came at about the same rate."""
    if old is None or new is None or not _alike(old.offered, new.offered):
        return
    before = {slope.measure: slope for slope in old.slopes if _looked_at(slope, old)}
    for slope in new.slopes:
        other = before.get(slope.measure)
        if other is None or not _looked_at(slope, new) or other.unit != slope.unit:
            continue
        apart = other.high < slope.low or slope.high < other.low
        yield Change(
            f"growth of {slope.measure}",
            other.per_hour,
            slope.per_hour,
            f"{slope.unit} an hour",
            apart and (slope.grows or other.grows),
        )


def _looked_at(slope: Slope, soak: Soak) -> bool:
    """Return whether a slope was found; one of too few looks is 0 with an interval of 0."""
    return slope.low != slope.high or len(set(soak.series.get(slope.measure, ()))) == 1


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _key(point: Point) -> tuple[object, ...]:
    load = point.load
    return (point.setting, load.symbols, load.lanes, load.streams)


def _alike(one: float, other: float) -> bool:
    return abs(one - other) < _ALIKE * other


def _noise(points: tuple[Point, ...]) -> float | None:
    """Return the standard deviation of a repeat as a share of its point; None without repeats."""
    squares, free = 0.0, 0
    for point in points:
        samples = [one for one in point.bars_per_second.samples if one > 0]
        if len(samples) > 1:
            logs = [math.log(one) for one in samples]
            mean = sum(logs) / len(logs)
            squares += sum((one - mean) ** 2 for one in logs)
            free += len(logs) - 1
    return math.sqrt(squares / free) if free else None


def _apart(before: Spread, after: Spread, noise: float | None) -> bool:
    """Return whether two rates differ; ``noise`` is that of a repeat, as a share."""
    low, high = sorted((before.median, after.median))
    if before.low <= after.high and after.low <= before.high:
        return False
    if noise is None or low <= 0:
        return high > (1.0 + _RATE) * low
    counts = (max(1, len(before.samples)), max(1, len(after.samples)))
    # The median of one or two samples is their mean.
    error = noise * math.sqrt(sum((1.0 if n < 3 else _MEDIAN) ** 2 / n for n in counts))
    return math.log(high / low) > max(_ERRORS * error, math.log(1.0 + _LEAST))


def _single(what: str, before: float, after: float, unit: str, noise: float) -> Change:
    differs = max(before, after) > (1.0 + noise) * min(before, after)
    return Change(what, before, after, unit, differs)


def _others(old: StressResult, new: StressResult) -> Iterator[str]:
    """Say what else than the speed may have made a difference."""
    before, after = old.machine, new.machine
    if before.model != after.model or before.usable != after.usable:
        yield (
            f"The old result is of another machine: {before.usable} processors of {before.model},"
            f" now {after.usable} of {after.model}."
        )
    for what, one, other in (
        ("market", old.workload.name, new.workload.name),
        ("strategy", old.workload.strategy, new.workload.strategy),
        ("mode", old.workload.mode, new.workload.mode),
    ):
        if one != other:
            yield f"The old result is of another workload: its {what} is {one}, now {other}."
    for what, one, other in (
        ("Ringtape", before.ringtape, after.ringtape),
        ("Python", before.python, after.python),
    ):
        if one != other:
            yield f"The old result is of {what} {one}, the new one of {other}."


def _missing(old: StressResult, new: StressResult, changes: tuple[Change, ...]) -> Iterator[str]:
    """Say what cannot be compared."""
    if not changes:
        yield "Both results have no point in common, so nothing can be compared."
        return
    for which, one, other in (("old", old, new), ("new", new, old)):
        alone = [
            words
            for name, words in _PARTS.items()
            if getattr(one, name) is not None and getattr(other, name) is None
        ]
        if alone:
            yield f"Only the {which} result has this, which is not compared: {', '.join(alone)}."
    if old.closed and new.closed:
        settings = [result.closed.recommendation.setting for result in (old, new) if result.closed]
        if settings[0] != settings[1]:
            yield f"The recommended setting was {settings[0]}, now {settings[1]}."
    if old.knee and new.knee:
        targets = [1e3 * result.knee.target for result in (old, new) if result.knee]
        if targets[0] != targets[1]:
            yield (
                f"The knees cannot be compared: the old one is for a p99 of {targets[0]:g} ms, the"
                f" new one of {targets[1]:g} ms."
            )
        elif not (old.knee.rate and new.knee.rate):
            yield "The knees cannot be compared: one of both results found none."
    if old.open and new.open and not any(_latencies(old, new)):
        yield "The latencies cannot be compared: no rate was offered in both results."
    if old.soak and new.soak:
        if not _alike(old.soak.offered, new.soak.offered):
            yield (
                f"The soaks cannot be compared: {old.soak.offered:,.0f} bars/s were offered in the"
                f" old one, {new.soak.offered:,.0f} in the new one."
            )
        elif not any(_slopes(old.soak, new.soak)):
            yield "The soaks cannot be compared: one of both was too short for slopes."
