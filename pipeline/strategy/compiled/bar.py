"""``bar`` in a compiled hook: addresses of its prices and times, and its indicators as numbers.

The indicators are loaded before the hook is called, because nearly every hook asks for them. The
hook is inlined, so the compiler drops the loads of those that it does not ask for. Prices and times
are loaded when the hook asks for them.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from pipeline.codes import PRICE_COLUMNS
from pipeline.native.memory import load_f8, load_i8
from pipeline.native.plain import PLAIN, Struct
from pipeline.strategy.compiled.records import table_at
from pipeline.strategy.compiled.struct import member, overload_attribute


class BarType(types.Type):  # type: ignore[misc]  # numba is untyped
    """The Numba type of ``bar`` for a strategy with the indicators ``names``."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"ringtape.Bar({', '.join(names)})")


_PLACES = ("symbol", "table", "at", "prices", "plane")


@register_model(BarType)
class _BarModel(models.StructModel):  # type: ignore[misc]
    """``symbol``: index of its symbol. ``table``: address of the TABLE of its interval.

    ``at``: its place in a column. ``prices``: address of its open; its other prices follow, each
    ``plane`` cells behind the one before. ``indicator_0`` and so on: values of its indicators.
    """

    def __init__(self, manager: Any, bar: Any) -> None:
        places = [(name, types.int64) for name in _PLACES]
        values = [(f"indicator_{place}", types.float64) for place in range(len(bar.names))]
        super().__init__(manager, bar, places + values)


_symbol, _table, _at, _prices, _plane = (member(name, types.int64) for name in _PLACES)


@overload_attribute(BarType, "symbol", strict=False)
def _symbol_of(bar: Any) -> Any:
    return lambda bar: _symbol(bar)


@overload_attribute(BarType, "interval", strict=False)
def _interval_of(bar: Any) -> Any:
    return lambda bar: table_at(_table(bar)).interval


@overload_attribute(BarType, "ts", strict=False)
def _ts_of(bar: Any) -> Any:
    return lambda bar: load_i8(table_at(_table(bar)).ts, _at(bar))


@overload_attribute(BarType, "close_ts", strict=False)
def _close_ts_of(bar: Any) -> Any:
    return lambda bar: load_i8(table_at(_table(bar)).close_ts, _at(bar))


def _price(name: str, column: int) -> None:
    @overload_attribute(BarType, name, strict=False)
    def resolve(bar: Any) -> Any:
        return lambda bar: load_f8(_prices(bar), column * _plane(bar))


@cache
def _indicator(name: str) -> None:
    """Make ``name`` an attribute of the bars of those strategies that have such an indicator."""

    @overload_attribute(BarType, name, strict=False)
    def resolve(bar: Any) -> Any:
        if name not in bar.names:
            return None
        value = member(f"indicator_{bar.names.index(name)}", types.float64)
        return lambda bar: value(bar)


for _column, _name in enumerate(PRICE_COLUMNS):
    _price(_name, _column)


def bar_maker(names: Sequence[str]) -> Callable[..., Any]:
    """Make a compiled function that makes a ``bar`` for a strategy with the indicators ``names``.

    It takes the members of `BarType` in order, the values of the indicators as one tuple.
    """
    bar_type = BarType(tuple(names))
    for name in names:
        _indicator(name)
    if PLAIN:
        members = *_PLACES, *(f"indicator_{place}" for place in range(len(names)))
        return lambda *given: Struct(bar_type, members, (*given[:-1], *given[-1]))

    @intrinsic
    def make(
        typingctx: Any, symbol: Any, table: Any, at: Any, prices: Any, plane: Any, values: Any
    ) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            bar = cgutils.create_struct_proxy(bar_type)(context, builder)
            for name, value in zip(_PLACES, args, strict=False):
                setattr(bar, name, value)
            for place, value in enumerate(cgutils.unpack_tuple(builder, args[-1])):
                setattr(bar, f"indicator_{place}", value)
            return bar._getvalue()

        return bar_type(*(types.int64 for _ in _PLACES), values), codegen

    return make
