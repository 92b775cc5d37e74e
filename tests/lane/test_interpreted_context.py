"""The context of an interpreted strategy: what it has, and that its windows are no copies."""

import inspect

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state
from pipeline.execution.orders import ORDER
from pipeline.lane.interpreted_context import InterpretedContext
from pipeline.strategy.context import Context
from tests.reference.in_process import Setup, Slots, run_in_process
from tests.reference.market import Market, random_walk, session_table

#: Of the quantity in an order as it is reported.
PLACE = (ORDER.names or ()).index("quantity")
T0 = 1_700_006_400_000_000_000


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_it_has_what_every_context_has_and_takes_up_slots():
    assert public(InterpretedContext) - public(Context) == {"bind"}
    assert Context.__abstractmethods__ == public(Context)
    assert not InterpretedContext.__abstractmethods__


def test_its_methods_take_what_they_are_declared_to_take():
    methods = [name for name in public(Context) if inspect.isfunction(getattr(Context, name))]
    assert len(methods) > 20
    for name in methods:
        declared, own = getattr(Context, name), getattr(InterpretedContext, name)
        # As text: the default NaN equals nothing.
        assert str(inspect.signature(own)) == str(inspect.signature(declared)), name


def test_it_keeps_nothing_but_its_slots():
    assert not [cls for cls in InterpretedContext.__mro__ if "__dict__" in vars(cls)]


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_what_an_interpreted_hook_keeps_never_shows_what_came_later(rows: int):
    kept: list[tuple[np.ndarray, list[float]]] = []

    class Keeper(Strategy):
        lookback = 2

        def on_bar(self, bar, ctx):
            data = ctx.data.get_bars(bar.symbol, 2)
            batch = data.record_batch().column("close").to_numpy(zero_copy_only=False)
            given = ctx.window(bar.symbol, "close", 2), data.close, data["close"], batch
            kept.extend((one, one.tolist()) for one in given)

        def on_bars(self, bars, ctx):
            kept.append((bars.close, bars.close.tolist()))

    def watch(slots: Slots) -> None:
        for array, seen in kept:
            np.testing.assert_array_equal(array, seen)
            for buffer in slots.buffers:
                assert not np.shares_memory(array, np.frombuffer(buffer, np.uint8))

    ts = T0 + MINUTE * np.arange(12, dtype=np.int64)
    bars = {"A": random_walk(ts, 1), "B": random_walk(ts, 2)}
    market = Market(bars, session_table([(T0, T0 + 12 * MINUTE)]), ("1m",))
    run_in_process(market, [Keeper()], Setup(slot_rows=rows, slots=3), watch=watch)
    assert len(kept) == 24 * 4 + 12


class Scores(Strategy):
    """Adds up comparisons of what windows, bars and states hold."""

    lookback = 4
    up: bool = state(False)
    ups: int = state(0)
    peak: float = state(0.0)

    def on_bar(self, bar, ctx):
        w = ctx.window(bar.symbol, "close", 4)
        self.up = w[-1] > w[0]
        self.ups = (w[-1] > w[0]) + (w[-1] > w[len(w) // 2]) + (w.max() > bar.close)
        self.peak = max(self.peak, w[-1])
        rising = sum([w[at] > w[at - 1] for at in range(1, len(w))])
        ctx.market(bar.symbol, 1.0 + self.ups + 4 * rising)
        ctx.market(bar.symbol, 1.0 + (self.peak > w[0]) + (self.peak > w[-1]))
        ctx.market(bar.symbol, 1.0 + len(str(self.up)) + (self.up is True) + len(str(self.ups)))

    def on_bars(self, bars, ctx):
        up = (bars.close[0] > bars.open[0]) + (bars.close[1] > bars.open[1])
        ctx.market(0, 0.5 + up + 4 * (bars.present[0] + bars.present[1]))


def test_comparisons_are_added_as_compiled_code_adds_them():
    ts = T0 + MINUTE * np.arange(12, dtype=np.int64)
    bars = {"A": random_walk(ts, 1), "B": random_walk(ts, 2)}
    market = Market(bars, session_table([(T0, T0 + 12 * MINUTE)]), ("1m",))
    quantities = []
    for mode in ("interpreted", "compiled"):
        (found,), _ = run_in_process(market, [Scores()], Setup(mode=mode))
        quantities.append([order[PLACE] for order in found.orders])
    assert quantities[0] == quantities[1]
    assert {1.0 + 2 + 4 * 2, 0.5 + 2 + 4 * 2} <= set(quantities[0])
