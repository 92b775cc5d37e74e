"""What `from pipeline import ...` gives: at run time, to an editor, and as it is listed."""

import ast
from importlib import import_module
from pathlib import Path

import pipeline


def seen_by_editors() -> dict[str, str]:
    """Name, and the module it comes from, of all that is imported for type checkers."""
    tree = ast.parse(Path(pipeline.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    return {
        alias.name: statement.module or ""
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


def test_editors_see_what_is_listed():
    assert seen_by_editors().keys() == set(pipeline.__all__)


def test_every_name_is_what_editors_take_it_for():
    for name, module in seen_by_editors().items():
        home = import_module(module)
        expected = getattr(home, name, None) or import_module(f"{module}.{name}")
        assert getattr(pipeline, name) is expected
