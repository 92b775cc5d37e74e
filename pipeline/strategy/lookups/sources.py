"""Refuses a strategy whose source compares a symbol with a text, or looks it up among texts.

The hooks are read without being called, and so is every function of the user's that they call, once
for each sort of arguments. A name stands for what all its assignments say, in whatever order; an
attribute of ``self`` for what the strategy has and what all its methods put there.
"""

import ast
import builtins
import inspect
from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from pipeline.dependencies.contents import defaults_of
from pipeline.dependencies.origin import is_users_file
from pipeline.dependencies.trees import nodes_of, tree_of
from pipeline.errors import StrategyError
from pipeline.strategy.lookups.filled import filled, parents_in, put_into
from pipeline.strategy.lookups.kinds import (
    ANYTHING,
    NOTHING,
    OTHER,
    Given,
    Kind,
    Live,
    Many,
    Method,
    Spelled,
    Symbol,
    Whole,
    as_many,
    join,
    kind_of,
    without_inner,
)
from pipeline.strategy.lookups.names import Assignments, statements_of
from pipeline.strategy.lookups.reader import Reader
from pipeline.strategy.strategy import HOOKS, Strategy, defines, parameters_of, states_of
from pipeline.strategy.strategy import Symbol as SymbolParameter
from pipeline.strategy.symbol import compared_with_text

#: Functions that tell what a value is, so that code behind them is for some values only.
_ASKING = frozenset(("isinstance", "type", "callable", "hasattr"))
#: So many sorts of arguments are read for one function.
_SORTS = 20


def check_lookups(strategy: Strategy) -> None:
    """Raise StrategyError, with file and line, for what a hook of a strategy can never find."""
    with suppress(RecursionError):  # of an expression that is nested deeper than Python calls
        Sources(strategy).check()


class Sources:
    """The functions that the hooks of a strategy lead to."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        cls = type(strategy)
        self._methods = [
            member
            for base in cls.__mro__[: cls.__mro__.index(Strategy)]
            for member in vars(base).values()
            if isinstance(member, FunctionType) and is_users_file(member.__code__.co_filename)
        ]
        self._declared: dict[str, Kind] = {
            one.name: Symbol() if one.type is SymbolParameter else _number(one.type)
            for one in parameters_of(cls)
        } | {name: _number(type(one.initial)) for name, one in states_of(cls).items()}
        self._returned: dict[tuple[FunctionType, tuple[Kind, ...]], Kind] = {}
        self._attributes: dict[str, Kind] = {}
        self._scopes: dict[FunctionType, Scope] = {}

    def check(self) -> None:
        """Read all hooks that the strategy's class defines."""
        for name in HOOKS:
            hook: Any = getattr(type(self._strategy), name)
            if defines(type(self._strategy), name) and isinstance(hook, FunctionType):
                self.returned(hook, _given_to(hook))

    def returned(self, function: FunctionType, given: list[Kind]) -> Kind:
        """Read a function for arguments of some kinds; return the kind of what it returns."""
        key = function, tuple(given)
        if key not in self._returned:
            sorts = sum(one is function for one, _ in self._returned)
            if sorts >= _SORTS or not is_users_file(function.__code__.co_filename):
                return ANYTHING
            self._returned[key] = NOTHING  # if it calls itself
            self._returned[key] = Scope(self, function, given).read()
        return self._returned[key]

    def own(self, name: str) -> Kind:
        """Return the kind of an attribute of ``self``."""
        if name not in self._attributes:
            self._attributes[name] = NOTHING  # if it is made of itself
            self._attributes[name] = self._own(name)
        return self._attributes[name]

    def _own(self, name: str) -> Kind:
        if name in self._declared:
            return self._declared[name]
        strategy = self._strategy
        there = vars(strategy).get(name, inspect.getattr_static(type(strategy), name, NOTHING))
        if isinstance(there, FunctionType):
            return Method(there)
        if isinstance(there, staticmethod):
            return Live(there.__func__)
        if isinstance(there, property) and isinstance(there.fget, FunctionType):
            return self.returned(there.fget, [Given("self")])
        if hasattr(type(there), "__get__") or self._set_by_others(name):
            return ANYTHING
        kinds = [there if isinstance(there, Kind) else kind_of(there)]
        scopes = [self._scope(one) for one in self._methods if one.__name__ != "__init__"]
        for scope in scopes:
            kinds += scope.assigned_to_self(name)
        kind = join(kinds)
        held = as_many(kind)
        if isinstance(held, Many):
            held = filled(held, join(scope.put_into_self(name, held) for scope in scopes))
        if isinstance(held, Live) and not isinstance(held.value, type | ModuleType | FunctionType):
            return ANYTHING  # an object, which hooks may change
        return without_inner(held)

    def _set_by_others(self, name: str) -> bool:
        """Whether a function that is no method may set an attribute of this name, or fill it."""
        own = {scope.owner for scope in map(self._scope, self._methods)}
        return any(
            isinstance(node, ast.Attribute)
            and node.attr == name
            and not (isinstance(node.value, ast.Name) and node.value.id in own)
            for file in {one.__code__.co_filename for one in self._methods}
            for node in nodes_of(file)
        )

    def _scope(self, method: FunctionType) -> "Scope":
        """Return the scope of a method as it is called first: of a hook, as hooks are."""
        if method not in self._scopes:
            self._scopes[method] = Scope(self, method, _given_to(method), tells=False)
        return self._scopes[method]


