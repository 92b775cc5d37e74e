"""Whatever a hook remembers, its results do not depend on how many engines there are."""

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import Strategy, run, state, sweep
from pipeline.errors import StrategyError
from pipeline.market.catalog.sample import FIRST_DATE, SYMBOLS
from pipeline.strategy.repeatable import check_strategy
from pipeline.strategy.source import load_class
from tests.reference.in_process import Setup, run_in_process
from tests.reference.processes import assert_nothing_left, settings_of
from tests.strategy.compiled.test_hooks import market_of

TOP = """
import collections, functools, heapq, itertools, types
import numpy as np
from pipeline import Strategy, state

LIST, DICT, SET, GRID = [0], {"n": 0}, {0}, np.zeros(2)
NESTED = {"a": {"b": [0]}}
GROUPS = collections.defaultdict(list)
SPACE = types.SimpleNamespace(n=0)
NUMBERS = itertools.count()


class Book:
    shared = []

    def __init__(self):
        self.entries = []

    def add(self):
        self.entries.append(1)
        return len(self.entries)

    def add_to_all(self):
        Book.shared.append(1)
        return len(Book.shared)


BOOK = Book()


def remembered(x):
    if x not in DICT:
        DICT[x] = x % 3
    return DICT[x]


def into(x, kept=[]):
    kept.append(x)
    return len(kept)


def push(heap, x):
    heapq.heappush(heap, x)
    return len(heap)


@functools.cache
def squared(x):
    return x * x


@functools.cache
def one_list():
    return []


def counter():
    kept = [0]

    def add():
        other = kept
        other[0] += 1
        return other[0]

    return add


counted = counter()


class Own(Strategy):
    every: int = 3
    count: int = state(0)
    seen = []
    table = {"n": 0}
    sums = np.zeros(1)
    book = Book()

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.made = Book()
        self.rows = []

    def on_bar(self, bar, ctx, given=[]):
        n = 0
        {lines}
        if n % self.every == 1:
            ctx.market(bar.symbol, 1.0 + n % 5)
"""
#: Ways to remember that are a lane's own, or depend on nothing.
OWN = [
    "self.count += 1; n += self.count",
    "self.seen.append(1); n += len(self.seen)",
    "self.table['n'] += 1; n += self.table['n']",
    "self.sums[0] += 1.0; n += int(self.sums[0])",
    "n += self.book.add()",
    "n += self.made.add()",
    "rows = self.rows; rows.append(1); n += len(rows)",
    "n += squared(bar.symbol)",
    "n += push(self.seen, 1)",
    "mine = [1] * 4; mine.append(2); n += len(mine)",
]
#: Ways to remember that all lanes of a process would share.
SHARED = [
    "LIST.append(1); n += len(LIST)",
    "kept = LIST; kept.append(1); n += len(kept)",
    "DICT['n'] += 1; n += DICT['n']",
    "n += remembered(bar.ts)",
    "SET.add(bar.ts); n += len(SET)",
    "other = GRID; other += 1.0; n += int(other[0])",
    "np.add(GRID, 1.0, out=GRID); n += int(GRID[1])",
    "inner = NESTED['a']; inner['b'].append(1); n += len(inner['b'])",
    "GROUPS[bar.symbol].append(1); n += len(GROUPS[bar.symbol])",
    "space = SPACE; space.n += 1; n += space.n",
    "n += next(NUMBERS)",
    "numbers = NUMBERS; n += next(numbers)",
    "n += BOOK.add()",
    "n += BOOK.add_to_all()",
    "n += self.made.add_to_all()",
    "n += into(1)",
    "n += push(LIST, 1)",
    "n += counted()",
    "given.append(1); n += len(given)",
    "one_list().append(1); n += len(one_list())",
    "book = Book.shared; book.append(1); n += len(book)",
    "setattr(type(self.made), 'n', getattr(Book, 'n', 0) + 1); n += Book.n",
    "globals()['LIST'] = [*LIST, 1]; n += len(LIST)",
]


