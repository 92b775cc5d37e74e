import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tape.offer import Generator, LatencyMeter, Offer
from shm.histogram import BUCKETS, Distribution, buckets_of

SECOND = 1_000_000_000
rates = st.floats(0.1, 1e7)
bursts = st.integers(1, 1000)


def slot(closes: list[list[int]]) -> Any:
    """Return the base table of a slot: of each symbol the closes of its bars."""
    rows = max(map(len, closes), default=0)
    table = np.zeros((len(closes), rows + 1), np.int64)
    for symbol, own in enumerate(closes):
        table[symbol, 1 : 1 + len(own)] = own
    return SimpleNamespace(first=1, close_ts=table, count=np.array([len(own) for own in closes]))


@given(rates, bursts, st.lists(st.integers(0, 10**9), min_size=1))
def test_a_plan_is_the_same_for_one_bar_and_for_many(rate: float, burst: int, bars: list[int]):
    offer = Offer(rate, burst)
    planned = offer.planned(np.array(sorted(bars)))
    assert planned.tolist() == [offer.planned_one(bar) for bar in sorted(bars)]
    assert (np.diff(planned) >= 0).all()


@given(rates, bursts, st.integers(0, 10**12))
def test_bars_that_are_due_are_those_planned_until_now(rate: float, burst: int, elapsed: int):
    offer = Offer(rate, burst)
    due = offer.due(elapsed)
    assert due % burst == 0
    slack = 2 + elapsed * 1e-12  # the plan is rounded to ns
    assert offer.planned_one(due - 1) <= elapsed + slack
    assert offer.planned_one(due) >= elapsed - slack


def test_a_stall_counts_for_all_that_waited():
    """10,000 replies of 1 ms, 10 ms apart, then a stall of 100 s: coordinated omission."""
    meter = LatencyMeter(Offer(100.0))
    waited = [
        meter.latencies(slot([[bar]]), 0, bar * SECOND // 100 + SECOND // 1000)
        for bar in range(10_000)
    ]
    stalled = meter.latencies(slot([list(range(10_000))]), 0, 200 * SECOND)
    values = np.concatenate([*waited, stalled])
    counts = np.bincount(buckets_of(values), minlength=BUCKETS)
    found = Distribution(
        len(values), int(values.sum()), int(values.min()), int(values.max()), counts
    )
    assert found.quantile(0.75) / 1e9 == pytest.approx(50.0, rel=0.01)
    assert found.mean / 1e9 == pytest.approx(25.0, rel=0.01)
    naive = np.append(np.full(10_000, 1e-3), 100.0)  # the time of each reply by itself
    assert np.quantile(naive, 0.99) == pytest.approx(1e-3)


def test_bars_of_one_moment_are_planned_together():
    meter = LatencyMeter(Offer(1.0))
    found = meter.latencies(slot([[10, 20], [10], [20]]), 0, 10 * SECOND)
    # The four bars are two of the moment 10, planned for 0 s, and two of 20, planned for 2 s.
    assert sorted(found.tolist()) == [8 * SECOND, 8 * SECOND, 10 * SECOND, 10 * SECOND]
    assert meter.latencies(slot([[30], [], []]), 0, 10 * SECOND).tolist() == [6 * SECOND]


def test_bars_planned_while_caches_are_cold_do_not_count():
    meter = LatencyMeter(Offer(10.0, settle_seconds=0.5))
    found = meter.latencies(slot([list(range(10))]), 0, 2 * SECOND)
    assert len(found) == 5


def test_a_slot_without_bars_has_no_latency():
    meter = LatencyMeter(Offer(10.0))
    assert len(meter.latencies(slot([[], []]), 0, SECOND)) == 0


def test_a_generator_offers_no_bar_before_its_time(monkeypatch: pytest.MonkeyPatch):
    now = [0]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(0) or tick(now, seconds))
    lags: list[int] = []
    generator = Generator(Offer(1000.0), 2, lambda: None, lags.append)
    generator.begin(0)
    offered = 0
    for _ in range(50):
        rows = generator.wait()
        assert rows >= 1
        # Rows of two symbols: never more bars than are due, but for the one moment that is.
        assert 2 * rows <= max(2, now[0] // 1_000_000 + 1 - offered)
        offered += 2 * rows
        generator.offered(2 * rows)
    assert all(lag >= 0 for lag in lags)


def tick(now: list[int], seconds: float) -> None:
    now[:] = [now[0] + max(1, round(seconds * 1e9))]


def test_a_generator_does_not_owe_the_time_without_room(monkeypatch: pytest.MonkeyPatch):
    now = [0]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    lags: list[int] = []
    generator = Generator(Offer(1e9), 1, lambda: None, lags.append)
    generator.begin(0)
    generator.wait()
    now[0] = 5 * SECOND  # it waited all that time for a slot
    generator.found_room(5 * SECOND)
    generator.offered(1)
    generator.wait()
    now[0] += 1000
    generator.wait()
    assert lags == [0, 0, 1000]


def test_a_wait_for_a_bar_can_be_ended():
    class EndedError(Exception):
        pass

    def check() -> None:
        raise EndedError

    generator = Generator(Offer(0.001), 1, check, lambda lag: None)
    generator.begin(time.monotonic_ns())
    generator.wait()
    generator.offered(1)
    with pytest.raises(EndedError):
        generator.wait()
