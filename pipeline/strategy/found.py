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

        It is found anew if ``annotated``, from which it is found, is another object than then.
        """
        known = self._kept.get(cls)
        if known is None or known[0] is not annotated:
            known = self._kept[cls] = annotated, find()
        return known[1]


class KeptAttributes:
    """The annotated attributes by class; ``find`` finds those of one."""

    def __init__(self, find: Callable[[type], Annotated]) -> None:
        self._find = find
        self._kept: WeakKeyDictionary[type, Annotated] = WeakKeyDictionary()

    def of(self, cls: type) -> Annotated:
        """Return the attributes of a class: the same object, until one has another default.

        That happens where somebody sets attributes of the class.
        """
        known = self._kept.get(cls)
        if known is None or not _are_still(cls, known):
            known = self._kept[cls] = self._find(cls)
        return known


def _are_still(cls: type, known: Annotated) -> bool:
    """Whether attributes of a class are the same objects as before."""
    return all(getattr(cls, name, None) is default for name, (_, default) in known.items())
