"""Attributes that a strategy sets without declaring them.

State is declared, because there is one value for each lane and symbol. ``on_start`` has the lane's
own ``self``, and ``on_bar`` that of a symbol: what one puts on it, the other does not see. And a
number that ``__init__`` puts there is neither a parameter, which a sweep and a result name, nor a
state. A compiled hook can set nothing else, so a number is refused in both modes: before a run
where the source shows it, else at the end of a slot. Objects of other kinds are the business of
interpreted strategies, which can do anything.
"""

import ast
import functools
import inspect
import re
from collections.abc import Collection, Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from pipeline.dependencies.trees import tree_of
from pipeline.strategy.names import NAMES
from pipeline.strategy.wrong_name import in_our_words, meant_by, no_such_name

#: Hooks whose ``self`` is that of a symbol.
_OF_A_SYMBOL = ("on_bar", "on_fill", "on_order")
_NUMBERS = (bool, int, float, complex, np.number, np.bool_)
#: Kinds of values that cannot change, so that each copy of a strategy has its own.
_FIXED = (bool, int, float, complex, str, bytes, tuple, type(None))
#: What an attribute is set to, where the source does not say it.
UNKNOWN: Any = object()
#: Functions that make what holds many values, a library's by their last name.
_MAKERS = {
    *("list", "dict", "set", "bytearray", "deque", "defaultdict", "Counter", "OrderedDict"),
    *("array", "zeros", "ones", "empty", "full", "arange", "linspace", "DataFrame", "Series"),
}
_LITERALS = ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp


class Many(NamedTuple):
    """A value that holds many, such as a list."""

    written: str
    """How the source writes it."""


class _Store(NamedTuple):
    """A line that sets an attribute of ``self``."""

    name: str
    value: Any
    """What it is set to: a constant, a `Many`, or UNKNOWN."""
    hook: str
    """The name of the function."""
    where: str
    """File and line."""


def undeclared_in(strategy: Any, declared: Collection[str], hooks: tuple[str, ...]) -> str:
    """Return one line about an attribute that must be declared, empty if there is none.

    ``declared``: the names of parameters and states, and what Strategy has itself. ``hooks``: the
    names of all hooks.
    """
    cls: Any = type(strategy)
    for name, value in vars(strategy).items():
        kept = isinstance(getattr(cls, name, None), functools.cached_property)
        if name in declared or kept:
            continue
        places = (one.where for one in _stores(cls.__init__) if one.name == name)
        where = next(places, f"{cls.__module__}:{cls.__qualname__}")
        if isinstance(value, _FIXED):
            return f"{where}: {_set_undeclared(cls, '__init__', name, value)}"
        if any(name in vars(base) for base in cls.__mro__):
            return (
                f"{where}: {cls.__name__}.__init__ sets self.{name}, which is a constant of the "
                "class; give one of them another name"
            )
    for stored in _numbers_in(cls, hooks):
        if stored.name not in declared:
            return f"{stored.where}: {_set_undeclared(cls, stored.hook, stored.name, stored.value)}"
    return ""


def number_set(strategy: Any, held: Collection[str]) -> str:
    """Return one line about a number that a hook has put on ``self``, empty if there is none.

    ``held``: the names that ``self`` had before.
    """
    cls = type(strategy)
    for name, value in vars(strategy).items():
        kept = isinstance(inspect.getattr_static(cls, name, None), functools.cached_property)
        if name in held or kept or not isinstance(value, _NUMBERS):
            continue
        stored = next((one for one in _stores_in(cls) if one.name == name), None)
        where, hook = (f"{stored.where}: ", stored.hook) if stored is not None else ("", "a hook")
        return f"{where}{_set_undeclared(cls, hook, name, type(value)(0))}"
    return ""


def where_set(cls: type, name: str) -> str:
    """Return where a hook sets an attribute, ``file:line: Class.hook``; "" if no source shows it.

    Of several lines it is the first that sets a float, else the first that may set one.
    """
    stores = [one for one in _stores_in(cls) if one.name == name and one.hook != "__init__"]
    stores.sort(key=lambda one: (type(one.value) is not float, isinstance(one.value, int)))
    return f"{stores[0].where}: {cls.__name__}.{stores[0].hook}" if stores else ""


@functools.cache
def _numbers_in(cls: Any, hooks: tuple[str, ...]) -> tuple[_Store, ...]:
    """Return what hooks set to a number that the source shows.

    Also what on_start sets and a hook with a symbol's ``self`` reads, whatever it is.
    """
    of_symbols = [getattr(cls, hook) for hook in _OF_A_SYMBOL]
    set_there = {stored.name for hook in of_symbols for stored in _stores(hook)}
    read_there = {name for hook in of_symbols for name in _loads(hook)} - set_there
    return tuple(
        stored
        for stored in _stores_in(cls)
        if stored.hook in hooks and not _has_setter(cls, stored.name)
        if type(stored.value) in (bool, int, float)
        or (stored.hook == "on_start" and stored.name in read_there)
    )


def _has_setter(cls: type, name: str) -> bool:
    return hasattr(type(inspect.getattr_static(cls, name, None)), "__set__")


def no_such_attribute(
    cls: type, name: str, known: Collection[str], of_bars: Collection[str] = ()
) -> str:
    """Return one sentence about an attribute that ``self`` lacks in a hook.

    ``known``: the names that ``self`` has. ``of_bars``: those that bars have, its indicators' too.
    """
    for stored in _stores_in(cls):
        if stored.name == name:
            return _set_undeclared(cls, stored.hook, name, stored.value)
    if name in of_bars:
        return f"self has no {str(name)!r}, which is on the bar; write bar.{name}"
    of_ctx = "" if meant_by(name, known) else in_our_words(name, NAMES["ctx"])
    hint = f"; did you mean ctx.{of_ctx}?" if of_ctx else ""
    return no_such_name("self", name, known) + hint


