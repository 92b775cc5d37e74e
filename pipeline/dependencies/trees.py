"""The source of a function as a tree, with the lines of its file."""

import ast
import linecache
from functools import cache
from types import FunctionType

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

#: A function as it is written.
FunctionTree = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def nodes_of(file: str) -> tuple[ast.AST, ...]:
    """Return all nodes of a source file; none if there is no such file, or no Python in it."""
    lines = linecache.getlines(file)
    return _nodes(file, "".join(lines)) if lines else ()


@cache
def _nodes(file: str, source: str) -> tuple[ast.AST, ...]:
    try:
        return tuple(ast.walk(ast.parse(source, file)))
    except (SyntaxError, ValueError):
        return ()


def tree_of(function: FunctionType) -> FunctionTree | None:
    """Return a function as it is written; None without a source, or if two begin at its line."""
    code = function.__code__
    found = [
        node
        for node in nodes_of(code.co_filename)
        if isinstance(node, _FUNCTIONS)
        and _first_line(node) == code.co_firstlineno
        and getattr(node, "name", "<lambda>") == code.co_name
    ]
    return found[0] if len(found) == 1 else None


def _first_line(node: FunctionTree) -> int:
    """Return the line at which the code of a function begins, that of its first decorator."""
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
