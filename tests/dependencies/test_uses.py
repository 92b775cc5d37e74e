"""How a function uses what outlives its calls is read from its source."""

import collections
import itertools
import os
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pipeline.dependencies.uses import INSIDE, outer_names_set_in, uses_in

PRICES: list[float] = []
TABLE: dict[str, Any] = {"a": [0], "b": {"c": np.zeros(2)}}
SEEN: set[int] = set()
QUEUE: collections.deque[int] = collections.deque()
ARRAY = np.zeros(3)
COUNTER = itertools.count()
beside: Any = ModuleType("beside")
beside.total, beside.names = 0, []


class Book:
    count = 0

    def __init__(self):
        self.entries: list[int] = []

    @property
    def asked(self):
        raise AssertionError("a property must not be called")


BOOK: Any = Book()


def used(function: Any, cls: Any = None, **given: Any) -> list[tuple[str, str, bool]]:
    found = uses_in(function, cls, given)
    return [(use.name, use.changes, use.reads) for use in found if use.name != "Book"]


def changed_by(function: Any, cls: Any = None, **given: Any) -> list[tuple[str, str]]:
    return [(name, changes) for name, changes, _ in used(function, cls, **given) if changes]


def appended(x):
    PRICES.append(x)


def asked_for(x):
    return PRICES.pop()


def item_set(x):
    TABLE["x"] = x


def item_added(x):
    TABLE["x"] += x


def item_deleted(x):
    del TABLE["x"]


def deep(x):
    TABLE["a"][0] = x


def deeper(x):
    TABLE["b"]["c"][x] += 1


def deeper_method(x):
    TABLE["a"].append(x)


def added(x):
    SEEN.add(x)


def left(x):
    QUEUE.popleft()


def array_set(x):
    ARRAY[0] = x


def array_sorted(x):
    ARRAY.sort()


def attribute_set(x):
    BOOK.count = x


def attribute_method(x):
    BOOK.entries.append(x)


def module_set(x):
    beside.total += x


def module_method(x):
    beside.names.append(x)


def class_set(x):
    Book.count = x


def function_set(x):
    appended.calls = x


def advanced(x):
    return next(COUNTER)


def named_set(x):
    setattr(BOOK, "count", x)  # noqa: B010


def unpacked(x):
    BOOK.count, TABLE["x"] = x, x


def inside_a_function(x):
    return [(lambda: PRICES.append(one))() for one in (x,)]


@pytest.mark.parametrize(
    ("function", "name", "changes"),
    [
        (appended, "PRICES", INSIDE),
        (asked_for, "PRICES", INSIDE),
        (item_set, "TABLE", INSIDE),
        (item_added, "TABLE", INSIDE),
        (item_deleted, "TABLE", INSIDE),
        (deep, "TABLE['a']", INSIDE),
        (deeper, "TABLE['b']['c']", INSIDE),
        (deeper_method, "TABLE['a']", INSIDE),
        (added, "SEEN", INSIDE),
        (left, "QUEUE", INSIDE),
        (array_set, "ARRAY", INSIDE),
        (array_sorted, "ARRAY", INSIDE),
        (attribute_set, "BOOK", "count"),
        (attribute_method, "BOOK.entries", INSIDE),
        (module_set, "beside", "total"),
        (module_method, "beside.names", INSIDE),
        (function_set, "appended", "calls"),
        (advanced, "COUNTER", INSIDE),
        (named_set, "BOOK", INSIDE),
        (inside_a_function, "PRICES", INSIDE),
    ],
)
def test_a_change_is_found_with_its_name_and_line(function: Any, name: str, changes: str):
    assert (name, changes) in changed_by(function)
    (use,) = [use for use in uses_in(function) if use.changes]
    assert use.line == function.__code__.co_firstlineno + 1


def test_several_changes_of_a_line_are_found():
    assert changed_by(unpacked) == [("BOOK", "count"), ("TABLE", INSIDE)]
    assert [use.changes for use in uses_in(class_set)] == ["count"]


def local(x):
    PRICES = []  # noqa: N806
    PRICES.append(x)
    TABLE = {}  # noqa: N806
    TABLE["x"] = x
    for SEEN in ({1}, {2}):  # noqa: N806
        SEEN.add(x)


def read(x):
    if x in SEEN and PRICES and TABLE.get("x") and beside.total:
        return len(PRICES), BOOK.asked, ARRAY.sum(), BOOK.count
    return sorted(PRICES)


def of_a_library(x):
    os.environ["X"] = x
    np.linalg.x = x


@pytest.mark.parametrize("function", [local, read, of_a_library])
def test_what_is_local_read_or_of_a_library_is_no_change(function: Any):
    assert changed_by(function) == []


def put(x):
    PRICES.append(x)
    PRICES.extend([x])
    TABLE[x] = 1
    SEEN.add(x)


def put_and_read(x):
    y = PRICES.append(x)
    TABLE[x] += 1
    SEEN.add(x)
    return y, SEEN


def test_what_only_puts_something_into_a_container_does_not_read_it():
    assert {name: reads for name, _, reads in used(put)} == dict.fromkeys(
        ("PRICES", "TABLE", "SEEN"), False
    )
    reading = {name for name, _, reads in used(put_and_read) if reads}
    assert reading == {"PRICES", "TABLE", "SEEN"}
    # What is inside of another value may be read by way of that.
    assert used(deeper_method) == [("TABLE['a']", INSIDE, True)]


class Own(Book):
    def by_type(self):
        type(self).count += 1

    def by_class(self):
        self.__class__.count += 1

    @classmethod
    def by_cls(cls):
        cls.count += 1

    def of_self(self):
        self.count += 1
        self.entries.append(1)


def test_the_class_of_self_is_known_in_a_method():
    assert changed_by(Own.by_type, Own) == [("type(self)", "count")]
    assert changed_by(Own.by_class, Own) == [("self.__class__", "count")]
    assert changed_by(Own.by_cls.__func__, Own) == [("cls", "count")]
    assert changed_by(Own.of_self, Own) == []
    assert changed_by(Own.by_type) == []


def by_argument(x, cache=PRICES):
    cache.append(x)


def test_an_argument_is_used_if_its_value_is_given():
    assert changed_by(by_argument) == []
    assert changed_by(by_argument, cache=PRICES) == [("cache", INSIDE)]


def maker():
    kept: list[int] = []
    count = 0

    def add(x):
        nonlocal count
        count += 1
        kept.append(x)
        return count

    return add


def sets_globals():
    global PRICES

    def inner():
        global SEEN
        SEEN = set()

    PRICES = []
    return inner


def test_what_a_function_closes_over_is_used():
    assert changed_by(maker()) == [("kept", INSIDE)]


def test_names_that_are_set_outside_of_a_function_are_found_with_their_lines():
    first = maker.__code__.co_firstlineno
    assert list(outer_names_set_in(maker())) == [(first + 6, "count", False)]
    assert list(outer_names_set_in(maker)) == []
    first = sets_globals.__code__.co_firstlineno
    assert set(outer_names_set_in(sets_globals)) == {
        (first + 7, "PRICES", True),
        (first + 5, "SEEN", True),
    }
