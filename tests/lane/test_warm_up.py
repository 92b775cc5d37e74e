"""Warm-up: from which bar on a strategy is called, in both modes and however a run is divided."""

from typing import Any

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state
from pipeline import indicators as ind
from pipeline.errors import StrategyError
from pipeline.lane.facts import LaneFacts
from pipeline.lane.warm_up import first_called, never_ready, ready_cells
from pipeline.strategy.demands import warmup_of
from tests.golden.cases import CASES
from tests.golden.traders import PatientCrosser
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import TERMS, replay

T0 = 1_700_006_400_000_000_000
DAY = 24 * 60 * MINUTE


def market_of(minutes: int = 12) -> Market:
    """Two symbols; the second has no bar before the sixth minute."""
    ts = T0 + MINUTE * np.arange(minutes, dtype=np.int64)
    bars = {"A": random_walk(ts, 1), "B": random_walk(ts[6:], 2)}
    half = T0 + 4 * MINUTE
    return Market(bars, session_table([(T0, half), (half, T0 + minutes * MINUTE)]), ("1m", "3m"))


class FirstCalls(Strategy):
    """Orders at each call as many units as the minute of the bar, so that fills tell which it saw.

    A symbol's first call is the first order of it.
    """

    intervals = ("1m",)

    def indicators(self) -> dict[str, Any]:
        return {"mean": ind.sma(3), "longer": ind.sma(2, interval="3m")}

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0 + (bar.ts - 1_700_006_400_000_000_000) // 60_000_000_000)


class AtTheThird(FirstCalls):
    """Is called from the third bar of a symbol on, whatever its indicators say."""

    warmup = 3


class AtOnce(FirstCalls):
    """Is called from the first bar on."""

    warmup = 0


class Never(Strategy):
    """Waits for an indicator that needs more bars than there are."""

    calls: int = state(0)

    def indicators(self) -> dict[str, Any]:
        return {"mean": ind.sma(2), "slow": ind.sma(1_000)}

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)


class Asker(Strategy):
    """Is called for no bar, so that no cell says when its indicators are ready."""

    lookback = 1
    indicators = Never.indicators

    def on_session_close(self, session, ctx):
        for symbol in ctx.symbols:
            ctx.window(symbol, "slow", 1)


class LongBars(Never):
    """Is called for one interval only, from its fourth bar on; the second symbol has three."""

    intervals = ("3m",)
    warmup = 4


class Impatient(Never):
    """Does not wait, as `Never` does; what it shows is a value at some bars only."""

    warmup = 0

    def indicators(self) -> dict[str, Any]:
        return {**super().indicators(), "rising": ind.custom(rising, state=1, warmup=1)}


def rising(state, bar, params):
    """The open of every third bar, else NaN, and NaN at the last bar of each symbol."""
    state[0] += 1.0
    return bar[0] if state[0] % 3.0 == 1.0 and state[0] < 12.0 else np.nan


