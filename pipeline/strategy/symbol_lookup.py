"""Finds look-ups of a symbol's index among texts while hooks run.

``bar.symbol in {"ALFA"}`` compares nothing: a set asks the number for its hash, finds none that is
equal, and says no. So the hash of a symbol's index looks at the expression that asked for it. The
expression is found by its place in the source, and read with what its names stand for in the frame.
A place that looks into other things is remembered, because a hook comes to it again at every bar.

What the source alone shows is refused before a run (`lookups`).
"""

import ast
from collections.abc import Iterable
from functools import cache, partial
from types import CodeType, FrameType
from typing import Any

from pipeline.dependencies.origin import is_users_file
from pipeline.dependencies.trees import nodes_of
from pipeline.strategy.context import Context
from pipeline.strategy.lookups.filled import parents_in
from pipeline.strategy.lookups.kinds import ANYTHING, Given, Kind, kind_of
from pipeline.strategy.lookups.reader import Reader

#: Expressions that make what is looked up in another one around them.
_MAKING = (
    ast.Attribute
    | ast.Set
    | ast.SetComp
    | ast.Tuple
    | ast.List
    | ast.ListComp
    | ast.GeneratorExp
    | ast.Call
)
#: Places that do not look among texts: number and code. A code's own hash takes its time.
_harmless: dict[tuple[int, int], CodeType] = {}
#: Places where the container was empty so far: the code, and what is looked into.
_open: dict[tuple[int, int], tuple[CodeType, ast.expr]] = {}


def looked_up_in(frame: FrameType) -> str | None:
    """Return a text among those that the call under way in a frame looks a number up in.

    Empty if the text is not known. None if it does not look among texts, or if there is no source
    to tell. A library that looks something up for the user, as Ringtape does, knows why.
    """
    code = frame.f_code
    place = id(code), frame.f_lasti
    if place in _harmless or (place in _open and _is_empty(_open[place][1], frame)):
        return None
    found: list[str] = []
    names = frame.f_locals, frame.f_globals, frame.f_builtins
    reader = Reader(partial(_kind_in, names), lambda node, number, text: found.append(text))
    for node in _expressions(code, frame.f_lasti) if is_users_file(code.co_filename) else ():
        reader.kind(node)
        if found:
            return found[0]
    if not reader.looked_into_nothing:
        _harmless[place] = code
    elif place not in _open:
        (first, *_) = _expressions(code, frame.f_lasti)
        _open[place] = code, _container_in(first)
    return None


def _container_in(node: ast.expr) -> ast.expr:
    """Return what an expression looks into; the expression itself if it is no plain look-up."""
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        return node.comparators[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.value
    return node.value if isinstance(node, ast.Subscript) else node


def _is_empty(node: ast.expr, frame: FrameType) -> bool:
    """Whether a name, or an attribute of one, stands for an empty container in a frame.

    A hook may ask it at every bar until something is put there.
    """
    of = node.value if isinstance(node, ast.Attribute) else node
    if not isinstance(of, ast.Name):
        return False
    local = frame.f_locals
    value = local[of.id] if of.id in local else frame.f_globals.get(of.id)
    if isinstance(node, ast.Attribute):
        value = getattr(value, "__dict__", {}).get(node.attr)
    return type(value) in (dict, set, list) and not value


def _kind_in(places: Iterable[dict[str, Any]], name: str) -> Kind:
    """Return the kind of what a name stands for in the first place that has it."""
    for names in places:
        if name in names:
            value = names[name]
            return Given("ctx") if isinstance(value, Context) else kind_of(value)
    return ANYTHING


@cache
def _expressions(code: CodeType, at: int) -> tuple[ast.expr, ...]:
    """Return the expression of the instruction ``at`` of a code, and those that it is made for."""
    place = next(
        (found for number, found in enumerate(code.co_positions()) if 2 * number == at), None
    )
    parents = _parents(code.co_filename)
    for node in parents if place is not None else ():
        if not isinstance(node, ast.expr):
            continue
        if place == (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset):
            found = [node]
            while isinstance(found[-1], _MAKING) and isinstance(parents[found[-1]], ast.expr):
                found.append(parents[found[-1]])  # type: ignore[arg-type]
            return tuple(found)
    return ()


@cache
def _parents(file: str) -> dict[ast.AST, ast.AST]:
    """Return the node above each node of a source file; none if there is no such file."""
    nodes = nodes_of(file)
    return parents_in(nodes[0]) if nodes else {}
