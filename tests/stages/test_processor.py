import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import indicators as ind
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.quality import quality_of
from pipeline.stages.jobs import share
from pipeline.stages.processor import Processor
from pipeline.tape.slot import QUALITY, SlotShape
from tests.reference.in_process import Coordinating, Slots, bars_on_the_tape
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import all_bars, indicator_columns
from tests.strategies import MINUTE, START, markets


@pytest.mark.parametrize(("count", "parts"), [(1, 1), (5, 2), (2, 3), (500, 7)])
def test_shares_are_consecutive_nearly_equal_and_hold_everyone_once(count: int, parts: int):
    shares = [share(count, parts, part) for part in range(parts)]
    assert [symbol for one in shares for symbol in one] == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@settings(max_examples=50)
@given(markets(), st.integers(1, 30))
def test_longer_bars_are_those_that_the_reference_joins(market: Market, rows: int):
    found = bars_on_the_tape(market, rows)
    for of_interval, expected in zip(found, all_bars(market), strict=True):
        for bars, wanted in zip(of_interval, expected, strict=True):
            assert bars.ts.tolist() == [bar.ts for bar in wanted]
            assert bars.values.T.tolist() == [bar.prices for bar in wanted]


class Run:
    """Slots filled and processed one after the other by some processors."""

    def __init__(self, market: Market, plan: IndicatorPlan, rows: int, *, quality: bool = False):
        self.shape = SlotShape.plan(
            market.symbols,
            market.streams,
            [plan.columns(name) for name in market.streams],
            lookback=3,
            rows=rows,
            quality=quality,
        )
        self.slots = Slots.make(self.shape, 1)
        self.market, self.plan = market, plan

    def columns(self, parts: int = 1) -> list[list[list[list[float]]]]:
        """By interval and symbol, all rows of all columns behind the prices."""
        (slot,) = self.slots.views
        symbols = len(self.market.symbols)
        coordinating = Coordinating(self.market, self.slots, 11)
        workers = [Processor(self.plan, share(symbols, parts, part), slot) for part in range(parts)]
        found = [[[] for _ in self.market.symbols] for _ in self.market.streams]
        while not coordinating.tape.finished:
            coordinating.fill(slot)
            for worker in reversed(workers):
                worker.process(slot)
            for of_interval, table in zip(found, slot.tables, strict=True):
                for symbol, count in enumerate(table.count.tolist()):
                    span = slice(table.first, table.first + count)
                    of_interval[symbol] += table.values[5:, symbol, span].T.tolist()
        return found


@settings(max_examples=40)
@given(markets(), st.integers(1, 20), st.integers(1, 3))
def test_indicators_do_not_depend_on_where_slots_end_nor_on_who_computes(
    market: Market, rows: int, parts: int
):
    longest = market.streams[-1]
    request = {"a": ind.sma(3), "b": ind.vwap(), "c": ind.ema(2, interval=longest), "d": ind.obv()}
    plan = IndicatorPlan.build([request], market.streams)
    bars = all_bars(market)
    whole = indicator_columns(market, plan, bars)[0]
    found = Run(market, plan, rows).columns(parts)
    for interval, of_interval in enumerate(found):
        for symbol, got in enumerate(of_interval):
            count = len(bars[interval][symbol])
            wanted = whole[interval][5:, symbol, :count].T
            np.testing.assert_array_equal(np.reshape(got, wanted.shape), wanted)


def test_quality_is_graded_at_every_bar_of_every_interval():
    sessions = session_table([(START, START + 10 * MINUTE)])
    ts = START + MINUTE * np.array([0, 1, 3, 4, 5, 9])
    market = Market({"A": random_walk(ts, 1)}, sessions, ("1m", "5m"))
    run = Run(market, IndicatorPlan.build([{}], market.streams), 4, quality=True)
    assert run.shape.columns[0][-1] == QUALITY
    (base,), (longer,) = run.columns()
    grades = [100, 100, 75, 80, 500 / 6, 60]
    assert [row[-1] for row in base] == pytest.approx(grades)
    assert base[-1][-1] == quality_of(ts, "1m", sessions).percent
    assert [row[-1] for row in longer] == [100.0, 100.0]


def test_a_processor_leaves_the_symbols_of_others_alone():
    sessions = session_table([(START, START + 10 * MINUTE)])
    ts = START + MINUTE * np.arange(10)
    market = Market({name: random_walk(ts, 1) for name in "ABC"}, sessions, ("1m", "5m"))
    plan = IndicatorPlan.build([{"a": ind.sma(2)}], market.streams)
    run = Run(market, plan, 20)
    (slot,) = run.slots.views
    Coordinating(market, run.slots, 10).fill(slot)
    slot.tables[1].values[:] = slot.tables[0].values[5] = 7.0
    slot.tables[1].count[:] = 5
    Processor(plan, range(1, 2), slot).process(slot)
    assert slot.tables[1].count.tolist() == [5, 2, 5]
    for symbol in (0, 2):
        assert (slot.tables[1].values[:, symbol] == 7.0).all()
        assert (slot.tables[0].values[5, symbol] == 7.0).all()
