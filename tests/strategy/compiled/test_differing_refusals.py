"""A compiled hook does not give another result than Python: it is refused, with what to write."""

from typing import Any

import numpy as np
import pytest

from tests.strategy.compiled.refused import INTERPRETED, Cases, assert_refused

CASES = Cases()
case = CASES.case


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


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)
