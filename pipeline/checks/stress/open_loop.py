"""Bars that are offered at a rate by a clock, and how long they wait: latency by rate.

Latency is measured from the time for which a bar was planned, so that a stall counts for every bar
that had to wait for its end. The generator that offers the bars is measured, too: where it is what
is late, nothing is said of the pipeline.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipeline.checks.stress.result import Latency, OpenPoint
from pipeline.checks.stress.rig import Case, Measured, Onlooker, Rig
from pipeline.errors import RingtapeError
from pipeline.tape.offer import Offer
from shm.histogram import Distribution

#: Seconds at the beginning whose bars do not count, and the least that must be left.
_SETTLE: Final = 0.3
_LEAST: Final = 0.5
#: The generator bounds if it is late by more than this share of the target while it has room.
_LATE: Final = 0.5
_ROOM: Final = 0.05
#: Fractions of the rate of the closed loop that are offered, and those that come in bursts.
RATES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
BURST_RATES: Final = (0.1, 0.4)
#: Seconds for which a burst is the bars.
_BURST_SECONDS: Final = 0.005


def offered(
    rig: Rig,
    case: Case,
    rate: float,
    seconds: float,
    target: float,
    *,
    burst: int = 1,
    onlooker: Onlooker = lambda crew: None,
) -> OpenPoint:
    """Offer bars at ``rate`` a second for about ``seconds``; return how long they waited.

    ``target``: the p99 in seconds that is to hold. Raises RingtapeError if the market has too few
    bars for the rate, besides all that `Rig.run` raises.
    """
    wanted = rate * (seconds + _SETTLE)
    market = rig.market(case.symbols).extent
    bars = min(wanted, market.bars)
    if bars / rate < _LEAST + _SETTLE:
        raise RingtapeError(
            f"{rate:,.0f} bars/s need {rate * (_LEAST + _SETTLE):,.0f} bars, the market has"
            f" {market.bars:,}: a longer range of dates, or more symbols, would have more"
        )
    offer = Offer(rate, burst, _SETTLE)
    measured = rig.run(replace(case, bars=int(bars)), offer, onlooker)
    return point_of(measured, offer, target)


def burst_of(rate: float) -> int:
    """Return the bars of a burst at a rate: those of 5 ms, at least 10."""
    return max(10, round(rate * _BURST_SECONDS))


def point_of(measured: Measured, offer: Offer, target: float) -> OpenPoint:
    """Return what a run at a rate has shown; ``target``: the p99 in seconds that is to hold."""
    latency = latency_of(measured.latency)
    growth = _backlog_growth(measured, offer.rate)
    lag = measured.lag.p99 / 1e9
    holds, said = _judge(measured, latency, growth, lag, offer, target)
    return OpenPoint(
        offered=offer.rate,
        achieved=measured.bars_per_second,
        seconds=measured.seconds,
        burst=offer.burst,
        latency=latency,
        generator_lag=lag,
        backlog_growth=growth,
        holds=holds,
        said=said,
    )


def latency_of(found: Distribution) -> Latency:
    """Return the figures of a distribution of ns."""
    return Latency(
        count=found.count,
        mean=found.mean / 1e9,
        p50=found.p50 / 1e9,
        p90=found.quantile(0.9) / 1e9,
        p99=found.p99 / 1e9,
        p999=found.quantile(0.999) / 1e9,
        maximum=found.maximum / 1e9,
    )


def _judge(
    measured: Measured, latency: Latency, growth: int, lag: float, offer: Offer, target: float
) -> tuple[bool | None, str]:
    coordinator = next(one for one in measured.times if one.stage == "decode")
    blocked = coordinator.blocked / coordinator.wall
    if lag > _LATE * target and blocked < _ROOM:
        return None, (
            f"The generator was late by {lag * 1e3:.3g} ms (p99) though it had room: it bounds, so"
            " nothing is said of the pipeline."
        )
    if latency.p99 > target:
        return False, f"p99 is {latency.p99 * 1e3:.3g} ms, over {target * 1e3:g} ms."
    if growth > offer.rate * target:
        return False, f"The backlog grew by {growth:,} bars."
    return True, f"p99 is {latency.p99 * 1e3:.3g} ms, within {target * 1e3:g} ms."


def _backlog_growth(measured: Measured, rate: float) -> int:
    """Return by how many bars the backlog was longer at the end of the offer than halfway."""
    end = measured.load.bars / rate
    backlog = [
        (at - measured.began, min(measured.load.bars, (at - measured.began) * rate) - walked)
        for at, walked in measured.walked
        if 0.0 < at - measured.began <= end
    ]
    return round(_mean_of(backlog, 0.8 * end, end) - _mean_of(backlog, 0.3 * end, 0.5 * end))


def _mean_of(samples: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """Return the mean of the values whose time is within a span; 0.0 if there are none."""
    chosen = [value for at, value in samples if begin <= at <= end]
    return sum(chosen) / len(chosen) if chosen else 0.0
