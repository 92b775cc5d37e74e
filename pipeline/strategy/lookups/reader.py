"""Reads the kind of an expression, and tells of comparisons and look-ups that never succeed.

Nothing is called and no property is asked. What an expression names is found by who uses the
reader: in a frame, where everything has a value (`symbol_lookup`), or in a source (`sources`).
"""

import ast
import builtins
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from pipeline.strategy.lookups.calls import called, called_method
from pipeline.strategy.lookups.kinds import (
    ANYTHING,
    NOTHING,
    OTHER,
    Given,
    Kind,
    Live,
    Many,
    Method,
    Parts,
    Spelled,
    Symbol,
    Text,
    Whole,
    as_many,
    items_of,
    join,
    joined_texts,
    kind_of,
    never_equal,
)

_ARITHMETIC = ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod
_SET_OPERATORS = ast.BitAnd | ast.BitOr | ast.BitXor | ast.Sub
_ORDER = ast.Lt | ast.LtE | ast.Gt | ast.GtE
_MISSING = object()
_CACHE = type(cache(len))

#: Called for a mistake: the expression, the number, and the text, which is empty if not known.
Tell = Callable[[ast.expr, Kind, str], None]


class Reader:
    """Tells the kinds of expressions.

    ``name``: returns the kind of what a name stands for; NOTHING if it stands for nothing here.
    ``own``: returns that of an attribute of ``self``. ``call``: returns that of what a function of
    the user's returns for arguments of some kinds.
    """

    def __init__(
        self,
        name: Callable[[str], Kind],
        tell: Tell,
        *,
        own: Callable[[str], Kind] = lambda name: ANYTHING,
        call: Callable[[FunctionType, list[Kind]], Kind] = lambda function, given: ANYTHING,
    ) -> None:
        self._name, self._tell, self._own, self._call = name, tell, own, call
        self._inner: list[dict[str, Kind]] = []
        #: Whether something was looked up in a container that is empty so far.
        self.looked_into_nothing = False

    def kind(self, node: ast.expr) -> Kind:
        """Return the kind of an expression. What is in it is read, too."""
        read = _READ.get(type(node))
        if read is not None:
            return read(self, node)
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.expr):
                self.kind(inner)
        return ANYTHING

    def _compare(self, node: ast.expr, one: Kind, other: Kind) -> None:
        self.looked_into_nothing |= NOTHING in (one, other)
        found = never_equal(one, other)
        if found:
            self._tell(node, *found)

    # --- names and constants ----------------------------------------------------------------------

    def _of_constant(self, node: ast.Constant) -> Kind:
        return kind_of(node.value)

    def _of_name(self, node: ast.Name) -> Kind:
        for names in reversed(self._inner):
            if node.id in names:
                return names[node.id]
        found = self._name(node.id)
        if found is NOTHING and hasattr(builtins, node.id):
            return Live(getattr(builtins, node.id))
        return found

    def _of_namedexpr(self, node: ast.NamedExpr) -> Kind:
        return self.kind(node.value)

    def _of_attribute(self, node: ast.Attribute) -> Kind:
        of, name = self.kind(node.value), node.attr
        if of == Given("event"):
            return Symbol() if name == "symbol" else OTHER
        if of == Given("ctx"):
            return Many(Symbol(), "list", NOTHING) if name == "symbols" else ANYTHING
        if of == Given("self"):
            return self._own(name)
        return _attribute(of.value, name) if isinstance(of, Live) else ANYTHING

    # --- containers -------------------------------------------------------------------------------

    def _of_tuple(self, node: ast.Tuple) -> Kind:
        if any(isinstance(one, ast.Starred) for one in node.elts):
            return Many(self._items(node.elts), "list", NOTHING)
        return Parts(tuple(map(self.kind, node.elts)))

    def _of_list(self, node: ast.List) -> Kind:
        return Many(self._items(node.elts), "list", NOTHING)

    def _of_set(self, node: ast.Set) -> Kind:
        return Many(self._items(node.elts), "set", NOTHING)

    def _items(self, nodes: list[ast.expr]) -> Kind:
        return join(
            items_of(self.kind(one.value)) if isinstance(one, ast.Starred) else self.kind(one)
            for one in nodes
        )

    def _of_dict(self, node: ast.Dict) -> Kind:
        merged = [self.kind(v) for k, v in zip(node.keys, node.values, strict=True) if k is None]
        keys = [self.kind(key) for key in node.keys if key is not None]
        values = [self.kind(v) for k, v in zip(node.keys, node.values, strict=True) if k]
        for one in map(as_many, merged):
            keys.append(one.items if isinstance(one, Many) else ANYTHING)
            values.append(one.values if isinstance(one, Many) else ANYTHING)
        return Many(join(keys), "dict", join(values))

    def _of_listcomp(self, node: ast.ListComp | ast.GeneratorExp) -> Kind:
        with self._going_through(node.generators):
            return Many(self.kind(node.elt), "list", NOTHING)

    _of_generatorexp = _of_listcomp

    def _of_setcomp(self, node: ast.SetComp) -> Kind:
        with self._going_through(node.generators):
            return Many(self.kind(node.elt), "set", NOTHING)

    def _of_dictcomp(self, node: ast.DictComp) -> Kind:
        with self._going_through(node.generators):
            return Many(self.kind(node.key), "dict", self.kind(node.value))

    @contextmanager
    def _going_through(self, generators: list[ast.comprehension]) -> Iterator[None]:
        names: dict[str, Kind] = {}
        self._inner.append(names)
        for one in generators:
            names |= dict(bound(one.target, items_of(self.kind(one.iter))))
            for test in one.ifs:
                self.kind(test)
        yield
        self._inner.pop()

    def _of_lambda(self, node: ast.Lambda) -> Kind:
        given = node.args
        names = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        self._inner.append({one.arg: ANYTHING for one in names if one is not None})
        self.kind(node.body)
        self._inner.pop()
        return ANYTHING

    def _of_subscript(self, node: ast.Subscript) -> Kind:
        of, key = self.kind(node.value), self.kind(node.slice)
        if not isinstance(node.ctx, ast.Load):
            return ANYTHING
        if isinstance(node.slice, ast.Constant) and isinstance(of, Live | Parts):
            found = _item(of, node.slice.value)
            if found is not None:
                return found
        held = as_many(of)
        if isinstance(node.slice, ast.Slice):
            return held if isinstance(held, Many) else ANYTHING
        if isinstance(held, Many) and held.sort == "dict":
            self._compare(node, key, held.items)
            return held.values
        return items_of(held)

    # --- operators --------------------------------------------------------------------------------

    def _of_compare(self, node: ast.Compare) -> Kind:
        left = self.kind(node.left)
        for operation, after in zip(node.ops, node.comparators, strict=True):
            right = self.kind(after)
            if isinstance(operation, ast.Eq | ast.NotEq):
                self._compare(node, left, right)
            elif isinstance(operation, ast.In | ast.NotIn):
                self._look_in(node, left, after, right)
            elif isinstance(operation, _ORDER) and _are_sets(left, right):
                self._compare(node, left, right)
            left = right
        return OTHER

    def _look_in(self, node: ast.expr, one: Kind, container: ast.expr, held: Kind) -> None:
        shown: list[ast.expr | None] = []
        if isinstance(container, ast.Dict):
            shown += container.keys
        elif isinstance(container, ast.Set | ast.List | ast.Tuple):
            shown += container.elts
        for item in shown if isinstance(one, Symbol | Whole) else ():
            # A text among numbers is as much of a mistake where both stand here.
            if item is not None and not isinstance(item, ast.Starred):
                self._compare(node, one, self.kind(item))
        if not isinstance(held, Text | Spelled):
            self._compare(node, one, items_of(held))
        elif isinstance(one, Spelled) and isinstance(held, Text):
            texts = held.known or ()
            if texts and not any(one.may_be_in(text) for text in texts):
                self._tell(node, one, min(texts))

    def _of_binop(self, node: ast.BinOp) -> Kind:
        left, right = self.kind(node.left), self.kind(node.right)
        if isinstance(node.op, ast.BitOr) and "dict" in _sorts(left, right):
            return join((as_many(left), as_many(right)))  # one dict of two
        if isinstance(node.op, _SET_OPERATORS) and _are_sets(left, right):
            self._compare(node, left, right)
            return Many(join((items_of(left), items_of(right))), "set", NOTHING)
        if isinstance(node.op, ast.Add):
            texts = joined_texts((left, right))
            if texts is not None:
                return texts
            if isinstance(as_many(left), Many) and isinstance(as_many(right), Many):
                return join((as_many(left), as_many(right)))
        if isinstance(node.op, ast.Mod) and isinstance(left, Text | Spelled):
            return Text()
        whole = isinstance(left, Symbol | Whole) and isinstance(right, Symbol | Whole)
        return Whole() if whole and isinstance(node.op, _ARITHMETIC) else ANYTHING

    def _of_boolop(self, node: ast.BoolOp) -> Kind:
        return join(map(self.kind, node.values))

    def _of_ifexp(self, node: ast.IfExp) -> Kind:
        self.kind(node.test)
        return join((self.kind(node.body), self.kind(node.orelse)))

    def _of_unaryop(self, node: ast.UnaryOp) -> Kind:
        of = self.kind(node.operand)
        return Whole() if isinstance(of, Whole | Symbol) else OTHER

    def _of_joinedstr(self, node: ast.JoinedStr) -> Kind:
        parts = []
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                inner = self.kind(one.value)
                plain = one.format_spec is None
                parts.append(called(str, [inner], {}) if plain else Text())
            else:
                parts.append(self.kind(one))
        return joined_texts(parts) or Text()

    # --- calls ------------------------------------------------------------------------------------

    def _of_call(self, node: ast.Call) -> Kind:
        given = [self.kind(one) for one in node.args]
        named = {one.arg: self.kind(one.value) for one in node.keywords}
        if isinstance(node.func, ast.Attribute):
            of, name = self.kind(node.func.value), node.func.attr
            if of == Given("ctx"):
                return Symbol() if name == "symbol" else ANYTHING
            key = node.args[0] if node.args else None
            if name == "get" and isinstance(of, Live) and isinstance(key, ast.Constant):
                found = _item(of, key.value)
                if found is not None:
                    return found
            returned = called_method(of, name, given, partial(self._compare, node))
            if returned is not None:
                return returned
        function = self.kind(node.func)
        if isinstance(function, Method):
            return ANYTHING if named else self._call(function.of, [Given("self"), *given])
        if not isinstance(function, Live) or any(isinstance(one, ast.Starred) for one in node.args):
            return ANYTHING
        if function.value is np.isin and len(given) > 1:
            many = isinstance(as_many(given[0]), Many | Parts)
            self._compare(node, items_of(given[0]) if many else given[0], items_of(given[1]))
        plain = function.value
        if isinstance(plain, _CACHE):
            plain = plain.__wrapped__
        if isinstance(plain, FunctionType):
            return ANYTHING if named else self._call(plain, given)
        return called(function.value, given, named)


