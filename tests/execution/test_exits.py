"""Exits on the close: flat at each session's close by one call, whatever was traded before."""

from typing import Any

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state, tif
from pipeline.codes import ACCEPTED, EXPIRED, FILLED, ON_CLOSE
from pipeline.lane.spec import Terms
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import TERMS, replay

T0 = 1_700_006_400_000_000_000
SESSION = 10 * MINUTE


def market_of(sessions: int = 3) -> Market:
    ts = T0 + MINUTE * np.arange(10 * sessions, dtype=np.int64)
    spans = [(T0 + n * SESSION, T0 + (n + 1) * SESSION) for n in range(sessions)]
    return Market({"A": random_walk(ts, 4)}, session_table(spans), ("1m",))


class FlatAtNight(Strategy):
    """Buys in the third and the fifth minute of each session, and exits at its close."""

    again: bool = False
    minute: int = state(0, reset="session")

    def on_session_open(self, session, ctx):
        ctx.exit_on_close(0)

    def on_bar(self, bar, ctx):
        self.minute += 1
        if self.minute == 3:
            ctx.market(0, 2.0)
        elif self.minute == 5:
            ctx.target(0, 7.0)
        if self.again:
            ctx.exit_on_close(0)


def outcome(strategy: Strategy, mode: str, terms: Terms = TERMS) -> Any:
    market = market_of()
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode), terms)
    assert_same(found, replay(market, strategy, terms))
    return found


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_what_is_held_is_sold_at_each_close(mode: str):
    found = outcome(FlatAtNight(), mode)
    quantities = [fill[2] for fill in found.fills]
    assert quantities == [2.0, 5.0, -7.0] * 3  # the exit does not count as pending
    closes = market_of().bars["A"].values[3]
    assert [fill[3] for fill in found.fills[2::3]] == closes[9::10].tolist()
    assert [trip[1] for trip in found.trips] == [7.0] * 3


def test_another_call_before_the_close_is_the_same_order():
    assert len(outcome(FlatAtNight(again=True), "compiled").fills) == 9
    # One of each session, and the one that is placed at the last close.
    exits = [
        order for order in outcome(FlatAtNight(again=True), "compiled").orders if order[6] == 6
    ]
    assert [order[3] for order in exits] == [-7.0] * 3 + [0.0]


class LastWord(Strategy):
    """Buys A at each session's open and asks for its exit whenever B has a bar."""

    def on_session_open(self, session, ctx):
        ctx.market_on_open(0, 2.0)

    def on_bar(self, bar, ctx):
        if bar.symbol == 1:
            ctx.exit_on_close(0)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_what_is_asked_at_a_close_is_for_the_next_sessions_close(mode: str):
    """A has no bar that closes with the first session, so its exit expires at that very moment."""
    ts = T0 + MINUTE * np.arange(20, dtype=np.int64)
    spans = session_table([(T0, T0 + SESSION), (T0 + SESSION, T0 + 2 * SESSION)])
    bars = {"A": random_walk(np.delete(ts, 9), 4), "B": random_walk(ts, 5)}
    market = Market(bars, spans, ("1m",))
    (found,), _ = run_in_process(market, [LastWord()], Setup(mode=mode), TERMS)
    assert_same(found, replay(market, LastWord(), TERMS))
    exits = [order for order in found.orders if order[6] == ON_CLOSE]
    assert [(order[1], order[7], order[3]) for order in exits] == [
        (T0 + MINUTE, EXPIRED, 0.0),
        (T0 + SESSION, FILLED, -4.0),
        (T0 + 2 * SESSION, ACCEPTED, 0.0),
    ]


class Told(Strategy):
    """Asks at each close, and again when told of an order that the close has ended."""

    def on_session_open(self, session, ctx):
        ctx.limit(0, 1.0, 1.0, tif.DAY)

    def on_session_close(self, session, ctx):
        ctx.exit_on_close(0)

    def on_order(self, order, ctx):
        ctx.exit_on_close(0)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_what_was_asked_at_a_close_is_the_same_order_until_the_next(mode: str):
    ts = T0 + MINUTE * np.arange(10, dtype=np.int64)
    spans = session_table([(T0, T0 + SESSION), (T0 + 2 * SESSION, T0 + 3 * SESSION)])
    bars = {"A": random_walk(np.concatenate([ts, ts + 2 * SESSION]), 4)}
    market = Market(bars, spans, ("1m",))
    (found,), _ = run_in_process(market, [Told()], Setup(mode=mode), TERMS)
    assert_same(found, replay(market, Told(), TERMS))
    exits = [order[1] for order in found.orders if order[6] == ON_CLOSE]
    assert exits[0] == T0 + SESSION
    assert T0 + 2 * SESSION not in exits


class Idle(Strategy):
    """Exits from nothing."""

    def on_session_open(self, session, ctx):
        ctx.exit_on_close(0)


def test_an_exit_from_nothing_ends_without_a_fill():
    found = outcome(Idle(), "compiled")
    assert found.fills == []
    assert [order[3] for order in found.orders] == [0.0] * 3


def test_an_exit_is_refused_by_no_limit_and_cut_by_the_volume_cap():
    terms = Terms(100_000.0, cash_only=True, volume_cap=0.0101, max_per_trade=1e9)
    found = outcome(FlatAtNight(), "compiled", terms)
    assert all(order[11] != 3 for order in found.orders)
    assert sum(fill[2] for fill in found.fills) >= 0.0
