"""What lanes see of a slot: the bars, sessions and first cursors of their universe."""

from typing import Any

import numpy as np
import pytest

from pipeline.lane.slot_view import SLOT_VIEW, SlotView
from pipeline.tape.schedule import Schedule
from pipeline.tape.slot import SPLITS, Slot
from tests.tape.slots import shape_of, slot_of

COUNTS = (3, 5, 7)


def filled() -> Slot:
    """A slot with 3, 5 and 7 bars of its symbols."""
    slot = slot_of(shape_of(lookback=4))
    base = slot.tables[0]
    for symbol, count in enumerate(COUNTS):
        rows = slice(base.first, base.first + count)
        base.ts[symbol, rows] = np.arange(count)
        base.close_ts[symbol, rows] = np.arange(count) + 1
        base.count[symbol] = count
    return slot


def record_of(view: SlotView) -> Any:
    (record,) = view._record
    assert record.dtype == SLOT_VIEW
    assert view.address == view._record.ctypes.data
    return record


@pytest.mark.parametrize(
    ("universe", "bars", "moments"),
    [((), 15, 7), ((0,), 3, 3), ((1, 2), 12, 7), ((0, 1), 8, 5)],
)
def test_bars_are_those_of_the_universe(universe: tuple[int, ...], bars: int, moments: int):
    slot, shape = filled(), shape_of(lookback=4)
    view = SlotView(slot, shape, Schedule(shape, universe))
    assert view.bars == 0
    view.read()
    assert view.bars == bars
    assert view.schedule.count == len(view.schedule.base_times) == moments


def test_nothing_is_known_of_symbols_outside_the_universe():
    """Neither of this slot nor of those before, whose last rows the slot carries."""
    slot, shape = filled(), shape_of(lookback=4)
    whole = SlotView(slot, shape, Schedule(shape))
    part = SlotView(slot, shape, Schedule(shape, (2, 0)))
    for view, expected in ((whole, [[3, 3, 3]] * 2), (part, [[3, -1, 3]] * 2)):
        assert view._cursors.tolist() == expected
        assert record_of(view)["cursors"] == view._cursors.ctypes.data
        assert record_of(view)["first"] == 4


def test_views_that_share_a_schedule_find_their_own_slots_and_the_same_moments():
    shape = shape_of(lookback=4)
    schedule = Schedule(shape)
    slots = [filled(), filled()]
    views = [SlotView(slot, shape, schedule) for slot in slots]
    for slot, view in zip(slots, views, strict=True):
        record = record_of(view)
        assert record["sessions"] == slot.sessions.ctypes.data
        assert record["prices"] == slot.tables[0].values.ctypes.data
        assert record["moments"] == schedule.moments.ctypes.data
        assert record["entries"] == schedule.entries.ctypes.data


@pytest.mark.parametrize("splits", [0, 2])
def test_it_says_whether_shares_are_split_before_the_slot(splits: int):
    slot, shape = filled(), shape_of(lookback=4)
    slot.header[SPLITS] = splits
    view = SlotView(slot, shape, Schedule(shape))
    view.read()
    assert record_of(view)["split"] == (splits > 0)
