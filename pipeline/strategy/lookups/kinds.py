"""What is known of a value without running code: whether it is a symbol, a text, or holds such.

::

    Symbol             a symbol's index
    Whole              another whole number
    Text               a text, perhaps one of some that are known
    Spelled            a text that is made of a symbol's index, as str(bar.symbol) is
    Many               what is gone through or looked into: a list, a set, the keys of a dict
    Parts              a tuple whose items are known one by one
    Live               an object that there is already: a module, a class, a list of a module
    ANYTHING, NOTHING  not known; no value at all, as the items of an empty list

Two kinds `never_equal` if no value of one equals a value of the other, so that a comparison of them
is a mistake. Where anything is not known, they may be equal.
"""

import re
from collections import deque
from collections.abc import Collection, ItemsView, Iterable, KeysView, ValuesView
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

import numpy as np

#: From how many items on they are only asked whether all are texts.
_MOST = 1_000
#: From how many items on others that lie in a container are not gone through, and how deep.
_MANY, _DEEP = 10, 3


@dataclass(frozen=True)
class Kind:
    """A kind of values."""


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number that is not known to be a symbol's index."""


@dataclass(frozen=True)
class Symbol(Kind):
    """A symbol's index."""


@dataclass(frozen=True)
class Text(Kind):
    """A text; ``known``: all that it may be, None if that is not known."""

    known: frozenset[str] | None = None


@dataclass(frozen=True)
class Spelled(Kind):
    """A text that is made of a symbol's index; ``pattern`` matches all that it may be."""

    pattern: str = r"\d+"

    def may_be_in(self, text: str) -> bool:
        """Whether it may be a part of a text."""
        return re.search(self.pattern, text) is not None


@dataclass(frozen=True)
class Many(Kind):
    """A container of values that are not known one by one."""

    items: Kind
    """Of a dict, its keys."""
    sort: Literal["list", "set", "dict", "any"]
    values: Kind
    """Of a dict, what its keys stand for; else NOTHING."""


@dataclass(frozen=True)
class Parts(Kind):
    """A tuple, with the kind of each item."""

    kinds: tuple[Kind, ...]


