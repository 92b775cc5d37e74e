"""The same input gives the same bytes out, however the run is divided.

Every result is held against `tests.reference.replay`, which knows no slot, no stage and no process.
Most runs are made in this process by driving the stages directly; some with all their processes.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline import state
from pipeline.lane.spec import Terms
from pipeline.results.digest import run_digest
from pipeline.strategy.strategy import Strategy
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.processes import (
    assert_nothing_left,
    outcomes,
    run_lanes,
    settings_of,
    terms_settings,
)
from tests.reference.replay import Outcome, all_bars, base_bars, replay
from tests.reference.traders import Desk, Historian, Reviser, Sleeper, Tinkerer
from tests.strategies import (
    MINUTE,
    START,
    Exchange,
    corporate_actions,
    costs,
    daily_markets,
    dense_markets,
    exchange_markets,
    lanes,
    markets,
    setups,
    terms,
)


def examples(most: int) -> int:
    """So many examples: half of them where they are the same every time, as in `.ci/run`."""
    return most // 2 if settings().derandomize else most


def assert_like_the_reference(
    market: Market, strategies: list[Strategy], setup: Setup, agreed: Terms
) -> None:
    expected = [replay(market, strategy, agreed) for strategy in strategies]
    found, digest = run_in_process(market, strategies, setup, agreed)
    for got, want in zip(found, expected, strict=True):
        assert_same(got, want)
    assert digest == run_digest([one.digest for one in expected])


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups, costs)
def test_any_division_of_a_run_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup, agreed: Terms
):
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(st.data(), dense_markets(), setups, st.integers(1, 300), costs)
def test_so_it_does_where_bar_follows_bar_for_long(
    data: st.DataObject, market: Market, setup: Setup, rows: int, agreed: Terms
):
    rare: list[Strategy] = [Sleeper(every=data.draw(st.integers(3, 30)))]
    lane = data.draw(lanes(market, 1) | st.just(rare))
    assert_like_the_reference(market, lane, replace(setup, slot_rows=rows), agreed)


@pytest.mark.parametrize("rows", [1, 2, 3, 50])
def test_what_ends_in_on_order_is_told_in_the_next_slot_too(rows: int):
    """Moved to the outbox before, it was forgotten with it where a slot ended."""
    ts = START + MINUTE * np.arange(40, dtype=np.int64)
    spans = session_table([(START, START + 40 * MINUTE)])
    market = Market({"A": random_walk(ts, 0)}, spans, ("1m",))
    for step in (0.25, 1.0, 4.0):
        setup = Setup(mode="compiled", slot_rows=rows)
        assert_like_the_reference(market, [Desk(size=2.0, step=step)], setup, Terms(100_000.0))


def names_no_number(lane: list[Strategy]) -> bool:
    """Whether a lane's trader does not call the market's first symbol by its number."""
    return not isinstance(lane[0], Tinkerer | Desk | Historian | Reviser)


def renumbered(outcome: Outcome, universe: Sequence[int]) -> Outcome:
    """The outcome of a market of some symbols, with their numbers in the market of all."""
    return replace(
        outcome,
        fills=[(ts, universe[symbol], *rest) for ts, symbol, *rest in outcome.fills],
        orders=[(id_, ts, universe[symbol], *rest) for id_, ts, symbol, *rest in outcome.orders],
        trips=[(universe[symbol], *rest) for symbol, *rest in outcome.trips],
    )


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups, costs)
def test_a_lane_of_a_universe_does_what_it_does_where_there_are_no_other_symbols(
    data: st.DataObject, market: Market, setup: Setup, agreed: Terms
):
    strategies: list[Strategy] = []
    universes: list[tuple[int, ...]] = []
    expected = []
    for _ in range(data.draw(st.integers(1, 3))):
        numbers = st.sets(st.sampled_from(range(len(market.symbols))), min_size=1)
        universe = tuple(sorted(data.draw(numbers)))
        names = [market.symbols[number] for number in universe]
        own = Market({n: market.bars[n] for n in names}, market.sessions, market.streams)
        drawn = lanes(own, 1)
        (strategy,) = data.draw(drawn if universe[0] == 0 else drawn.filter(names_no_number))
        strategies.append(strategy)
        universes.append(universe)
        expected.append(renumbered(replay(own, strategy, agreed), universe))
    found, _ = run_in_process(market, strategies, setup, agreed, universes=universes)
    for got, want in zip(found, expected, strict=True):
        assert_same(got, want)


class Peeker(Strategy):
    """Writes all it can find out of the first symbol into the prices of its orders."""

    lookback = 4
    intervals = ("1m",)
    bars: int = state(0)

    def on_bar(self, bar, ctx):
        self.bars += 1
        total = 1.0 + ctx.count(0) + len(ctx.window(0, "high", 4)) + 0.25 * bar.symbol
        for close in ctx.window(0, "close", 3):
            total += close
        if ctx.last_price(0) == ctx.last_price(0):
            total += ctx.last_price(0)
        ctx.limit(0, 1.0, 1.0)
        ctx.stop(bar.symbol, 1.0, total + self.bars)


class Asker(Strategy):
    """Does the same through ``ctx.data``, which only interpreted strategies have."""

    lookback = 4
    intervals = ("1m",)

    def on_bar(self, bar, ctx):
        first, data = "A", ctx.data
        window = data.get_bars(first, 4)
        known = len(window) + len(window.close) + len(window["volume"]) + data.count(first)
        known += (data.latest_bar(first) is not None) + len(data.bars_since(first, 0))
        ctx.limit(bar.symbol, 1.0, 1.0 + known + window.record_batch().num_rows)


@settings(max_examples=examples(30), suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups, st.sampled_from([Peeker, Asker]))
def test_nothing_is_known_of_a_symbol_outside_the_universe_whatever_the_slots(
    data: st.DataObject, market: Market, setup: Setup, cls: type[Strategy]
):
    assume(len(market.symbols) > 1)
    others = range(1, len(market.symbols))
    universe = tuple(sorted(data.draw(st.sets(st.sampled_from(others), min_size=1))))
    # A volume of which a share bounds each order must not be the last that a slot carries over.
    agreed = Terms(1e6, max_order_volume=data.draw(st.sampled_from([math.inf, 0.5])))
    if cls is Asker:
        setup = replace(setup, mode="interpreted")
    (found,), _ = run_in_process(market, [cls()], setup, agreed, universes=[universe])
    assert [fill for fill in found.fills if fill[1] == 0] == []
    bars = sum(len(base_bars(market, symbol)) for symbol in universe)
    prices = [order[9] if cls is Asker else order[10] for order in found.orders if order[2] != 0]
    assert len(prices) == bars
    if cls is Asker:
        assert set(prices) <= {1.0}
    own = [order for order in found.orders if order[2] == 0]
    if agreed.max_order_volume < math.inf:
        assert {order[13] for order in own} <= {1.0}
        assert {order[14] for order in own} <= {0.0}
    for symbol in universe if cls is Peeker else ():
        seen = [order[10] for order in found.orders if order[2] == symbol]
        assert seen == [2.0 + 0.25 * symbol + number for number in range(len(seen))]


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
@given(st.data(), daily_markets(), setups, costs)
def test_any_division_of_daily_bars_gives_what_the_reference_gives(
    data: st.DataObject, market: Market, setup: Setup, agreed: Terms
):
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=examples(25), suppress_health_check=list(HealthCheck))
@given(st.data(), exchange_markets(), setups, costs)
def test_real_calendars_give_what_the_reference_gives(
    data: st.DataObject, found: tuple[Exchange, Market], setup: Setup, agreed: Terms
):
    _, market = found
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(st.data(), markets(), setups)
def test_any_division_gives_what_the_reference_gives_on_any_terms(
    data: st.DataObject, market: Market, setup: Setup
):
    agreed = data.draw(terms(len(market.symbols), market.sessions))
    assert_like_the_reference(market, data.draw(lanes(market)), setup, agreed)


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
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
        config["session_data_config"]["bars_outside_sessions"] = "leave_out"
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


@pytest.mark.filterwarnings("ignore::pipeline.errors.DataWarning")
@settings(max_examples=examples(14), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_forked_processes_give_what_the_reference_gives(data: st.DataObject):
    assert_processes_like_the_reference(data, "forkserver")


@pytest.mark.filterwarnings("ignore::pipeline.errors.DataWarning")
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_spawned_processes_give_what_the_reference_gives(data: st.DataObject):
    assert_processes_like_the_reference(data, "spawn")
