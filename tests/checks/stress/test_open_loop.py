from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.checks.stress.open_loop import burst_of, offered, point_of
from pipeline.checks.stress.result import Load, Setting
from pipeline.checks.stress.rig import Case, Measured
from pipeline.errors import RingtapeError
from pipeline.runner.verdict import Verdict
from pipeline.stages.stage_times import MemberTime
from pipeline.tape.offer import Offer
from shm.histogram import BUCKETS, Distribution, buckets_of

RATE, BARS = 1000.0, 2000
CASE = Case(Setting(processors=1, engines=1, slots=4, slot_rows=None), 1, 1, ("1m",), BARS)
LOAD = Load(symbols=1, lanes=1, streams=("1m",), bars=BARS, sessions=5)


def spread(milliseconds: float) -> Distribution:
    values = np.full(100, round(milliseconds * 1e6))
    counts = np.bincount(buckets_of(values), minlength=BUCKETS)
    return Distribution(100, int(values.sum()), int(values[0]), int(values[0]), counts)


def measured(
    *, latency: float = 1.0, lag: float = 0.1, blocked: float = 0.0, behind: float = 0.0
) -> Measured:
    """A run of 2 s; ``behind``: bars that its engine lacks more in each second."""
    times = (MemberTime("coordinator", 1.0, 1.0 - blocked, blocked, 1.0),)
    walked = tuple((100.0 + at, round((RATE - behind) * at)) for at in np.arange(0.1, 2.5, 0.1))
    return Measured(
        CASE,
        LOAD,
        2.0,
        times,
        Verdict("", 0.0, "", {}),
        1000,
        100.0,
        walked,
        spread(latency),
        spread(lag),
    )


def test_a_rate_that_keeps_its_target_holds():
    found = point_of(measured(latency=9.0), Offer(RATE), 0.010)
    assert found.holds is True
    assert found.latency.p99 == pytest.approx(0.009, rel=1 / 256)
    assert (found.offered, found.burst) == (RATE, 1)


def test_a_rate_over_its_target_does_not_hold():
    found = point_of(measured(latency=11.0), Offer(RATE), 0.010)
    assert found.holds is False
    assert "p99 is 11 ms, over 10 ms" in found.said


def test_a_backlog_that_grows_does_not_hold():
    found = point_of(measured(behind=100.0), Offer(RATE), 0.010)
    assert found.holds is False
    assert found.backlog_growth == pytest.approx(100, abs=10)
    assert "backlog grew" in found.said


def test_a_generator_that_is_late_says_nothing_of_the_pipeline():
    found = point_of(measured(lag=6.0, latency=50.0), Offer(RATE), 0.010)
    assert found.holds is None
    assert "nothing is said of the pipeline" in found.said


def test_a_generator_that_waited_for_room_is_not_blamed():
    found = point_of(measured(lag=6.0, latency=50.0, blocked=0.5), Offer(RATE), 0.010)
    assert found.holds is False


class Market:
    """A rig that has so many bars, and keeps what it was asked for."""

    def __init__(self, bars: int) -> None:
        self.extent = self
        self.bars = bars
        self.asked: list[tuple[Case, Offer]] = []

    def market(self, symbols: int) -> "Market":
        return self

    def run(self, case: Case, offer: Offer, onlooker: Any) -> Measured:
        self.asked.append((case, offer))
        return replace(measured(), case=case)


def test_a_rate_gets_the_bars_for_its_time():
    rig = Market(1_000_000)
    offered(rig, CASE, RATE, 2.0, 0.01, burst=10)  # type: ignore[arg-type]  # a stand-in
    ((case, offer),) = rig.asked
    assert case.bars == pytest.approx(RATE * 2.3)
    assert (offer.rate, offer.burst) == (RATE, 10)


def test_a_market_that_is_too_short_for_a_rate_is_refused():
    with pytest.raises(RingtapeError, match=r"10,000 bars/s need 8,000 bars, the market has 500"):
        offered(Market(500), CASE, 10_000.0, 2.0, 0.01)  # type: ignore[arg-type]


def test_a_burst_is_the_bars_of_five_milliseconds():
    assert burst_of(100_000) == 500
    assert burst_of(10) == 10
