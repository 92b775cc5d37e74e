"""Whole runs over more than one currency: what is converted, and what is refused without a rate."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, run
from pipeline.errors import ConfigError, StrategyError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import SYMBOLS
from tests.reference.market import Bars
from tests.reference.processes import assert_nothing_left, settings_of
from tests.runner.test_run import configuration


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    return configuration(sample)


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


class Fifth(Strategy):
    """Holds a fifth of the equity of what it can convert."""

    def on_bar(self, bar, ctx):
        if ctx.rate(bar.symbol) > 1.0 and ctx.position(bar.symbol) + ctx.pending(bar.symbol) == 0.0:
            ctx.target_percent(bar.symbol, 0.2)


def test_the_summary_names_the_currencies_and_the_pairs(config, tmp_path: Path):
    pair, foreign = SYMBOLS[:2]
    config["instruments"] = {pair: {"base": "EUR"}, foreign: {"currency": "EUR"}}
    modes = ["strategy.1.mode=interpreted"]
    result = run(config, strategy=[Fifth(), Fifth()], overrides=modes, out=tmp_path)
    assert result.summary["currency"] == "USD"
    assert result.summary["assumptions"]["conversions"] == {
        foreign: {"currency": "EUR", "pair": pair, "inverse": False, "converted": "value"}
    }
    one, other = result.summary["lanes"]
    assert one["digest"] == other["digest"]
    (fill,) = [row for row in result.fills.to_pylist() if row["lane"] == 0]
    paid = 100_000.0 - one["final_cash"]
    assert fill["symbol"] == foreign
    assert paid == pytest.approx(20_000.0, rel=0.01)  # one bar after it was decided


def test_a_universe_needs_the_pairs_that_convert_its_symbols(config, tmp_path: Path):
    pair, foreign = SYMBOLS[:2]
    config["instruments"] = {pair: {"base": "EUR"}, foreign: {"currency": "EUR"}}
    alone = [f'strategy.0.symbols=["{foreign}"]']
    expected = f"{foreign} is converted by {pair}, which is not among .*: {foreign}$"
    with pytest.raises(ConfigError, match=expected):
        run(config, strategy=Fifth(), overrides=alone, out=tmp_path)
    both = [f'strategy.0.symbols=["{foreign}", "{pair}"]']
    assert run(config, strategy=Fifth(), overrides=both, out=tmp_path).fills.num_rows == 1


class HoldPair(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1000.0)


def test_yen_are_not_dollars(tmp_path: Path):
    """1,000 dollars, bought for yen at 120.363 and worth 118.376 at the end."""
    days = np.array(["2015-01-05", "2015-01-06"], "M8[ns]").astype(np.int64)
    opens, closes = [119.0, 120.363], [120.0, 118.376]
    prices = np.array([opens, [121.0] * 2, [118.0] * 2, closes, [0.0] * 2])
    folder = tmp_path / "catalog"
    Catalog(folder).write("USDJPY", "1d", Bars(days, prices).to_table(), "test")
    config = settings_of("FX", "2015-01-05", "2015-01-06", ["USDJPY"], ["1d"], folder)
    config["asset_class"] = "FX"
    result = run(config, strategy=HoldPair, out=tmp_path)
    profit = 1000.0 * (118.376 - 120.363) / 118.376
    assert result.statistics["final_equity"] == pytest.approx(100_000.0 + profit)
    assert round(result.statistics["final_equity"], 2) == 99_983.21
    # A daily bar fills at the open of its session, which is 17:00 in New York the day before.
    assert result.fills["ts"].cast("int64").to_numpy().astype("M8[ns]").astype(str).tolist() == [
        "2015-01-05T22:00:00.000000000"
    ]


class Blind(Strategy):
    def on_start(self, ctx):
        ctx.target_value(0, 1.0)


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_value_of_what_has_no_price_or_rate_yet_is_refused(config, tmp_path: Path, mode: str):
    with pytest.raises(StrategyError, match="only of a symbol with a last price, and rate, above"):
        run(config, strategy=Blind, overrides=[f"strategy.0.mode={mode}"], out=tmp_path)