@dataclass(frozen=True, eq=False)
class Live(Kind):
    """An object that there is already, and that does not change."""

    value: Any
    depth: int = 0
    """In how many others it lies."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Live) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass(frozen=True)
class Given(Kind):
    """What a hook is given: "self", "ctx", or an "event": a bar, a fill, an order."""

    what: str


@dataclass(frozen=True)
class Method(Kind):
    """A method of ``self``."""

    of: FunctionType


@dataclass(frozen=True)
class _Word(Kind):
    """A kind of which there is no more to say."""

    word: str


ANYTHING: Kind = _Word("anything")
NOTHING: Kind = _Word("nothing")
#: A number that is not whole, a truth value, None.
OTHER: Kind = _Word("other")


def join(kinds: Iterable[Kind]) -> Kind:
    """Return the kind of a value that is of one of some kinds."""
    found: Kind = NOTHING
    for kind in kinds:
        found = _joined(found, kind)
    return found


def _joined(one: Kind, other: Kind) -> Kind:
    if one is NOTHING or one == other:
        return other
    if other is NOTHING:
        return one
    if isinstance(one, Text) and isinstance(other, Text):
        if one.known is None or other.known is None:
            return Text()
        return Text(one.known | other.known)
    one, other = as_many(one), as_many(other)
    if isinstance(one, Parts) and isinstance(other, Parts) and len(one.kinds) == len(other.kinds):
        return Parts(tuple(map(_joined, one.kinds, other.kinds)))
    if isinstance(one, Many) and isinstance(other, Many):
        values = _joined(one.values, other.values)
        sort = one.sort if one.sort == other.sort else "any"
        return Many(_joined(one.items, other.items), sort, values)
    return ANYTHING


def without_inner(kind: Kind) -> Kind:
    """Return the kind of a container in which others may be filled at any time."""
    if isinstance(kind, Many):
        return Many(_unless_container(kind.items), kind.sort, _unless_container(kind.values))
    if isinstance(kind, Parts):
        return Parts(tuple(map(_unless_container, kind.kinds)))
    return kind


def _unless_container(kind: Kind) -> Kind:
    """Return a kind; ANYTHING for a container, but for a tuple of what is none."""
    kind = as_many(kind)
    if isinstance(kind, Parts):
        return Parts(tuple(map(_unless_container, kind.kinds)))
    return ANYTHING if isinstance(kind, Many | Live) else kind


def items_of(kind: Kind) -> Kind:
    """Return the kind of what one meets who goes through a value, or looks into it."""
    kind = as_many(kind)
    if isinstance(kind, Many):
        return kind.items
    if isinstance(kind, Parts):
        return join(kind.kinds)
    return Text() if isinstance(kind, Text | Spelled) else ANYTHING


def joined_texts(parts: Iterable[Kind]) -> Kind | None:
    """Return the kind of texts that follow each other in one; None if not all parts are texts."""
    pattern, made, known = "", False, True
    for part in parts:
        if isinstance(part, Spelled):
            pattern, made = pattern + part.pattern, True
        elif isinstance(part, Text):
            texts = part.known or ()
            known &= len(texts) == 1
            pattern += "".join(map(re.escape, texts)) if known else ""
        else:
            return None
    if made and known:
        return Spelled(pattern)
    return Text()


def never_equal(one: Kind, other: Kind) -> tuple[Kind, str] | None:
    """Return the number and the text because of which two kinds are never equal.

    The text is empty if it is not known. None if they may be equal.
    """
    for number, text in ((one, other), (other, one)):
        if isinstance(number, Symbol | Whole) and isinstance(text, Text | Spelled):
            known = text.known if isinstance(text, Text) else None
            return number, min(known or ("",))
        if isinstance(number, Spelled) and isinstance(text, Text):
            texts = text.known or ()
            if texts and not any(re.fullmatch(number.pattern, one) for one in texts):
                return number, min(texts)
    one, other = as_many(one), as_many(other)
    if isinstance(one, Parts) and isinstance(other, Parts):
        if len(one.kinds) != len(other.kinds):
            return None
        pairs = zip(one.kinds, other.kinds, strict=True)
        return next(filter(None, (never_equal(*pair) for pair in pairs)), None)
    if isinstance(one, Many) and isinstance(other, Many):
        return never_equal(one.items, other.items)
    return None


def kind_of(value: Any, depth: int = 0) -> Kind:
    """Return the kind of a value. What is of a symbol is so by its class (`strategy.symbol`).

    ``depth``: in how many others it lies.
    """
    if getattr(type(value), "is_spelled", False):
        return Spelled()
    if isinstance(value, str):
        return Text(frozenset((str(value),)))
    if getattr(type(value), "is_symbol", False):
        return Symbol()
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return Whole()
    if value is None or isinstance(value, bool | float | complex | np.generic):
        return OTHER
    return Live(value, depth) if depth < _DEEP else ANYTHING


def as_many(kind: Kind) -> Kind:
    """Return a container that is there already as what it holds; any other kind as it is."""
    if not isinstance(kind, Live):
        return kind
    value, depth = kind.value, kind.depth + 1
    if isinstance(value, np.ndarray):
        texts = value.dtype.kind in "UT"
        return Many(_held(value.ravel().tolist(), depth) if texts else ANYTHING, "list", NOTHING)
    if isinstance(value, tuple) and len(value) <= _MANY:
        return Parts(tuple(kind_of(one, depth) for one in value))
    if isinstance(value, dict):
        return Many(_held(value, depth), "dict", _held(value.values(), depth))
    if isinstance(value, list | tuple | deque | ValuesView):
        return Many(_held(value, depth), "list", NOTHING)
    if isinstance(value, set | frozenset | KeysView | ItemsView):
        return Many(_held(value, depth), "set", NOTHING)
    return kind


def _held(values: Collection[Any], depth: int) -> Kind:
    """Return the kind of what is in a container."""
    if len(values) > _MOST:
        return Text() if all(type(one) is str for one in values) else ANYTHING
    kinds = [kind_of(one, depth) for one in values]
    if len(kinds) > _MANY and any(isinstance(kind, Live) for kind in kinds):
        return ANYTHING
    return join(kinds)
