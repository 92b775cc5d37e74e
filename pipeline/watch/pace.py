"""Rates, shares and the time left of a run or sweep, from looks at it one after the other."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from pipeline.watch.views import STAGES

#: Rates are those of the last seconds, the time left is judged by those of the last minute.
_RATE_SECONDS: Final = 5.0
_ETA_SECONDS: Final = 60.0
#: The last minute is cut into so many parts, whose rates say how sure the time left is.
_PARTS: Final = 6
_ACCOUNT: Final = ("busy_ns", "starved_ns", "blocked_ns")


@dataclass(frozen=True, slots=True)
class Left:
    """About how many seconds are left, and between which bounds."""

    seconds: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class StageShare:
    """What the processes of a stage did of late, as shares of their time; 0.0 if nothing yet."""

    stage: str
    processes: int
    busy: float
    starved: float
    blocked: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a run by two looks or more."""

    #: None for a first look.
    bars_per_second: float | None
    #: None for a first look, and for a run that is not a sweep.
    evaluations_per_second: float | None
    stages: tuple[StageShare, ...]
    #: Busy shares of late by process.
    busy: Mapping[str, float]
    #: None if it is not known.
    left: Left | None


class Pace:
    """Keeps looks at one run or sweep (`views.View.look`), and computes figures of them."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, Mapping[str, Any]]] = deque()

    def add(self, at: float, look: Mapping[str, Any]) -> Figures:
        """Take a look, made ``at`` seconds of a clock that only goes forward."""
        self._looks.append((at, look))
        while len(self._looks) > 2 and self._looks[1][0] <= at - _ETA_SECONDS:
            self._looks.popleft()
        earlier_at, earlier = self._looks[0]
        for when, one in self._looks:
            if when < at - _RATE_SECONDS:
                earlier_at, earlier = when, one
        passed = at - earlier_at
        stages, busy = _shares(earlier, look, passed)
        return Figures(
            bars_per_second=_rate(_bars(earlier), _bars(look), passed) if passed > 0 else None,
            evaluations_per_second=_evaluations_rate(earlier, look, passed),
            stages=stages,
            busy=busy,
            left=self._left(),
        )

    def _left(self) -> Left | None:
        """Judge the time left by the rates of the parts of the last minute."""
        known = [(at, look["done"]) for at, look in self._looks if look.get("done") is not None]
        if len(known) < 2 or known[-1][1] >= 1.0:
            return None
        step = max(1, (len(known) - 1) // _PARTS)
        chosen = [*known[::-1][::step][::-1]]
        rates = [
            (done - before) / (at - since)
            for (since, before), (at, done) in pairwise(chosen)
            if at > since
        ]
        if not rates or statistics.median(rates) <= 0:
            return None
        rest = 1.0 - known[-1][1]
        slowest = min(rates)
        return Left(
            rest / statistics.median(rates),
            rest / max(rates),
            rest / slowest if slowest > 0 else math.inf,
        )


def _bars(look: Mapping[str, Any]) -> int:
    """Return the base bars that engines have walked, by the mean of the engines."""
    engines = [row["bars"] for name, row in look.get("rows", {}).items() if _is(name, "engine")]
    whole = look.get("counters", {}).get("engine", {}).get("bars", 0)
    return whole // max(1, len(engines))


def _evaluations_rate(
    earlier: Mapping[str, Any], look: Mapping[str, Any], passed: float
) -> float | None:
    if "evaluations" not in look.get("sweep", {}) or passed <= 0:
        return None
    before, now = (one.get("sweep", {}).get("evaluations", 0) for one in (earlier, look))
    return _rate(before, now, passed)


def _rate(before: int, now: int, passed: float) -> float:
    return max(0, now - before) / passed


def _shares(
    earlier: Mapping[str, Any], look: Mapping[str, Any], passed: float
) -> tuple[tuple[StageShare, ...], dict[str, float]]:
    """Return the shares of stages, and the busy share of each process, between two looks.

    At a first look, which has none before it, they are those of all the time so far.
    """
    rows = look.get("rows", {})
    spent = {name: _spent(name, earlier, look, passed) for name in rows}
    busy = {name: found[0] / sum(found) for name, found in spent.items() if sum(found) > 0}
    stages = []
    for role, stage in STAGES.items():
        names = [name for name in rows if _is(name, role)]
        sums = [sum(parts) for parts in zip(*(spent[name] for name in names), strict=True)]
        if not _same_pass(earlier, look) or not names:
            since = {} if earlier is look else earlier
            before, now = (one.get("counters", {}).get(role, {}) for one in (since, look))
            sums = [max(0, now.get(part, 0) - before.get(part, 0)) for part in _ACCOUNT]
        whole = max(1, sum(sums))
        stages.append(StageShare(stage, len(names), *(one / whole for one in sums)))
    return tuple(stages), busy


def _spent(
    name: str, earlier: Mapping[str, Any], look: Mapping[str, Any], passed: float
) -> list[float]:
    """Return the ns for which a process was busy, starved and blocked between two looks.

    What it does now is not in its account yet. It follows from the slots that there are for it. In
    a pass that began after the earlier look it is what its account has.
    """
    rows = look["rows"]
    before = earlier["rows"].get(name, {}) if _same_pass(earlier, look) else {}
    spent = [float(rows[name].get(part, 0) - before.get(part, 0)) for part in _ACCOUNT]
    if _same_pass(earlier, look) and passed > 0:
        spent[_under_way(name, look)] += max(0.0, passed * 1e9 - sum(spent))
    return spent


def _same_pass(earlier: Mapping[str, Any], look: Mapping[str, Any]) -> bool:
    """Return whether both looks are at the same run, or at the same pass of a sweep."""
    passes = [one.get("sweep", {}).get("pass_run_id") for one in (earlier, look)]
    return earlier is not look and passes[0] == passes[1]


def _under_way(name: str, look: Mapping[str, Any]) -> int:
    """Return which part of its account a process spends time for now, by its place there."""
    busy, starved, blocked = range(3)
    rows, slots = look["rows"], look["slots"]
    if _is(name, "coordinator"):
        return blocked if slots["in_use"] >= slots["all"] > 0 else busy
    before = "coordinator" if _is(name, "processor") else "processor"
    ready = min((row.get("slots", 0) for one, row in rows.items() if _is(one, before)), default=0)
    return busy if ready > rows[name].get("slots", 0) else starved


def _is(name: str, role: str) -> bool:
    return name.partition(" ")[0] == role
