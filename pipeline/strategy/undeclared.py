"""Attributes that a strategy sets without declaring them.

State is declared, because there is one value for each lane and symbol. ``on_start`` has the lane's
own ``self``, and ``on_bar`` that of a symbol: what one puts on it, the other does not see. And a
number that ``__init__`` puts there is neither a parameter, which a sweep and a result name, nor a
state. Objects of other kinds are the business of interpreted strategies, which can do anything.
"""

import ast
import functools
import inspect
import textwrap
from collections.abc import Collection, Iterator
from types import FunctionType
from typing import Any, NamedTuple

from pipeline.strategy.names import NAMES
from pipeline.strategy.wrong_name import in_our_words, meant_by, no_such_name

#: Hooks whose ``self`` is that of a symbol.
_OF_A_SYMBOL = ("on_bar", "on_fill", "on_order")
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
    where: str
    """File and line."""


def undeclared_in(strategy: Any, declared: Collection[str]) -> str:
    """Return one line about an attribute that must be declared, empty if there is none.

    ``declared``: the names of parameters and states, and what Strategy has itself.
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
    for stored in _numbers_of_the_lane(cls):
        if stored.name not in declared:
            return f"{stored.where}: {_set_undeclared(cls, 'on_start', stored.name, stored.value)}"
    return ""


@functools.cache
def _numbers_of_the_lane(cls: Any) -> tuple[_Store, ...]:
    """Return what on_start sets that is a number, or that a hook with a symbol's ``self`` reads."""
    hooks = [getattr(cls, hook) for hook in _OF_A_SYMBOL]
    set_there = {stored.name for hook in hooks for stored in _stores(hook)}
    read_there = {name for hook in hooks for name in _loads(hook)} - set_there
    return tuple(
        stored
        for stored in _stores(cls.on_start)
        if type(stored.value) in (bool, int, float) or stored.name in read_there
    )


def no_such_attribute(cls: type, name: str, known: Collection[str]) -> str:
    """Return one sentence about an attribute that ``self`` lacks in a hook.

    ``known``: the names that ``self`` has.
    """
    for base in cls.__mro__:
        for member in vars(base).values():
            if isinstance(member, FunctionType):
                for stored in _stores(member):
                    if stored.name == name:
                        return _set_undeclared(cls, member.__name__, name, stored.value)
    of_ctx = "" if meant_by(name, known) else in_our_words(name, NAMES["ctx"])
    hint = f"; did you mean ctx.{of_ctx}?" if of_ctx else ""
    return no_such_name("self", name, known) + hint


def declaration(name: str, value: Any = UNKNOWN) -> str:
    """Return how an attribute is declared that a strategy sets to a value.

    A state is one number. It is a float if no number is known.
    """
    if isinstance(value, str):
        return (
            f"a state is a number, such as that of an IntEnum: declare it: {name}: int = state(0)"
        )
    if isinstance(value, Many):
        return (
            f"a state is one number, as in {name}_0: float = state(0.0), and ctx.window has the"
            f' past; only strategy mode "interpreted" keeps more: there, write {name} ='
            f" {value.written} in the class"
        )
    if value is None:
        return (
            f'declare it: {name}: float = state(float("nan")); nan stands for a number that is not'
            " there"
        )
    number = value if type(value) in (bool, int, float) else 0.0
    return f"declare it: {name}: {type(number).__name__} = state({number!r})"


def set_parameter(name: str, value: object = None) -> str:
    """Say that a hook sets a parameter, to a value if it is known."""
    found = "" if value is None else f" to {value!r}"
    return (
        f"is a parameter, which a hook sets{found}; what changes while a run goes is a state of"
        f" another name, such as {name}_now: float = state(0.0)"
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
    return f"{where} sets self.{name}, which is not declared; {declaration(name, value)}"


def _stores(function: FunctionType) -> Iterator[_Store]:
    """Give the lines of a function that set an attribute of ``self``."""
    body, own = _tree_of(function)
    for step in body:
        if isinstance(step, ast.Assign):
            targets, value = step.targets, step.value
        elif isinstance(step, ast.AnnAssign | ast.AugAssign) and step.value is not None:
            targets, value = [step.target], step.value
        else:
            continue
        for target in targets:
            if _is_of(target, own):
                assert isinstance(target, ast.Attribute)
                first = _value_of(value)
                if isinstance(step, ast.AugAssign) and isinstance(first, int | float):
                    first = type(first)(0)
                code = function.__code__
                line = code.co_firstlineno + target.lineno - 1
                yield _Store(target.attr, first, f"{code.co_filename}:{line}")


def _value_of(node: ast.expr) -> Any:
    """Return what an expression is, as a `_Store` has it."""
    if isinstance(node, ast.Constant):
        return node.value
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "id", getattr(called, "attr", ""))
    if isinstance(node, _LITERALS) or name in _MAKERS:
        return Many(ast.unparse(node))
    return UNKNOWN


def _loads(function: FunctionType) -> Iterator[str]:
    """Give the attributes of ``self`` that a function reads."""
    body, own = _tree_of(function)
    for step in body:
        if _is_of(step, own) and isinstance(step, ast.Attribute) and isinstance(step.ctx, ast.Load):
            yield step.attr


def _is_of(step: ast.AST, own: str) -> bool:
    """Whether a node is an attribute of the variable ``own``."""
    found = step.value if isinstance(step, ast.Attribute) else None
    return isinstance(found, ast.Name) and found.id == own


def _tree_of(function: FunctionType) -> tuple[list[ast.AST], str]:
    """Return all nodes of a function and the name of its first argument, none without a source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return [], ""
    code = function.__code__
    return list(ast.walk(tree)), code.co_varnames[0] if code.co_argcount else ""
