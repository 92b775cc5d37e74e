"""A name that is not there is told alike interpreted and compiled, for all that hooks are given."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, state
from pipeline import indicators as ind
from pipeline.errors import StrategyError
from pipeline.strategy.attribute_error import retold
from pipeline.strategy.names import NAMES
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of


class Asking(Strategy):
    """What asks for names that are not there inherits from it."""

    size: float = 1.0
    seen: int = state(0)

    def indicators(self):
        return {"avg": ind.sma(2)}


class OfBar(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, bar.rsi)


class OfBars(Asking):
    def on_bars(self, bars, ctx):
        ctx.market(0, bars.symbol)


class OfFill(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, self.size)

    def on_fill(self, fill, ctx):
        ctx.market(0, fill.qty)


class OfSession(Asking):
    def on_session_open(self, session, ctx):
        ctx.market(0, session.dat)


class OfSelf(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, self.sise)


class OfContext(Asking):
    def on_bar(self, bar, ctx):
        ctx.buy(0, self.size)


class OfNothing(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, close)  # noqa: F821


class OfNothingOfItsOwn(Asking):
    def on_bar(self, candle, context):
        context.market(0, avg)  # noqa: F821


class OfAnOrder(Asking):
    def on_bar(self, bar, ctx):
        ctx.limit(0, 1.0, 2.0).cancel()


class OfAnEndedOrder(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, ctx.limit(0, 1.0, 2.0).status)


class OfATime(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, (bar.ts + 1).hour)


class OfIndicators(Asking):
    def on_bar(self, bar, ctx):
        ctx.market(0, ind.crossover(bar.close, bar.open))


def having(owner: str, *more: str) -> str:
    return ", ".join(sorted((*NAMES[owner], *more)))


@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (OfBar, f"bar has no 'rsi'; it has: {having('bar', 'avg')}"),
        (OfBars, f"bars has no 'symbol'; it has: {having('bars', 'avg')}"),
        (OfFill, f"fill has no 'qty'; did you mean quantity?; it has: {having('fill')}"),
        (OfSession, f"session has no 'dat'; did you mean date?; it has: {having('session')}"),
        (OfSelf, "self has no 'sise'; did you mean size?; it has: seen, size"),
        (OfContext, f"ctx has no 'buy'; did you mean market?; it has: {having('ctx')}"),
    ],
)
def test_both_modes_say_the_same_of_the_same_line(cls: type[Strategy], told: str):
    assert_said(cls, told)


def assert_said(cls: type[Strategy], told: str) -> None:
    """Assert that both modes refuse the first line of the last hook of a class in some words."""
    hook = next(name for name in reversed(vars(cls)) if name.startswith("on_"))
    line = getattr(cls, hook).__code__.co_firstlineno + 1
    said = {}
    for mode in ("interpreted", "compiled"):
        with pytest.raises(StrategyError) as refused:
            run_in_process(market_of("A"), [cls()], Setup(mode=mode))
        said[mode] = str(refused.value)
    where = f"{Path(__file__)}:{line}: {cls.__name__}.{hook}"
    assert said["compiled"] == f"{where} cannot be compiled: {told}"
    assert said["interpreted"].startswith(f"{where} raised AttributeError: {told} ")


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (OfNothing, "name 'close' is not defined; did you mean bar.close?"),
        (OfNothingOfItsOwn, "name 'avg' is not defined; did you mean candle.avg?"),
        (
            OfAnOrder,
            (
                "has no attribute 'cancel'; an order is told by its id, a number: "
                "ctx.cancel(order_id)"
            ),
        ),
        (
            OfAnEndedOrder,
            (
                "has no attribute 'status'; an order is told by its id, a number: on_order and "
                "on_fill are given what it is"
            ),
        ),
        (
            OfATime,
            "has no attribute 'hour'; a time is a number, ns UTC: ctx.time.hour is that of now",
        ),
        (OfIndicators, "ind has no 'crossover'; it has: atr, bollinger, custom, ema,"),
    ],
)
def test_both_modes_say_what_was_meant(cls: type[Strategy], told: str, mode: str):
    with pytest.raises(StrategyError) as refused:
        run_in_process(market_of("A"), [cls()], Setup(mode=mode))
    assert told in str(refused.value)


class SetsBar(Asking):
    def on_bar(self, bar, ctx):
        bar.close = 5.0


class SetsBars(Asking):
    def on_bars(self, bars, ctx):
        bars.count = 5


class SetsSession(Asking):
    def on_session_open(self, session, ctx):
        session.early = 1


class SetsContext(Asking):
    def on_bar(self, bar, ctx):
        ctx.memory = 5.0


@pytest.mark.parametrize(
    ("cls", "what"),
    [
        (SetsBar, "bar.close"),
        (SetsBars, "bars.count"),
        (SetsSession, "session.early"),
        (SetsContext, "ctx.memory"),
    ],
)
def test_both_modes_say_the_same_of_what_is_set(cls: type[Strategy], what: str):
    assert_said(cls, f"it sets {what}, which may only be read; keep what you need in a state")


@pytest.mark.parametrize("asked", [1.0, "text", (1, 2)])
def test_of_anything_else_pythons_own_words_are_kept(asked: Any):
    with pytest.raises(AttributeError) as caught:
        print(asked.nothing)  # noqa: T201
    assert retold(caught.value) == str(caught.value)
