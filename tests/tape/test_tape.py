import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import VOLUME
from pipeline.market.actions import NO_SPLITS, Splits
from pipeline.market.time.time_manager import SessionTable
from pipeline.tape.slot import (
    END,
    FIRST_CLOSE,
    HORIZON,
    ROWS,
    SEQUENCE,
    SESSIONS,
    SPLITS,
    UNTRADED,
    SlotShape,
)
from tests.reference.in_process import Coordinating, Slots
from tests.reference.market import Bars, Market, session_table
from tests.reference.replay import all_bars
from tests.strategies import markets


def filled(market: Market, rows: int, group_rows: int, splits: Splits = NO_SPLITS) -> list[dict]:
    """What the tape puts into each slot."""
    columns = [("open", "high", "low", "close", "volume")] * len(market.streams)
    shape = SlotShape.plan(
        market.symbols, market.streams, columns, lookback=2, rows=rows, quality=False
    )
    slots = Slots.make(shape, 1)
    coordinating = Coordinating(market, slots, group_rows, splits)
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
        volumes = np.concatenate(
            [
                table.values[VOLUME, symbol, table.first : table.first + fresh]
                for symbol, fresh in enumerate(table.count.tolist())
            ]
        )
        assert slot.header[UNTRADED] == (volumes == 0.0).any()
        found.append(
            {
                "header": slot.header.tolist(),
                "bars": bars,
                "counts": table.count.tolist(),
                "sessions": slot.open_sessions.copy(),
                "past": [
                    table.values[3, symbol, : table.first].tolist()
                    for symbol in range(len(market.symbols))
                ],
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


MINUTE = 60_000_000_000
PAUSED = session_table([(k * 60 * MINUTE, (k * 60 + 3) * MINUTE) for k in range(1, 5)])


def paused_market(sessions: SessionTable = PAUSED) -> Market:
    """Two symbols with a bar a minute at 8, the second without any in the third session."""
    ts = np.concatenate([opened + MINUTE * np.arange(3) for opened in sessions.open_ns])
    both = {"A": ts, "B": np.delete(ts, [6, 7, 8])}
    bars = {name: Bars(of, np.full((5, len(of)), 8.0)) for name, of in both.items()}
    return Market(bars, sessions, ("1m",))


@pytest.mark.parametrize("rows", [1, 2, 5, 50])
def test_a_slot_begins_with_the_session_before_which_shares_are_split(rows: int):
    splits = {2: [(1, 2.0)], 3: [(0, 4.0), (1, 0.5)]}
    slots = filled(paused_market(), rows, 7, splits)
    begins = {slot["header"][SPLITS]: slot for slot in slots if slot["header"][SPLITS]}
    assert list(begins) == [2, 3]
    for session, slot in begins.items():
        first = slot["sessions"][0]
        assert (first["index"], first["opens"]) == (session, 1)
        assert not any(close <= first["open"] for _, _, close in slot["bars"])
    # Two rows of lookback, each split once: B has no bars between its two splits.
    assert begins[2]["past"] == [[8.0, 8.0], [4.0, 4.0]]
    assert begins[3]["past"] == [[2.0, 2.0], [8.0, 8.0]]
    assert sum(len(slot["bars"]) for slot in slots) == 21
    assert [int(one["index"]) for slot in slots for one in slot["sessions"] if one["opens"]] == [
        *range(4)
    ]
