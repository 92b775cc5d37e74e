import enum
import functools
import inspect
import math
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, Symbol, state
from pipeline.errors import StrategyError
from pipeline.strategy.demands import lookback_of, warmup_of
from pipeline.strategy.strategy import (
    HOOKS,
    defines,
    hooks_of,
    parameters_of,
    record_dtype,
    states_of,
    values_of,
)
from tests.strategy.class_lines import line_of


class Whole(Strategy):
    period: int = 10
    size: float = 2
    short: bool = True
    leader: Symbol = Symbol("SPY")
    entry: float = state(0.0)
    seen: int = state(3, reset="session")
    lookback = property(lambda self: 2 * self.period)

    def on_bar(self, bar, ctx):
        """Nothing."""

    def on_start(self, ctx):
        """Nothing."""


class Lot(enum.IntEnum):
    BIG = 5


class Leader(str, enum.Enum):  # noqa: UP042  # whose text is its name
    SPY = "SPY"


class OfMembers(Whole):
    period: int = Lot.BIG
    size: float = Lot.BIG
    leader: Symbol = Leader.SPY
    lookback = Lot.BIG
    warmup = Lot.BIG


def test_members_of_enums_are_the_numbers_and_texts_that_they_are():
    strategy = OfMembers()
    values = values_of(strategy)
    assert values == {"period": 5, "size": 5.0, "short": True, "leader": "SPY"}
    assert (lookback_of(strategy), warmup_of(strategy)) == (5, 5)
    found = *values.values(), lookback_of(strategy), warmup_of(strategy)
    assert not [value for value in found if isinstance(value, enum.Enum)]


class Child(Whole):
    size: float = 5.0
    extra: int = 1


def test_parameters_are_annotated_attributes_in_order_and_state_is_none_of_them():
    assert [(p.name, p.type, p.default) for p in parameters_of(Whole)] == [
        ("period", int, 10),
        ("size", float, 2.0),
        ("short", bool, True),
        ("leader", Symbol, "SPY"),
    ]
    assert {name: one.reset for name, one in states_of(Whole).items()} == {
        "entry": "never",
        "seen": "session",
    }


def test_a_subclass_adds_to_parameters_and_changes_defaults():
    assert values_of(Child()) == {
        "period": 10,
        "size": 5.0,
        "short": True,
        "leader": "SPY",
        "extra": 1,
    }


def test_values_are_set_by_name_and_lookback_may_follow_them():
    strategy = Whole(period=np.int64(4), size=3)
    assert (strategy.period, strategy.size, lookback_of(strategy)) == (4, 3.0, 8)
    assert (type(strategy.period), type(strategy.size)) == (int, float)
    assert (strategy.entry, strategy.seen) == (0.0, 3)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("perod", 1, "no parameter perod; did you mean period?"),
        ("entry", 1.0, "no parameter entry"),
        ("period", 1.5, "Whole.period must be int, was 1.5"),
        ("period", True, "Whole.period must be int, was True"),
        ("period", 10**22, "Whole.period must be a whole number of 64 bits, was 1"),
        ("size", "2", "Whole.size must be float, was '2'"),
        ("size", math.nan, "Whole.size must be float, was nan"),
        ("short", 1, "Whole.short must be bool, was 1"),
        ("leader", 3, "Whole.leader must be a symbol's name, was 3"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: object, words: str):
    with pytest.raises(StrategyError, match=words.replace("?", r"\?")):
        Whole(**{name: value})


def test_parameters_and_state_lie_in_cells_of_eight_bytes():
    assert record_dtype(Whole) == np.dtype(
        [
            (n, k)
            for n, k in zip(
                ("period", "size", "short", "leader", "entry", "seen"),
                ("i8", "f8", "i8", "i8", "f8", "i8"),
                strict=True,
            )
        ]
    )
    assert record_dtype(Strategy).itemsize == 8


def test_hooks_are_those_that_a_class_defines_in_calling_order():
    assert hooks_of(Whole) == ("on_start", "on_bar")
    assert list(HOOKS) == [
        "on_start",
        "on_session_open",
        "on_fill",
        "on_order",
        "on_bar",
        "on_bars",
        "on_session_close",
        "on_stop",
    ]


@pytest.mark.parametrize(("hook", "given"), HOOKS.items())
def test_strategy_declares_every_hook_and_defines_none(hook: str, given: str | None):
    declared = inspect.signature(getattr(Strategy, hook))
    assert list(declared.parameters) == ["self", *([given] if given else []), "ctx"]
    assert not defines(Whole, hook) or hook in ("on_start", "on_bar")
    assert not defines(Strategy, hook)


def test_a_hook_between_a_class_and_strategy_is_its_own():
    class Mixin:
        def on_stop(self, ctx):
            """Nothing."""

    class Mixed(Mixin, Child):
        pass

    assert hooks_of(Child) == ("on_start", "on_bar")
    assert hooks_of(Mixed) == ("on_start", "on_bar", "on_stop")


