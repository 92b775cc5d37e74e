import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import StrategyError
from pipeline.strategy.source import load_class, load_function, pack, unpack
from tests.reference.own_process import environment, python
from tests.reference.traders import Crosser

GOOD = """
from pipeline import Strategy
from beside import SIZE


class Mine(Strategy):
    size: float = SIZE

    def on_bar(self, bar, ctx):
        ctx.target(0, self.size)


class Other(Strategy):
    pass


number = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(GOOD)
    (tmp_path / "beside.py").write_text("SIZE = 7.0\n")
    yield tmp_path
    sys.modules.pop("beside", None)
    sys.path[:] = [entry for entry in sys.path if entry != str(tmp_path)]


def test_a_class_is_found_in_a_module():
    assert load_class("tests.reference.traders:Crosser") is Crosser


def test_a_class_is_found_in_a_file_that_imports_what_lies_beside_it(folder: Path):
    cls = load_class(f"{folder}/mine.py:Mine")
    assert cls().size == 7.0
    assert load_class(f"{folder}/mine.py:Mine") is cls


def test_a_module_is_found_in_the_working_directory(folder: Path, monkeypatch):
    monkeypatch.chdir(folder)
    assert load_class("mine:Mine").__name__ == "Mine"
    del sys.modules["mine"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{}/mine.py:Mien", r"Mien is not there; .*mine.py has Mine: did you mean that\?$"),
        ("{}/mine.py:number", "number is not a Strategy; .*mine.py has Mine, Other$"),
        (
            "{}/bare.py:Bare",
            (
                r"Bare is not a Strategy; .*bare.py has no Strategy: write class Bare\(Strategy\), "
                "with `from pipeline import Strategy`$"
            ),
        ),
        ("{}/nowhere.py:Mine", "nowhere.py does not exist"),
        ("nowhere:Mine", "there is no module nowhere"),
        ("pipeline.nowhere:Mine", "there is no module pipeline.nowhere"),
    ],
)
def test_what_is_not_there_is_refused_with_the_way_on(folder: Path, name: str, words: str):
    (folder / "bare.py").write_text("class Bare:\n    def on_bar(self, bar, ctx):\n        pass\n")
    with pytest.raises(StrategyError, match=words):
        load_class(name.format(folder))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\ny = 1 / 0\n", r"/broken.py:2: .* raised ZeroDivisionError while being imported"),
        ("import nowhere\n", "nowhere"),
        ("x = 1\nimport json\njson.loads('')\n", r"/broken.py:3: .* raised JSONDecodeError"),
        ("x = 1\nclass Mine(:\n", r"/broken.py:2: SyntaxError: invalid syntax$"),
        ("import sys\nsys.exit(5)\n", r"/broken.py:2: .* raised SystemExit .*: 5$"),
    ],
)
def test_a_file_that_raises_is_refused_with_its_line(tmp_path: Path, source: str, words: str):
    path = tmp_path / "broken.py"
    path.write_text(source)
    with pytest.raises(StrategyError) as told:
        load_class(f"{path}:Mine")
    assert re.search(words, str(told.value))


def test_a_file_that_imports_another_names_the_line_that_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "faulty_neighbour.py").write_text("def f(:\n")
    (tmp_path / "fine.py").write_text("import faulty_neighbour\n")
    with pytest.raises(StrategyError) as told:
        load_class(f"{tmp_path}/fine.py:Mine")
    assert str(told.value).startswith(f"{tmp_path}/faulty_neighbour.py:1: ")


TRAVEL = """
import sys
from pipeline.strategy.source import load_class, pack, unpack
if sys.argv[1] == "main":
    from pipeline import Strategy
    class Mine(Strategy):
        size: float = 7.0
    strategy, names = Mine(size=9.0), []
else:
    strategy, names = load_class(sys.argv[1])(size=9.0), [sys.argv[1]]
sys.stdout.buffer.write(pack([strategy], names))
"""


@pytest.mark.parametrize("home", ["main", "file"])
def test_a_strategy_travels_to_a_process_that_never_saw_its_class(folder: Path, home: str):
    name = "main" if home == "main" else "mine.py:Mine"
    done = subprocess.run(
        [sys.executable, "-c", TRAVEL, name],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=True,
    )
    (strategy,) = unpack(done.stdout)
    assert (type(strategy).__name__, strategy.size) == ("Mine", 9.0)


def test_a_class_that_uses_a_module_of_this_package_takes_no_content_of_it_along():
    code = """
import pipeline.market.indicators.table
from pipeline import Strategy, indicators as ind
from pipeline.native.memory import load_f8
from pipeline.strategy.source import pack
load_f8._numba_type_  # what the compiler keeps in a module of this package cannot be pickled
class Mine(Strategy):
    def indicators(self):
        return {"mean": ind.sma(3)}
print(len(pack([Mine()], [])))
"""
    done = python("-c", code)
    assert int(done.stdout) < 3_000


def test_a_class_of_a_module_travels_by_name():
    (crosser,) = unpack(pack([Crosser(fast=7)], ["tests.reference.traders:Crosser"]))
    assert type(crosser) is Crosser
    assert crosser.fast == 7
    assert json.loads(json.dumps(vars(crosser)))["fast"] == 7


FEES = """
from numba import njit


def fee(order):
    return 1.0


@njit
def fast(order):
    return 2.0


def both(order, rate):
    return rate


number = 3
"""


def test_a_function_is_found_in_a_file_and_one_that_is_compiled_as_it_is_written(tmp_path: Path):
    (tmp_path / "fees.py").write_text(FEES)
    found = {name: load_function(f"{tmp_path}/fees.py:{name}") for name in ("fee", "fast")}
    assert [function(None) for function in found.values()] == [1.0, 2.0]
    assert unpack(pack(found["fee"], [f"{tmp_path}/fees.py:fee"]))(None) == 1.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fe", r"fe is not there; .*fees.py has fee: did you mean that\?$"),
        ("number", r"number is not a function; .*fees.py has \w+"),
        ("both", r"fees.py:14: both must take one argument, is both\(order, rate\)$"),
    ],
)
def test_what_is_not_a_function_of_one_argument_is_refused(tmp_path: Path, name: str, message: str):
    (tmp_path / "fees.py").write_text(FEES)
    with pytest.raises(StrategyError, match=message):
        load_function(f"{tmp_path}/fees.py:{name}")


def test_the_file_of_a_strategy_may_have_a_drive_letter(folder: Path, monkeypatch):
    """Its last colon is the one before the class. Here the path is a name with odd letters."""
    monkeypatch.chdir(folder)
    Path(r"C:\mine\s.py").write_text(GOOD)
    assert load_class(r"C:\mine\s.py:Mine").size == 7.0
