"""Numbers made of a window: those of NumPy but for the last bits, and equal in both modes."""

import numpy as np
import pytest

from pipeline import MINUTE, Strategy
from pipeline import indicators as ind
from pipeline.errors import StrategyError
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Market, random_walk, session_table

T0 = 1_700_006_400_000_000_000
MINUTES = 90


def market_of() -> Market:
    ts = T0 + MINUTE * np.arange(MINUTES, dtype=np.int64)
    return Market(
        {"A": random_walk(ts, 3)}, session_table([(T0, T0 + MINUTES * MINUTE)]), ("1m", "5m")
    )


class Reducer(Strategy):
    """Orders each kind of number, of a window that grows to 40 bars."""

    lookback = 40
    intervals = ("1m",)
    warmup = 0

    def indicators(self):
        return {"change": ind.roc(3)}

    def on_bar(self, bar, ctx):
        ctx.market(0, 1e6 + ctx.sum(0, "close", 40))
        ctx.market(0, 1e6 + ctx.mean(0, "close", 40))
        ctx.market(0, 1e6 + ctx.std(0, "close", 40))
        ctx.market(0, 1e6 + ctx.min(0, "low", 40))
        ctx.market(0, 1e6 + ctx.max(0, "high", 40))
        ctx.market(0, 1e6 + ctx.quantile(0, "close", 40, 0.9))
        ctx.market(0, 1e6 + ctx.quantile(0, "volume", 40, 0.5))
        longer = ctx.mean(0, "close", 3, 5 * MINUTE)
        ctx.market(0, 1e6 if longer != longer else longer)
        change = ctx.mean(0, "change", 40)
        ctx.market(0, 1e6 if change != change else 2e6)


def quantities(mode: str) -> list[float]:
    (found,), _ = run_in_process(market_of(), [Reducer()], Setup(mode=mode, slot_rows=7))
    return [order[3] for order in found.orders]


def test_they_are_numpys_and_equal_in_both_modes():
    found = quantities("interpreted")
    assert quantities("compiled") == found
    values = market_of().bars["A"].values
    for row in range(MINUTES):
        _, high, low, close, volume = values[:, max(0, row - 39) : row + 1]
        expected = [
            close.sum(),
            close.mean(),
            close.std(),
            low.min(),
            high.max(),
            np.quantile(close, 0.9),
            np.quantile(volume, 0.5),
        ]
        at = [quantity - 1e6 for quantity in found[9 * row :][:7]]
        assert at == pytest.approx(expected, rel=1e-9, abs=1e-7)


def test_a_window_that_is_empty_or_has_a_nan_has_none():
    found = quantities("compiled")
    longer = found[7::9]
    assert longer[:4] == [1e6] * 4  # before the first longer bar
    assert all(value < 1e4 for value in longer[4:])
    # The first three bars have no change, and the window of 40 holds them until bar 42.
    assert found[8::9] == [1e6] * 42 + [2e6] * (MINUTES - 42)


class Beyond(Strategy):
    """Asks for more than the whole of a window."""

    lookback = 2

    def on_bar(self, bar, ctx):
        ctx.quantile(0, "close", 2, 1.5)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_fraction_beyond_the_window_is_refused(mode: str):
    said = r"ValueError: a quantile's fraction must be 0 to 1, was 1\.5"
    with pytest.raises(StrategyError, match=said):
        run_in_process(market_of(), [Beyond()], Setup(mode=mode))
