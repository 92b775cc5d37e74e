"""How a function uses what outlives its calls: globals, closures, attributes of classes.

::

    prices.append(bar.close)      changes the list that the global ``prices`` stands for
    helpers.total += 1            changes the module ``helpers``
    type(self).count = 0          changes the class
    prices[-1]                    reads the list
    mine = []; mine.append(1)     is about a local name, and no use

What a name stands for is looked up, through attributes and constant keys, without calling anything.
A change that comes by another way, such as a second name for the same list, shows as reading.
"""

import array
import ast
import dis
import inspect
import sys
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from pipeline.dependencies.code import codes_in
from pipeline.dependencies.origin import is_users
from pipeline.dependencies.trees import tree_of

_MISSING = object()
#: Stands for what is in a value, in place of the name of an attribute.
INSIDE = "[...]"
#: Containers that methods change.
CONTAINERS = (
    *(MutableSequence, MutableSet, MutableMapping),
    *(bytearray, deque, array.array, np.ndarray),
)
#: Methods that put something into a container and tell nothing of what was in it.
_PUTTING = frozenset(
    ("append", "appendleft", "add", "extend", "extendleft", "insert", "update", "clear")
)
#: All methods that change a container.
_CHANGING = _PUTTING | frozenset(
    (
        *("pop", "popleft", "popitem", "remove", "discard", "setdefault", "sort", "reverse"),
        *("rotate", "move_to_end", "subtract", "fill", "put", "partition", "resize"),
        *("difference_update", "intersection_update", "symmetric_difference_update"),
    )
)
#: Functions of Python that change their first argument.
_CHANGERS = frozenset(("next", "setattr", "delattr"))

_Parents = Mapping[ast.AST, ast.AST]


@dataclass(frozen=True)
class Use:
    """One use of a value that outlives the call."""

    function: FunctionType
    line: int
    name: str
    """As it is written: ``helpers.total``."""
    value: Any
    """What is used, or whose attribute or item is set."""
    changes: str
    """The attribute that is set, or INSIDE for a change of the value; empty for no change."""
    reads: bool
    """Whether what the function does may depend on the value."""


def uses_in(
    function: FunctionType, cls: type | None = None, given: Mapping[str, Any] | None = None
) -> Iterator[Use]:
    """Give the uses in a function, and in those written in it; none without a source.

    ``cls``: the class of which it is a method, else None. ``given``: the values of arguments that
    are always the same objects.
    """
    tree = tree_of(function)
    if tree is None:
        return
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    names = _names_of(function) | dict(given or {})
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        top, value = _class_at(node, parents, function, cls)
        if value is _MISSING:
            value = names.get(node.id, _MISSING)
        if value is _MISSING or (isinstance(value, ModuleType) and not is_users(value)):
            continue
        top, value, inside = _followed(top, value, parents)
        changes, reads = _how_used(top, value, parents)
        # What is inside of another value may be read by way of that.
        yield Use(function, node.lineno, ast.unparse(top), value, changes, reads or inside)


def outer_names_set_in(function: FunctionType) -> Iterator[tuple[int, str, bool]]:
    """Give what a function, or one written in it, sets outside of it: line, name, if it is global.

    A name that is not global is one of the function around it.
    """
    free = function.__code__.co_freevars
    for code in codes_in(function.__code__):
        for step in dis.get_instructions(code):
            kind, _, where = step.opname.partition("_")
            if kind not in ("STORE", "DELETE"):
                continue
            if where == "GLOBAL" or (where == "DEREF" and step.argval in free):
                line = step.positions.lineno if step.positions else None
                yield line or code.co_firstlineno, step.argval, where == "GLOBAL"


def _names_of(function: FunctionType) -> dict[str, Any]:
    """Return what the names of a function stand for that it does not bind anywhere itself."""
    codes = list(codes_in(function.__code__))
    bound = {name for code in codes for name in (*code.co_varnames, *code.co_cellvars)}
    names = {name for code in codes for name in code.co_names} - bound
    found = {name: function.__globals__[name] for name in names & function.__globals__.keys()}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _class_at(
    node: ast.Name, parents: _Parents, function: FunctionType, cls: type | None
) -> tuple[ast.expr, Any]:
    """Return the expression around a name that stands for the class of ``self``, and the class.

    It is ``type(self)``, ``self.__class__``, or the ``cls`` of a class method.
    """
    code = function.__code__
    if cls is None or not code.co_argcount or node.id != code.co_varnames[0]:
        return node, _MISSING
    member = inspect.getattr_static(cls, function.__name__, None)
    if isinstance(member, classmethod):
        return node, cls
    above = parents[node]
    if isinstance(above, ast.Attribute) and above.attr == "__class__":
        return above, cls
    if isinstance(above, ast.Call) and above.args == [node] and _is_named(above.func, ("type",)):
        return above, cls
    return node, _MISSING


def _followed(top: ast.expr, value: Any, parents: _Parents) -> tuple[ast.expr, Any, bool]:
    """Follow the attributes and constant keys of a value, as far as they are read.

    Returns the whole expression, its value, and whether the value is inside of one that is no
    module.
    """
    inside = False
    while True:
        above = parents[top]
        found = _MISSING
        if isinstance(above, ast.Attribute) and isinstance(above.ctx, ast.Load):
            found = _attribute(value, above.attr)
        elif isinstance(above, ast.Subscript) and isinstance(above.ctx, ast.Load):
            found = _item(value, above.slice)
        if found is _MISSING:
            return top, value, inside
        assert isinstance(above, ast.expr)
        inside |= not isinstance(value, ModuleType)
        top, value = above, found


def _attribute(value: Any, name: str) -> Any:
    """Return an attribute of a module, class or object of the user's; no property is called."""
    module = value if isinstance(value, ModuleType) else sys.modules.get(_home(value))
    found = inspect.getattr_static(value, name, _MISSING) if is_users(module) else _MISSING
    return _MISSING if hasattr(type(found), "__get__") else found


def _home(value: Any) -> str:
    return str((value if isinstance(value, type) else type(value)).__module__)


def _item(value: Any, key: ast.expr) -> Any:
    if isinstance(key, ast.Constant) and type(value) in (dict, list, tuple):
        try:
            return value[key.value]
        except (LookupError, TypeError):
            return _MISSING
    return _MISSING


def _how_used(top: ast.expr, value: Any, parents: _Parents) -> tuple[str, bool]:
    """Return how a value is changed and whether it is read, as `Use` has it."""
    above = parents[top]
    if isinstance(above, ast.Call):
        calls = _is_named(above.func, _CHANGERS) and above.args[:1] == [top]
        return INSIDE if calls else "", True
    if isinstance(above, ast.Attribute) and isinstance(value, CONTAINERS):
        call = parents[above]
        if isinstance(call, ast.Call) and call.func is above and above.attr in _CHANGING:
            alone = isinstance(parents[call], ast.Expr)
            return INSIDE, not (alone and above.attr in _PUTTING)
    inner: ast.AST = top
    while isinstance(above, ast.Attribute | ast.Subscript) and above.value is inner:
        if not isinstance(above.ctx, ast.Load):
            changes = above.attr if isinstance(above, ast.Attribute) and inner is top else INSIDE
            puts = isinstance(above, ast.Subscript) and isinstance(parents[above], ast.Assign)
            return changes, not (puts and inner is top)
        inner, above = above, parents[above]
    return "", True


def _is_named(called: ast.expr, names: tuple[str, ...] | frozenset[str]) -> bool:
    return isinstance(called, ast.Name) and called.id in names
