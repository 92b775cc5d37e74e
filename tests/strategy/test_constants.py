"""Attributes that are declared as constants are neither parameters nor states, in both modes."""

from typing import ClassVar, Final

import pytest

from pipeline import Strategy
from pipeline.errors import StrategyError
from pipeline.strategy.strategy import parameters_of, record_dtype
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.replay import replay
from tests.strategy.compiled.test_hooks import market_of


class Fixed(Strategy):
    size: float = 2.0
    OPEN_AT: Final = (1.0, 30.0)
    STEPS: Final[int] = 3
    LEVELS: ClassVar[tuple[float, ...]] = (0.5, 0.25)
    NAMED: "Final[int]" = 4

    def on_bar(self, bar, ctx):
        base = self.size * self.STEPS + self.NAMED
        ctx.market(bar.symbol, base + self.OPEN_AT[0] + self.LEVELS[1])


def test_only_what_is_no_constant_is_a_parameter():
    assert [one.name for one in parameters_of(Fixed)] == ["size"]
    assert record_dtype(Fixed).names == ("size",)


def test_hooks_read_constants_in_both_modes():
    market = market_of()
    expected = replay(market, Fixed())
    assert 11.25 in expected.fills[0]
    for mode in ("interpreted", "compiled"):
        (found,), _ = run_in_process(market, [Fixed()], Setup(mode=mode))
        assert_same(found, expected)


def test_one_cannot_be_given():
    line = Fixed.on_bar.__code__.co_firstlineno - 4
    with pytest.raises(StrategyError) as told:
        Fixed(STEPS=5)
    assert str(told.value) == (
        f"{__file__}:{line}: Fixed.STEPS is declared as a constant and no parameter; write "
        "STEPS: int = 3"
    )
