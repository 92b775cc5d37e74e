"""Code that gives another result in every run is refused before a run starts, in one line."""

import ast
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, run, sweep
from pipeline import indicators as ind
from pipeline.config.session import SessionConfig
from pipeline.errors import StrategyError
from pipeline.runner.lanes import LaneSetting, build_lanes
from pipeline.strategy.repeatable import check_function, check_strategy
from pipeline.strategy.source import load_class

MODULE = """
import datetime, functools, os, random, secrets, time, uuid
from datetime import datetime as moment
import numpy as np
import numpy.random as npr
import pandas as pd
from numba import njit
from numpy.random import default_rng, rand
from pipeline import Strategy

SHARED = np.random.default_rng(7)
draw = SHARED.normal
TABLE = {{"a": [np.random.rand]}}
some = functools.partial(random.gauss, 1.0)


@njit
def noise(x):
    return x + np.random.normal()


def noisy():
    return noise(1.0)


def wrapped(function):
    @functools.wraps(function)
    def wrapper():
        return function() + random.random()

    return wrapper


@wrapped
def decorated():
    return 1.0


class Model:
    def __init__(self):
        self.chance = random.Random(3)

    def run(self):
        return self.inner()

    def inner(self):
        return random.random()


class Quiet:
    def run_alone(self):
        return 1.0

    def never_called(self):
        return random.random()


model, quiet = Model.__new__(Model), Quiet()
keeper = Model()


class Own(Strategy):
    chance = np.random.default_rng(3)

    @property
    def size(self):
        return rand()

    def helper(self):
        return np.random.rand()

    def never_called(self):
        return np.random.rand()

    def on_bar(self, bar, ctx):
        {line}
"""
#: What a hook may not do, and how the message names it.
REFUSED = {
    "np.random.rand()": "np.random.rand, which gives other numbers",
    "np.random.seed(1)": "np.random.seed, which",
    "np.random.mtrand.normal()": "np.random.mtrand.normal, which",
    "np.random.choice([1, 2])": "np.random.choice, which",
    "npr.rand()": "npr.rand, which",
    "chance = np.random": "np.random, which",
    "rand()": "rand, which",
    "import numpy.random as inside; inside.rand()": "inside.rand, which",
    "from random import choice; choice([1])": "choice, which",
    "[np.random.rand() for _ in range(3)]": "np.random.rand, which",
    "(lambda: np.random.rand())()": "np.random.rand, which",
    "default_rng()": "default_rng without a seed, which gives other numbers",
    "default_rng(None)": "default_rng without a seed",
    "np.random.Generator(np.random.PCG64())": "np.random.PCG64 without a seed",
    "np.random.RandomState()": "np.random.RandomState without a seed",
    "random.Random()": "random.Random without a seed",
    "random.random()": "random.random, which",
    "random.shuffle([1])": "random.shuffle, which",
    "random.SystemRandom()": "random.SystemRandom, which",
    "secrets.token_hex()": "secrets.token_hex, which",
    "uuid.uuid4()": "uuid.uuid4, which",
    "os.urandom(3)": "os.urandom, which",
    "SHARED.normal()": "SHARED, which all lanes of a process would draw from",
    "draw()": "draw, which all lanes",
    "self.chance.normal()": "self.chance, which all lanes",
    "keeper.chance.random()": "keeper, which all lanes",
    "TABLE['a'][0]()": "TABLE, which gives",
    "some()": "some, which gives",
    "noisy()": "np.random.normal in noise, which",
    "decorated()": "random.random in decorated, which",
    "model.run()": "random.random in Model.inner, which",
    "self.helper()": "np.random.rand in Own.helper, which",
    "self.size": "rand in Own.size, which",
    "time.time()": "time.time, which is another time in every run; ctx.now is",
    "time.localtime()": "time.localtime, which is another time",
    "moment.now()": "moment.now, which is another time",
    "datetime.date.today()": "datetime.date.today, which is another time",
    "pd.Timestamp.now()": "pd.Timestamp.now, which is another time",
}
ALLOWED = [
    "np.random.default_rng(7).normal()",
    "np.random.Generator(np.random.PCG64(bar.ts))",
    "random.Random(3).random()",
    "isinstance(bar, np.random.Generator)",
    "quiet.run_alone()",
    "time.perf_counter()",
    "time.gmtime(3)",
    "datetime.datetime(2024, 1, 1)",
    "moment.fromtimestamp(3)",
    "uuid.uuid5(uuid.NAMESPACE_DNS, 'a')",
    "os.getpid()",
    "np.mean([1.0])",
    "bar.random()",
]


