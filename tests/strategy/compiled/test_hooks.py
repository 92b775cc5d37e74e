"""Compiled hooks: results as interpreted, and kept on disk while they would come out the same."""

import enum
from pathlib import Path

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, state
from pipeline import indicators as ind
from pipeline.errors import HookError, StrategyError
from pipeline.lane.spec import bars_dtype
from pipeline.strategy.compiled.hooks import compile_hooks
from pipeline.strategy.strategy import record_dtype
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.own_process import environment, python
from tests.reference.replay import replay

T0 = 1_700_006_400_000_000_000


def market_of(symbols: str = "AB") -> Market:
    ts = T0 + MINUTE * np.arange(20, dtype=np.int64)
    bars = {symbol: random_walk(ts, seed) for seed, symbol in enumerate(symbols)}
    return Market(bars, session_table([(T0, T0 + 20 * MINUTE)]), ("1m", "5m"))


class MethodNames(Strategy):
    """Indicators that are called like methods of arrays and tuples."""

    def indicators(self):
        return {"mean": ind.sma(2), "max": ind.highest(2), "index": ind.roc(1)}

    def on_bar(self, bar, ctx):
        if bar.max > bar.mean:
            ctx.market(bar.symbol, 1.0 + (bar.index > 0.0))

    def on_bars(self, bars, ctx):
        if bars.mean[0] > bars.low[0] and bars.max[0] > bars.index[0]:
            ctx.market(0, 0.25)


class Flags(Strategy):
    """State and parameters of every type, with all operators that each has."""

    often: bool = True
    every: int = 3
    step: float = 0.5
    up: bool = state(False)
    seen: int = state(0)
    level: float = state(1.0, reset="session")

    def on_bar(self, bar, ctx):
        self.seen += 1
        self.up = not self.up
        if self.up and self.often:
            self.level += self.step
        if self.seen % self.every == 0:
            ctx.market(bar.symbol, self.level * (1 if self.up else -1))


class Size(enum.IntEnum):
    SMALL = 2
    BIG = 3


class Members(Strategy):
    """Has members of an IntEnum for numbers: quantities, prices, rows, a parameter, a state."""

    lookback = Size.BIG
    most: int = Size.BIG
    held: int = state(Size.SMALL)
    UNITS = Size.SMALL

    def size(self, rising):
        return Size.BIG if rising else Size.SMALL

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.size(bar.close > bar.open))
        ctx.limit(bar.symbol, quantity=Size.SMALL, price=Size.BIG)
        ctx.bracket(bar.symbol, self.UNITS, stop_loss=Size.SMALL)
        if ctx.window(bar.symbol, "close", Size.SMALL)[0] > Size.SMALL:
            ctx.target(bar.symbol, 0.5 * Size.BIG)
        if self.held < Size.BIG:
            self.held = Size.BIG
        ctx.market(bar.symbol, (1.0, 2.0, 3.0, 4.0)[self.size(True)] + self.held + self.most)


WEIGHTS = (("A", 0.75), ("B", 0.25))


class Weighted(Strategy):
    """Names symbols by texts that it goes through."""

    names = ("B", "A")

    def on_bar(self, bar, ctx):
        weights = {ctx.symbol(name): weight for name, weight in WEIGHTS}
        ctx.market(bar.symbol, weights[bar.symbol])
        for name in self.names:
            if ctx.symbol(name) == bar.symbol:
                ctx.market(ctx.symbol("A" if name == "B" else "B"), 3.0 + bar.symbol)


class Unknown(Weighted):
    names = ("B", "C")


class InSets(Strategy):
    """Looks symbols and numbers up in sets that are written where it looks."""

    def on_bar(self, bar, ctx):
        if bar.symbol in {1} or bar.symbol + 2 not in {2, 2.5, 3}:
            ctx.market(bar.symbol, 1.0)
        if bar.symbol in {0, bar.symbol + 1} and "a" in {"a"}:
            ctx.market(bar.symbol, 3.0)


class Assigns(Strategy):
    """Assigns within expressions."""

    lookback = 3
    seen: int = state(0)

    def on_bar(self, bar, ctx):
        if len(window := ctx.window(column := bar.symbol, "close", 3)) < 3:
            return
        self.seen = seen = self.seen + 1
        while (rest := seen % 3) and seen > 0:
            seen -= (step := rest)
            if step > 1 and (size := window[0] - window[-1]) != 0.0:
                ctx.market(column, 1.0 + (size > 0.0))
        if 0 < (rest := self.seen % 4) < 3 and not (rest := rest - 2):
            ctx.market(column, float(rest - 1))


