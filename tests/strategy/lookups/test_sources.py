"""What a hook can never find is refused before a run, and nothing else is."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run
from pipeline.errors import StrategyError
from pipeline.strategy.lookups.sources import check_lookups
from pipeline.strategy.source import load_class
from pipeline.strategy.strategy import Symbol

TOP = """
import functools
import numpy as np
from pipeline import Strategy, Symbol, state, states

TECH = {"ALFA", "BRVO"}
WEIGHTS = {"ALFA": 0.5}
CONFIG = {"w": {"ALFA": 0.5}, "tech": {"ALFA"}, "limits": {0: 1.0}}
SEEN = {("ALFA", "1m")}
NAMES = ["ALFA", "BRVO"]


class Book:
    names = {"ALFA"}

    def __init__(self):
        self.rows = {"total": 0.0}


BOOK = Book()


def is_tech(symbol):
    return symbol in TECH


def among(symbol, names=TECH):
    return symbol in names


def weights():
    return {name: 1.0 for name in NAMES}


@functools.cache
def table():
    return dict(ALFA=1)


def either(symbol):
    if isinstance(symbol, str):
        return symbol in TECH
    return False


def mark(strategy, key):
    strategy.marked[key] = 1.0


def down(n, symbol):
    return symbol in TECH if n == 0 else down(n - 1, symbol)


class Own(Strategy):
    leader: Symbol = "ALFA"
    level: float = 1.0
    count: int = state(0)
    tech = ("ALFA", "BRVO")
    inner = {"w": {"ALFA": 1.0}}
    held = {}
    marked = {"ALFA": 1.0}
    nested = {"total": {}}

    def __init__(self, **parameters):
        super().__init__(**parameters)
        self.sizes = {"ALFA": 2.0}
        self.book = Book()

    def indicators(self):
        assert {"ALFA": 1}[self.leader] == 1  # a name here, and no index
        return {}

    @property
    def favourites(self):
        return {"ALFA"}

    @staticmethod
    def names():
        return TECH

    def is_own(self, symbol):
        return symbol in self.tech

    def on_start(self, ctx):
        mark(self, 0)
        self.by_index = {ctx.symbol(name): w for name, w in WEIGHTS.items()}

    def on_fill(self, fill, ctx):
        self.held[fill.symbol] = fill.price
        self.nested["total"][fill.symbol] = 1.0

    def on_bar(self, bar, ctx):
        symbol = bar.symbol
        {line}
