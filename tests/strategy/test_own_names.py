"""An attribute that ``self`` lacks and the bar has is named as the bar's, in both modes."""

from typing import Any

import pytest

from pipeline import Strategy
from pipeline import indicators as ind
from pipeline.errors import StrategyError
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of


class OfIndicator(Strategy):
    def indicators(self):
        return {"rsi": ind.rsi(2)}

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.rsi)


class OfOutput(Strategy):
    def indicators(self):
        return {"band": ind.bollinger(3)}

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.band_lower)


class OfPrice(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.close)


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("cls", "name"), [(OfIndicator, "rsi"), (OfOutput, "band_lower"), (OfPrice, "close")]
)
def test_it_is_told_where_the_name_is(cls: Any, name: str, mode: str):
    line = cls.on_bar.__code__.co_firstlineno + 1
    with pytest.raises(StrategyError) as told:
        run_in_process(market_of(), [cls()], Setup(mode=mode))
    assert f"{__file__}:{line}: {cls.__name__}.on_bar " in str(told.value)
    assert f"self has no {name!r}, which is on the bar; write bar.{name}" in str(told.value)
