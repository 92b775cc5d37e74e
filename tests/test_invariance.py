"""The same input gives the same bytes out, however the run is divided.

Every result is held against `tests.reference.replay`, which knows no slot, no stage and no process.
Most runs are made in this process by driving the stages directly; some with all their processes.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.results.digest import run_digest
from pipeline.stages.lane_spec import Terms
from pipeline.strategy.strategy import Strategy
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market
from tests.reference.processes import (
    assert_nothing_left,
    outcomes,
    run_lanes,
    settings_of,
    terms_settings,
)
from tests.reference.replay import all_bars, replay
from tests.strategies import (
    Exchange,
    corporate_actions,
    costs,
    daily_markets,
    exchange_markets,
    lanes,
    markets,
    setups,
    terms,
)


def assert_like_the_reference(
    market: Market, strategies: list[Strategy], setup: Setup, agreed: Terms
) -> None:
    expected = [replay(market, strategy, agreed) for strategy in strategies]
    found, digest = run_in_process(market, strategies, setup, agreed)
    for got, want in zip(found, expected, strict=True):
        assert_same(got, want)
    assert digest == run_digest([one.digest for one in expected])


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups, costs)
def test_any_division_of_a_run_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup, agreed: Terms
):
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data(), daily_markets(), setups, costs)
def test_any_division_of_daily_bars_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup, agreed: Terms
):
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data(), exchange_markets(), setups, costs)
def test_real_calendars_give_what_the_reference_gives(
    data: st.DataObject, found: tuple[Exchange, Market], setup: Setup, agreed: Terms
):
    _, market = found
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups)
def test_any_division_gives_what_the_reference_gives_on_any_terms(
    data: st.DataObject, market: Market, setup: Setup
):
    agreed = data.draw(terms(len(market.symbols), market.sessions))
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data(), st.one_of(markets(), daily_markets()), setups)
def test_any_division_over_splits_and_dividends_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup
):
    agreed = data.draw(terms(len(market.symbols)))
    actions = data.draw(corporate_actions(len(market.symbols), market.sessions))
    market = market.split(actions) if data.draw(st.booleans()) else market
    strategies = data.draw(lanes(market))
    assert_like_the_reference(market, strategies, setup, replace(agreed, actions=actions))


divisions = st.fixed_dictionaries(
    {
        "processors": st.integers(1, 3),
        "engines": st.integers(1, 3),
        "slots": st.integers(1, 4),
        "slot_rows": st.one_of(st.none(), st.integers(1, 12)),
    }
)
paces = st.fixed_dictionaries(
    {
        # So fast that the clock never waits: one slot per timestamp all the same.
        "speed_multiplier": st.sampled_from([0.0, 1e12]),
        "prefetch_days": st.integers(0, 2),
    }
)


def assert_processes_like_the_reference(data: st.DataObject, start_method: str) -> None:
    exchange, market = data.draw(exchange_markets())
    actions = data.draw(corporate_actions(len(market.symbols), market.sessions))
    market = market.split(actions)
    strategies = data.draw(lanes(market))
    agreed = replace(data.draw(terms(len(market.symbols))), actions=actions)
    mode = data.draw(st.sampled_from(["interpreted", "compiled"]))
    with TemporaryDirectory() as folder:
        config = settings_of(
            exchange.group,
            exchange.first,
            exchange.last,
            market.symbols,
            market.streams,
            market.write(Path(folder, "catalog"), actions),
        )
        config["backtest_config"] |= data.draw(paces)
        config["pipeline"] = {**data.draw(divisions), "start_method": start_method}
        config |= terms_settings(agreed, market.symbols)
        result = run_lanes(config, strategies, mode, Path(folder, "runs"))
        found = outcomes(result, market.symbols)
    expected = [replay(market, strategy, agreed) for strategy in strategies]
    for got, want, lane in zip(found, expected, result.summary["lanes"], strict=True):
        assert_same(replace(got, session_equity=want.session_equity), want)
        assert lane["digest"] == want.digest
        assert lane["final_equity"] == want.equity[-1][1]
        assert (lane["fills"], lane["orders"]) == (len(want.fills), len(want.orders))
    assert result.digest == run_digest([one.digest for one in expected])
    assert result.summary["assumptions"]["corporate_actions"] == len(actions)
    assert result.summary["sessions"] == len(market.sessions)
    assert result.summary["bars"] == sum(map(len, all_bars(market)[0]))
    assert_nothing_left()


@settings(max_examples=14, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_forked_processes_give_what_the_reference_gives(data: st.DataObject):
    assert_processes_like_the_reference(data, "forkserver")


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_spawned_processes_give_what_the_reference_gives(data: st.DataObject):
    assert_processes_like_the_reference(data, "spawn")
