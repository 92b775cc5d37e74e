from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.lane.slot_view import table_records
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.stages.processor import Processor
from pipeline.tape.schedule import (
    CLOSES,
    OPENS,
    ROW_MASK,
    SYMBOL_MASK,
    SYMBOL_SHIFT,
    TABLE_SHIFT,
    Schedule,
)
from pipeline.tape.slot import SlotShape
from tests.reference.in_process import Coordinating, Slots
from tests.reference.market import Market
from tests.reference.replay import all_bars, moments_of
from tests.strategies import markets


def ahead_of(schedule: Schedule) -> list[int]:
    """What each moment's ``ahead`` should be, by looking ahead from each."""
    moments = schedule.moments[: schedule.count]
    ends = moments["end"].tolist()
    bars = [schedule.entries[begin:end].tolist() for begin, end in pairwise([0, *ends])]
    found = []
    for index in range(schedule.count):
        base = [entry for entry in bars[index] if entry >> TABLE_SHIFT == 0]
        ahead = 0
        if len(base) == 1 and moments["flags"][index] == 0:
            for more, flags in zip(bars[index + 1 :], moments["flags"][index + 1 :], strict=True):
                if more != [base[0] + ahead + 1] or flags != 0:
                    break
                ahead += 1
        found.append(ahead)
    return found


def scheduled(market: Market, rows: int, universe: Sequence[int] = ()) -> list[tuple]:
    """The moments of all slots: time, bars by their closes in order, flags."""
    plan = IndicatorPlan.build([{}], market.streams)
    columns = [plan.columns(name) for name in market.streams]
    shape = SlotShape.plan(
        market.symbols, market.streams, columns, lookback=1, rows=rows, quality=False
    )
    slots = Slots.make(shape, 1)
    (slot,) = slots.views
    coordinating = Coordinating(market, slots, 9)
    processor = Processor(plan, range(len(market.symbols)), slot)
    schedule = Schedule(shape, universe)
    found = []
    while not coordinating.tape.finished:
        coordinating.fill(slot)
        processor.process(slot)
        schedule.read(table_records(slot, shape), slot.open_sessions)
        assert schedule.moments["ahead"][: schedule.count].tolist() == ahead_of(schedule)
        begin = 0
        base_moments = []
        for moment in schedule.moments[: schedule.count]:
            bars = []
            for place, entry in enumerate(schedule.entries[begin : moment["end"]].tolist(), begin):
                table, symbol = entry >> TABLE_SHIFT, entry >> SYMBOL_SHIFT & SYMBOL_MASK
                assert (table == 0) == (place < moment["base_end"])
                row = entry & ROW_MASK
                assert slot.tables[table].close_ts[symbol, row] == moment["t"]
                bars.append((table, symbol, int(slot.tables[table].ts[symbol, row])))
            if moment["base_end"] > begin:
                base_moments.append(int(moment["t"]))
            begin = moment["end"]
            found.append((int(moment["t"]), bars, int(moment["flags"])))
        assert schedule.base_times.tolist() == base_moments
    return found


@settings(max_examples=60)
@given(markets(), st.integers(1, 30))
def test_moments_come_in_order_with_all_that_happens_at_each(market: Market, rows: int):
    expected = [
        (
            now,
            [(bar.interval, bar.symbol, bar.ts) for bars in moment.bars for bar in bars],
            CLOSES * bool(moment.closes) + OPENS * bool(moment.opens),
        )
        for now, moment in moments_of(market, all_bars(market))
    ]
    assert scheduled(market, rows) == expected


@settings(max_examples=40)
@given(markets(), st.integers(1, 30), st.data())
def test_those_of_a_universe_are_all_moments_without_the_other_symbols(
    market: Market, rows: int, data: st.DataObject
):
    universe = data.draw(st.sets(st.integers(0, len(market.symbols) - 1), min_size=1))
    expected = [
        (now, [bar for bar in bars if bar[1] in universe], flags)
        for now, bars, flags in scheduled(market, rows)
    ]
    # Without bars and without a session that opens or closes nothing happens at a moment.
    expected = [one for one in expected if one[1] or one[2]]
    assert scheduled(market, rows, sorted(universe)) == expected
