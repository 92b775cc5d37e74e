"""``bar`` in a compiled hook: an address whose attributes are read when the hook names them."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from numba import types
from numba.extending import intrinsic, models, overload_attribute, register_model

from pipeline.market.bars import PRICE_COLUMNS
from pipeline.strategy import bar as operations


class BarType(types.Opaque):  # type: ignore[misc]  # numba is untyped
    """The Numba type of ``bar`` for a strategy with the indicators ``names``."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"ringtape.Bar({', '.join(names)})")


register_model(BarType)(models.OpaqueModel)


@intrinsic
def _address(typingctx: Any, bar: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], context.get_value_type(types.int64))

    return types.int64(bar), codegen


def _fact(name: str, read: Callable[[int], int]) -> None:
    @overload_attribute(BarType, name, strict=False)
    def resolve(bar: Any) -> Any:
        return lambda bar: read(_address(bar))


def _price(name: str, column: int) -> None:
    @overload_attribute(BarType, name, strict=False)
    def resolve(bar: Any) -> Any:
        return lambda bar: operations.bar_price(_address(bar), column)


@cache
def _indicator(name: str) -> None:
    """Make ``name`` an attribute of the bars of those strategies that have such an indicator."""

    @overload_attribute(BarType, name, strict=False)
    def resolve(bar: Any) -> Any:
        if name not in bar.names:
            return None
        place = bar.names.index(name)
        return lambda bar: operations.bar_indicator(_address(bar), place)


for _name in ("symbol", "interval", "ts", "close_ts"):
    _fact(_name, getattr(operations, f"bar_{_name}"))
for _column, _name in enumerate(PRICE_COLUMNS):
    _price(_name, _column)


def bar_view(names: Sequence[str]) -> Callable[[int], Any]:
    """Make a compiled function that views a BAR record's address as ``bar``."""
    bar_type = BarType(tuple(names))
    for name in names:
        _indicator(name)

    @intrinsic
    def view(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(bar_type))

        return bar_type(types.int64), codegen

    return view
