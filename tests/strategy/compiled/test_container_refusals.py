"""What a compiled hook may not do with lists, sets, ranges and arrays, each with a way on."""

from typing import Any

import numpy as np
import pytest

from tests.strategy.compiled.refused import (
    INTERPRETED,
    MAY_RUN,
    Cases,
    assert_refused,
    class_of,
    compile_refused,
)

CASES = Cases()
case = CASES.case
IN_PLACE = (
    "it changes an array that may only be read, or puts floats into one of whole numbers; work on "
    "a copy, as in ctx.window(...).copy(), or make it of floats, as in np.zeros(3)"
)

LOOKED_UP = (
    "it looks for a number that may have decimals in a set of whole numbers, which cuts it; make "
    f"it a set of floats, as in {{1.0, 2.0}}{INTERPRETED}"
)
OF_DICT = (
    "it has a number that may have decimals as a key or a value of a dict of whole numbers; make "
    "all keys or all values of the dict floats, as in {1: 0.0}, or write int(...) around the "
    f"number{INTERPRETED}"
)


def one(x):
    return x


def other(x):
    return x + 1.0


def of_sets(operation: str) -> str:
    return (
        f"it has the operation {operation} of sets, or of a set and an item, that are of several "
        f"types; give them one type, as in {{1.0, 2.0}}{INTERPRETED}"
    )


@case(f"it deletes items of a list of whole numbers; write numbers.pop(0){INTERPRETED}")
def a_number_is_deleted(self, bar, ctx):
    numbers = [1, 2, 3]
    del numbers[0]  # here
    ctx.market(0, numbers[0] * 1.0)


@case(f"it has a set comprehension, {{... for ...}}; write set([... for ...]){INTERPRETED}")
def a_set_comprehension(self, bar, ctx):
    ctx.market(0, len({x % 2 for x in range(4)}) * 1.0)  # here


@case(
    "it goes through functions, of which each is of a type of its own; call one after the other"
    + INTERPRETED
)
def functions(self, bar, ctx):
    for function in (one, other):  # here
        ctx.market(0, function(bar.close))


@case(
    "it goes through a tuple of values of several types; give them one type, or do for each what "
    f"the loop does{INTERPRETED}"
)
def several_types(self, bar, ctx):
    for _ in (1, 2.0, "a"):  # here
        ctx.market(0, 1.0)


@case("it goes through an integer, which is none of many values")
def a_number(self, bar, ctx):
    for _ in bar.symbol:  # here
        ctx.market(0, 1.0)


@case("it takes an element of a range; write list(range(...))[-1], or calculate it" + INTERPRETED)
def an_element_of_a_range(self, bar, ctx):
    ctx.market(0, 1.0 + range(3)[-1])  # here


@case(
    "it makes a list of constants within a `try`; make it above the try, or of variables, as in "
    f"[x, y, z]{INTERPRETED}"
)
def a_list_within_a_try(self, bar, ctx):
    try:  # here
        levels = [1.0, 2.0, 3.0]
        ctx.market(0, levels[0])
    except Exception:  # noqa: BLE001
        self.count = 0


@case(IN_PLACE)
def floats_into_whole_numbers(self, bar, ctx):
    counts = np.zeros(3, dtype=np.int64)
    counts += 0.5  # here
    ctx.market(0, 1.0 + counts[0])


@case(IN_PLACE, "on_bars")
def an_array_is_divided_in_its_place(self, bars, ctx):
    self.count += 1
    closes = bars.close
    closes /= closes[0]  # here


@case(
    "it puts a number that may have decimals into a list of whole numbers, which cuts it; "
    "make it a list of floats, as in [0.0] * 3, or write int(...) around the number" + INTERPRETED
)
def a_float_into_a_list_of_whole_numbers(self, bar, ctx):
    best = [0] * 3
    best[bar.symbol] = bar.close  # here
    ctx.market(0, best[0] + 1.0)


@case(LOOKED_UP)
def a_float_in_a_set_of_whole_numbers(self, bar, ctx):
    if bar.close in {100, 200}:  # here
        ctx.market(0, 1.0)


@case(LOOKED_UP)
def a_float_out_of_a_set_of_whole_numbers(self, bar, ctx):
    levels = {100, 200}
    levels.discard(bar.close)  # here
    ctx.market(0, 1.0 + len(levels))


