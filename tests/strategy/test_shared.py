"""A hook that changes what all lanes of a process share is refused before a run, in one line."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run, sweep
from pipeline.errors import StrategyError
from pipeline.strategy.repeatable import check_strategy
from pipeline.strategy.source import load_class
from tests.reference.processes import assert_nothing_left

#: What stands above the class, the line of a hook, and what is said of which line.
TOP = """
import collections, functools, itertools
import numpy as np
from pipeline import Strategy, state

prices = []
CACHE = {}
SEEN = set()
GRID = np.zeros(3)
NESTED = {"a": [0]}
WEIGHTS = {"ALFA": 0.5}
LOG = []
numbers = itertools.count()


class Book:
    total = 0

    def __init__(self):
        self.entries = []
        Book.total += 1  # when the module is imported

    def add(self, x):
        self.entries.append(x)


book = Book()


def remembered(x):
    if x not in CACHE:
        CACHE[x] = 2 * x
    return CACHE[x]


def counter():
    count = 0
    kept = []

    def add(x):
        nonlocal count
        count += 1
        return count

    def keep(x):
        kept.append(x)
        return len(kept)

    return add, keep


add, keep = counter()


def put_into(x, into=[]):
    into.append(x)
    return len(into)


@functools.cache
def squared(x):
    return x * x


class Base(Strategy):
    total = 0
    seen = []
    made = 0

    def __init__(self, **parameters):
        super().__init__(**parameters)
        Base.made += 1  # where a strategy is made no hook is called

    def tick(self):
        type(self).total += 1

    @classmethod
    def tock(cls):
        cls.total += 1


class Own(Base):
    count: int = state(0)

    def on_bar(self, bar, ctx{more}):
        {line}
        ctx.target(bar.symbol, float(self.count))