def strategy(line: str, number: int = 0) -> tuple[type[Strategy], int]:
    """A strategy whose hook has this line, with the number of the line."""
    source = MODULE.format(line=line)
    assert ast.parse(source)
    space: dict[str, Any] = {"__name__": f"made_{number}"}
    exec(compile(source, "/made/own.py", "exec"), space)
    return space["Own"], source.count("\n")


@pytest.mark.parametrize("line", REFUSED)
def test_chance_and_clocks_are_refused_wherever_a_hook_gets_them_from(line: str):
    cls, last = strategy(line)
    with pytest.raises(StrategyError) as caught:
        check_strategy(cls)
    told = str(caught.value)
    assert f": Own.on_bar uses {REFUSED[line]}" in told
    assert told.startswith("/made/own.py:")
    assert " in " in told.partition(",")[0] or told.startswith(f"/made/own.py:{last}:")
    assert "\n" not in told
    assert ("ctx.now" in told) == ("another time" in told)
    assert ("ctx.random()" in told) == ("another time" not in told)


@pytest.mark.parametrize("line", ALLOWED)
def test_a_seed_a_stop_watch_and_what_is_never_called_are_not(line: str):
    check_strategy(strategy(line)[0])


def test_a_sweep_that_is_refused_leaves_nothing(
    settings_of_a_session, sample: Path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "chancy.py").write_text(FILE)
    strategy = {"name": "chancy.py:Own"}
    settings = settings_of_a_session(catalog=str(sample), strategy=strategy)
    with pytest.raises(StrategyError, match=r"np\.random\.rand"):
        sweep(settings | {"sweep": {"space": {"level": [0.1, 0.2]}}}, out=tmp_path / "sweeps")
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["chancy.py"]


def test_what_a_strategy_is_may_not_be_left_to_chance_either():
    space: dict[str, Any] = {"__name__": "made"}
    source = textwrap.dedent("""
        import random
        from pipeline import Strategy, indicators as ind

        class Own(Strategy):
            def indicators(self):
                return {"a": ind.sma(random.randint(2, 9))}

            def on_bar(self, bar, ctx):
                pass
        """)
    exec(source, space)
    with pytest.raises(StrategyError, match=r"Own.indicators uses random.randint, .* must be"):
        check_strategy(space["Own"])


def test_functions_of_ones_own_may_not_either():
    def fee(order: Any) -> float:
        import random

        return random.random()

    with pytest.raises(StrategyError, match=r"test_repeatable.py:\d+: fee uses random.random, .*"):
        check_function(fee, "a commission")


def test_nor_may_an_indicator_that_was_declared_elsewhere(settings_of_a_session):
    """Its function is not reached from the hook that names the indicator."""

    def jumpy(window: Any, params: Any) -> float:
        return float(np.random.rand())

    declared = ind.window(jumpy, 5)

    class Own(Strategy):
        def indicators(self):
            return {"jumpy": declared}

        def on_bar(self, bar, ctx): ...

    config = SessionConfig.load(settings_of_a_session())
    with pytest.raises(StrategyError, match=r"jumpy uses np.random.rand, .* an indicator depends"):
        build_lanes(config, [LaneSetting(Own(), "compiled")], ())