def first_minutes(strategy: Strategy, setup: Setup) -> tuple[dict[int, float], LaneFacts]:
    """Return at which minute of a bar each symbol was first called for, and the lane's facts."""
    told: list[LaneFacts] = []
    (found,), _ = run_in_process(
        market_of(), [strategy], setup, tell=lambda facts, _: told.extend(facts)
    )
    first: dict[int, float] = {}
    for order in found.orders:
        first.setdefault(order[2], order[3] - 1.0)
    return first, told[0]


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize("rows", [1, 5, 100])
@pytest.mark.parametrize(
    ("strategy", "minutes"),
    [
        # Two bars of three minutes end with the minutes 5 and 11, where the second symbol has them
        # from minute 6 on; in the first session of four minutes a third ends early, with minute 3.
        (FirstCalls(), {0: 3.0, 1: 9.0}),
        (AtTheThird(), {0: 2.0, 1: 8.0}),
        (AtOnce(), {0: 0.0, 1: 6.0}),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_strategy_is_first_called_when_it_is_ready(
    strategy: Strategy, minutes: dict[int, float], rows: int, mode: str
):
    first, facts = first_minutes(strategy, Setup(mode=mode, slot_rows=rows))
    assert first == minutes
    assert facts.never_ready == ()
    assert facts.first_called == (0 if isinstance(strategy, AtOnce) else 29 * DAY)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_an_indicator_that_never_has_a_value_is_named(mode: str):
    first, facts = first_minutes(Never(), Setup(mode=mode))
    assert first == {}
    assert facts.first_called == -1
    assert facts.never_ready == ("A 1m (slow)", "B 1m (slow)", "A 3m (slow)", "B 3m (slow)")
    assert facts.never_called == facts.never_ready


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize("rows", [1, 5, 100])
def test_so_it_is_where_the_strategy_does_not_wait_for_it(rows: int, mode: str):
    setup = Setup(mode=mode, slot_rows=rows)
    first, facts = first_minutes(Impatient(), setup)
    assert first == {0: 0.0, 1: 0.0}
    assert facts.never_ready == ("A 1m (slow)", "B 1m (slow)", "A 3m (slow)", "B 3m (slow)")
    assert facts.never_called == ()
    _, facts = first_minutes(Asker(), setup)
    assert facts.never_ready == ("A 1m (slow)", "B 1m (slow)", "A 3m (slow)", "B 3m (slow)")
    assert facts.never_called == ()
    _, facts = first_minutes(LongBars(), setup)
    assert facts.never_ready == ("A 3m (slow)", "B 3m (warmup, slow)")
    assert facts.never_called == ("B 3m (warmup, slow)",)


def test_nothing_is_said_of_symbols_without_bars_or_outside_the_universe():
    told: list[LaneFacts] = []
    market = market_of()
    market.bars["B"] = random_walk(np.zeros(0, np.int64), 2)
    for universe in ((), (1,)):
        run_in_process(
            market,
            [Impatient()],
            Setup(),
            universes=[universe],
            tell=lambda facts, _: told.extend(facts),
        )
    assert [facts.never_ready for facts in told] == [("A 1m (slow)", "A 3m (slow)"), ()]


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize("rows", [1, 2, 7, 500])
def test_the_division_into_slots_does_not_show(rows: int, mode: str):
    case = CASES["minutes_of_warm_up"]()
    setup = Setup(mode=mode, slot_rows=rows)
    found, _ = run_in_process(case.market, case.strategies, setup, case.terms)
    for got, strategy in zip(found, case.strategies, strict=True):
        assert_same(got, replay(case.market, strategy, case.terms))


def test_the_first_session_in_which_it_was_ready_is_known():
    market = market_of()
    told: list[LaneFacts] = []
    run_in_process(
        market,
        [PatientCrosser(slow=7, fast=5)],
        Setup(),
        TERMS,
        tell=lambda facts, _: told.extend(facts),
    )
    assert told[0].first_called == int(market.sessions.date_ns[1])


def test_cells_say_from_when_on_and_what_is_missing():
    cells = ready_cells(2, 3, None, 2)
    assert cells.shape == (2, 3)
    assert (cells == 0).all()
    assert (ready_cells(2, 3, None, 0) == 1).all()
    assert (ready_cells(2, 3, 1, 2) == 1).all()
    assert (ready_cells(2, 3, 2, 0) == 0).all()
    assert first_called(cells, (0, 1)) == 0
    cells[0] = 0, -2, -(1 << 61)
    assert first_called(cells, (0, 1)) == -1
    assert first_called(cells, (1,)) == 0
    names = ("1m", "5m"), ("A", "B", "C"), ("fast", "slow")
    cells[0] = 0, -2, -3
    assert list(never_ready(cells, (0, 1), *names)) == [
        ("B 1m (slow)", True),
        ("C 1m (fast, slow)", True),
    ]
    cells[1] = 3 * DAY, 2 * DAY, -1
    assert first_called(cells, (0, 1)) == 2 * DAY
    assert list(never_ready(cells, (1,), *names)) == [("C 5m (fast)", True)]


@pytest.mark.parametrize("bars", [-1, 2.0, "10", True])
def test_a_warmup_that_is_no_number_of_bars_is_refused(bars: Any):
    odd = type("Odd", (AtOnce,), {"warmup": bars})
    with pytest.raises(StrategyError, match=r"Odd\.warmup must be a number of bars, from 0 to 2"):
        warmup_of(odd())
