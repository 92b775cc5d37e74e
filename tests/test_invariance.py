"""The same input gives the same bytes out, however the run is divided.

Every result is held against `tests.reference.replay`, which knows no slot, no stage and no process.
Most runs are made in this process by driving the stages directly; some with all their processes.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import run
from pipeline.results.digest import run_digest
from pipeline.run import Result
from pipeline.strategy.strategy import Strategy
from tests.reference.in_process import Setup, assert_same, outcome_of, run_in_process
from tests.reference.market import Market
from tests.reference.replay import Outcome, replay
from tests.strategies import (
    EXCHANGES,
    Exchange,
    costs,
    daily_markets,
    exchange_markets,
    lanes,
    markets,
    setups,
)


def assert_like_the_reference(
    market: Market, strategies: list[Strategy], setup: Setup, terms: dict[str, float]
) -> None:
    expected = [replay(market, strategy, **terms) for strategy in strategies]
    found, digest = run_in_process(market, strategies, setup, **terms)
    for got, want in zip(found, expected, strict=True):
        assert_same(got, want)
    assert digest == run_digest([one.digest for one in expected])


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups, costs)
def test_any_division_of_a_run_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup, terms: dict[str, float]
):
    assert_like_the_reference(market, data.draw(lanes(market)), setup, terms)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data(), daily_markets(), setups, costs)
def test_any_division_of_daily_bars_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup, terms: dict[str, float]
):
    assert_like_the_reference(market, data.draw(lanes(market)), setup, terms)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data(), exchange_markets(), setups, costs)
def test_real_calendars_give_what_the_reference_gives(
    data: st.DataObject, found: tuple[Exchange, Market], setup: Setup, terms: dict[str, float]
):
    _, market = found
    assert_like_the_reference(market, data.draw(lanes(market)), setup, terms)