_READ: dict[type, Callable[[Reader, Any], Kind]] = {
    kind: getattr(Reader, f"_of_{kind.__name__.lower()}")
    for kind in ast.expr.__subclasses__()
    if hasattr(Reader, f"_of_{kind.__name__.lower()}")
}


def bound(target: ast.expr, kind: Kind) -> Iterator[tuple[str, Kind]]:
    """Give the names that are bound when a value of a kind is assigned to a target."""
    if isinstance(target, ast.Name):
        yield target.id, kind
    elif isinstance(target, ast.Starred):
        yield from bound(target.value, ANYTHING)
    elif isinstance(target, ast.Tuple | ast.List):
        held = as_many(kind)
        items = len(target.elts) * (items_of(held),)
        starred = any(isinstance(one, ast.Starred) for one in target.elts)
        if isinstance(held, Parts) and len(held.kinds) == len(items) and not starred:
            items = held.kinds
        for one, item in zip(target.elts, items, strict=True):
            yield from bound(one, item)


def _attribute(value: Any, name: str) -> Kind:
    """Return the kind of an attribute of an object that there is; no property is asked."""
    if isinstance(value, tuple) and name in getattr(value, "_fields", ()):
        return kind_of(value[value._fields.index(name)])  # type: ignore[attr-defined]
    if isinstance(value, type) and value.__module__ in ("builtins", "collections"):
        return Live(getattr(value, name, _MISSING))
    found = inspect.getattr_static(value, name, _MISSING)
    if isinstance(found, staticmethod):
        return Live(found.__func__)
    is_place = isinstance(value, ModuleType | type)
    if found is _MISSING or (hasattr(type(found), "__get__") and not is_place):
        return ANYTHING
    return ANYTHING if isinstance(found, property | classmethod) else kind_of(found)


def _item(of: Live | Parts, key: Any) -> Kind | None:
    """Return the kind of an item that is known by itself; None if it is not."""
    held = of.kinds if isinstance(of, Parts) else of.value
    if not isinstance(held, dict | list | tuple):
        return None
    try:
        found = held[key]
    except (LookupError, TypeError):
        return None
    return found if isinstance(of, Parts) else kind_of(found)


def _sorts(*kinds: Kind) -> list[str]:
    return [kind.sort for kind in map(as_many, kinds) if isinstance(kind, Many)]


def _are_sets(one: Kind, other: Kind) -> bool:
    """Whether two kinds are of sets, or of the keys of dicts."""
    sorts = _sorts(one, other)
    return len(sorts) == 2 and "list" not in sorts
