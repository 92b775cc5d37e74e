from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.slot import END, FIRST_CLOSE, HORIZON, ROWS, SEQUENCE, SESSIONS, SlotShape
from tests.reference.in_process import Coordinating, Slots
from tests.reference.market import Market
from tests.reference.replay import all_bars
from tests.strategies import markets


def filled(market: Market, rows: int, group_rows: int) -> list[dict]:
    """What the tape puts into each slot."""
    columns = [("open", "high", "low", "close", "volume")] * len(market.streams)
    shape = SlotShape.plan(
        market.symbols, market.streams, columns, lookback=2, rows=rows, quality=False
    )
    slots = Slots.make(shape, 1)
    coordinating = Coordinating(market, slots, group_rows)
    found = []
    while not coordinating.tape.finished:
        slot = slots.views[0]
        count = coordinating.fill(slot)
        table = slot.tables[0]
        bars = [
            (symbol, int(ts), int(close))
            for symbol, fresh in enumerate(table.count.tolist())
            for ts, close in zip(
                table.ts[symbol, table.first : table.first + fresh],
                table.close_ts[symbol, table.first : table.first + fresh],
                strict=True,
            )
        ]
        assert count == len(bars) == slot.header[ROWS]
        found.append(
            {
                "header": slot.header.tolist(),
                "bars": bars,
                "counts": table.count.tolist(),
                "sessions": slot.open_sessions.copy(),
            }
        )
    return found


tapes = given(markets(), st.integers(1, 30), st.integers(1, 30))


@tapes
def test_the_slots_together_hold_every_bar_once(market: Market, rows: int, group_rows: int):
    found = [bar for slot in filled(market, rows, group_rows) for bar in slot["bars"]]
    expected = [
        (symbol, bar.ts, bar.close_ts)
        for symbol, bars in enumerate(all_bars(market)[0])
        for bar in bars
    ]
    assert sorted(found) == sorted(expected)


@tapes
def test_no_slot_splits_a_close_or_exceeds_its_rows(market: Market, rows: int, group_rows: int):
    last = 0
    for slot in filled(market, rows, group_rows):
        assert max(slot["counts"]) <= rows
        closes = [close for _, _, close in slot["bars"]]
        if closes:
            assert last < min(closes) == slot["header"][FIRST_CLOSE]
            last = max(closes)


@tapes
def test_a_horizon_is_the_last_instant_before_the_next_base_bar_closes(
    market: Market, rows: int, group_rows: int
):
    slots = filled(market, rows, group_rows)
    end = int(market.sessions.close_ns[-1])
    every = sorted(bar.close_ts for bars in all_bars(market)[0] for bar in bars)
    before = int(market.sessions.open_ns[0]) - 1
    for number, slot in enumerate(slots):
        horizon = slot["header"][HORIZON]
        assert slot["header"][SEQUENCE] == number
        assert all(before < close <= horizon for _, _, close in slot["bars"])
        following = [close for close in every if close > horizon]
        named = [int(one["close"]) for one in slot["sessions"] if one["closes"]]
        assert horizon == (following[0] - 1 if following else end) or horizon in named
        assert slot["header"][END] == (horizon == end) == (number == len(slots) - 1)
        before = horizon


@tapes
def test_every_session_opens_and_closes_once_in_a_slot_that_reaches_it(
    market: Market, rows: int, group_rows: int
):
    opened, closed = [], []
    before = int(market.sessions.open_ns[0]) - 1
    for slot in filled(market, rows, group_rows):
        horizon = slot["header"][HORIZON]
        assert slot["header"][SESSIONS] == len(slot["sessions"])
        for one in slot["sessions"]:
            assert bool(one["opens"]) == (before < one["open"] <= horizon)
            assert bool(one["closes"]) == (before < one["close"] <= horizon)
        opened += [int(one["index"]) for one in slot["sessions"] if one["opens"]]
        closed += [int(one["index"]) for one in slot["sessions"] if one["closes"]]
        before = horizon
    assert opened == closed == list(range(len(market.sessions)))
