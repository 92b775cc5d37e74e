"""What the modules of the user's compute when they are imported, for the names that code uses.

::

    WEIGHTS = make_weights(5)       the expression make_weights(5), as a function of no argument
    from settings import LEVEL      the same in the module ``settings``
    class Model: size = draw()      the expression draw(), for the name Model

Expressions are read from the source as it is on disk, because Python keeps no code of a module.
"""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

from pipeline.dependencies.origin import file_of, is_users


@dataclass(frozen=True)
class Binding:
    """An expression whose value a module gives a name when it is imported."""

    name: str
    expression: FunctionType
    """A function of no argument that computes it, with the lines of the module's file."""


def bindings(module: str, name: str) -> Iterator[Binding]:
    """Give the expressions that are computed for a name of a module, or where that imports it from.

    There are none for a module that is not the user's, or that has no file.
    """
    yield from _bindings(module, name, set())


def _bindings(module: str, name: str, seen: set[tuple[str, str]]) -> Iterator[Binding]:
    found = sys.modules.get(module)
    if (module, name) in seen or found is None or not is_users(found):
        return
    seen.add((module, name))
    for statement in _run_at_import(_tree(str(file_of(found)))):
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    yield from _bindings(_source_of(statement, found), alias.name, seen)
        elif name in _names_of(statement):
            for expression in _expressions(statement):
                yield Binding(name, _function(expression, found))


def _source_of(statement: ast.ImportFrom, module: ModuleType) -> str:
    relative = "." * statement.level + (statement.module or "")
    try:
        return importlib.util.resolve_name(relative, module.__package__)
    except ImportError:
        return ""


@cache
def _tree(file: str) -> ast.Module:
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):  # as of a module without a file
        return ast.Module([], [])


def _run_at_import(node: ast.AST) -> Iterator[ast.stmt]:
    """Give the statements below a node that run when it is imported, those in an if included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        is_another = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        is_script = isinstance(child, ast.If) and "__name__" in ast.unparse(child.test)
        if not (is_another or is_script or isinstance(child, ast.expr)):
            yield from _run_at_import(child)


def _names_of(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives values to."""
    if isinstance(statement, ast.ClassDef):
        return {statement.name}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(statement, ast.ClassDef):
        for inner in _run_at_import(statement):
            yield from _expressions(inner)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) and statement.value:
        yield statement.value


def _function(expression: ast.expr, module: ModuleType) -> FunctionType:
    code = compile(ast.Expression(expression), str(file_of(module)), "eval")
    return FunctionType(code, vars(module))