def declaration(name: str, value: Any = UNKNOWN) -> str:
    """Return how an attribute is declared that a strategy sets to a value.

    A state is one number, and a float if no number is known. Its name does not begin with an
    underscore.
    """
    state = name.lstrip("_")
    if isinstance(value, str):
        return (
            f"a state is a number, such as that of an IntEnum: declare it: {state}: int = state(0)"
        )
    if isinstance(value, Many):
        return (
            f"a state is one number, as in {state}_0: float = state(0.0), and ctx.window and "
            'ctx.mean have the past; only strategy mode "interpreted" keeps more: there, '
            f"{_in_class(name, value.written)}"
        )
    if value is None:
        return (
            f'declare it: {state}: float = state(float("nan")); nan stands for a number that is not'
            " there"
        )
    number = value.item() if isinstance(value, np.generic) else value
    number = number if type(number) in (bool, int, float) else 0.0
    return f"declare it: {state}: {type(number).__name__} = state({number!r})"


def _in_class(name: str, written: str) -> str:
    """Say how an interpreted strategy keeps a list or the like: one for all symbols, or for each.

    ``written``: what a hook sets ``self.name`` to. A class has no ``ctx`` and no ``bar``.
    """
    of_each = f"self.{name}.setdefault(bar.symbol, {written})"
    if re.search(r"\b(ctx|bars?|self)\.", written):
        return f"write {name} = {{}} in the class, and {of_each} for one of each symbol"
    return (
        f"{name} = {written} in the class is one for all symbols together; for one of each, write "
        f"{name} = {{}} in the class and {of_each}"
    )


def set_parameter(name: str, default: object, value: object = None) -> str:
    """Say that a hook sets a parameter of a default, to a value if it is known."""
    found = "" if value is None else f" to {value!r}"
    number = default if isinstance(default, int | float) else 0  # a symbol's index is a number
    state = f"{type(number).__name__} = state({number!r})"
    return (
        f"is a parameter, which a hook sets{found}; what changes while a run goes is a state: write"
        f" {name}: {state}, or {name}_now: {state} beside the parameter"
    )


def set_to_float(name: str, value: object = None) -> str:
    """Say that a hook sets what is declared as a whole number to another number."""
    found = "a float" if value is None else repr(value)
    return (
        f"is declared as a whole number, and a hook sets it to {found}; declare it: {name}: float,"
        " or write int(...)"
    )


def _set_undeclared(cls: type, place: str, name: str, value: Any) -> str:
    where = f"{cls.__name__}.{place}"
    constant = inspect.getattr_static(cls, name, None)
    if isinstance(constant, _NUMBERS) and place != "__init__":
        return f"{where} sets self.{name}, a constant of the class; {declaration(name, constant)}"
    return f"{where} sets self.{name}, which is not declared; {declaration(name, value)}"


def _stores(function: Any) -> Iterator[_Store]:
    """Give the lines of a function that set an attribute of ``self``."""
    body, own = _tree_of(function)
    values: dict[ast.expr, Any] = {}
    for step in body:
        if isinstance(step, ast.Assign | ast.AnnAssign | ast.AugAssign):
            first = _value_of(step.value)
            if isinstance(step, ast.AugAssign) and isinstance(first, int | float):
                first = type(first)(0)
            targets = step.targets if isinstance(step, ast.Assign) else [step.target]
            values |= dict.fromkeys(targets, first)
    for step in body:
        if isinstance(step, ast.Attribute) and _is_of(step, own, ast.Store):
            where = f"{function.__code__.co_filename}:{step.lineno}"
            yield _Store(step.attr, values.get(step, UNKNOWN), function.__name__, where)


def _value_of(node: ast.expr | None) -> Any:
    """Return what an expression is, as a `_Store` has it."""
    if isinstance(node, ast.Constant):
        return node.value
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "id", getattr(called, "attr", ""))
    if node is not None and (isinstance(node, _LITERALS) or name in _MAKERS):
        return Many(ast.unparse(node))
    return UNKNOWN


def _stores_in(cls: type) -> Iterator[_Store]:
    """Give the lines of all methods of a class that set an attribute of ``self``."""
    for base in cls.__mro__:
        for member in vars(base).values():
            if isinstance(member, FunctionType):
                yield from _stores(member)


def _loads(function: Any) -> Iterator[str]:
    """Give the attributes of ``self`` that a function reads."""
    body, own = _tree_of(function)
    for step in body:
        if isinstance(step, ast.Attribute) and _is_of(step, own, ast.Load):
            yield step.attr


def _is_of(step: ast.Attribute, own: str, context: type[ast.expr_context]) -> bool:
    """Whether an attribute is one of the variable ``own`` that is loaded, or stored."""
    of = step.value
    return isinstance(of, ast.Name) and of.id == own and isinstance(step.ctx, context)


def _tree_of(function: Any) -> tuple[list[ast.AST], str]:
    """Return all nodes of a function and the name of its first argument, none without a source."""
    tree = tree_of(function) if isinstance(function, FunctionType) else None
    if tree is None:
        return [], ""
    code = function.__code__
    return list(ast.walk(tree)), code.co_varnames[0] if code.co_argcount else ""
