"""Which constructs of Python a compiled hook may not have: each by its name, with a way on."""

import math
from typing import Any, NamedTuple

import pandas as pd
import pytest

from pipeline import Strategy
from pipeline.errors import StrategyError
from tests.strategy.compiled.refused import (
    INTERPRETED,
    MAY_RUN,
    Cases,
    assert_refused,
    compile_refused,
)

CASES = Cases()
case = CASES.case


class Span(NamedTuple):
    low: float
    high: float = 2.0


def with_options(value, **options):
    return value


@case(
    "it has a generator, like all(... for ...); put brackets around it, as in all([... for ...])"
    f"{INTERPRETED}"
)
def a_generator(self, bar, ctx):
    if all(value > 0.0 for value in (bar.open, bar.close)):  # here
        ctx.market(0, 1.0)


@case(
    "it has a `case` of a sequence, like (a, b); compare its items with if and elif" + INTERPRETED
)
def a_case_of_a_sequence(self, bar, ctx):
    match (bar.open, bar.close):
        case (1.0, close):  # here
            ctx.market(0, close)


@case(
    f"it has a `case` of a class, like Name(...); compare its fields with if and elif{INTERPRETED}"
)
def a_case_of_a_class(self, bar, ctx):
    match self.count:
        case int(number):  # here
            ctx.market(0, 1.0 + number)


@case(
    "it has an assignment to *names, like a, *rest = x; write a, rest = x[0], x[1:]" + INTERPRETED
)
def an_assignment_of_the_rest(self, bar, ctx):
    first, *rest = (bar.open, bar.high, bar.low)  # here
    ctx.market(0, first + len(rest))


@case(f"it has a class inside; write it at the top of the file{INTERPRETED}")
def a_class_inside(self, bar, ctx):
    class Inner:  # here
        pass


@case(
    "it makes Span(low, high) without high; give all of its fields: defaults do not count here"
    f"{INTERPRETED}"
)
def a_named_tuple_by_default(self, bar, ctx):
    ctx.market(0, Span(1.0).high)  # here


@case(
    "it makes Span(low, high) wrongly: missing a required argument: 'low'; give each of its fields"
    " once"
)
def a_named_tuple_without_a_field(self, bar, ctx):
    ctx.market(0, Span(high=1.0).high)  # here


@case(
    "it calls _replace of the named tuple Span; write Span(...) with all of its fields"
    f"{INTERPRETED}"
)
def a_named_tuple_is_replaced(self, bar, ctx):
    ctx.market(0, Span(1.0, 2.0)._replace(low=3.0).low)  # here


@case(f"math.fmod is not compiled; np.fmod(x, y) is{INTERPRETED}")
def a_function_of_math(self, bar, ctx):
    ctx.market(0, 1.0 + math.fmod(bar.close, 0.7))  # here


@case(f"math.comb is not compiled; write what it does in a function of your own{INTERPRETED}")
def another_function_of_math(self, bar, ctx):
    ctx.market(0, 1.0 + math.comb(self.count, 3))  # here


@case(
    "it uses pandas.Series; ctx.window gives NumPy arrays, and ctx.mean, ctx.std and the like a "
    f"number of each{INTERPRETED}"
)
def a_series_of_pandas(self, bar, ctx):
    ctx.market(0, pd.Series([bar.open, bar.close]).mean())  # here


@case(
    "it uses pandas.Timestamp; ctx.time has the hour, the weekday and more on the exchange's clock"
    f"{INTERPRETED}"
)
def a_date_of_pandas(self, bar, ctx):
    ctx.market(0, 1.0 + pd.Timestamp(bar.ts).hour)  # here


@case(f"it calls pow with three arguments; write x ** y % z{INTERPRETED}")
def a_power_modulo(self, bar, ctx):
    ctx.market(0, 1.0 + pow(self.count, 2, 7))  # here


@case("it calls max with key=, which is not compiled; write a loop" + MAY_RUN)
def the_greatest_by_a_key(self, bar, ctx):
    ctx.market(0, max([bar.open, bar.close], key=lambda price: -price))  # here


@case(
    "it gives an argument by its name to a function that takes none so here; leave the name out"
    f"{INTERPRETED}"
)
def a_named_argument(self, bar, ctx):
    ctx.market(0, round(bar.close, ndigits=1))  # here


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)


class Options(Strategy):
    def on_bar(self, bar, ctx, **options):
        ctx.market(0, 1.0)


class Calling(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(0, with_options(1.0))


@pytest.mark.parametrize(
    ("cls", "name", "named"),
    [(Options, "Options.on_bar", Options.on_bar), (Calling, "with_options", with_options)],
)
def test_arguments_of_any_name_are_refused_where_the_function_begins(
    cls: type[Strategy], name: str, named: Any
):
    with pytest.raises(StrategyError) as told:
        compile_refused(cls)
    assert str(told.value) == (
        f"{__file__}:{named.__code__.co_firstlineno}: {name} cannot be compiled: it takes "
        "**options, which compiled code does not know; name the arguments that it takes"
        f"{INTERPRETED}"
    )
