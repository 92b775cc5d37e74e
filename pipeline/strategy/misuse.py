"""Finds what hooks do with ``bar`` and ``ctx`` that can never be meant, before anything runs.

``ctx.position > 1`` compares a method, and ``if ctx.position:`` is always true. ``bar.close[-1]``
takes a number for a series, as it is one in other libraries. Python would raise at the first bar,
or never, and the compiler speaks of types. Both modes are told the same by the source.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType
from typing import Any

from pipeline.dependencies.reach import Reach
from pipeline.dependencies.trees import tree_of
from pipeline.errors import StrategyError
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.context import Context
from pipeline.strategy.strategy import Strategy, hooks_of
from pipeline.strategy.wrong_call import written, wrong_call

#: Fields of a bar that are no column.
_FACTS = BAR_FIELDS[:4]
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
        _refuse_misuse(root, _bar_of(root) if hook == "on_bar" else "", _ctx_of(root), cls, hook)
        for _ in reach.references(root):
            pass
        for function in reach.functions:
            names = function.__code__.co_varnames[: function.__code__.co_argcount]
            if "ctx" in names and function is not root:
                # Where there is on_bars, a function may be given all bars.
                bar = "bar" if "bar" in names and "on_bars" not in hooks else ""
                _refuse_misuse(function, bar, "ctx", cls, hook)


def _bar_of(hook: FunctionType) -> str:
    return hook.__code__.co_varnames[1]


def _ctx_of(hook: FunctionType) -> str:
    return hook.__code__.co_varnames[hook.__code__.co_argcount - 1]


def _refuse_misuse(function: FunctionType, bar: str, ctx: str, cls: type, hook: str) -> None:
    for line, what in _misused(function, bar, ctx):
        inside = "" if function is getattr(cls, hook) else f" in {function.__qualname__}"
        place = f"{function.__code__.co_filename}:{line}"
        raise StrategyError(f"{place}: {cls.__name__}.{hook}{inside}: {what}")


def _misused(function: FunctionType, bar: str, ctx: str) -> Iterator[tuple[int, str]]:
    """Give the lines at which a function misuses its bar or its ctx, and what to write there."""
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
            owner = node.value if isinstance(node, ast.Attribute) else None
            if not isinstance(owner, ast.Name) or owner.id in changed:
                continue
            assert isinstance(node, ast.Attribute)
            what = ""
            if owner.id == ctx:
                what = _of_ctx(node, parent, ctx)
            elif owner.id == bar and node.attr not in _FACTS:
                what = _of_bar(node, parent, f"{bar}.{node.attr}", f"{bar}.symbol")
            if what:
                yield node.lineno, what


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


def _of_bar(node: ast.Attribute, parent: ast.AST, name: str, symbol: str) -> str:
    past = (
        f'ctx.window({symbol}, "{node.attr}", n) has the last n values, the newest at [-1], with '
        "lookback = n in the class"
    )
    if _looks_into(node, parent):
        return f"{name} is one number, that of this bar; {past}"
    if isinstance(parent, ast.Call) and parent.func is node:
        return f"{name} is a number, and is not called; write {name} without the parentheses"
    if isinstance(parent, ast.Attribute) and not hasattr(float, parent.attr):
        return f"{name} is one number, that of this bar, and has no {parent.attr!r}; {past}"
    return ""


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