@pytest.fixture(autouse=True)
def _path_of_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the folders of strategies that were loaded from files."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def own(folder: Path, lines: list[str]) -> type[Strategy]:
    """A class with these lines in its hook, of a module that is imported anew."""
    file = folder / f"own_{len(list(folder.iterdir()))}.py"
    file.write_text(TOP.replace("{lines}", "\n        ".join(lines)))
    return load_class(f"{file}:Own")


def results(folder: Path, lines: list[str], engines: int) -> Any:
    """What three lanes come to with so many engines in this process, or the refusal."""
    parameters = 2, 3, 4
    found: dict[int, Any] = {}
    try:
        for part in range(engines):
            # Each engine is a process of its own, which imports the module anew.
            cls = own(folder, lines)
            mine = parameters[part::engines]
            lanes = [cls(every=every) for every in mine]
            outcomes, _ = run_in_process(market_of(), lanes, Setup(slot_rows=4))
            found |= dict(zip(mine, [one.fills for one in outcomes], strict=True))
    except StrategyError as error:
        return str(error)
    return found


@pytest.mark.parametrize("line", SHARED)
def test_what_lanes_share_may_not_change_in_whatever_way(tmp_path: Path, line: str):
    told = results(tmp_path, [line], 1)
    assert isinstance(told, str)
    assert ", which all lanes of a process share" in told
    assert told.startswith(f"{tmp_path}/own_")
    assert "\n" not in told


@pytest.mark.parametrize("line", OWN)
def test_what_is_a_lanes_own_may(tmp_path: Path, line: str):
    check_strategy(own(tmp_path, [line]))
    one, two = (results(tmp_path, [line], engines) for engines in (1, 2))
    assert one == two
    assert any(one.values())


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(OWN + SHARED), min_size=1, max_size=3, unique=True))
def test_results_are_refused_or_do_not_depend_on_the_number_of_engines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
):
    folder = tmp_path_factory.mktemp("own")
    one, two = (results(folder, lines, engines) for engines in (1, 2))
    assert isinstance(one, str) == isinstance(two, str) == (not set(SHARED).isdisjoint(lines))
    assert isinstance(one, str) or one == two


LOG: list[int] = []


class Logs(Strategy):
    def on_bar(self, bar, ctx):
        LOG.append(bar.ts)


class Reads(Strategy):
    count: int = state(0)

    def on_bar(self, bar, ctx):
        self.count = len(LOG)


class Idle(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)


def test_a_log_may_grow_unless_another_strategy_of_the_process_reads_it():
    LOG.clear()
    run_in_process(market_of(), [Idle(), Logs(), Idle()], Setup())
    assert len(LOG) > 10
    with pytest.raises(StrategyError, match=r"Logs.on_bar changes LOG, which all lanes"):
        run_in_process(market_of(), [Logs(), Reads()], Setup())


FILE = TOP.replace("{lines}", "n += BOOK.add()")


@pytest.mark.parametrize("engines", [1, 2])
def test_runs_and_sweeps_end_with_one_line(sample: Path, tmp_path: Path, engines: int):
    file = tmp_path / "own.py"
    file.write_text(FILE)
    config = settings_of("US_EQUITY", FIRST_DATE, FIRST_DATE, SYMBOLS[:2], ["1m"], sample)
    config["pipeline"] = {"engines": engines}
    config["strategy"] = {"name": f"{file}:Own", "mode": "interpreted"}
    line = FILE.splitlines().index("        n += BOOK.add()") + 1
    told = (
        f"{file}:{line}: Own.on_bar uses BOOK, which all lanes of a process share, and which a "
        "hook has changed; make it in __init__, as self.BOOK, of which each lane has its own, "
        "one for all of its symbols"
    )
    with pytest.raises(StrategyError) as caught:
        run(config, out=tmp_path / "runs")
    assert str(caught.value) == told
    config_of_sweep = config | {"sweep": {"space": {"every": [2, 3, 4]}}}
    result = sweep(config_of_sweep, out=tmp_path / "sweeps")
    assert [one["error"] for one in result.summary["errors"]] == 3 * [told]
    assert result.summary["passes"] == 1
    with pytest.raises(StrategyError) as caught:
        run(config, out=tmp_path / "runs", inline=True)
    assert str(caught.value) == told
    assert_nothing_left()