@case(of_sets("remove"))
def a_float_removed_from_a_set_of_whole_numbers(self, bar, ctx):
    levels = {100, 200}
    if bar.close > 1e9:
        levels.remove(bar.close)  # here
    ctx.market(0, 1.0 + len(levels))


@case(of_sets("and_"))
def sets_of_two_types(self, bar, ctx):
    ctx.market(0, 1.0 + len({1, 2} & {bar.close}))  # here


@case(
    "it has a number for a list or a set of bools, which makes a bool of it where it is compiled; "
    f"write 1 and 0 there in place of True and False{INTERPRETED}"
)
def a_number_into_a_list_of_bools(self, bar, ctx):
    flags = [True, False]
    flags[0] = int(bar.close)  # here
    ctx.market(0, flags[0] + 1.0)


@case(
    "it has lists of several types where one is meant, as [0, 1] if up else [0.5]; give all of "
    f"them one type, as in [0.0, 1.0] if up else [0.5]{INTERPRETED}"
)
def lists_of_two_types(self, bar, ctx):
    sizes = [0, 1] if bar.close > bar.open else [0.5]  # here
    ctx.market(0, sizes[0] + 1.0)


def as_float(ctx, quantity):
    ctx.market(0, float(quantity))  # here


@case(
    "it calls float with a value that may be None, as that of levels.get(key, 0.0) may be here; "
    f"write levels[key] if key in levels else 0.0{MAY_RUN}"
)
def what_a_dict_may_lack(self, bar, ctx):
    levels = {1: 2.0}
    as_float(ctx, levels.get(5, bar.close))  # calls it


@case("it has a dict with a list as a value; make it a tuple, as in {1: (0.5, 1.5)}" + INTERPRETED)
def a_dict_of_lists(self, bar, ctx):
    levels = {1: [bar.close]}  # here
    ctx.market(0, levels[1][0])


@case(OF_DICT)
def a_float_for_a_dict_of_whole_numbers(self, bar, ctx):
    levels = {1: 2}
    levels[1] = bar.close  # here
    ctx.market(0, levels[1] + 1.0)


def placed(ctx, quantity):
    ctx.market(0, float(quantity))


@case(OF_DICT)
def a_float_in_place_of_what_a_dict_lacks(self, bar, ctx):
    levels = {1: 2}
    placed(ctx, levels.get(5, bar.close))  # here


@case(
    "it asks of a value that may be None whether it is true; write if x is not None and x != 0"
    + INTERPRETED
)
def a_value_that_may_be_none(self, bar, ctx):
    level = None
    if bar.close > bar.open:
        level = bar.close
    if level:  # here
        ctx.market(0, level)


@case(
    "it hands on a function that reads its variable scale; write a loop, or a function of the "
    f"module that is given all it needs{INTERPRETED}"
)
def a_key_that_reads_a_variable(self, bar, ctx):
    scale = bar.close
    ctx.market(0, max([1.0, 2.0], key=lambda x: x * scale))  # here


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)


def advised(self, bar, ctx):
    numbers = [1, 2, 3]
    numbers.pop(0)
    levels = [1.0, 2.0, 3.0]
    x, y = bar.open, bar.close
    try:
        ctx.market(0, levels[0] + [x, y][0] + list(range(3))[-1])
    except Exception:  # noqa: BLE001
        self.count = 0
    level = bar.close if bar.close > bar.open else None
    if level is not None and level != 0:
        self.count += 1
    numbers.pop(1)
    best, whole = [0.0] * 3, [0] * 3
    best[0], whole[0] = bar.close, int(bar.close)
    marks = {1.0, 2.0}
    marks.discard(bar.close)
    pairs, sizes = {1: (0.5, 1.5)}, {1: 0.0}
    sizes[1] = bar.close
    either = [0.0, 1.0] if bar.close > bar.open else [0.5]
    ctx.market(0, best[0] + whole[0] + len(marks) + pairs[1][0] + either[0])
    as_float(ctx, sizes[1] if 1 in sizes else 0.0)  # noqa: SIM401
    shares = np.zeros(3)
    shares += 0.5
    ctx.market(0, shares[0] + numbers[0] + len(set([x % 2 for x in range(4)])))  # noqa: C403


def test_what_is_advised_is_compiled():
    compile_refused(class_of(advised, "on_bar", {}))
