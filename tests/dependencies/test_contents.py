"""What lies in places that outlive calls: every change is seen, and nothing else is."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dependencies.contents import Contents
from pipeline.strategy.source import load_class

SOURCE = """
import abc, collections, enum, functools, itertools, logging, threading, types
from array import array
import numpy as np
import pandas as pd
from pipeline import Strategy


class Colour(enum.Flag):
    RED = 1
    BLUE = 2


class Book(abc.ABC):
    count = 0
    shelves = []

    def __init__(self):
        self.entries = [1]

    @functools.cached_property
    def table(self):
        return [2]

    def add(self):
        self.entries.append(2)


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 1


class Restless:
    looks = 0

    def __reduce__(self):
        vars(self)["looks"] = self.looks + 1
        return Restless, (self.looks,)


Restless.__module__ = "json"  # as if it were a library's


@functools.cache
def shared_list():
    return [1]


@functools.lru_cache(2)
def numbers(x):
    return (x,)


@functools.lru_cache(4)
def arrays(x):
    return np.zeros(x)


def maker():
    inner = [0]

    def count():
        inner[0] += 1
        return inner[0]

    return count


def endless():
    x = 0
    while True:
        yield x
        x += 1


def helper(x=0, kept=[], *, named={}):
    return x + len(kept) + len(named)


numbers_in, names_in, mixed = [1.0, 2.0], {"a": [1], 2: {3}}, [Book(), {"x": np.zeros(2)}]
deep, book, slotted, grid = {"a": {"b": [[0]]}}, Book(), Slotted(), np.zeros((2, 2))
queue, groups = collections.deque([1]), collections.defaultdict(list)
counted, bits = collections.Counter("ab"), array("d", [0.0])
space, frame = types.SimpleNamespace(n=0), pd.DataFrame({"a": np.arange(4.0), "b": np.arange(4)})
numbered, listed, endless_one, scalar = itertools.count(), iter([1, 2, 3]), endless(), 1
restless, lock, logger = Restless(), threading.Lock(), logging.getLogger("quiet")
beside = types.ModuleType("beside_of_contents")
beside.total, beside.names = 0, []
counter = maker()
shared_list(), arrays(3)


class Like(Strategy):
    shelf = []

    def on_bar(self, bar, ctx):
        return (
            numbers_in, names_in, mixed, deep, book, slotted, grid, queue, groups, counted, bits,
            space, frame, numbered, listed, endless_one, scalar, restless, lock, logger,
            beside.total, beside.names, shared_list, numbers, arrays, counter, helper, Colour,
        )
"""

CHANGES: dict[str, Callable[[Any], Any]] = {
    "numbers_in": lambda it: it.numbers_in.append(3.0),
    "names_in": lambda it: it.names_in["a"].append(1),
    "mixed": lambda it: it.mixed[1]["x"].fill(7.0),
    "deep": lambda it: it.deep["a"]["b"][0].append(1),
    "book": lambda it: it.book.add(),
    "slotted": lambda it: setattr(it.slotted, "value", 2),
    "grid": lambda it: np.add(it.grid, 1.0, out=it.grid),
    "queue": lambda it: it.queue.rotate() or it.queue.append(2),
    "groups": lambda it: it.groups["x"],
    "counted": lambda it: it.counted.update("a"),
    "bits": lambda it: it.bits.append(1.0),
    "space": lambda it: setattr(it.space, "n", 1),
    "frame": lambda it: it.frame.__setitem__("c", 1.0),
    "numbered": lambda it: next(it.numbered),
    "listed": lambda it: next(it.listed),
    "endless_one": lambda it: (next(it.endless_one), next(it.endless_one)),
    "scalar": lambda it: setattr(it, "scalar", 2),
    "beside.total": lambda it: setattr(it.beside, "total", 3),
    "beside.names": lambda it: it.beside.names.append("x"),
    "inner": lambda it: it.counter(),
    "kept": lambda it: it.helper.__defaults__[1].append(1),
    "named": lambda it: it.helper.__kwdefaults__["named"].update({1: 1}),
    "helper.calls": lambda it: setattr(it.helper, "calls", 1),
    "Book.count": lambda it: setattr(it.Book, "count", 5),
    "Book.shelves": lambda it: it.Book.shelves.append(1),
    "Book.fresh": lambda it: setattr(it.Book, "fresh", 1),
    "Like.shelf": lambda it: it.Like.shelf.append(1),
    "shared_list()": lambda it: it.shared_list().append(2),
    "arrays()": lambda it: it.arrays(3).fill(2.0),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, imported anew."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    file = tmp_path / "like.py"
    file.write_text(SOURCE)
    return sys.modules[load_class(f"{file}:Like").__module__]


def changed(contents: Contents) -> list[str]:
    return [place.name for place, _ in contents.changed()]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen_once_by_the_name_of_its_place(here: Any, name: str):
    contents = Contents([here.Like])
    assert changed(contents) == []
    CHANGES[name](here)
    assert changed(contents) == [name]
    assert changed(contents) == []


def test_reading_is_no_change(here: Any):
    contents = Contents([here.Like])
    assert here.book.table == [2]  # computed when first asked for
    assert here.Colour.RED | here.Colour.BLUE
    frame = here.frame
    assert frame.loc[3, "a"] + frame["a"].mean() + frame.iloc[1]["b"] + len(frame.values)
    assert not frame.describe().empty
    assert frame.groupby("b").sum()["a"].sum() == 6.0
    assert here.numbers(1) + here.numbers(2) + here.numbers(3)  # a cache that keeps, and forgets
    assert isinstance(here.arrays(2), np.ndarray)
    here.lock.acquire()
    here.logger.setLevel("INFO")
    assert sum(here.grid.sum(axis=0)) == 0.0
    assert changed(contents) == []


def test_the_value_that_changed_is_given(here: Any):
    contents = Contents([here.Like])
    here.numbers_in.append(1.0)
    ((place, value),) = contents.changed()
    assert value is here.numbers_in
    assert place.owner is here.Like.on_bar


def test_what_a_library_pickles_otherwise_each_time_is_not_watched(here: Any):
    contents = Contents([here.Like])
    assert here.restless.looks > 1
    assert changed(contents) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(np.array, st.lists(st.floats(), max_size=3))
    ),
    max_leaves=6,
)


@given(values, values)
def test_a_list_is_as_it_was_exactly_if_nothing_in_it_was_set(one: Any, other: Any):
    kept = [one]

    class Like:
        def on_bar(self):
            return kept

    contents = Contents([Like])
    assert changed(contents) == []
    kept[0] = (one, other)
    assert changed(contents) == ["kept"]
    kept.append(other)
    assert changed(contents) == ["kept"]
