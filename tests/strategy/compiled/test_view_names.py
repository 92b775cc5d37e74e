"""The name ``view``, which Numba has for arrays, is any name in a strategy."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from pipeline import Strategy, state
from pipeline import indicators as ind
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.replay import replay
from tests.strategy.compiled.test_hooks import market_of


class Method(Strategy):
    def view(self, bar):
        return bar.close > bar.open

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 10.0 if self.view(bar) else 1.0)


class Stated(Strategy):
    view: int = state(0)

    def on_bar(self, bar, ctx):
        self.view += 1
        ctx.target(bar.symbol, self.view % 3)


class Given(Strategy):
    view: float = 10.0

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, self.view if bar.close > bar.open else 0.0)


class Constant(Strategy):
    view = 10

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, self.view if bar.close > bar.open else 0.0)


class Shown(Strategy):
    def indicators(self):
        return {"view": ind.sma(2)}

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 10.0 if bar.close > bar.view else 0.0)

    def on_bars(self, bars, ctx):
        ctx.market(0, 1.0 + (bars.view[0] > bars.close[0]))


class Sight(NamedTuple):
    view: float


class Field(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, Sight(bar.close).view)


class OfAnArray(Strategy):
    """The view that Numba means."""

    def on_bar(self, bar, ctx):
        bits = np.array([bar.close]).view(np.int64)[0]
        ctx.target(bar.symbol, bits % 7)


@pytest.mark.parametrize("cls", [Method, Stated, Given, Constant, Shown, Field, OfAnArray])
def test_it_is_the_same_in_both_modes(cls: Any):
    market = market_of()
    expected = replay(market, cls())
    assert len(expected.fills) > 5
    for mode in ("interpreted", "compiled"):
        (found,), _ = run_in_process(market, [cls()], Setup(mode=mode))
        assert_same(found, expected)
