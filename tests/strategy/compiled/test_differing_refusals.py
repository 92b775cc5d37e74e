"""A compiled hook does not give another result than Python: it is refused, with what to write."""

from typing import Any

import numpy as np
import pytest

from tests.strategy.compiled.refused import (
    INTERPRETED,
    Cases,
    assert_refused,
    class_of,
    compile_refused,
)

CASES = Cases()
case = CASES.case

NAMED = ("long", "short")
BY_IS = (
    "it compares a {} by `is`; write ==, which compares values; `is` is for None, and for a bool "
    f"with True or False{INTERPRETED}"
)
KIND = (
    "it asks by isinstance which kind of number a value is, which may be another kind where it is "
    "compiled; x == int(x) tells whole numbers, and isinstance(x, (bool, int, float)) is true of "
    f"all{INTERPRETED}"
)


@case(
    "it goes through a set, which is in another order where it is compiled; write sorted(...) "
    f"around it, or make it a tuple{INTERPRETED}"
)
def a_walk_through_a_set(self, bar, ctx):
    for quantity in {64.0, 3.0, bar.close}:  # here
        ctx.market(0, quantity)


@case(
    "it calls list with a set, which is in another order where it is compiled; write sorted(...) "
    f"around the set, or make it a tuple{INTERPRETED}"
)
def a_list_of_a_set(self, bar, ctx):
    ctx.market(0, list({64.0, bar.close})[0])  # here  # noqa: RUF015


@case(
    "it calls pop of a set, which takes another item where it is compiled; make it a list, or take "
    f"min(...) of it and discard that{INTERPRETED}"
)
def a_pop_of_a_set(self, bar, ctx):
    ctx.market(0, {64.0, bar.close}.pop())  # here


@case(
    "it gives range a number that may have decimals, where Python takes whole ones only; write "
    "int(...) around it"
)
def a_range_of_a_float(self, bar, ctx):
    for _ in range(bar.volume // 100.0):  # here
        ctx.market(0, 1.0)


@case(
    "it gives map a function of Python; write a comprehension, as in [int(x) for x in numbers]"
    f"{INTERPRETED}"
)
def a_function_of_python_for_map(self, bar, ctx):
    ctx.market(0, 1.0 + list(map(int, [bar.close]))[0])  # here  # noqa: RUF015


@case(
    "it makes a text of a list, in an f-string or by str(); print the value beside the text: "
    f'print("close", x){INTERPRETED}'
)
def a_text_of_a_list(self, bar, ctx):
    print(f"{[bar.close]}")  # here  # noqa: T201


@case(
    "it has numbers of NumPy's float32, which compiled code calculates in another way; make them "
    f"float64{INTERPRETED}",
    WEIGHTS=np.array([0.1, 0.2], np.float32),
)
def a_narrow_constant(self, bar, ctx):
    ctx.market(0, self.WEIGHTS[0] * bar.close)  # here


@case(
    "it has numbers of NumPy's int32, which compiled code calculates in another way; make them "
    f"int64{INTERPRETED}"
)
def a_narrow_number(self, bar, ctx):
    ctx.market(0, 1.0 + np.int32(bar.close))  # here


@case(
    "it calculates with an unsigned and a signed whole number, which is signed where it is "
    f"compiled; make both of them int64, or both uint64{INTERPRETED}"
)
def an_unsigned_number(self, bar, ctx):
    ctx.market(0, 1.0 + np.uint64(3) * (bar.symbol + 1))  # here


@case(BY_IS.format("number"))
def a_number_that_is_another(self, bar, ctx):
    ctx.market(0, 1.0 + (bar.symbol is self.leader))  # here


@case(BY_IS.format("number"))
def a_number_that_is_true(self, bar, ctx):
    size = True
    if bar.close > bar.open:
        size = 5
    ctx.market(0, 1.0 + (size is True))  # here


@case(BY_IS.format("text"))
def a_text_that_is_another(self, bar, ctx):
    side = "long" if bar.close > bar.open else "short"
    if side is NAMED[0]:  # here
        ctx.market(0, 1.0)


@case(BY_IS.format("tuple"))
def a_tuple_that_is_another(self, bar, ctx):
    pair = (1, bar.close)
    ctx.market(0, 1.0 + (pair is (1, bar.open)))  # here


@case(
    "it compares a class by `is`; isinstance(x, (bool, int, float)) is true of numbers, "
    f"isinstance(x, tuple) of tuples{INTERPRETED}"
)
def a_class_that_is_another(self, bar, ctx):
    if type(bar.close) is float:  # here
        ctx.market(0, 1.0)


@case(
    "it makes a text of a variable that is True or False in one case and a number in another; give "
    f"it one type, as in 1 if up else 5{INTERPRETED}"
)
def a_text_of_a_bool_or_a_number(self, bar, ctx):
    size = bar.close > bar.open
    if bar.close > 1e9:
        size = 5
    print(f"{size}")  # here  # noqa: T201


@case(KIND)
def a_number_that_is_first_whole(self, bar, ctx):
    size = 0
    if bar.close > bar.open:
        size = 1.5
    if isinstance(size, int):  # here
        ctx.market(0, 1.0)


def is_whole(value):
    return isinstance(value, int)  # here


@case(KIND)
def a_number_in_a_function(self, bar, ctx):
    ctx.market(0, 1.0 + is_whole(bar.close))  # calls it


@case(
    "it asks by isinstance for the type of pair, which is set in several places; ask where it is "
    f"set, or keep the answer in a variable of its own{INTERPRETED}"
)
def a_type_that_depends_on_a_branch(self, bar, ctx):
    pair = (1.0, 2.0)
    if bar.close > bar.open:
        pair = (3.0, 4.0)
    if isinstance(pair, tuple):  # here
        ctx.market(0, 1.0)


def first(value):
    if isinstance(value, tuple):
        return value[0]
    return value


def placed(ctx, symbol, quantity):
    ctx.market(symbol, quantity)


def advised(self, bar, ctx):
    up, pair = bar.close > bar.open, (bar.close, 2.0)
    size = 1 if up else 5
    level = None
    if up:
        level = bar.close
    if up is True or level is None or size == 5 or pair == (1.0, 2.0):
        placed(
            ctx, 0, first(pair) + first(bar.close) + len(str(size)) + isinstance(size, (int, float))
        )
    if isinstance(bar.close, (bool, int, float)) and bar.close == int(bar.close):
        placed(ctx, 0, 1.0)


def test_what_is_advised_is_compiled():
    compile_refused(class_of(advised, "on_bar", {}))


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)
