"""The knee: the highest offered rate that holds its latency target and grows no backlog.

It is found by bisection between a rate that held and one that did not, by trying, and not by the
shape of a curve. The last rate that held is tried once more: it is the knee if it holds again.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from pipeline.checks.stress.result import Knee, OpenPoint

#: The bisection ends when the rate that failed is at most this factor above the one that held.
_CLOSE: Final = 1.08
#: A rate that holds is raised by this factor until one fails, and one that fails is lowered by it.
_STEP: Final = 4.0
_MOST_TRIES: Final = 14


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
        if any(point.holds is None for point in tried):
            break
        held, failed = _bounds(tried)
        rate = _next(held, failed, first)
        if rate is None:
            if _times(tried, held) >= 2:
                break
            rate = held
        elif rate < lowest:
            break
        assert rate is not None
        tried.append(offer(rate))
    return _knee(tried, target)


def _bounds(tried: Sequence[OpenPoint]) -> tuple[float | None, float | None]:
    """Return the highest rate that always held below the lowest one that failed, and that one."""
    failed = min((point.offered for point in tried if not point.holds), default=None)
    held = max(
        (p.offered for p in tried if p.holds and (failed is None or p.offered < failed)),
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
    held, failed = _bounds([point for point in tried if point.holds is not None])
    unsure = next((point for point in ordered if point.holds is None), None)
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
    return Knee(rate=held, fails_at=failed, target=target, tried=ordered, said=said)


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
