"""The architecture: who may import whom, and how long a file may be.

A static walk over the sources. Imports inside functions, in ``if TYPE_CHECKING`` blocks and through
``import_module("...")`` count like any other, except that only those that run when a module is
imported can make a cycle.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 420

# What each part may import of the others; itself and pipeline.errors go without saying.
LEAVES = {"shm": [], "market": [], "execution": [], "results": []}
ALLOWED = {
    **LEAVES,
    "errors": [],
    "strategy": ["market", "execution", "results"],
    "config": ["market", "strategy", "execution", "results"],
    "stages": ["config", "strategy", "shm", *LEAVES],
    "run": ["stages", "config", "strategy", *LEAVES],
    "sweep": ["run", "stages", "config", "strategy", *LEAVES],
    "cli": ["facade", "sweep", "run", "stages", "config", "strategy", *LEAVES],
    # pipeline/__init__.py, what a user's `from pipeline import ...` sees.
    "facade": ["sweep", "run", "stages", "config", "strategy", *LEAVES],
}
# Files that belong to a part without lying in its folder.
BESIDE = {
    "benchmark": "run",
    "code_cache": "strategy",
    "commission": "run",
    "config_currency": "config",
    "config_execution": "config",
    "config_refusal": "config",
    "config_source": "config",
    "config_sweep": "config",
    "config_values": "config",
    "corporate_actions": "run",
    "lanes": "run",
    "preparation": "run",
    "summary": "run",
    "supervisor": "run",
    "trading_terms": "run",
}
WITHOUT_PROCESSES = ["errors", "market", "strategy", "execution", "results", "config"]


class Import(NamedTuple):
    """One import statement: of what, at which line, and whether it runs with the module."""

    target: str
    line: int
    at_module_level: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


MODULES = {module_name(path): path for path in sources("shm", "pipeline")}


def part_of(module: str) -> str:
    """Name the part of the design that a module of ours belongs to."""
    package, *below = module.split(".")
    if package == "shm":
        return "shm"
    name = below[0] if below else "facade"
    return BESIDE.get(name, name)


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

    def walk(node: ast.AST, at_module_level: bool) -> Iterator[Import]:
        for target in targets(node, module, is_package):
            yield Import(target, node.lineno, at_module_level)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_module_level = False
        for child in ast.iter_child_nodes(node):
            hidden = isinstance(node, ast.If) and child in node.body and is_type_checking(node.test)
            yield from walk(child, at_module_level and not hidden)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), True)


def internal(target: str) -> str | None:
    """Give the module of ours that an import name means, if any."""
    while target and target not in MODULES:
        target = target.rpartition(".")[0]
    return target or None


def test_there_is_something_to_check():
    """The walk finds the packages, so that the tests below are not empty."""
    assert {"shm", "pipeline", "pipeline.errors", "pipeline.config"} <= MODULES.keys()
    found = {item.target for item in imports(MODULES["pipeline.config"], "pipeline.config")}
    assert {"pydantic", "pipeline.errors", "pipeline.config_values"} <= found


@pytest.mark.parametrize(
    ("statement", "module", "is_package", "target"),
    [
        ("from . import errors", "pipeline.config", False, "pipeline.errors"),
        ("from .errors import ConfigError", "pipeline.config", False, "pipeline.errors"),
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


def test_imports_go_one_way():
    """Each part imports only the parts that it stands on."""
    wrong = []
    for module, path in MODULES.items():
        part = part_of(module)
        for item in imports(path, module):
            other = internal(item.target)
            if other is None or part_of(other) in (part, "errors" if part != "shm" else part):
                continue
            if part_of(other) not in ALLOWED[part]:
                wrong.append(f"{path.relative_to(ROOT)}:{item.line} {part} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_every_part_has_its_place():
    """A new top-level module of pipeline is given a place in the order of imports."""
    assert {part_of(module) for module in MODULES} <= ALLOWED.keys()


def test_market_code_knows_no_process():
    """The parts that are about markets do not start, or wait for, any process."""
    wrong = [
        f"{path.relative_to(ROOT)}:{item.line} imports {item.target}"
        for module, path in MODULES.items()
        if part_of(module) in WITHOUT_PROCESSES
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
    """No module needs itself, over any number of steps, to be imported."""
    graph = {
        module: {
            other
            for item in imports(path, module)
            if item.at_module_level and (other := internal(item.target)) not in (None, module)
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
