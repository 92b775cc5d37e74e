"""What differs between two results of stress by more than the noise of both.

A rate differs if the ranges of all samples of both do not overlap, and if the medians differ by
more than 3 %. A figure that was measured once (knee, p99 at a rate, memory) has no range of its
own. It differs if it does so by more than such figures were seen to differ by themselves.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from pipeline.checks.stress.result import VERSION, Point, Spread, StressResult
from pipeline.errors import ConfigError

#: What stress writes into its folder.
NAME: Final = "stress.json"
#: The least change of a rate that is told.
_LEAST: Final = 0.03
#: By how much figures of single runs differ by themselves: knee, p99, peak memory.
_KNEE: Final = 0.25
_P99: Final = 1.0
_MEMORY: Final = 0.3
#: Rates that are offered are alike if they differ by less.
_ALIKE: Final = 0.1


class Change(NamedTuple):
    """A figure of both results."""

    what: str
    before: float
    after: float
    unit: str
    #: Whether it differs by more than the noise of both.
    beyond_noise: bool

    @property
    def share(self) -> float:
        """The change as a share of the figure before."""
        return self.after / self.before - 1.0 if self.before else 0.0


class Comparison(NamedTuple):
    """What was compared, and what could not be."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def read_result(path: Path) -> StressResult:
    """Read a result from stress.json or the folder with it.

    ConfigError, in one line, if it is none, is damaged, or is of another version.
    """
    file = path / NAME if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
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
    changes = (*_rates(old, new), *_knees(old, new), *_latencies(old, new))
    return Comparison(changes, tuple(_notes(old, new, changes)))


def _rates(old: StressResult, new: StressResult) -> Iterator[Change]:
    """Give the rate and memory of each point that both have."""
    if old.closed is None or new.closed is None:
        return
    before = {_key(point): point for point in old.closed.points}
    for point in new.closed.points:
        other = before.get(_key(point))
        if other is None:
            continue
        name = f"{point.setting}, {point.load.symbols} symbols, {point.load.lanes} lanes"
        yield Change(
            name,
            other.bars_per_second.median,
            point.bars_per_second.median,
            "bars/s",
            _apart(other.bars_per_second, point.bars_per_second),
        )
        yield _single(f"{name}: memory", other.peak_bytes, point.peak_bytes, "bytes", _MEMORY)


def _knees(old: StressResult, new: StressResult) -> Iterator[Change]:
    before, after = old.knee, new.knee
    if before and after and before.rate and after.rate and before.target == after.target:
        yield _single("knee", before.rate, after.rate, "bars/s", _KNEE)


def _latencies(old: StressResult, new: StressResult) -> Iterator[Change]:
    if old.open is None or new.open is None:
        return
    for point in new.open.points:
        for other in old.open.points:
            close = abs(point.offered / other.offered - 1.0) < _ALIKE
            if close and (point.burst == 1) == (other.burst == 1):
                bursts = "" if point.burst == 1 else " in bursts"
                name = f"p99 at {point.offered:,.0f} bars/s{bursts}"
                yield _single(name, other.latency.p99, point.latency.p99, "seconds", _P99)
                break


def _key(point: Point) -> tuple[object, ...]:
    load = point.load
    return (point.setting, load.symbols, load.lanes, load.streams)


def _apart(before: Spread, after: Spread) -> bool:
    overlap = before.low <= after.high and after.low <= before.high
    return not overlap and abs(after.median / before.median - 1.0) > _LEAST


def _single(what: str, before: float, after: float, unit: str, noise: float) -> Change:
    differs = max(before, after) > (1.0 + noise) * min(before, after)
    return Change(what, before, after, unit, differs)


def _notes(old: StressResult, new: StressResult, changes: tuple[Change, ...]) -> Iterator[str]:
    if old.machine.model != new.machine.model or old.machine.usable != new.machine.usable:
        yield f"The old result is of another machine: {old.machine.model}."
    if (old.workload.name, old.workload.strategy) != (new.workload.name, new.workload.strategy):
        yield f"The old result is of another workload: {old.workload.name}."
    if old.machine.ringtape != new.machine.ringtape:
        yield f"The old result is of Ringtape {old.machine.ringtape}."
    if not changes:
        yield "Both results have no point in common, so nothing can be compared."