"""
#: A line of the hook, and the text that is told.
REFUSED = {
    "self.count += symbol in TECH": "ALFA",
    "self.count += is_tech(symbol)": "ALFA",
    "self.count += among(symbol)": "ALFA",
    "self.count += among(symbol, NAMES)": "ALFA",
    "self.count += down(2, symbol)": "ALFA",
    "self.count += self.is_own(symbol)": "ALFA",
    "self.count += symbol in self.names()": "ALFA",
    "self.count += symbol in self.favourites": "ALFA",
    "self.count += symbol in self.tech": "ALFA",
    "self.count += int(self.sizes.get(symbol, 0.0))": "ALFA",
    "self.count += self.leader == 'ALFA'": "ALFA",
    "self.count += CONFIG['w'].get(symbol, 0) > 0": "ALFA",
    "self.count += symbol in CONFIG['tech']": "ALFA",
    "self.count += weights().get(symbol, 0) > 0": "ALFA",
    "self.count += table().get(symbol, 0)": "ALFA",
    "self.count += (symbol, '1m') in SEEN": "ALFA",
    "self.count += symbol in Book.names": "ALFA",
    "self.count += symbol in BOOK.names": "ALFA",
    "mine = {symbol}; self.count += len(mine & TECH)": "ALFA",
    "mine = set(); mine.add(symbol); self.count += mine <= TECH": "ALFA",
    "names = set(); names.update(NAMES); self.count += symbol in names": "ALFA",
    "names = []; names += ['ALFA']; names.append('BRVO'); self.count += symbol in set(names)": None,
    "key = symbol, '1m'; self.count += key in SEEN": "ALFA",
    "name = str(symbol); self.count += name in TECH": "ALFA",
    "name = f'{symbol}'; self.count += name == 'ALFA'": "ALFA",
    "for other in ctx.symbols: self.count += other in TECH": "ALFA",
    "first, *_ = ctx.symbols; self.count += first in TECH": "ALFA",
    "for i, name in enumerate(NAMES): self.count += i in TECH": "ALFA",
    "self.count += 'ALFA' in self.held": "ALFA",
    "self.count += int(self.held.get('ALFA', 0.0))": "ALFA",
    "if (other := symbol) in TECH: self.count += 1": "ALFA",
    "self.count += any(one == symbol for one in TECH)": "ALFA",
    "self.count += len([one for one in NAMES if one == symbol])": "ALFA",
}
ALLOWED = [
    "self.count += symbol in self.held",
    "self.count += symbol in self.marked",  # another function puts something there
    "self.count += int(self.by_index.get(symbol, 0.0))",
    "self.count += symbol in self.nested['total']",
    "self.count += symbol in self.book.rows",
    "self.count += symbol in self.inner['w']",  # refused when it is looked up
    "self.count += CONFIG['limits'].get(symbol, 0) > 0",
    "self.count += NAMES[symbol] in TECH",
    "self.count += ctx.data.symbols[symbol] in TECH",
    "self.count += either(symbol)",
    "self.count += symbol == ctx.symbol('ALFA') or symbol == self.leader",
    "names = {ctx.symbol(name) for name in NAMES}; self.count += symbol in names",
    "symbol = NAMES[symbol]; self.count += symbol in TECH",
    "name = 'ALFA' if symbol == 0 else symbol; self.count += name in TECH",
    "for name in NAMES: self.count += name == 'ALFA' and ctx.symbol(name) == symbol",
    "rows = {}; rows['total'] = 1; rows[symbol] = 2; self.count += rows.get('ALFA', 0)",
    "rows = {'a': set()}; rows['a'].add(symbol); self.count += symbol in rows['a']",
    "rows = {'ALFA': 1}; other = rows; other[symbol] = 2; self.count += symbol in rows",
    "rows = ['ALFA']; self.count += len(rows.pop(symbol * 0))",
    "self.count += (lambda *TECH: symbol in TECH)(0)",
    "self.count += len([TECH for TECH in (0, 1) if TECH == symbol])",
    "self.count += unknown.get(symbol, 0) if False else 0",
    "text = str(symbol); self.count += text in ('0', '1')",
    "print(f'{symbol} of {NAMES}', str(symbol) + 'x')",
    "self.count += bar.close in TECH if False else 0",
    "import json; self.count += symbol in json.loads('{}')",
    "self.count += sorted(NAMES).index('ALFA') == symbol",
    "self.count += (lambda names: symbol in names)({0})",
]


@pytest.fixture(autouse=True)
def _path_of_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the folders of strategies that were loaded from files."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def own(folder: Path, line: str) -> tuple[Strategy, Path, int]:
    """A strategy whose hook has a line, its file, and the number of the line."""
    file = folder / "own.py"
    text = TOP.replace("{line}", line)
    file.write_text(text)
    strategy: Any = load_class(f"{file}:Own")()
    strategy.indicators()
    return strategy, file, text.splitlines().index(f"        {line}") + 1


@pytest.mark.parametrize("line", [line for line, text in REFUSED.items() if text is not None])
def test_a_look_for_a_symbol_among_texts_is_refused(tmp_path: Path, line: str):
    strategy, file, number = own(tmp_path, line)
    with pytest.raises(StrategyError) as caught:
        check_lookups(strategy)
    told = str(caught.value)
    assert f"never equals the text {REFUSED[line]!r}: compare with ctx.symbol(" in told
    assert told.startswith(f"{file}:")
    assert told.startswith(f"{file}:{number}: Own.on_bar: ") or ": Own.on_bar: " not in told
    assert "\n" not in told


@pytest.mark.parametrize("line", [*ALLOWED, *(line for line, text in REFUSED.items() if not text)])
def test_what_may_be_found_is_not(tmp_path: Path, line: str):
    check_lookups(own(tmp_path, line)[0])


def test_a_helper_is_named_with_its_line(tmp_path: Path):
    strategy, file, _ = own(tmp_path, "self.count += is_tech(symbol)")
    number = file.read_text().splitlines().index("    return symbol in TECH") + 1
    with pytest.raises(StrategyError, match=f"^{file}:{number}: is_tech: a symbol is a number"):
        check_lookups(strategy)


def test_an_expression_that_is_too_deep_is_not_read(tmp_path: Path):
    check_lookups(own(tmp_path, f"self.count += {'-' * 600}1")[0])


def test_a_class_without_a_source_is_not_read():
    space: dict[str, Any] = {"Strategy": Strategy, "Symbol": Symbol}
    exec(
        "class Own(Strategy):\n"
        "    def on_bar(self, bar, ctx):\n"
        "        return bar.symbol == 'ALFA'\n",
        space,
    )
    check_lookups(space["Own"]())


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_run_of_either_mode_is_refused_before_it_starts(
    sample: Path, settings_of_a_session: Callable[..., Any], tmp_path: Path, mode: str
):
    _, file, number = own(tmp_path, "self.count += str(symbol) == 'ALFA'")
    settings = settings_of_a_session(
        catalog=str(sample),
        session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
        backtest_config={"start_date": "2024-10-22", "end_date": "2024-10-22"},
        strategy={"name": f"{file}:Own", "mode": mode},
    )
    with pytest.raises(StrategyError) as caught:
        run(settings, out=tmp_path / "runs")
    assert str(caught.value) == (
        f"{file}:{number}: Own.on_bar: a text of a symbol is that of its number, as '0' is, and "
        "never equals the text 'ALFA': compare with ctx.symbol(\"ALFA\"), or declare a parameter: "
        'leader: Symbol = "ALFA"'
    )
    assert not [*tmp_path.glob("runs/*")]
