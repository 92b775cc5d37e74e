"""A symbol's index as an interpreted hook sees it: a number that refuses to be taken for a name."""

from typing import NoReturn

from typing_extensions import override

from pipeline.errors import StrategyError


def compared_with_text(text: str | None) -> str:
    """Return one sentence about a comparison of a symbol's index with a text.

    ``text``: the text it was compared with; None if it is not known.
    """
    found = "a text" if text is None else f"the text {text!r}"
    name = text or "NAME"
    return (
        f"a symbol is a number here and never equals {found}: compare with "
        f'ctx.symbol("{name}"), or declare a parameter: leader: Symbol = "{name}"'
    )


class SymbolIndex(int):
    """Index of a symbol in the run's symbols: an int in everything but a comparison with text.

    Python calls a number and a text unequal, so ``bar.symbol == "ALFA"`` would be False for ALFA,
    too. Here ``==``, ``!=``, and ``in`` with a list or tuple of texts raise StrategyError. A set or
    dict of texts looks for the hash, and cannot be told.
    """

    __slots__ = ()

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

    __hash__ = int.__hash__


def _refuse(text: str) -> NoReturn:
    raise StrategyError(compared_with_text(str(text)))
