"""Which variables a compiled hook may not read or delete: one line with the place and a way on."""

from typing import Any

import pytest

from tests.strategy.compiled.refused import INTERPRETED, Cases, assert_refused

CASES = Cases()
case = CASES.case


@case("it deletes self.count")
def a_state_is_deleted(self, bar, ctx):
    del self.count  # here


@case(f"it deletes the variable size; leave the del out{INTERPRETED}")
def a_variable_is_deleted(self, bar, ctx):
    size = 1.0
    del size  # here


@case(
    "it reads its variable count above the line that first sets it; set it before; "
    "memory of a strategy is declared: count: float = state(0.0)"
)
def a_variable_that_is_meant_as_a_state(self, bar, ctx):
    ctx.market(bar.symbol, 1.0)
    count += 1  # here  # noqa: F821, F841


@case(
    "it has a function inside whose variables may have no value where they are read; set them "
    f"before the branch, or write the function outside{INTERPRETED}"
)
def a_function_inside_with_a_variable_without_a_value(self, bar, ctx):
    def size_of(price):  # here
        if price > 1.0:
            size = 1.0
        return size

    ctx.market(bar.symbol, size_of(bar.close))


def reads_too_early(price):
    total += price  # here  # noqa: F821
    return total


@case(
    "it reads its variable total above the line that first sets it; set it before; "
    "memory of a strategy is declared: total: float = state(0.0)"
)
def a_helper_that_reads_too_early(self, bar, ctx):
    total = 1.0
    ctx.market(bar.symbol, total + reads_too_early(bar.close))  # calls it


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)
