"""Compiled code raises where Python does of a variable without a value, and nowhere else."""

import sys

import pytest
from numba.core.errors import TypingError

from pipeline.native.unset import AskForValues
from tests.native.compiled import compiled

# Variables without a value, and the code that leaves them so, are what these are about.
# ruff: noqa: B007, BLE001, C416, F821, F841, SIM105


def outcome(function, x):
    """Return what a function gives, or what it says when a variable has no value.

    Of a variable of an outer function compiled code says that it is a local one.
    """
    try:
        return function(x)
    except NameError as error:
        return str(error).replace(" free ", " local ").removesuffix(" in enclosing scope")


def fails(x):
    if x > 0:
        raise ValueError
    return x


def branch(x):
    if x > 0:
        q = 1.5
    return q


def value_within_a_condition(x):
    if (x > 0 and (q := 2 * x) > 1) or q > -5:
        return q
    return 0


def loop(x):
    for i in range(x):
        q = 2 * i
    return q


def variable_of_a_loop(x):
    for i in range(x):
        pass
    return i


def try_that_fails(x):
    try:
        q = fails(x)
    except Exception:
        pass
    return q


def handler_that_reads(x):
    try:
        try:
            y = 10 // x
            q = 3
        except Exception:
            return q
    except Exception:
        return -1
    return q


def what_is_raised_is_caught(x):
    try:
        if x > 0:
            q = 1.5
        return q
    except Exception:
        return -1.0


def flag_of_the_users(x):
    first, total = True, 0
    for i in range(x):
        if first:
            q, first = i + 5, False
        total += q
    return total


def same_condition_twice(x):
    if x > 0:
        pair, items = (x, 1.5), [x, 2]
    if x > 0:
        items.append(3)
        return len(items) + pair[1]
    return 0.0


def later_round_of_a_loop(x):
    total = 0.0
    while x < 4:
        if x > 2:
            q = 1.5
        x += 1
        if x > 3:
            total += q
    return total


def in_place(x):
    if x > 0:
        q = 1.0
    q += 1.0
    return q


def function_inside(x):
    if x > 0:
        q = 2
    times = lambda y: y * q  # noqa: E731
    return times(x)


def set_before_the_function_inside_is_called(x):
    if x > 0:
        q = 2
    times = lambda y: y * q  # noqa: E731
    if x <= 0:
        q = 3
    return times(x)


def comprehension(x):
    if x > 0:
        q = 2
    return sum([q * i for i in range(3)])


def pieces(x):
    if x > 0:
        q = 2.0
    yield 1.0
    yield q


def generator(x):
    total = 0.0
    for piece in pieces(x):
        total += piece
    return total


@pytest.mark.parametrize(
    "function",
    [
        *(branch, value_within_a_condition, loop, variable_of_a_loop, try_that_fails),
        *(handler_that_reads, what_is_raised_is_caught, flag_of_the_users, same_condition_twice),
        *(later_round_of_a_loop, in_place, function_inside, comprehension, generator),
        set_before_the_function_inside_is_called,
    ],
)
def test_a_variable_that_may_have_no_value_is_what_it_is_in_python(function):
    twin = compiled(function)
    for x in (3, 1, 0, -1):
        assert outcome(twin, x) == outcome(function, x)


def both_branches(x):
    if x > 0:
        q = 1
    elif x < 0:
        q = 2
    else:
        raise ValueError
    return q


def endless_loop(x):
    while True:
        if x > 5:
            q = x
            break
        x += 1
    return q


def loop_with_else(x):
    for i in range(3):
        if i == x:
            q = i
            break
    else:
        q = -1
    return q


def handler_that_sets(x):
    try:
        q = fails(x)
    except Exception:
        q = -1
    return q


def handler_that_leaves(x):
    try:
        q = fails(x)
    except Exception:
        return -1
    return q


def set_in_the_end(x):
    try:
        y = x
    finally:
        q = 2
    return q + y


def matched(x):
    match x:
        case 1:
            q = 1
        case _:
            q = 7
    return q


ALWAYS = True


def constant_condition(x):
    if ALWAYS:
        q = x
    return q


def comprehension_of_its_own_name(x):
    q = [q for q in range(3)]
    return q[2] + x


def name_of_a_comprehension(x):
    if x > 0:
        q = 1
    return [q for q in range(3)][2]


@pytest.mark.parametrize(
    "function",
    [
        *(both_branches, endless_loop, loop_with_else, handler_that_sets, handler_that_leaves),
        *(set_in_the_end, matched, constant_condition, comprehension_of_its_own_name),
        name_of_a_comprehension,
    ],
)
def test_what_always_has_a_value_is_compiled_as_it_is_written(function, monkeypatch):
    added = []
    run_pass = AskForValues.run_pass
    monkeypatch.setattr(
        AskForValues, "run_pass", lambda self, state: added.append(run_pass(self, state))
    )
    assert compiled(function)(1) == function(1)
    assert added
    assert not any(added)


def deleted(x):
    q = x
    del q
    return x


def read_above_the_first_value(x):
    for i in range(x):
        if i > 0:
            x = q
        q = i
    return x


def unset_in_a_function_inside(x):
    def inner(y):
        if y > 0:
            q = 1.0
        return q

    return inner(x)


@pytest.mark.parametrize(
    "function", [deleted, read_above_the_first_value, unset_in_a_function_inside]
)
def test_what_cannot_be_told_is_refused(function):
    with pytest.raises(Exception, match=r"is deleted|is not defined|null\(\)"):
        compiled(function)(1)


def of_both_kinds(x):
    if x > 0:
        q = 1
    items = [q for q in range(3)]
    return q + items[0]


def test_a_variable_of_a_comprehension_too_is_refused_or_as_in_python():
    """Before Python 3.12 the comprehension's variable is another one."""
    twin = compiled(of_both_kinds)
    if sys.version_info >= (3, 12):
        with pytest.raises(TypingError, match="variable 'q' of a comprehension, too"):
            twin(1)
    else:
        assert [outcome(twin, x) for x in (1, 0)] == [outcome(of_both_kinds, x) for x in (1, 0)]
