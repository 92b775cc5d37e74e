"""What an interpreted strategy's copies may hold, as a compiled strategy's records do."""

import math
from enum import Enum
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from pipeline import Strategy, state
from pipeline.errors import StrategyError
from pipeline.lane.copies import copies_of
from pipeline.strategy.strategy import record_dtype
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of


class Cut(Strategy):
    """Gives a float to what is declared as a whole number."""

    peak: int = state(0)

    def on_bar(self, bar, ctx):
        self.peak = bar.close


class Added(Strategy):
    """The same by an addition."""

    peak: int = state(0)

    def on_bar(self, bar, ctx):
        self.peak += 0.5


class Moved(Strategy):
    """Sets a parameter."""

    span: int = 5

    def on_bar(self, bar, ctx):
        self.span += 1


class Noted(Strategy):
    """Keeps a number that is not declared."""

    def on_bar(self, bar, ctx):
        self.entry = bar.close


class Counted(Strategy):
    """Counts over a constant."""

    count = 5

    def on_bar(self, bar, ctx):
        self.count += bar.symbol


class Hidden(Strategy):
    """The same in a method, one of two at a time."""

    _count = 0

    def on_bar(self, bar, ctx):
        self.note(bar.volume)

    def note(self, volume):
        self._count, volume = volume, 0.0


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Noted, r"sets self.entry, which is not declared; declare it: entry: float = state\(0.0\)"),
        (Counted, r"sets self.count, a constant of the class; declare it: count: int = state\(5\)"),
        (Hidden, r"sets self._count, a constant of the class; declare it: count: int = state\(0\)"),
        (Cut, r"peak is declared as a whole number, and a hook sets it to .*; declare it: peak"),
        (
            Added,
            r"peak is declared as a whole number, and a hook sets it to .*; declare it: peak: f",
        ),
        (
            Moved,
            (
                r"span is a parameter, which a hook sets.*; what changes while a run goes is a "
                r"state: write span: int = state\(\d+\), or span_now: int = state\(\d+\) beside"
            ),
        ),
    ],
)
def test_what_is_declared_is_held_in_both_modes(cls: type[Strategy], message: str, mode: str):
    with pytest.raises(StrategyError, match=message):
        run_in_process(market_of(), [cls()], Setup(mode=mode))


class Whole(Strategy):
    """What is no float goes into a whole number, and a whole number into a float."""

    count: int = state(0)
    mean: float = state(0.0)
    above: bool = state(False)

    def on_bar(self, bar, ctx):
        self.count += 1
        self.mean = self.count
        self.above = bar.close > bar.open
        ctx.target(bar.symbol, self.mean * self.above)


def test_numbers_that_fit_are_taken_in_both_modes():
    found = [
        run_in_process(market_of(), [Whole()], Setup(mode=m)) for m in ("compiled", "interpreted")
    ]
    assert found[0][1] == found[1][1]


class Remembers(Strategy):
    """Keeps a list, a dict and an array of its class."""

    seen = []  # noqa: RUF012
    by_symbol = {}  # noqa: RUF012
    sums = np.zeros(1)

    def on_bar(self, bar, ctx):
        self.seen.append(bar.close)
        self.by_symbol[bar.symbol] = len(self.seen)
        self.sums[0] += 1.0
        if len(self.seen) % 3 == 0:
            ctx.market(bar.symbol, self.sums[0])


def test_what_a_class_holds_is_each_lanes_own_and_shared_by_its_symbols():
    market, setup = market_of(), Setup(mode="interpreted")
    (alone,), digest = run_in_process(market, [Remembers()], setup)
    (first, second), _ = run_in_process(market, [Remembers(), Remembers()], setup)
    assert alone.fills == first.fills == second.fills != []
    assert run_in_process(market, [Remembers()], setup)[1] == digest
    assert (Remembers.seen, Remembers.by_symbol, Remembers.sums[0]) == ([], {}, 0.0)


class Kept(Strategy):
    """Puts on self what is no number, and what it computes once."""

    @cached_property
    def span(self):
        return 3

    def on_bar(self, bar, ctx):
        self.rows = [*getattr(self, "rows", ()), bar.close]
        self.word = "up" if bar.close > bar.open else None
        if len(self.rows) % self.span == 0:
            ctx.market(bar.symbol, len(self.rows))


def test_an_interpreted_hook_may_put_other_things_on_self():
    (found,), _ = run_in_process(market_of(), [Kept()], Setup(mode="interpreted"))
    assert found.fills


class Shelf:
    def __init__(self):
        self.books: list[float] = []


class Colour(Enum):
    RED = 1


class Objects(Strategy):
    """Has objects of a user's classes."""

    shelf = Shelf()
    colour = Colour.RED
    size = property(lambda self: 1.0)

    def on_bar(self, bar, ctx):
        self.shelf.books.append(bar.close)
        if len(self.shelf.books) % 3 == 0:
            ctx.market(bar.symbol, len(self.shelf.books))


def test_an_object_of_the_class_is_each_lanes_own_and_shared_by_its_symbols():
    setup = Setup(mode="interpreted")
    (alone,), _ = run_in_process(market_of(), [Objects()], setup)
    (first, second), _ = run_in_process(market_of(), [Objects(), Objects()], setup)
    assert alone.fills == first.fills == second.fills != []
    assert Objects.shelf.books == []
    one, other = copies_of(Objects(), np.zeros(2, record_dtype(Objects)))
    assert one.shelf is other.shelf is not Objects.shelf
    assert one.colour is Colour.RED
    assert "size" not in vars(one)


def test_what_has_no_deep_copy_is_copied_flat():
    class Odd(Strategy):
        held = {"module": math}  # noqa: RUF012

        def on_bar(self, bar, ctx):
            self.held["close"] = bar.close

    one, other = copies_of(Odd(), np.zeros(2, record_dtype(Odd)))
    one.held["close"] = 1.0
    assert other.held == {"module": math, "close": 1.0}
    assert Odd.held == {"module": math}


class Late(Strategy):
    """Sets a whole number first, and a price in a method."""

    peak: int = state(0)

    def on_bar(self, bar, ctx):
        self.peak = 1
        self.note(bar)

    def note(self, bar):
        self.peak = bar.high


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("cls", "text"),
    [(Cut, "self.peak = bar.close"), (Moved, "self.span += 1"), (Late, "self.peak = bar.high")],
)
def test_it_is_refused_at_the_line_that_sets_it(cls: type[Strategy], text: str, mode: str):
    line = Path(__file__).read_text().splitlines().index(f"        {text}") + 1
    with pytest.raises(StrategyError) as told:
        run_in_process(market_of(), [cls()], Setup(mode=mode))
    assert str(told.value).startswith(f"{__file__}:{line}: {cls.__name__}.")


class Clock(Strategy):
    """Keeps a whole number that no float holds exactly, in a state that is declared as a float."""

    seen: float = state(0)

    def on_bar(self, bar, ctx):
        self.seen = ctx.now + 1
        ctx.market(bar.symbol, 1.0 + self.seen % 1000)


def test_a_float_state_that_is_set_to_a_whole_number_is_the_same_in_both_modes():
    compiled, interpreted = (
        run_in_process(market_of(), [Clock()], Setup(mode=mode))[0]
        for mode in ("compiled", "interpreted")
    )
    assert compiled == interpreted