def test_a_hook_behind_strategy_is_refused():
    class Mixin:
        def on_stop(self, ctx):
            """Nothing."""

    class Hidden(Strategy, Mixin):
        def on_bar(self, bar, ctx):
            """Nothing."""

    class Defined(Hidden):
        def on_stop(self, ctx):
            """Nothing."""

    words = r"Hidden would not be called at Mixin.on_stop.*name Mixin before Strategy"
    with pytest.raises(StrategyError, match=words):
        hooks_of(Hidden)
    assert hooks_of(Defined) == ("on_bar", "on_stop")


def test_a_class_without_a_hook_or_with_a_misspelt_one_is_refused():
    class Idle(Strategy):
        pass

    class Misspelt(Strategy):
        def on_bra(self, bar, ctx):
            """Nothing."""

        def on_stop(self, ctx):
            """Nothing."""

    with pytest.raises(StrategyError, match="Idle defines no hook"):
        hooks_of(Idle)
    with pytest.raises(StrategyError, match=r"on_bra is not a hook; did you mean on_bars?\?"):
        hooks_of(Misspelt)


class Emptied(Strategy):
    on_bar = None  # type: ignore[assignment]


class Numbered(Strategy):
    on_fill = 3  # type: ignore[assignment]


class Parted(Strategy):
    on_bar = functools.partial(print, 1)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("cls", "line", "said"),
    [
        (Emptied, "on_bar = None", "None, expected a function: write def on_bar(self, bar, ctx):"),
        (
            Numbered,
            "on_fill = 3",
            "of type int, expected a function: write def on_fill(self,",
        ),
        (Parted, "on_bar = functools.partial(print, 1)", "of type partial, expected a function: "),
    ],
)
def test_a_hook_that_is_no_function_is_refused_with_its_line(cls, line, said):
    with pytest.raises(StrategyError) as told:
        hooks_of(cls)
    place = line_of(__file__, cls, f"{line}  # type: ignore[assignment]")
    assert str(told.value).startswith(f"{place}.{line.split()[0]} is {said}")
    assert str(told.value).endswith(" or leave it out")


def test_odd_declarations_are_refused():
    class Text(Strategy):
        label: str = "x"

    class NoDefault(Strategy):
        fast: int

    class OddState(Strategy):
        names: str = state(0)

    with pytest.raises(StrategyError, match=r"Text.label has type str"):
        parameters_of(Text)
    with pytest.raises(StrategyError, match=r"NoDefault.fast needs a default"):
        parameters_of(NoDefault)
    with pytest.raises(StrategyError, match=r"OddState.names is a state of type str, expected int"):
        states_of(OddState)
    with pytest.raises(StrategyError, match='"never" or "session"'):
        state(0, reset="daily")  # type: ignore[arg-type]


def test_a_state_begins_as_a_number_of_its_type():
    class Mixed(Strategy):
        level: float = state(0)
        seen: int = state(2.0)
        often: bool = state(1)
        none: float = state(math.nan)

    values = [one.initial for one in states_of(Mixed).values()]
    assert repr(values) == "[0.0, 2, True, nan]"


class Untyped(Strategy):
    span = 20  # a constant

    def on_bar(self, bar, ctx):
        """Nothing."""


def test_a_number_without_a_type_is_a_constant_and_cannot_be_given():
    assert parameters_of(Untyped) == ()
    with pytest.raises(StrategyError) as told:
        Untyped(span=30)
    assert str(told.value) == (
        f"{line_of(__file__, Untyped, 'span = 20  # a constant')}.span has no type, so it is a "
        "constant and no parameter; write span: int = 20"
    )


def test_a_type_that_cannot_be_read_is_refused():
    odd = type("Odd", (Strategy,), {"__annotations__": {"span": "Nubmer"}, "span": 1})
    with pytest.raises(StrategyError, match=r"Odd has a type that cannot be read: NameError: name"):
        odd()


@pytest.mark.parametrize("lookback", [-1, 2.5, True])
def test_a_lookback_that_is_no_number_of_bars_is_refused(lookback: object):
    strategy = type("Odd", (Strategy,), {"lookback": lookback})()
    with pytest.raises(StrategyError, match=r"Odd.lookback must be a number of bars"):
        lookback_of(strategy)


def test_parameters_without_names_are_told_with_them():
    class Trend(Strategy):
        fast: int = 10
        slow: int = 30

    class Plain(Strategy):
        pass

    wrong: Any = Trend
    for given, named, told in (
        ((20, 50), {}, "parameters without their names; write Trend(fast=20, slow=50)"),
        ((20,), {"slow": 5}, "parameters without their names; write Trend(fast=20, slow=5)"),
        ((1, 2, 3), {}, "3 parameters without names; it has: fast, slow"),
    ):
        with pytest.raises(StrategyError) as caught:
            wrong(*given, **named)
        assert str(caught.value) == f"Trend is given {told}"
    wrong = Plain
    with pytest.raises(StrategyError, match="Plain is given 1 parameters without names; it has no"):
        wrong(1)
