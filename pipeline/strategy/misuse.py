"""Finds what hooks do with ``bar`` and ``ctx`` that can never be meant, before anything runs.

``ctx.position > 1`` compares a method, and ``if ctx.position:`` is always true. ``bar.close[-1]``
takes a number for a series, ``bar.ts.hour`` one for a date, and ``for s in bars`` a record of
columns for a list of symbols, as they are in other libraries. Python would raise at the first bar,
or never, and the compiler speaks of types. Both modes are told the same by the source.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

from pipeline.dependencies.reach import Reach
from pipeline.dependencies.trees import tree_of
from pipeline.errors import StrategyError
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.compared_times import compared_times
from pipeline.strategy.context import Context
from pipeline.strategy.local_time import LocalTime
from pipeline.strategy.strategy import HOOKS, Strategy, hooks_of
from pipeline.strategy.wrong_call import written, wrong_call

#: Fields of a bar that are no column.
_FACTS = BAR_FIELDS[:4]
#: Times of ``ctx``, which are numbers.
_TIMES_OF_CTX = ("now", "session_date", "session_open", "session_close")
#: Functions of Python that take numbers.
_OF_NUMBERS = ("abs", "bool", "divmod", "float", "int", "max", "min", "pow", "round", "sum")
#: Where a value is used as such, and a method cannot be meant.
_OPERATIONS = ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp, ast.AugAssign
_TESTS = ast.If, ast.IfExp, ast.While, ast.Assert


def check_use(cls: type[Strategy]) -> None:
    """Refuse a class of which a hook, or a function that it leads to, misuses what it is given.

    Of a function, the parameters are what hooks call them, ``bar`` and ``ctx``. Raises
    StrategyError with file, line, and what to write.
    """
    key: Any = cls  # mypy does not take a class for hashable
    _check_use(key)


@cache
def _check_use(cls: Any) -> None:
    hooks = hooks_of(cls)
    reach = Reach(cls)
    for hook in hooks:
        root = getattr(cls, hook)
        _refuse_misuse(root, _names_of(root, cls, HOOKS[hook]), hook)
        for _ in reach.references(root):
            pass
        for function in reach.functions:
            names = function.__code__.co_varnames[: function.__code__.co_argcount]
            if "ctx" in names and function is not root:
                # Where there is on_bars, a function may be given all bars.
                bar = "bar" if "bar" in names and "on_bars" not in hooks else ""
                _refuse_misuse(function, _Names(bar, "", "ctx", cls), hook)


class _Names(NamedTuple):
    """What a function calls what it is given; empty if it is not given it."""

    bar: str
    bars: str
    ctx: str
    cls: type[Strategy]
    """The class whose hook leads to the function."""


def _names_of(hook: FunctionType, cls: type[Strategy], kind: str | None) -> _Names:
    """Return what a hook calls what it is given; ``kind``: what that is besides ``ctx``."""
    code = hook.__code__
    names = [*code.co_varnames[1 : code.co_argcount], "", ""]
    given = names.pop(0) if kind else ""
    bar, bars = (given if kind == one else "" for one in ("bar", "bars"))
    return _Names(bar, bars, names[0], cls)


def _refuse_misuse(function: FunctionType, names: _Names, hook: str) -> None:
    for line, what in _misused(function, names):
        inside = "" if function is getattr(names.cls, hook) else f" in {function.__qualname__}"
        place = f"{function.__code__.co_filename}:{line}"
        raise StrategyError(f"{place}: {names.cls.__name__}.{hook}{inside}: {what}")


def _misused(function: FunctionType, names: _Names) -> Iterator[tuple[int, str]]:
    """Give the lines at which a function misuses what it is given, and what to write there."""
    tree = tree_of(function)
    if tree is None:
        return
    changed = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            owner = node.value if isinstance(node, ast.Attribute) else node
            if not isinstance(owner, ast.Name) or owner.id in changed:
                continue
            if isinstance(node, ast.Attribute):
                what = _of_attribute(node, owner.id, parent, names)
            else:
                what = _of_all(owner, parent, names)
            if what:
                yield owner.lineno, what
    yield from compared_times(tree, function, _times_of(names), names.ctx)


def _times_of(names: _Names) -> dict[str, str]:
    """Return what the times are that a function is given, by how they are written."""
    number = "a number, ns UTC"
    written = {f"{names.ctx}.{name}": number for name in _TIMES_OF_CTX}
    written |= {f"{names.bar}.{name}": number for name in ("ts", "close_ts")}
    written[f"{names.bars}.ts"] = number
    written[f"{names.ctx}.time"] = "a tuple of numbers"
    written[f"{names.ctx}.time.date"] = "a number, like 20241125"
    return written


def _of_attribute(node: ast.Attribute, owner: str, parent: ast.AST, names: _Names) -> str:
    """Say how an attribute of what a function is given is misused; empty if it is not."""
    what = ""
    if owner == names.ctx:
        what = _of_ctx(node, parent, owner)
    elif owner == names.bar and node.attr not in _FACTS:
        what = _of_bar(node, parent, names)
    times = {names.bar: ("ts", "close_ts"), names.bars: ("ts",), names.ctx: _TIMES_OF_CTX}
    if not what and node.attr in times.get(owner, ()) and isinstance(parent, ast.Attribute):
        return _of_time(f"{owner}.{node.attr}", parent.attr, names.ctx)
    return what


def _of_time(name: str, asked: str, ctx: str) -> str:
    """Say that a time is a number; empty if numbers have the attribute that it is asked for."""
    if hasattr(int, asked):
        return ""
    meant = asked if asked in LocalTime._fields else ""
    known = ", ".join(LocalTime._fields)
    way = f"write {ctx}.time.{meant}" if meant else f"{ctx}.time has {known}"
    return f"{name} is a number, ns UTC, and has no {asked!r}; {way}"


def _of_all(node: ast.Name, parent: ast.AST, names: _Names) -> str:
    """Say how a bar, or all bars, are misused as a whole; empty if they are not."""
    if node.id not in (names.bar, names.bars) or not node.id:
        return ""
    if isinstance(parent, ast.Subscript) and parent.value is node:
        key = parent.slice.value if isinstance(parent.slice, ast.Constant) else None
        if isinstance(key, str):
            return f"{node.id} has attributes; write {node.id}.{key}"
    if node.id == names.bars and _looks_into(node, parent):
        return (
            f"{node.id} has a column of each price, by symbol; write for s in {names.ctx}.symbols, "
            f"with {node.id}.close[s] where {node.id}.present[s]"
        )
    return ""


def _of_ctx(node: ast.Attribute, parent: ast.AST, ctx: str) -> str:
    member: Any = getattr(Context, node.attr, None)
    name = f"{ctx}.{node.attr}"
    called = isinstance(parent, ast.Call) and parent.func is node
    if isinstance(member, property):
        if called:
            return f"{name} is a value, and is not called; write {name} without the parentheses"
        number = inspect.get_annotations(member.fget or _of_ctx).get("return") in (int, float)
        if number and _looks_into(node, parent):
            return f"{name} is one number, that of this moment; write {name} alone"
    elif isinstance(member, FunctionType):
        if called:
            assert isinstance(parent, ast.Call)
            return _call(name, member, parent)
        if _takes_value(node, parent, ctx):
            return f"{name} is a method, and is not called; write {written(name, member)}"
    return ""


def _of_bar(node: ast.Attribute, parent: ast.AST, names: _Names) -> str:
    name = f"{names.bar}.{node.attr}"
    asked = parent.attr if isinstance(parent, ast.Attribute) else ""
    if isinstance(parent, ast.Call) and parent.func is node:
        return f"{name} is a number, and is not called; write {name} without the parentheses"
    if not _looks_into(node, parent) and (not asked or hasattr(float, asked)):
        return ""
    outputs = _outputs_of(names.cls).get(node.attr, ())
    if outputs:
        each = [asked] if asked in outputs else outputs
        each_name = " or ".join(f"{name}_{output}" for output in each)
        return f"{node.attr} has several values, each with a name of its own; write {each_name}"
    lacks = f", and has no {asked!r}" if asked else ""
    return (
        f"{name} is one number, that of this bar{lacks}; ctx.window({names.bar}.symbol, "
        f'"{node.attr}", n) has the last n values, the newest at [-1], with lookback = n in the '
        "class"
    )


def _outputs_of(cls: type[Strategy]) -> dict[str, tuple[str, ...]]:
    """Return the names of the values of each indicator that has several, as far as is known."""
    with suppress(Exception):  # which is told where a run asks for indicators
        asked = cls().indicators()
        return {name: getattr(one, "outputs", ()) for name, one in asked.items()}
    return {}


def _call(name: str, method: Callable[..., Any], call: ast.Call) -> str:
    """Say what is wrong with the arguments of a call, if the source shows all of them."""
    keywords = [one.arg for one in call.keywords]
    if None in keywords or any(isinstance(one, ast.Starred) for one in call.args):
        return ""
    return wrong_call(name, method, len(call.args), [one for one in keywords if one])


def _looks_into(node: ast.AST, parent: ast.AST) -> bool:
    """Whether a node is taken for something that has elements."""
    if isinstance(parent, ast.Subscript):
        return parent.value is node
    return _is_given_to(node, parent, ("len", "iter", "list", "tuple", "sorted", "reversed")) or (
        isinstance(parent, ast.For | ast.comprehension) and parent.iter is node
    )


def _takes_value(node: ast.AST, parent: ast.AST, ctx: str) -> bool:
    """Whether a node is taken for a number, or a truth."""
    if isinstance(parent, _OPERATIONS) or _looks_into(node, parent):
        return True
    if isinstance(parent, _TESTS) and parent.test is node:
        return True
    owner = getattr(parent.func, "value", None) if isinstance(parent, ast.Call) else None
    if isinstance(owner, ast.Name) and owner.id == ctx:
        return True
    return _is_given_to(node, parent, _OF_NUMBERS)


def _is_given_to(node: ast.AST, parent: ast.AST, names: tuple[str, ...]) -> bool:
    """Whether a node is an argument of one of Python's functions."""
    if not (isinstance(parent, ast.Call) and node in parent.args):
        return False
    return isinstance(parent.func, ast.Name) and parent.func.id in names
