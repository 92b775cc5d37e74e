"""A symbol's index as an interpreted hook sees it: a number that refuses to be taken for a name."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
from typing_extensions import override

from pipeline.errors import nearest
from pipeline.strategy import tif
from pipeline.strategy.symbol_lookup import looked_up_in


def compared_with_text(text: str | None, *, symbol: bool = True, spelled: bool = False) -> str:
    """Return one sentence about a comparison of a symbol's index with a text.

    ``text``: the text it was compared with; None if it is not known. ``symbol``: whether the number
    is known to be a symbol's index. ``spelled``: whether that was made a text before.
    """
    found = "a text" if text is None else f"the text {text!r}"
    name = text or "NAME"
    what = "a symbol is a number here and" if symbol else "an integer, as a symbol is one here,"
    if spelled:
        what = "a text of a symbol is that of its number, as '0' is, and"
    return (
        f"{what} never equals {found}: compare with "
        f'ctx.symbol("{name}"), or declare a parameter: leader: Symbol = "{name}"'
    )


def until_hint(found: object) -> str:
    """Say what ``until`` of an order is in place of what was found."""
    word = found.upper() if isinstance(found, str) else ""
    if word in tif.__all__:
        return f"write tif.{word}"
    return f"it is a time in ns UTC, or one of {', '.join(f'tif.{one}' for one in tif.__all__)}"


def not_whole(name: str, found: object) -> str:
    """Return one sentence about an argument of ``ctx`` that is no whole number."""
    hint = ""
    if isinstance(found, str) and name == "symbol":
        hint = f': name a symbol with ctx.symbol("{found}")'
    elif name == "until":
        hint = f": {until_hint(found)}"
    return f"{name} must be a whole number, was {found!r}{hint}"


def whole(name: str, value: object) -> int:
    """Return an argument of ``ctx`` as an int. TypeError if it is no whole number."""
    if type(value) is int:
        return value
    if type(value) is SymbolIndex:  # what hooks have at hand, in a quarter of the time
        return int(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(not_whole(name, value))
    return int(value)


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Return one sentence about a name that is not a ``kind`` ("symbol", "column") of this run."""
    names = list(known)
    near = nearest(str(name), names)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name!r} is not one of this run's {kind}s: {', '.join(names)}{hint}"


def no_such_index(index: int, symbols: Sequence[str]) -> str:
    """Return one sentence about a number that is not the index of one of the run's symbols."""
    return (
        f"a symbol's index must be 0 to {len(symbols) - 1}, for {', '.join(symbols)}, was {index}"
    )


class SymbolIndex(int):
    """Index of a symbol in the run's symbols: an int in everything but a comparison with text.

    Python calls a number and a text unequal, so ``bar.symbol == "ALFA"`` would be False for ALFA,
    too. Here ``==``, ``!=``, and ``in`` with a list or tuple of texts raise TypeError. So does a
    look into a set or a dict of texts (`symbol_lookup`), and a comparison with an array of them.
    What is calculated of it is a plain int. Its text is a `SymbolText`.
    """

    __slots__ = ()
    is_symbol = True

    @override
    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            _refuse(other)
        return int.__eq__(self, other)

    @override
    def __ne__(self, other: object) -> bool:
        if isinstance(other, str):
            _refuse(other)
        return int.__ne__(self, other)

    @override
    def __hash__(self) -> int:
        text = looked_up_in(sys._getframe(1))
        if text is not None:
            _refuse(text)
        return int.__hash__(self)

    @override
    def __str__(self) -> str:
        return SymbolText(int.__repr__(self))

    @override
    def __format__(self, spec: str) -> str:
        return int.__format__(self, spec) if spec else str(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *given: Any, **options: Any) -> Any:
        """Do what NumPy does with an int; TypeError if it is compared with texts."""
        for one in given:
            if isinstance(one, np.ndarray) and one.dtype.kind in "UST" and one.size:
                _refuse(one.flat[0])
        plain = [int(one) if type(one) is SymbolIndex else one for one in given]
        return getattr(ufunc, method)(*plain, **options)


class SymbolText(str):
    """The text of a symbol's index: a str in everything but a comparison with another word."""

    __slots__ = ()
    is_spelled = True

    @override
    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and not other.isdecimal():
            _refuse(other, spelled=True)
        return str.__eq__(self, other)

    @override
    def __ne__(self, other: object) -> bool:
        return not self == other

    @override
    def __hash__(self) -> int:
        text = looked_up_in(sys._getframe(1))
        if text is not None:
            _refuse(text, spelled=True)
        return str.__hash__(self)


def _refuse(text: str, *, spelled: bool = False) -> NoReturn:
    raise TypeError(compared_with_text(str(text) or None, spelled=spelled))
