"""What functions of Python and methods of its containers return, and what methods compare."""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.strategy.lookups.kinds import (
    ANYTHING,
    NOTHING,
    OTHER,
    Kind,
    Many,
    Parts,
    Spelled,
    Symbol,
    Text,
    Whole,
    as_many,
    items_of,
    join,
)

#: Methods that look for their argument among the keys of a dict.
_OF_DICTS = frozenset(("get", "pop", "setdefault", "__getitem__", "__contains__"))
#: Methods that look for it among the items of a list or a set.
_OF_OTHERS = frozenset(("index", "count", "remove", "discard", "__contains__"))
#: Methods that compare what is in two containers, and whether they return a set.
_OF_SETS = {
    **dict.fromkeys(("union", "intersection", "difference", "symmetric_difference"), True),
    **dict.fromkeys(("issubset", "issuperset", "isdisjoint", "intersection_update"), False),
    **dict.fromkeys(("difference_update", "symmetric_difference_update"), False),
}
#: Methods that look for a text in another one.
_OF_TEXTS = frozenset(
    ("find", "rfind", "index", "rindex", "count", "startswith", "endswith", "__contains__")
)
#: Methods of texts that leave digits as they are.
_SAME_DIGITS = frozenset(("upper", "lower", "casefold", "strip", "lstrip", "rstrip"))
_TEXT_TO_TEXT = frozenset(
    ("replace", "format", "join", "title", "capitalize", "removeprefix", "removesuffix", "zfill")
)
_LISTS = list, sorted, reversed, iter, tuple, collections.deque
_DICTS = dict, collections.OrderedDict, collections.Counter
_NUMBERS = len, hash, id, ord


def called(function: Any, given: Sequence[Kind], named: Mapping[str | None, Kind]) -> Kind:
    """Return the kind of what a function or class of Python returns for arguments of some kinds."""
    first = given[0] if given else NOTHING
    if function is str or function is repr or function is format:
        return _spelling(first)
    if function is int:
        return first if isinstance(first, Symbol) else Whole()
    if function in _NUMBERS:
        return Whole()
    items = items_of(first) if given else NOTHING
    if function is set or function is frozenset:
        return Many(items, "set", NOTHING)
    if function in _LISTS or function in (np.array, np.asarray):
        return Many(items, "list", NOTHING)
    if function in _DICTS:
        return _dict_of(first, named)
    if function == dict.fromkeys:
        return Many(items, "dict", join(given[1:]) if len(given) > 1 else OTHER)
    if function is range:
        return Many(Whole(), "list", NOTHING)
    if function is enumerate:
        return Many(Parts((Whole(), items)), "list", NOTHING)
    if function is zip:
        return Many(Parts(tuple(map(items_of, given))), "list", NOTHING)
    if function is filter and len(given) > 1:
        return Many(items_of(given[1]), "list", NOTHING)
    if function in (min, max) and len(given) == 1:
        return items
    return ANYTHING


def _spelling(of: Kind) -> Kind:
    if isinstance(of, Symbol):
        return Spelled()
    return of if isinstance(of, Text | Spelled) else Text()


def _dict_of(first: Kind, named: Mapping[str | None, Kind]) -> Kind:
    """Return the kind of a dict that is made of another one, or of arguments with names."""
    of = as_many(first)
    keys: list[Kind] = [Text(frozenset((name,))) for name in named if name is not None]
    if isinstance(of, Many) and of.sort == "dict":
        return Many(join((of.items, *keys)), "dict", join((of.values, *named.values())))
    if of is not NOTHING:
        pair = items_of(of)
        pairs = isinstance(pair, Parts) and len(pair.kinds) == 2
        keys.append(pair.kinds[0] if pairs and isinstance(pair, Parts) else ANYTHING)
        return Many(join(keys), "dict", ANYTHING)
    return Many(join(keys), "dict", join(named.values()))


def called_method(
    of: Kind, name: str, given: Sequence[Kind], compare: Callable[[Kind, Kind], None]
) -> Kind | None:
    """Return the kind of what a method of a container or text returns; None for other methods.

    ``compare`` is called with every pair of kinds that the method compares.
    """
    if isinstance(of, Text | Spelled):
        return _called_of_text(of, name, given, compare)
    held = as_many(of)
    if isinstance(held, Parts):
        held = Many(join(held.kinds), "list", NOTHING)
    if not isinstance(held, Many):
        return None
    if name in (_OF_DICTS if held.sort == "dict" else _OF_OTHERS) and given:
        compare(given[0], held.items)
        return join((held.values, *given[1:])) if held.sort == "dict" else ANYTHING
    if name in _OF_SETS:
        for other in given:
            compare(items_of(other), held.items)
        items = join((held.items, *map(items_of, given)))
        return Many(items, "set", NOTHING) if _OF_SETS[name] else OTHER
    if name == "copy":
        return held
    if held.sort == "dict":
        return {
            "keys": Many(held.items, "set", NOTHING),
            "values": Many(held.values, "list", NOTHING),
            "items": Many(Parts((held.items, held.values)), "set", NOTHING),
        }.get(name, ANYTHING)
    return held.items if name in ("pop", "popleft") else ANYTHING


def _called_of_text(
    of: Kind, name: str, given: Sequence[Kind], compare: Callable[[Kind, Kind], None]
) -> Kind:
    part = given[0] if given else ANYTHING
    if name in _OF_TEXTS:
        if isinstance(part, Spelled) and isinstance(of, Text):
            if not any(map(part.may_be_in, of.known or ("0",))):
                compare(part, of)
        elif of == Spelled():
            compare(of, part)
        return OTHER
    if name in _SAME_DIGITS and isinstance(of, Spelled) and of == Spelled():
        return of
    if name in _SAME_DIGITS or name in _TEXT_TO_TEXT:
        return Text()
    return Many(Text(), "list", NOTHING) if name in ("split", "splitlines") else ANYTHING