class Scope:
    """One function, and what its names stand for when it is given values of some kinds.

    ``tells``: whether it refuses what it finds; else others only ask it about names.
    """

    def __init__(
        self, sources: Sources, function: FunctionType, given: list[Kind], *, tells: bool = True
    ) -> None:
        self._function = function
        self._tree = tree_of(function)
        self._parents = parents_in(self._tree) if self._tree is not None else {}
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        #: The name of ``self``, if it is a method.
        self.owner = names[0] if names and given[:1] == [Given("self")] else ""
        parameters = inspect.getargs(code)
        starred = filter(None, (parameters.varargs, parameters.varkw))
        self._given = dict.fromkeys((*parameters.args, *starred), ANYTHING)
        self._given |= {name: kind_of(value) for name, value in defaults_of(function).items()}
        self._given |= dict(zip(names, given, strict=False))
        self._assigned = Assignments(self._tree)
        self._kinds: dict[str, Kind] = {}
        tell = self._refuse if tells else _tell_nobody
        self._reader = Reader(self.name_kind, tell, own=sources.own, call=sources.returned)

    def _refuse(self, node: ast.expr, number: Kind, text: str) -> NoReturn:
        place = f"{self._function.__code__.co_filename}:{node.lineno}"
        spelled = isinstance(number, Spelled)
        sentence = compared_with_text(
            text or None, symbol=not isinstance(number, Whole), spelled=spelled
        )
        raise StrategyError(f"{place}: {self._function.__qualname__}: {sentence}")

    def read(self) -> Kind:
        """Read all expressions; return the kind of what the function returns."""
        if self._tree is None:
            return ANYTHING
        if isinstance(self._tree, ast.Lambda):
            return self._reader.kind(self._tree.body)
        returned: list[Kind] = []
        for node in statements_of(self._tree):
            inner = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
            kinds = [self._reader.kind(one) for one in inner]
            if isinstance(node, ast.Return):
                returned.append(kinds[0] if kinds else OTHER)
        code = self._function.__code__
        return join(returned) if returned and not code.co_flags & inspect.CO_GENERATOR else ANYTHING

    def name_kind(self, name: str) -> Kind:
        """Return the kind of what a name stands for in the function."""
        if name not in self._kinds:
            self._kinds[name] = NOTHING  # if it is made of itself
            self._kinds[name] = self._kind_of_name(name)
        return self._kinds[name]

    def _kind_of_name(self, name: str) -> Kind:
        function = self._function
        if name in self._assigned.names or name in self._given:
            return self._kind_of_local(name)
        if name in (*function.__code__.co_varnames, *function.__code__.co_cellvars):
            return ANYTHING
        if name in function.__code__.co_freevars:
            cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
            try:
                return kind_of(cell.cell_contents)
            except ValueError:
                return ANYTHING
        if name in function.__globals__:
            return kind_of(function.__globals__[name])
        return Live(getattr(builtins, name)) if hasattr(builtins, name) else ANYTHING

    def _kind_of_local(self, name: str) -> Kind:
        if self._is_asked_about(name):
            return ANYTHING
        kinds = [self._given[name]] if name in self._given else []
        kinds += [read(self._reader.kind) for read in self._assigned.names.get(name, ())]
        kind = join(kinds)
        held = as_many(kind)
        if not isinstance(held, Many) or isinstance(kind, Live):
            return kind
        uses = [
            node
            for node in self._parents
            if isinstance(node, ast.Name) and node.id == name and not self._is_assigned(node)
        ]
        return without_inner(filled(held, self._put(uses, held)))

    def assigned_to_self(self, name: str) -> Iterator[Kind]:
        """Give the kinds of what the function assigns to an attribute of ``self``."""
        for node, read in self._assigned.attributes:
            of = node.value
            if node.attr == name and isinstance(of, ast.Name) and of.id == self.owner:
                yield read(self._reader.kind)

    def put_into_self(self, name: str, held: Many) -> Kind:
        """Return the kind of what the function puts into a container that ``self`` has."""
        uses = [
            node
            for node in self._parents
            if isinstance(node, ast.Attribute)
            and node.attr == name
            and isinstance(node.value, ast.Name)
            and node.value.id == self.owner
            and not self._is_assigned(node)
        ]
        return self._put(uses, held)

    def _put(self, uses: list[Any], held: Many) -> Kind:
        return put_into(uses, self._parents, self._reader.kind, keys=held.sort == "dict")

    def _is_assigned(self, node: ast.expr) -> bool:
        """Whether a node is given another value there, and not added to."""
        stored = not isinstance(node.ctx, ast.Load)  # type: ignore[attr-defined]
        return stored and not isinstance(self._parents[node], ast.AugAssign)

    def _is_asked_about(self, name: str) -> bool:
        """Whether the function asks what a name stands for, as by isinstance."""
        return any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _ASKING
            and any(isinstance(one, ast.Name) and one.id == name for one in node.args)
            for node in self._parents
        )


def _given_to(method: FunctionType) -> list[Kind]:
    """Return the kinds of what a method is given: of a hook, as hooks are."""
    given: list[Kind] = [Given("self")]
    if method.__name__ in HOOKS:
        named = HOOKS[method.__name__]
        if named is not None:
            given.append(Given("event") if named in ("bar", "fill", "order") else ANYTHING)
        given.append(Given("ctx"))
    return given


def _tell_nobody(node: ast.expr, number: Kind, text: str) -> None:
    """Do nothing."""


def _number(kind: type) -> Kind:
    return Whole() if kind is int else OTHER
