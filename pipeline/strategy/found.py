"""What was found of strategy classes, kept for the thousands of strategies that a sweep makes."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

#: Annotated attributes with their types and defaults.
Annotated = dict[str, tuple[type, Any]]
Found = TypeVar("Found")
_NOTHING: Final[Annotated] = {}


class Kept(Generic[Found]):
    """One kind of finding by class; a class that nobody else knows any more is forgotten."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[type, tuple[Annotated, Found]] = WeakKeyDictionary()

    def of(self, cls: type, find: Callable[[], Found], annotated: Annotated = _NOTHING) -> Found:
        """Return what was found of a class before, or find it.

        It is found anew if an annotated attribute is another object than then, which happens where
        somebody sets attributes of the class.
        """
        known = self._kept.get(cls)
        if known is None or not _are_same(known[0], annotated):
            known = self._kept[cls] = annotated, find()
        return known[1]


def _are_same(some: Annotated, others: Annotated) -> bool:
    """Return whether attributes have the same types and the same objects as defaults, in order."""
    return len(some) == len(others) and all(
        a == b and some[a][0] is others[b][0] and some[a][1] is others[b][1]
        for a, b in zip(some, others, strict=True)
    )
