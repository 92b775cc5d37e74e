"""The knee: the highest offered rate that holds its latency target and grows no backlog.

It is found by bisection between a rate that held and one that did not, by trying, and not by the
shape of a curve. One try can be wrong on a machine that does other things, too. So the search goes
below a rate only when that has failed in two tries, and the knee has held in two. Where two tries
of a rate differ, a third one decides.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from pipeline.checks.stress.result import Knee, OpenPoint
from pipeline.results.report.figures import many

#: The bisection ends when the rate that failed is at most this factor above the one that held.
_CLOSE: Final = 1.08
#: A rate that holds is raised by this factor until one fails, and one that fails is lowered by it.
_STEP: Final = 4.0
#: A rate this many times the knee is far above it.
_FAR: Final = 2.0
_MOST_TRIES: Final = 18


def find_knee(
    offer: Callable[[float], OpenPoint],
    known: Sequence[OpenPoint],
    first: float,
    target: float,
    lowest: float = 1.0,
) -> Knee:
    """Find the knee; ``offer(rate)`` tries a rate in bars/s.

    ``known`` were tried before. Without any the search begins at ``first``, and it gives up below
    ``lowest``. ``target`` is the p99 in seconds.
    """
    tried = [point for point in known if point.burst == 1]
    while len(tried) - len(known) < _MOST_TRIES:
        if _unsure(tried) is not None:
            break
        held, failed = _bounds(tried)
        rate = failed if failed is not None and not _is_sure(tried, failed) else None
        if rate is None:
            rate = _next(held, failed, first)
        if rate is None and _times(tried, held) < 2:
            rate = held
        if rate is None or rate < lowest:
            break
        tried.append(offer(rate))
    return _knee(tried, target)


def _unsure(tried: Sequence[OpenPoint]) -> OpenPoint | None:
    """Return a try of a rate at which the generator bounded twice; None if there is none."""
    found = [point for point in tried if point.holds is None]
    return next((point for point in found if _times(found, point.offered) > 1), None)


def _is_sure(tried: Sequence[OpenPoint], rate: float) -> bool:
    """Return whether a rate was tried at least twice, and its tries are not even."""
    tries = [bool(point.holds) for point in tried if point.offered == rate]
    return len(tries) > 1 and 2 * sum(tries) != len(tries)


def _held(tried: Sequence[OpenPoint], rate: float) -> bool:
    """Return whether a rate held in most of its tries."""
    tries = [bool(point.holds) for point in tried if point.offered == rate]
    return 2 * sum(tries) > len(tries)


def _bounds(tried: Sequence[OpenPoint]) -> tuple[float | None, float | None]:
    """Return the highest rate that held below the lowest one that failed, and that one."""
    rates = {point.offered for point in tried}
    failed = min((rate for rate in rates if not _held(tried, rate)), default=None)
    held = max(
        (rate for rate in rates if _held(tried, rate) and (failed is None or rate < failed)),
        default=None,
    )
    return held, failed


def _next(held: float | None, failed: float | None, first: float) -> float | None:
    """Return the next rate to try; None if both bounds are close."""
    if held is None and failed is None:
        return first
    if failed is None:
        assert held is not None
        return held * _STEP
    if held is None:
        return failed / _STEP
    return None if failed / held <= _CLOSE else math.sqrt(held * failed)


def _times(tried: Sequence[OpenPoint], rate: float | None) -> int:
    return sum(point.offered == rate for point in tried)


def _knee(tried: Sequence[OpenPoint], target: float) -> Knee:
    ordered = tuple(sorted(tried, key=lambda point: point.offered))
    held, failed = _bounds(tried)
    unsure = _unsure(ordered)
    if unsure is not None:
        said = f"At {unsure.offered:,.0f} bars/s: {unsure.said}"
        held = None
    elif held is None:
        least = ordered[0]
        said = f"No rate held: at {least.offered:,.0f} bars/s the {_small(least.said)}"
    else:
        above = "" if failed is None else f", {failed:,.0f} did not"
        once = ", in the one try that there was time for" if _times(tried, held) < 2 else ""
        said = f"{held:,.0f} bars/s held a p99 of {target * 1e3:g} ms{once}{above}."
    if unsure is None and (flat := _plateau(tried, held, target)) is not None:
        said += (
            f" The p99 is below {2e3 * target:g} ms up to {flat:,.0f} bars/s: a --p99 that is a"
            " little longer would have a much higher knee."
        )
    if unsure is None and (doubts := _doubts(tried, held)):
        said += (
            f" Tries of {many(doubts, 'rate')} contradict that or each other, so other work of this"
            " machine decides as well: stress it while it is quiet, or allow a longer --p99."
        )
    return Knee(rate=held, fails_at=failed, target=target, tried=ordered, said=said)


def _doubts(tried: Sequence[OpenPoint], knee: float | None) -> int:
    """Return how many rates had tries that differ, or held above the knee, or failed below it."""
    found = 0
    for rate in {point.offered for point in tried}:
        tries = {point.holds for point in tried if point.offered == rate}
        expected = {rate <= knee} if knee is not None else {False}
        found += tries != expected
    return found


def _plateau(tried: Sequence[OpenPoint], knee: float | None, target: float) -> float | None:
    """Return the highest rate whose p99 is below twice the target, if it is far above the knee."""
    near = [
        point.offered
        for point in tried
        if point.latency.p99 < 2 * target and point.backlog_growth <= point.offered * target
    ]
    highest = max(near, default=0.0)
    return highest if highest > _FAR * (knee or 0.0) else None


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
