"""The architecture: who may import whom, and how long a file may be.

A static walk over the sources. Imports inside functions, in ``if TYPE_CHECKING`` blocks and through
``import_module("...")`` count like any other, except that those for types alone make no cycle.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 420

# What each room may import, directly; what those may import follows. A room itself, and for every
# room but shm also the LEAVES, go without saying.
LEAVES = ("pipeline.errors", "pipeline.codes", "pipeline.native", "pipeline.dependencies")
ROOMS = {
    "shm": [],
    "pipeline.errors": [],
    "pipeline.codes": [],
    "pipeline.native": [],
    "pipeline.dependencies": [],
    "pipeline.config": [],
    "pipeline.market": [],
    "pipeline.fetch": ["pipeline.market"],
    "pipeline.execution": [],
    "pipeline.results": [],
    "pipeline.strategy": ["pipeline.market"],
    "pipeline.strategy.compiled": ["pipeline.strategy", "pipeline.execution"],
    "pipeline.tape": ["pipeline.market", "shm"],
    "pipeline.lane": [
        "pipeline.tape",
        "pipeline.execution",
        "pipeline.strategy",
        "pipeline.strategy.compiled",
        "pipeline.results",
    ],
    "pipeline.stages": ["pipeline.tape", "pipeline.lane", "shm"],
    "pipeline.runner": ["pipeline.stages", "pipeline.config", "pipeline.results"],
    "pipeline.sweeps": ["pipeline.runner"],
    "pipeline.checks": ["pipeline.runner", "pipeline.sweeps"],
    "pipeline.watch": ["shm"],
    "pipeline.cli": ["pipeline"],
    # pipeline/__init__.py, what a user's `from pipeline import ...` sees.
    "pipeline": ["pipeline.checks", "pipeline.fetch", "pipeline.sweeps", "pipeline.watch"],
}
WITHOUT_PROCESSES = [
    *("pipeline.errors", "pipeline.codes", "pipeline.dependencies"),
    *("pipeline.config", "pipeline.market", "pipeline.fetch"),
    *("pipeline.execution", "pipeline.results", "pipeline.lane"),
    *("pipeline.strategy", "pipeline.strategy.compiled"),
]


class Import(NamedTuple):
    """One import statement: of what, at which line, and whether it ever runs."""

    target: str
    line: int
    runs: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


MODULES = {module_name(path): path for path in sources("shm", "pipeline")}


def room_of(module: str) -> str:
    """Name the room that a module lies in: the longest name in ROOMS that its own begins with."""
    rooms = [room for room in ROOMS if module == room or module.startswith(f"{room}.")]
    top = module.partition(".")[0]
    found = max(rooms, key=len, default=top)
    # A file that lies loose in pipeline/ belongs to no room but its own.
    return found if found != "pipeline" or module == "pipeline" else module


def reachable(room: str) -> set[str]:
    """Name the rooms that a room may import: its own, those of ROOMS, and what those may import."""
    found = {room}
    for other in ROOMS[room]:
        found |= reachable(other)
    return found | (set(LEAVES) if room != "shm" else set())


def is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def targets(node: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Give the absolute names that one statement or call imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = module.split(".")[: (1 if is_package else 0) - node.level or None]
            base = ".".join([*above, base] if base else above)
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield inner if inner in MODULES else base
    elif (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ):
        yield node.args[0].value


def imports(path: Path, module: str) -> Iterator[Import]:
    """Walk all imports of a file."""
    is_package = path.name == "__init__.py"

    def walk(node: ast.AST, runs: bool) -> Iterator[Import]:
        for target in targets(node, module, is_package):
            yield Import(target, node.lineno, runs)
        for child in ast.iter_child_nodes(node):
            hidden = isinstance(node, ast.If) and child in node.body and is_type_checking(node.test)
            yield from walk(child, runs and not hidden)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), True)


def internal(target: str) -> str | None:
    """Give the module of ours that an import name means, if any."""
    while target and target not in MODULES:
        target = target.rpartition(".")[0]
    return target or None


def test_there_is_something_to_check():
    """The walk finds the packages, so that the tests below are not empty."""
    assert {"shm", "pipeline", "pipeline.errors", "pipeline.config.session"} <= MODULES.keys()
    found = {
        item.target
        for item in imports(MODULES["pipeline.config.session"], "pipeline.config.session")
    }
    assert {"pydantic", "pipeline.errors", "pipeline.config.values"} <= found


@pytest.mark.parametrize(
    ("statement", "module", "is_package", "target"),
    [
        ("from . import errors", "pipeline.codes", False, "pipeline.errors"),
        ("from .errors import ConfigError", "pipeline.codes", False, "pipeline.errors"),
        ("from .. import errors", "pipeline.market.bars", False, "pipeline.errors"),
        ("from .errors import RingtapeError", "pipeline", True, "pipeline.errors"),
        ("from .. import errors", "pipeline.market", True, "pipeline.errors"),
        ("from pipeline import errors", "shm.ring", False, "pipeline.errors"),
        ("import pipeline.errors as e", "shm.ring", False, "pipeline.errors"),
        ("importlib.import_module('pipeline.errors')", "shm.ring", False, "pipeline.errors"),
    ],
)
def test_every_way_to_import_is_seen(statement, module, is_package, target):
    """Relative, absolute, aliased and dynamic imports all name their module."""
    nodes = ast.walk(ast.parse(statement))
    assert target in [name for node in nodes for name in targets(node, module, is_package)]


def test_every_file_lies_in_a_room():
    """A new file is put into a room, and a new room into ROOMS."""
    assert {room_of(module) for module in MODULES} <= ROOMS.keys()


def test_imports_go_one_way():
    """Each room imports only the rooms that it stands on, inside functions too."""
    wrong = []
    for module, path in MODULES.items():
        allowed = reachable(room_of(module))
        for item in imports(path, module):
            other = internal(item.target)
            if other is not None and room_of(other) not in allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{item.line} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_market_code_knows_no_process():
    """The rooms that are about markets do not start, or wait for, any process."""
    wrong = [
        f"{path.relative_to(ROOT)}:{item.line} imports {item.target}"
        for module, path in MODULES.items()
        if room_of(module) in WITHOUT_PROCESSES
        for item in imports(path, module)
        if item.target.split(".")[0] in ("multiprocess", "subprocess", "shm")
    ]
    assert not wrong, "\n".join(wrong)


def test_multiprocessing_is_imported_nowhere():
    """Processes come from multiprocess alone: the two keep separate resource trackers."""
    wrong = [
        f"{path.relative_to(ROOT)}:{item.line}"
        for path in sources("shm", "pipeline", "tests", "bench")
        for item in imports(path, module_name(path))
        if item.target.split(".")[0] == "multiprocessing"
    ]
    assert not wrong, "\n".join(wrong)


def test_there_are_no_cycles():
    """No module needs itself, over any number of steps, imports inside functions included."""
    graph = {
        module: {
            other
            for item in imports(path, module)
            if item.runs and (other := internal(item.target)) not in (None, module)
        }
        for module, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_file_is_long():
    """A file that outgrows its concept is split."""
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources("shm", "pipeline", "tests", "bench")
    }
    long = [f"{path} has {n} lines" for path, n in lengths.items() if n > LONGEST_FILE]
    assert not long, f"expected at most {LONGEST_FILE}: {'; '.join(long)}"
