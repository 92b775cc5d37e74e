"""Stretches of bars: how far a compiled on_bar goes by itself, and what is known where it stops."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from pipeline import MINUTE, Strategy, state
from pipeline.codes import PRICE_COLUMNS
from pipeline.lane.kind import LaneKind
from pipeline.lane.lane import Lane
from pipeline.lane.outbox import Outbox
from pipeline.lane.slot_view import SlotView, begin_slot
from pipeline.lane.spec import LaneSpec, Terms
from pipeline.strategy.compiled.hooks import call_stretch
from pipeline.strategy.compiled.stretch import show
from pipeline.tape.schedule import Schedule
from pipeline.tape.slot import Slot, SlotShape

ROWS = 12


class Acts(Strategy):
    """Does one thing at its bar of a number."""

    at: int = -1
    what: int = 0
    seen: int = state(0)
    order: int = state(0)

    def on_bar(self, bar, ctx):
        if self.seen == self.at:
            if self.what == 0:
                ctx.market(bar.symbol, 1.0)
            elif self.what == 1:
                ctx.cancel(self.order)
            elif ctx.now != bar.close_ts or ctx.last_price(bar.symbol) != bar.close:
                raise ValueError("the present is not the bar's")
        self.seen += 1


@njit
def called(on_bar: int, own: int, bar: int, context: int, seen: int, count: int) -> int:
    return call_stretch(on_bar, (own, bar, context, seen, count))


class OneStretch:
    """A lane at the first of twelve bars, ready to be walked."""

    def __init__(self, strategy: Strategy) -> None:
        shape = SlotShape.plan(["A"], ["1m"], [PRICE_COLUMNS], lookback=1, rows=ROWS, quality=False)
        slot = Slot(shape, memoryview(bytearray(shape.layout.size)))
        table = slot.tables[0]
        self.first = table.first
        fresh = slice(table.first, table.first + ROWS)
        self.closes = 100.0 + np.arange(ROWS)
        table.values[:4, 0, fresh] = self.closes
        table.values[4, 0, fresh] = 1.0
        table.ts[0, fresh] = np.arange(ROWS) * MINUTE
        table.close_ts[0, fresh] = table.ts[0, fresh] + MINUTE
        table.count[0] = ROWS
        self._view = SlotView(slot, shape, Schedule(shape))
        self._view.read()
        spec = LaneSpec(0, strategy, "compiled", 0, (), (0,))
        kind = LaneKind(spec, shape, Terms(1e6), tabled=True)
        self.lane = Lane.make(spec, kind, Outbox(ROWS, 1))
        self.account = self.lane.account[0]
        self._context = int(self.lane.context.ctypes.data)
        bindings = self.lane._bindings
        begin_slot(self._context, int(bindings.ctypes.data), 0, self._view.address)
        self.bar: Any = self.lane._view("bar")[0]
        self.bar["table"], self.bar["at"] = self.lane.context[0]["tables"], self.first
        show(self._context, 0)

    def walk(self, count: int, seen: int = 0) -> int:
        program = self.lane._program[0]
        own, bar = program["self"], program["bar"]
        return int(called(program["on_bar"], own, bar, self._context, seen, count))

    def show(self, seen: int) -> None:
        show(self._context, seen)

    def present(self) -> tuple[int, float, int]:
        """Time, last price and last known row, as the account has them."""
        own = self.lane._own
        last = own._by_symbol("last_price")[0]
        return int(self.account["now"]), float(last), int(self.lane._view("cursor")[0, 0])

    def at(self, row: int) -> tuple[int, float, int]:
        """What is present at a bar."""
        return (row + 1) * MINUTE, float(self.closes[row]), self.first + row


@pytest.mark.parametrize("count", [1, 2, ROWS])
def test_a_hook_that_does_nothing_goes_all_the_way(count: int):
    stretch = OneStretch(Acts())
    assert stretch.walk(count) == count
    assert stretch.lane._view("self")[0]["seen"] == count


@pytest.mark.parametrize("row", [0, 1, 7, ROWS - 1])
def test_it_stops_behind_the_bar_at_which_it_places_an_order(row: int):
    stretch = OneStretch(Acts(at=row))
    assert stretch.walk(ROWS) == row + 1
    assert stretch.account["inbox_count"] == 1
    assert stretch.present() == stretch.at(row)


def test_the_present_is_the_bar_s_whenever_it_is_asked_for():
    stretch = OneStretch(Acts(at=5, what=2))
    assert stretch.walk(9) == 9
    assert stretch.present() == stretch.at(5)
    stretch.show(8)
    assert stretch.present() == stretch.at(8)


@pytest.mark.parametrize(
    ("low", "high", "seen"), [(0.0, 104.5, 5), (0.0, 104.0, 4), (0.0, 1e9, 12)]
)
def test_it_stops_before_the_bar_that_leaves_the_quiet_range(low: float, high: float, seen: int):
    stretch = OneStretch(Acts())
    own = stretch.lane._own
    stretch.bar["watched"] = 1
    own._by_symbol("quiet_low")[0], own._by_symbol("quiet_high")[0] = low, high
    assert stretch.walk(ROWS) == seen


def test_a_stretch_can_be_taken_up_again_where_it_stopped():
    stretch = OneStretch(Acts(at=3))
    assert stretch.walk(ROWS) == 4
    assert stretch.walk(ROWS, seen=4) == ROWS
    assert stretch.lane._view("self")[0]["seen"] == ROWS
