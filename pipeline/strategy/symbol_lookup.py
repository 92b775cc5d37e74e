"""Finds look-ups of a symbol's index among texts, which Python answers by the hash alone.

``bar.symbol in {"ALFA"}`` compares nothing: a set asks the number for its hash, finds none that is
equal, and says no. So the hash of a symbol's index looks at the expression that asked for it. The
expression is found by its place in the source. What it looks into is a literal, or a value that a
name stands for. One that has numbers beside texts is not meant: the number may be a key of it. A
place that looks into other things is remembered, because a hook comes to it again at every bar.
"""

import ast
import inspect
import linecache
from collections.abc import Iterator
from functools import cache
from itertools import islice
from types import CodeType, FrameType

from pipeline.dependencies.origin import is_users_file

#: Methods by which one looks into a set or a dict.
_METHODS = frozenset(
    ("get", "pop", "setdefault", "discard", "remove", "__contains__", "__getitem__", "isdisjoint")
)
#: What makes a container of another one.
_MAKERS = frozenset(("set", "frozenset", "dict"))
_CONTAINERS = set, frozenset, dict, list, tuple


#: Places that do not look among texts: number and code. A code's own hash takes its time.
_harmless: dict[tuple[int, int], CodeType] = {}


def looked_up_in(frame: FrameType) -> str | None:
    """Return a text among those that the call under way in a frame looks a number up in.

    None if it does not look among texts, or if there is no source to tell. A library that looks
    something up for the user, as Ringtape does, knows why.
    """
    code = frame.f_code
    place = id(code), frame.f_lasti
    if place in _harmless:
        return None
    empty = False
    of_users = is_users_file(code.co_filename)
    for container in _containers(code, frame.f_lasti) if of_users else ():
        keys = _keys_in(container, frame)
        for key in keys or ():
            if isinstance(key, str):
                return key
        empty |= keys is not None and not keys
    if not empty:
        _harmless[place] = code
    return None


@cache
def _containers(code: CodeType, at: int) -> tuple[ast.expr, ...]:
    """Return what is looked into by the instruction ``at`` of a code."""
    place = next(
        (found for number, found in enumerate(code.co_positions()) if 2 * number == at), None
    )
    for node in _nodes(code.co_filename) if place is not None else ():
        where = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
        if where == place:
            found = tuple(_looked_into(node))
            if found:
                return found
    return ()


@cache
def _nodes(file: str) -> tuple[ast.expr, ...]:
    """Return all expressions of a source file; none if there is no such file."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.expr))


def _looked_into(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for operation, container in zip(node.ops, node.comparators, strict=True):
            if isinstance(operation, ast.In | ast.NotIn):
                yield container
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in _METHODS:
            yield called.value


def _keys_in(node: ast.expr, frame: FrameType) -> list[object] | None:
    """Return keys that an expression holds as a set or a dict; None if it is no such thing.

    They are the constants of a literal, and the first number among the keys of a value, else the
    first key.
    """
    if isinstance(node, ast.Set | ast.List | ast.Tuple):
        return [_constant_of(one) for one in node.elts]
    if isinstance(node, ast.Dict):
        return [_constant_of(one) for one in node.keys]
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "keys":
            return _keys_in(node.func.value, frame)
        makes = isinstance(node.func, ast.Name) and node.func.id in _MAKERS
        return _keys_in(node.args[0], frame) if makes and node.args else None
    value = _value_of(node, frame)
    if not isinstance(value, _CONTAINERS):
        return None
    first = list(islice(value, 1))
    if first and isinstance(first[0], str):
        return [next((key for key in value if isinstance(key, int)), first[0])]
    return first


def _constant_of(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _value_of(node: ast.expr, frame: FrameType) -> object:
    """Return what a name, or an attribute of one, stands for in a frame; None if it is another."""
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals):
            if node.id in names:
                found: object = names[node.id]
                return found
    elif isinstance(node, ast.Attribute):
        # No property is called.
        return inspect.getattr_static(_value_of(node.value, frame), node.attr, None)
    return None