@pytest.mark.parametrize("cls", [MethodNames, Flags, Members, InSets, Assigns])
@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_both_modes_give_what_the_reference_gives(cls: type[Strategy], mode: str):
    market, setup = market_of(), Setup(mode=mode)
    (found,), _ = run_in_process(market, [cls()], setup)
    assert found.orders
    assert_same(found, replay(market, cls()))


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_symbol_is_found_by_a_text_that_is_known_when_the_hook_runs(mode: str):
    (found,), _ = run_in_process(market_of(), [Weighted()], Setup(mode=mode))
    ordered = [(order[2], order[3]) for order in found.orders]  # symbol, quantity
    assert set(ordered) == {(0, 0.75), (1, 3.0), (1, 0.25), (0, 4.0)}
    with pytest.raises(HookError, match="'C' is not one of this run's symbols: A, B"):
        run_in_process(market_of(), [Unknown()], Setup(mode=mode))


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_hook_that_is_only_inherited_is_not_called(mode: str, monkeypatch: pytest.MonkeyPatch):
    def called(self, *given):
        raise AssertionError("called")

    for hook in ("on_start", "on_session_open", "on_fill", "on_bars", "on_stop"):
        monkeypatch.setattr(Strategy, hook, called)
    (found,), _ = run_in_process(market_of(), [Flags()], Setup(mode=mode))
    assert found.fills


class Unbounded(Strategy):
    lookback = 3

    def on_bar(self, bar, ctx):
        ctx.market(0, ctx.window(bar.symbol, "close", 3)[2])


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_an_index_out_of_range_is_refused_not_read(mode: str):
    with pytest.raises(StrategyError, match=r"test_hooks.py:\d+: Unbounded.on_bar .*IndexError"):
        run_in_process(market_of(), [Unbounded()], Setup(mode=mode))


class Uncompilable(Strategy):
    def on_bar(self, bar, ctx):
        self.anything = {bar.symbol: [ctx]}


def test_what_cannot_be_compiled_is_refused_in_one_line_with_its_place():
    with pytest.raises(StrategyError) as caught:
        run_in_process(market_of(), [Uncompilable()], Setup(mode="compiled"))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{__file__}:")
    assert "Uncompilable.on_bar cannot be compiled" in message


class Misspelt(Strategy):
    size: float = 1.0

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.sise)


def test_a_field_that_does_not_exist_is_named_with_its_place():
    with pytest.raises(
        StrategyError, match=r"Misspelt.on_bar cannot .* has no 'sise'; did you mean size\?;"
    ) as told:
        run_in_process(market_of(), [Misspelt()], Setup(mode="compiled"))
    line = Misspelt.on_bar.__code__.co_firstlineno + 1
    assert str(told.value).startswith(f"{__file__}:{line}: ")


PROGRAM = """
import sys
import numpy as np
from pipeline.strategy.source import load_class
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of

cls = load_class(sys.argv[1])
(found,), _ = run_in_process(market_of("A"), [cls()], Setup(mode="compiled"))
print(found.orders[0][3])
"""
LEVELS = """
import numpy as np
import beside
from pipeline import Strategy

LEVELS = np.array([{array}])


class Levels(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(0, {own} + LEVELS[0] + beside.LEVEL + beside.size())
"""
NEIGHBOUR = """
from numba import njit

LEVEL = {constant}


@njit
def size():
    return {helper}
"""


def first_order(folder: Path, cache: Path, **values: float) -> float:
    """Write the strategy's files, run it in a process of its own, and give its first answer."""
    folder.mkdir(exist_ok=True)
    numbers = {"own": 1.0, "array": 10.0, "constant": 100.0, "helper": 1000.0, **values}
    (folder / "levels.py").write_text(LEVELS.format(**numbers))
    (folder / "beside.py").write_text(NEIGHBOUR.format(**numbers))
    done = python(
        *("-B", "-c", PROGRAM, f"{folder}/levels.py:Levels"),
        check=False,
        env=environment(RINGTAPE_CACHE_DIR=str(cache)),
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_a_hook_on_disk_is_compiled_anew_when_anything_it_uses_has_changed(
    tmp_path: Path, cache: Path
):
    folder = tmp_path / "a"
    assert first_order(folder, cache) == 1111.0
    assert first_order(folder, cache, array=20.0) == 1121.0
    assert first_order(folder, cache, constant=200.0) == 1211.0
    assert first_order(folder, cache, helper=2000.0) == 2111.0


def test_a_copy_of_a_strategy_elsewhere_runs_too(tmp_path: Path, cache: Path):
    assert first_order(tmp_path / "a", cache) == first_order(tmp_path / "b", cache) == 1111.0


def test_a_hook_compiled_for_other_records_has_another_name():
    """Else one process that loads both from disk, compiled by two, would call one for either."""
    names = ("mean", "max", "index")
    found = set()
    for symbols in (1, 2):
        data = {"bars": bars_dtype(names, symbols)}
        indicators = dict.fromkeys(names, True)
        hooks = compile_hooks(MethodNames, record_dtype(MethodNames), indicators, data)
        found.add(hooks["on_bars"].py_func.__globals__["body"].py_func.__qualname__)
    assert len(found) == 2
