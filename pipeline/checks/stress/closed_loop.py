"""As fast as it goes: how it scales, which setting is best, and what a load costs.

::

    scaling    engines 1, 2, 3, ... with lanes for all of them        the law of scaling
    search     one part of the setting after the other: all its       the candidates
               values in rounds, the slow ones dropped
    final      the best candidates, in more rounds                    the recommended setting
    loads      more symbols, lanes and longer bars with that setting  what they cost

The search spends its runs where settings are close to each other: a value that is a tenth slower
than the best one after two rounds gets no more of them.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.checks.stress.result import ClosedLoop, Recommendation, Scaling, Setting, Spread
from pipeline.checks.stress.rig import Case
from pipeline.checks.stress.rounds import Rounds
from pipeline.errors import RingtapeError

#: A value this much slower than the best one after two rounds is dropped.
_SLOWER: Final = 0.9
#: Candidates of the final, and its most rounds. Five rounds are the fewest that tell a difference
#: from noise: if both were equally fast, one would win all of five in 1 of 16 cases.
_FINALISTS: Final = 3
_FINAL_ROUNDS: Final = 9
_TELLING_ROUNDS: Final = 5
_ROUNDS: Final = 2
#: With less time each case is run once before it is judged.
_SHORT_SECONDS: Final = 80.0
#: Settings that are less than this apart are alike: the one with fewer processes is taken.
_ALIKE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """What the closed loop may try."""

    #: The case of the user's load with the setting that the search begins with.
    begin: Case
    #: Numbers of engines of the scaling curve, with lanes for all of them.
    workers: tuple[int, ...]
    #: Lanes of the scaling curve.
    scaling_lanes: int
    #: Values of each part of a setting.
    engines: tuple[int, ...]
    processors: tuple[int, ...]
    slot_rows: tuple[int | None, ...]
    slots: tuple[int, ...]
    #: Loads beside the user's: (symbols, lanes, streams).
    loads: tuple[tuple[int, int, tuple[str, ...]], ...]
    #: How often each case is run before it is judged.
    rounds: int


def plan_of(begin: Case, usable: int, intervals: Sequence[str], seconds: float) -> Plan:
    """Return what to try on a machine with ``usable`` processors, in about so many seconds.

    ``intervals`` are those of the user's configuration, the base first.
    """
    most = max(8, usable + usable // 2)
    workers = tuple(
        count for count in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64) if count <= min(most, 64)
    )
    lanes = max(begin.lanes, 2 * workers[-1])
    return Plan(
        begin,
        workers,
        lanes,
        tuple(n for n in _counts(usable) if n <= begin.lanes),
        tuple(n for n in _counts(usable) if n <= begin.symbols),
        (None, 1_024, 8_192, 65_536),
        (2, 4, 8, 16),
        _loads(begin, intervals),
        _ROUNDS if seconds >= _SHORT_SECONDS else 1,
    )


def _counts(usable: int) -> Iterator[int]:
    """Give numbers of processes to try: all of a few processors, else some up to one more."""
    if usable <= 4:
        yield from range(1, usable + 2)
        return
    yield from sorted({1, 2, usable // 4, usable // 2, usable - 2, usable - 1, usable, usable + 1})


def _loads(begin: Case, intervals: Sequence[str]) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    symbols, lanes, streams = begin.symbols, begin.lanes, begin.streams
    found = [(symbols, count, streams) for count in (1, 8, 64, 256)]
    found += [(count, lanes, streams) for count in (1, symbols // 2) if 0 < count < symbols]
    found += [(symbols, lanes, tuple(intervals[:count])) for count in range(1, len(intervals) + 1)]
    own = (symbols, lanes, streams)
    return tuple(load for load in dict.fromkeys(found) if load != own)


def closed_loop(
    plan: Plan,
    rounds: Rounds,
    fit: Callable[[Sequence[int], Sequence[float]], Scaling],
    bars_for: Callable[[Case], Case],
    until: float,
) -> ClosedLoop:
    """Measure a plan; ``until``: when it should be over, on the monotonic clock in seconds.

    ``fit`` makes a law of workers and rates. ``bars_for`` gives a case of another load the bars
    that it needs. Other loads are left out if there is no time for them.
    """
    crowd = replace(plan.begin, lanes=plan.scaling_lanes)
    if crowd != plan.begin:
        crowd = bars_for(replace(crowd, setting=_with(crowd, engines=1)))
    workers = rounds.try_out(
        [replace(crowd, setting=_with(crowd, engines=count)) for count in plan.workers],
        plan.rounds,
    )
    pairs = [(case.setting.engines, rate) for case in workers for rate in rounds.rates(case)]
    scaling = fit([count for count, _ in pairs], [rate for _, rate in pairs])
    candidates = _search(plan, rounds)
    recommendation = _final(rounds, candidates, until)
    _run_loads(plan, rounds, replace(plan.begin, setting=recommendation.setting), bars_for, until)
    return ClosedLoop(
        points=rounds.points(),
        scaling=scaling,
        recommendation=recommendation,
        left_out=rounds.left_out(),
    )


def _run_loads(
    plan: Plan, rounds: Rounds, best: Case, bars_for: Callable[[Case], Case], until: float
) -> None:
    """Run the other loads for which there is time, with the recommended setting."""
    loads = []
    for symbols, lanes, streams in plan.loads:
        setting = _fitting(best.setting, symbols, lanes)
        case = replace(best, symbols=symbols, lanes=lanes, streams=streams, setting=setting)
        if time.monotonic() < until:
            try:
                loads.append(bars_for(case))
            except RingtapeError as error:
                rounds.leave_out(case, error)
    rounds.try_out(loads, plan.rounds)


def _with(case: Case, **parts: int | None) -> Setting:
    return case.setting.model_copy(update=parts)


def _fitting(setting: Setting, symbols: int, lanes: int) -> Setting:
    """Return a setting without processes that would have no symbol or no lane."""
    return setting.model_copy(
        update={
            "processors": min(setting.processors, symbols),
            "engines": min(setting.engines, lanes),
        }
    )


def _search(plan: Plan, rounds: Rounds) -> list[Case]:
    """Improve one part of the setting after the other; return all cases that were tried.

    The parts depend on each other, so those that were chosen first are looked at once more.
    """
    tried: list[Case] = [plan.begin]
    rounds.run(tried, plan.rounds)
    best = plan.begin
    parts = ("engines", "processors", "slot_rows", "slots")
    for part in (*parts, "engines", "processors"):
        cases = [
            replace(best, setting=_with(best, **{part: value})) for value in getattr(plan, part)
        ]
        tried += rounds.try_out([case for case in cases if case not in tried], plan.rounds)
        best = _raced(rounds, [best, *(case for case in cases if case in tried)], plan.rounds)
    return tried


def _raced(rounds: Rounds, cases: Sequence[Case], more: int) -> Case:
    """Run the cases once more that are close to the best one; return the best of them."""
    first = rounds.best(cases)
    close = [case for case in first if rounds.median(case) >= _SLOWER * rounds.median(first[0])]
    if len(close) > 1:
        rounds.run(close, more)
    return rounds.best(close)[0]


def _final(rounds: Rounds, candidates: Sequence[Case], until: float) -> Recommendation:
    """Run the best cases in more rounds; recommend one, with the next one beside it."""
    finalists = rounds.best(candidates)[:_FINALISTS]
    if len(finalists) == 1:
        only = finalists[0]
        rounds.run([only], _TELLING_ROUNDS)
        rate = Spread.of(rounds.rates(only)[-_TELLING_ROUNDS:])
        return Recommendation(
            setting=only.setting,
            rate=rate,
            runner_up=None,
            runner_up_rate=None,
            ratio=None,
            beyond_noise=None,
        )
    rounds.run(finalists, _TELLING_ROUNDS)
    done = _TELLING_ROUNDS
    while done < _FINAL_ROUNDS and time.monotonic() <= until:
        rounds.run(finalists, 1)
        done += 1
    last = {case: rounds.rates(case)[-done:] for case in finalists}
    first, second, *_ = _ranked(last)
    ratios = [one / other for one, other in zip(last[first], last[second], strict=True)]
    return Recommendation(
        setting=first.setting,
        rate=Spread.of(last[first]),
        runner_up=second.setting,
        runner_up_rate=Spread.of(last[second]),
        ratio=statistics.median(ratios),
        beyond_noise=min(ratios) > 1.0 or max(ratios) < 1.0,
    )


def _ranked(rates: dict[Case, list[float]]) -> list[Case]:
    """Return cases by falling median; of those that are alike the one with the fewest processes."""
    medians = {case: statistics.median(samples) for case, samples in rates.items()}
    ordered = sorted(medians, key=lambda case: -medians[case])
    alike = [case for case in ordered if medians[case] >= (1 - _ALIKE) * medians[ordered[0]]]
    first = min(alike, key=lambda case: case.setting.processors + case.setting.engines)
    return [first, *(case for case in ordered if case != first)]