"""
CLASS = (
    "keep it in the class, as self.{0}, of which each lane has its own, one for all of its symbols"
)
MADE = (
    "make it in __init__, as self.{0}, of which each lane has its own, one for all of its symbols"
)
STATE = "memory of a strategy is declared: {0}: float = state(0.0)"
MEMO = "; @functools.cache keeps the results of a function that depends on its arguments alone"
#: The hook's line; who changes what at which line; the way on.
REFUSED = {
    "prices.append(bar.close); self.count = len(prices)": ("changes prices", CLASS, "prices"),
    "self.count = prices.pop()": ("changes prices", CLASS, "prices"),
    "CACHE[bar.ts] = len(CACHE)": ("changes CACHE", CLASS + MEMO, "CACHE"),
    "del CACHE[bar.ts]": ("changes CACHE", CLASS + MEMO, "CACHE"),
    "self.count = CACHE.setdefault(1, 2)": ("changes CACHE", CLASS + MEMO, "CACHE"),
    "SEEN.add(bar.ts); self.count = len(SEEN)": ("changes SEEN", CLASS, "SEEN"),
    "GRID[0] += 1": ("changes GRID", CLASS, "GRID"),
    "NESTED['a'][0] += 1": ("changes NESTED['a']", CLASS, "NESTED"),
    "book.total += 1": ("sets book.total", STATE, "total"),
    "book.entries.append(1)": ("changes book.entries", CLASS, "entries"),
    "Book.total = 1": ("sets Book.total", STATE, "total"),
    "Own.total += 1": ("sets Own.total", STATE, "total"),
    "Own.seen.append(1)": ("changes Own.seen", CLASS, "seen"),
    "type(self).total += 1": ("sets type(self).total", STATE, "total"),
    "self.__class__.total += 1": ("sets self.__class__.total", STATE, "total"),
    "squared.calls = 1": ("sets squared.calls", STATE, "calls"),
    "self.count = next(numbers)": ("changes numbers", MADE, "numbers"),
    "self.count = remembered(3)": ("remembered changes CACHE", CLASS + MEMO, "CACHE"),
    "self.count = add(1)": ("add sets count of the function around it", STATE, "name"),
    "self.count = keep(1)": ("keep changes kept", CLASS, "kept"),
    "self.tick()": ("Base.tick sets type(self).total", STATE, "total"),
    "self.tock()": ("Base.tock sets cls.total", STATE, "total"),
    "[GRID.fill(x) for x in (1.0, 2.0)]": ("changes GRID", CLASS, "GRID"),
    "(lambda: GRID.sort())()": ("changes GRID", CLASS, "GRID"),
}
ALLOWED = [
    "prices = []; prices.append(bar.close); self.count = len(prices)",
    "self.count = len(prices) + len(CACHE) + len(SEEN) + int(GRID[0]) + book.total + self.total",
    "self.seen.append(bar.close); self.count = len(self.seen)",
    "self.count = squared(3)",
    "self.count = int(WEIGHTS.get('ALFA'))",
    "LOG.append((bar.ts, bar.close))",
    "LOG.extend([bar.ts]); LOG[0:0] = [1]",
    "self.count += 1",
    "self.count = int(np.sort(GRID)[0]) + sum(sorted(prices))",
]


@pytest.fixture(autouse=True)
def _path_of_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the folders of strategies that were loaded from files."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def own(folder: Path, line: str, more: str = "") -> tuple[type[Strategy], Path]:
    """A strategy whose hook has a line, and its file."""
    file = folder / "own.py"
    file.write_text(TOP.replace("{line}", line).replace("{more}", more))
    return load_class(f"{file}:Own"), file


def told_of(cls: type[Strategy]) -> str:
    with pytest.raises(StrategyError) as caught:
        check_strategy(cls)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("line", REFUSED)
def test_a_change_of_what_lanes_share_is_refused_with_its_line(tmp_path: Path, line: str):
    cls, file = own(tmp_path, line)
    what, way, name = REFUSED[line]
    told = told_of(cls)
    assert f"{what}, which all lanes of a process would share; {way.format(name)}" in told
    if way is not STATE:
        assert told.endswith("has the past from ctx.window, and what never changes in a tuple")
    place, _, _ = told.removeprefix(f"{file}:").partition(":")
    shown = file.read_text().splitlines()[int(place) - 1].strip()
    assert shown == line or not told.startswith(f"{file}:{place}: Own.on_bar")
    last = what.rpartition(" ")[2].rpartition(".")[2].partition("[")[0]
    assert last in shown or last == "it"


@pytest.mark.parametrize("line", ALLOWED)
def test_what_is_local_of_self_or_read_is_not_and_neither_is_a_log(tmp_path: Path, line: str):
    check_strategy(own(tmp_path, line)[0])


def test_a_default_of_a_hook_is_shared_and_one_of_a_helper_may_be_given(tmp_path: Path):
    cls, _ = own(tmp_path, "cache.append(1); self.count = len(cache)", ", cache=[]")
    assert "Own.on_bar changes cache, which all lanes" in told_of(cls)
    check_strategy(own(tmp_path, "self.count = put_into(1, [])")[0])


def test_a_log_that_another_hook_reads_is_none(tmp_path: Path):
    more = "):\n        print(LOG)\n\n    def on_fill(self, fill, ctx"
    cls, _ = own(tmp_path, "LOG.append(1)", more)
    assert "changes LOG" in told_of(cls)


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_runs_and_sweeps_of_either_mode_are_refused_before_they_start(
    sample: Path, settings_of_a_session: Callable[..., Any], tmp_path: Path, mode: str
):
    _, file = own(tmp_path, "GRID[0] += 1")
    settings = settings_of_a_session(
        catalog=str(sample),
        session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
        backtest_config={"start_date": "2024-10-22", "end_date": "2024-10-22"},
        strategy={"name": f"{file}:Own", "mode": mode},
    )
    with pytest.raises(StrategyError, match=r"own.py:\d+: Own.on_bar changes GRID, which all"):
        run(settings, out=tmp_path / "runs")
    settings["sweep"] = {"space": {"warmup": [1]}}
    with pytest.raises(StrategyError):
        sweep(settings, out=tmp_path / "sweeps")
    assert not [*tmp_path.glob("runs/*")]
    assert_nothing_left()
