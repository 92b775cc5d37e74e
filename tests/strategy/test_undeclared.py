"""What a strategy sets must be declared: a number on ``self`` is a parameter or a state."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from pipeline import Strategy, state
from pipeline.errors import StrategyError
from pipeline.strategy.strategy import check_declared, hooks_of, names_of
from pipeline.strategy.undeclared import no_such_attribute
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of


def line_of(cls: type, text: str) -> str:
    """Return file:line of the first line of this file behind a class that has a text."""
    lines = Path(__file__).read_text().splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith(f"class {cls.__name__}("))
    return f"{__file__}:{next(n for n in range(begin, len(lines)) if text in lines[n]) + 1}"


class InInit(Strategy):
    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.counter = 0

    def on_bar(self, bar, ctx):
        self.counter += 1


class OverConstant(Strategy):
    LEVEL = 30.0

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.LEVEL = 40.0

    def on_bar(self, bar, ctx):
        ctx.market(0, self.LEVEL)


class InStart(Strategy):
    def on_start(self, ctx):
        self.ready = False

    def on_bars(self, bars, ctx):
        self.ready = True


class Unknown(Strategy):
    def on_start(self, ctx):
        self.begun = ctx.now

    def on_bar(self, bar, ctx):
        ctx.market(0, self.begun)


class Absent(Strategy):
    def on_start(self, ctx):
        self.entry = None

    def on_bar(self, bar, ctx):
        ctx.market(0, self.entry)


class Worded(Strategy):
    def on_start(self, ctx):
        self.side = "long"

    def on_bar(self, bar, ctx):
        ctx.market(0, self.side == "long")


class Zeros(Strategy):
    def on_start(self, ctx):
        self.sums = np.zeros(len(ctx.symbols))

    def on_bar(self, bar, ctx):
        self.sums[0] += bar.close


class ReadElsewhere(Strategy):
    def on_start(self, ctx):
        self.seen = {}

    def on_bar(self, bar, ctx):
        self.seen[bar.ts] = bar.close


class InBar(Strategy):
    def on_bar(self, bar, ctx):
        if bar.close > bar.open:
            self.ups += 1


class InFill(Strategy):
    def on_fill(self, fill, ctx):
        self.filled = 1.5


@pytest.mark.parametrize(
    ("cls", "hook", "line", "declared"),
    [
        (InBar, "on_bar", "self.ups += 1", "ups: int = state(0)"),
        (InFill, "on_fill", "self.filled = 1.5", "filled: float = state(1.5)"),
        (InInit, "__init__", "self.counter = 0", "counter: int = state(0)"),
        (OverConstant, "__init__", "self.LEVEL = 40.0", "LEVEL: float = state(40.0)"),
        (InStart, "on_start", "self.ready = False", "ready: bool = state(False)"),
        (Unknown, "on_start", "self.begun = ctx.now", "begun: float = state(0.0)"),
        (
            Absent,
            "on_start",
            "self.entry = None",
            ('entry: float = state(float("nan")); nan stands for a number that is not there'),
        ),
    ],
)
def test_an_attribute_that_is_set_but_not_declared_is_refused_with_its_line(
    cls: type[Strategy], hook: str, line: str, declared: str
):
    with pytest.raises(StrategyError) as told:
        check_declared(cls())
    assert str(told.value) == (
        f"{line_of(cls, line)}: {cls.__name__}.{hook} sets {line.split(' ')[0]}, which is not "
        f"declared; declare it: {declared}"
    )


@pytest.mark.parametrize(
    ("cls", "line", "told"),
    [
        (
            ReadElsewhere,
            "self.seen = {}",
            (
                "there, seen = {} in the class is one for all symbols together; for one of each, "
                "write seen = {} in the class and self.seen.setdefault(bar.symbol, {})"
            ),
        ),
        (
            Zeros,
            "self.sums = np",
            (
                "there, write sums = {} in the class, and self.sums.setdefault(bar.symbol, "
                "np.zeros(len(ctx.symbols))) for one of each symbol"
            ),
        ),
        (
            Worded,
            'self.side = "long"',
            "of an IntEnum: declare it: side: int = state(0)",
        ),
    ],
)
def test_what_is_no_number_is_not_to_be_declared_as_one(cls: type[Strategy], line: str, told: str):
    with pytest.raises(StrategyError) as caught:
        check_declared(cls())
    said = str(caught.value)
    assert said.startswith(
        f"{line_of(cls, line)}: {cls.__name__}.on_start sets {line.split(' ')[0]}"
    )
    assert said.endswith(told)


class AsAdvised(Strategy):
    """What `ReadElsewhere` is told to write."""

    seen = {}  # noqa: RUF012

    def on_bar(self, bar, ctx):
        self.seen[bar.ts] = bar.close
        ctx.target(bar.symbol, len(self.seen))


def test_what_is_advised_runs():
    (lane,), _ = run_in_process(market_of(), [AsAdvised()], Setup(mode="interpreted"))
    assert lane.fills != []


class Hidden(Strategy):
    model = None

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.model = object()

    def on_bar(self, bar, ctx):
        ctx.market(0, self.model is not None)


def test_an_object_must_not_hide_a_constant_of_the_class():
    """A compiled hook would read the constant, an interpreted one the object."""
    with pytest.raises(StrategyError, match=r"Hidden.__init__ sets self.model, which is a const"):
        check_declared(Hidden())


class OverConstantInBar(Strategy):
    count = 3

    def on_bar(self, bar, ctx):
        self.count = 4


def test_a_constant_that_a_hook_sets_is_to_be_declared():
    with pytest.raises(StrategyError) as told:
        check_declared(OverConstantInBar())
    assert str(told.value) == (
        f"{line_of(OverConstantInBar, 'self.count')}: OverConstantInBar.on_bar sets self.count, a "
        "constant of the class; declare it: count: int = state(3)"
    )


class Declared(Strategy):
    """Parameters, states and what Strategy has may be set; so may objects, and what is kept."""

    fast: int = 3
    count: int = state(0)

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.fast = 2 * self.fast
        self.lookback = self.fast
        self.memory = []

    @cached_property
    def span(self):
        return 2 * self.fast

    def on_start(self, ctx):
        self.count = 1
        self.books = {}

    def on_bars(self, bars, ctx):
        self.books[bars.ts] = self.span


def test_what_is_declared_and_objects_of_one_self_are_not_refused():
    strategy = Declared(fast=4)
    assert strategy.span == 16
    check_declared(strategy)


class Speaks(Strategy):
    @property
    def words(self):
        return self.said

    @words.setter
    def words(self, words):
        self.said = str(words)

    def on_bar(self, bar, ctx):
        self.words = 3


def test_a_property_that_takes_a_number_is_no_number():
    check_declared(Speaks())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("fist", "self has no 'fist'; did you mean fast?; it has: count, fast, span"),
        ("equity", "self has no 'equity'; it has: count, fast, span; did you mean ctx.equity?"),
        ("buy", "self has no 'buy'; it has: count, fast, span; did you mean ctx.market?"),
        ("books", "Declared.on_start sets self.books, which is not declared; a state is one nu"),
    ],
)
def test_a_name_that_self_lacks_is_told_with_the_nearest_and_all_there_are(name: str, told: str):
    assert no_such_attribute(Declared, name, names_of(Declared)).startswith(told)


class TooFew(Strategy):
    def on_bar(self, bar):
        pass


class Yields(Strategy):
    def on_bar(self, bar, ctx):
        yield bar


class Awaits(Strategy):
    async def on_fill(self, fill, ctx):
        pass


@pytest.mark.parametrize(
    ("cls", "line", "told"),
    [
        (TooFew, "def", "on_bar must take self, bar, ctx, is on_bar(self, bar)"),
        (Yields, "def", "on_bar has yield, so a call would run nothing of it; write it without"),
        (Awaits, "def", "on_fill has async, so a call would run nothing of it; write it without"),
    ],
)
def test_a_hook_that_cannot_be_called_is_refused(cls: type[Strategy], line: str, told: str):
    with pytest.raises(StrategyError) as caught:
        hooks_of(cls)
    assert str(caught.value) == f"{line_of(cls, line)}: {cls.__name__}.{told}"
