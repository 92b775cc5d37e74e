"""Sessions whose positions are closed by orders from after the close before are counted."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline import MINUTE, Strategy
from tests.lane.told import facts_as_the_reference
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import TERMS

T0 = 1_700_006_400_000_000_000
MODES = ["interpreted", "compiled"]
SESSIONS, BARS = 4, 3


def late_exits(strategy: Strategy, mode: str, pause: int = 60, this_close: int = 0) -> int:
    """Over two symbols in four sessions of three minutes, ``pause`` minutes apart."""
    opens = [T0 + day * (BARS + pause) * MINUTE for day in range(SESSIONS)]
    times = np.array([at + bar * MINUTE for at in opens for bar in range(BARS)])
    spans = session_table([(at, at + BARS * MINUTE) for at in opens])
    market = Market({"A": random_walk(times, 1), "B": random_walk(times, 2)}, spans, ("1m",))
    terms = replace(TERMS, this_close=this_close)
    return facts_as_the_reference(market, strategy, mode, terms).late_exits


class Late(Strategy):
    """Buys in each session and sells when it has closed."""

    def on_bar(self, bar, ctx):
        if ctx.now == ctx.session_open + MINUTE:
            ctx.market(bar.symbol, 10)

    def on_session_close(self, session, ctx):
        for symbol in range(2):
            ctx.target(symbol, 0)


class InTime(Late):
    """Is flat at each close, as the pages say."""

    def on_session_open(self, session, ctx):
        for symbol in range(2):
            ctx.exit_on_close(symbol)

    def on_session_close(self, session, ctx):
        pass


class AtBar(Late):
    """Sells at the last bar of a session, which is the close too, and after the next open."""

    def on_bar(self, bar, ctx):
        if ctx.now == ctx.session_open + MINUTE:
            ctx.target(bar.symbol, 10)
        if ctx.now == ctx.session_close:
            ctx.target(bar.symbol, 0)

    def on_session_close(self, session, ctx):
        pass

    def on_session_open(self, session, ctx):
        ctx.market(0, 1)


class Never(Late):
    """Orders at the close itself what it takes back after it, so that nothing is ever held."""

    def on_bar(self, bar, ctx):
        if ctx.now == ctx.session_close:
            ctx.target(bar.symbol, 10)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("strategy", "expected"), [(Late, SESSIONS - 1), (InTime, 0), (AtBar, 0), (Never, 0)]
)
def test_sessions_with_late_exits_are_counted(strategy: type[Strategy], expected: int, mode: str):
    assert late_exits(strategy(), mode) == expected


@pytest.mark.parametrize("mode", MODES)
def test_with_fills_at_this_close_orders_after_it_are_late_all_the_same(mode: str):
    assert late_exits(Late(), mode, this_close=1) == SESSIONS - 1


@pytest.mark.parametrize("mode", MODES)
def test_sessions_without_a_pause_have_no_night(mode: str):
    assert late_exits(Late(), mode, pause=0) == 0
