import numpy as np
import pytest

from pipeline import MINUTE
from pipeline.strategy.examples import SmaCross
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import replay

T0 = 1_700_006_400_000_000_000


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_sma_cross_is_long_above_and_short_below(mode: str):
    ts = T0 + MINUTE * np.arange(60, dtype=np.int64)
    market = Market({"A": random_walk(ts, 3)}, session_table([(T0, T0 + 60 * MINUTE)]), ("1m",))
    strategy = SmaCross(fast=3, slow=8, quantity=10)
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    held = np.cumsum([fill[2] for fill in found.fills])
    assert set(held.tolist()) == {10.0, -10.0}
