"""``bar`` in a compiled hook: where it is, and the strategy's indicators at it as plain numbers.

Indicators are handed over because nearly every hook asks for them; what a hook does not ask for is
not loaded once the hook is inlined. Prices and times are read when they are asked for.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload_attribute, register_model

from pipeline.execution.memory import load_f8
from pipeline.market.bars import PRICE_COLUMNS
from pipeline.strategy import bar as operations


class BarType(types.Type):  # type: ignore[misc]  # numba is untyped
    """The Numba type of ``bar`` for a strategy with the indicators ``names``."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"ringtape.Bar({', '.join(names)})")


@register_model(BarType)
class _BarModel(models.StructModel):  # type: ignore[misc]
    """``record``: address of its BAR; ``prices``: of its open, others ``plane`` cells apart."""

    def __init__(self, manager: Any, bar: Any) -> None:
        places = [(name, types.int64) for name in ("record", "prices", "plane")]
        values = [(f"indicator_{place}", types.float64) for place in range(len(bar.names))]
        super().__init__(manager, bar, places + values)


def _member(name: str, kind: Any) -> Any:
    @intrinsic
    def read(typingctx: Any, bar: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(cgutils.create_struct_proxy(bar)(context, builder, args[0]), name)

        return kind(bar), codegen

    return read


_record, _prices, _plane = (_member(name, types.int64) for name in ("record", "prices", "plane"))


def _fact(name: str, read: Callable[[int], int]) -> None:
    @overload_attribute(BarType, name, strict=False)
    def resolve(bar: Any) -> Any:
        return lambda bar: read(_record(bar))


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
        value = _member(f"indicator_{bar.names.index(name)}", types.float64)
        return lambda bar: value(bar)


for _name in ("symbol", "interval", "ts", "close_ts"):
    _fact(_name, getattr(operations, f"bar_{_name}"))
for _column, _name in enumerate(PRICE_COLUMNS):
    _price(_name, _column)


def bar_maker(names: Sequence[str]) -> Callable[..., Any]:
    """Make a compiled function that puts a ``bar`` together.

    It takes the address of the BAR record, the address of the bar's open, how many cells apart its
    prices are, and a tuple of the values of the indicators ``names``.
    """
    bar_type = BarType(tuple(names))
    for name in names:
        _indicator(name)

    @intrinsic
    def make(typingctx: Any, record: Any, prices: Any, plane: Any, values: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            bar = cgutils.create_struct_proxy(bar_type)(context, builder)
            bar.record, bar.prices, bar.plane = args[:3]
            for place, value in enumerate(cgutils.unpack_tuple(builder, args[3])):
                setattr(bar, f"indicator_{place}", value)
            return bar._getvalue()

        return bar_type(types.int64, types.int64, types.int64, values), codegen

    return make
