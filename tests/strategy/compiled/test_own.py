"""Methods, properties, constants and plain functions: the same in both modes, and kept on disk."""

import dataclasses
import enum
import math
import time
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, state
from pipeline.strategy.compiled.hooks import _key_of
from pipeline.strategy.strategy import record_dtype
from tests.reference import costs
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.replay import replay
from tests.strategy.compiled.test_hooks import market_of

LEVELS = np.array([1.0, 2.0, 4.0])


class Side(enum.IntEnum):
    """An enum, which Numba knows."""

    LONG = 1
    SHORT = -1


class Shape:
    """A plain class that holds constants and functions."""

    COLUMN = "close"
    SPAN = 3

    @staticmethod
    def scaled(value):
        return value / Shape.SPAN


@dataclasses.dataclass(frozen=True)
class Terms:
    """A frozen dataclass, whose instance is a constant."""

    least: float = 0.25


TERMS = Terms()


def clamp(value, low=-2.0, high=2.0):
    """Return a value within bounds."""
    return min(max(value, low), high)


def twice(value):
    """Call another plain function."""
    return clamp(2.0 * value)


def factorial(n):
    """Call itself."""
    return 1 if n < 2 else n * factorial(n - 1)


def last(ctx, symbol, column):
    """Ask for a column that is named by an argument."""
    return ctx.window(symbol, column, Shape.SPAN)[-1]


def sized(own, bar):
    """Call a method of what it is given."""
    return own.size(bar) * own.HALF


class Base(Strategy):
    """What another strategy inherits."""

    lookback = 3
    HALF = 0.5

    def size(self, bar):
        return self.HALF * bar.close

    @property
    def whole(self):
        return 2.0 * self.HALF

    @staticmethod
    def root(value):
        return math.sqrt(value)


class Natural(Base):
    """All that a class may have beside its hooks."""

    SIDE = Side.SHORT
    STEPS = (1.0, 2.0, 4.0)
    COLUMN = "open"
    PAIR = np.array([0.25, 0.5])
    base: float = 1.0
    calls: int = state(0)

    def size(self, bar):
        return Base.size(self, bar) + self.base

    def counted(self, by=1):
        self.calls += by
        return self.calls

    def on_bar(self, bar, ctx):
        number = self.counted(by=2) % 3
        wanted = sized(self, bar) + self.whole + self.root(4.0) + self.STEPS[number]
        wanted += Natural.HALF + type(self).STEPS[0] + self.PAIR[number % 2] + factorial(number)
        wanted += twice(bar.close) + clamp(bar.high, high=1.5) + Shape.scaled(6.0)
        wanted += last(ctx, bar.symbol, self.COLUMN) - last(ctx, bar.symbol, Shape.COLUMN)
        wanted += costs.HOUR / 1e12 + TERMS.least + LEVELS[number]
        ctx.target(bar.symbol, wanted * self.SIDE.value)


def test_all_that_a_class_has_is_the_same_in_both_modes():
    market = market_of()
    expected = replay(market, Natural())
    assert len(expected.fills) > 30
    for mode in ("interpreted", "compiled"):
        (found,), _ = run_in_process(market, [Natural()], Setup(mode=mode))
        assert_same(found, expected)


class Shared(Strategy):
    """Two hooks call one method."""

    COMPILED_ANEW = time.time_ns()
    calls: int = state(0)

    def step(self, symbol, ctx):
        self.calls += self.COMPILED_ANEW > 0
        ctx.market(symbol, 1.0 if self.calls % 2 == 0 else -1.0)

    def on_bar(self, bar, ctx):
        self.step(bar.symbol, ctx)

    def on_session_open(self, session, ctx):
        self.step(0, ctx)


def test_hooks_that_share_a_method_are_compiled_without_a_warning():
    """Here a warning is an error. Numba took ``self`` of one hook for that of the other."""
    market = market_of()
    (found,), _ = run_in_process(market, [Shared()], Setup(mode="compiled"))
    assert_same(found, replay(market, Shared()))


SOURCE = """
from pipeline import Strategy

OTHER = {other}


def helper(own):
    return own.BY_HELPER + {helper}


class Base(Strategy):
    INHERITED = {inherited}
    UNUSED = {unused}
    BY_HELPER = {by_helper}
    size: float = {default}

    @property
    def whole(self):
        return {whole}

    def method(self, bar):
        return self.whole * self.INHERITED * {method}


class Edited(Base):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.method(bar) + helper(self) + self.size)

    def on_stop(self, ctx):
        ctx.market(0, self.UNUSED * OTHER * {hook})
"""
USED = ("inherited", "by_helper", "helper", "whole", "method")
UNUSED = ("unused", "other", "hook", "default")


def key_of(**changed: float) -> str:
    """Return the key of on_bar in a module with some numbers changed."""
    space = {"__name__": "edited"}
    exec(SOURCE.format(**dict.fromkeys((*USED, *UNUSED), 1.0) | changed), space)
    cls: Any = space["Edited"]
    return _key_of(cls, cls.on_bar, record_dtype(cls), ())


@pytest.mark.parametrize("name", USED)
def test_a_hook_has_another_key_when_what_it_reaches_by_self_has_changed(name: str):
    assert key_of(**{name: 2.0}) != key_of()


@pytest.mark.parametrize("name", UNUSED)
def test_it_keeps_its_key_when_something_else_of_the_class_has_changed(name: str):
    assert key_of(**{name: 2.0}) == key_of()