FILE = """
import numpy as np
from pipeline import Strategy, indicators as ind


def jumpy(window, params):
    return np.random.rand()


class Own(Strategy):
    level: float = 0.5

    def on_bar(self, bar, ctx):
        if np.random.rand() < self.level:
            ctx.market(bar.symbol, 1.0)


class Shown(Strategy):
    level: float = 0.5

    def indicators(self):
        return {"jumpy": ind.window(jumpy, 5)}

    def on_bar(self, bar, ctx):
        pass


class Still(Strategy):
    level: float = 0.5

    def on_bar(self, bar, ctx):
        pass


def fee(order):
    return np.random.rand()
"""


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("cls", "execution", "told"),
    [
        ("Own", {}, "chancy.py:14: Own.on_bar uses np.random.rand, "),
        ("Shown", {}, "chancy.py:7: Shown.indicators uses np.random.rand in jumpy, "),
        ("Still", {"commission": "chancy.py:fee"}, "chancy.py:36: fee uses np.random.rand, "),
    ],
)
def test_runs_and_sweeps_of_either_mode_are_refused_before_they_start(
    sample: Path, settings_of_a_session, tmp_path, monkeypatch, mode, cls, execution, told
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "chancy.py").write_text(FILE)
    settings = settings_of_a_session(
        catalog=str(sample),
        session_data_config={"symbols": ["ALFA"], "streams": ["1m"]},
        backtest_config={"start_date": "2024-10-22", "end_date": "2024-10-22"},
        strategy={"name": "chancy.py:" + cls, "mode": mode},
        execution=execution,
    )
    with pytest.raises(StrategyError) as caught:
        run(settings, out=tmp_path / "runs")
    assert told in str(caught.value)
    settings["sweep"] = {"space": {"level": [0.1, 0.2]}}
    with pytest.raises(StrategyError) as caught:
        sweep(settings, out=tmp_path / "sweeps")
    assert told in str(caught.value)
    assert not [*tmp_path.glob("runs/*")]


IMPORTED = """
import random, time, uuid
import numpy as np
from pipeline import Strategy
from chancy_beside import TAKEN


def made():
    return np.random.rand(3)


WEIGHTS = made()
UNSEEDED = np.random.default_rng().normal(size=3)
SEEDED = np.random.default_rng(7)
FIXED = SEEDED.normal(size=3)
LOG, STARTED = f"log-{{uuid.uuid4()}}", time.time()
UNUSED = random.random()


class Own(Strategy):
    level: float = 0.5

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, {value})
"""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            "WEIGHTS[0]",
            "chancy.py:9: Own uses np.random.rand for WEIGHTS, which gives other numbers",
        ),
        ("UNSEEDED[0]", "chancy.py:13: Own uses np.random.default_rng for UNSEEDED without a seed"),
        (
            "TAKEN",
            "chancy_beside.py:2: Own uses random.random for TAKEN, which gives other numbers",
        ),
        ("FIXED[0]", ""),
        ("len(LOG) + STARTED", ""),
    ],
)
def test_what_a_module_has_drawn_when_it_was_imported_is_refused_where_it_is_used(
    tmp_path: Path, monkeypatch, value: str, told: str
):
    """Each engine would import it anew, and draw another value."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "chancy.py").write_text(IMPORTED.format(value=value))
    (tmp_path / "chancy_beside.py").write_text("import random\nTAKEN = random.random()\n")
    cls = load_class(f"{tmp_path}/chancy.py:Own")
    try:
        check_strategy(cls)
        found = ""
    except StrategyError as error:
        found = str(error)
    assert told in found
    assert bool(told) == bool(found)
    assert "\n" not in found
    del sys.modules["chancy_beside"]


class Counted(Strategy):
    """Counts in its module."""

    def on_bar(self, bar, ctx):
        global BARS
        BARS = bar.close


def test_a_global_that_a_hook_sets_is_refused_as_all_lanes_would_share_it():
    with pytest.raises(StrategyError, match=r"Counted.on_bar sets the global BARS"):
        check_strategy(Counted)
