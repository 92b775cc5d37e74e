"""``bar`` in a compiled hook: a struct of numbers, which are read from the slot before the hook.

The hook is inlined where its bar is made, so the compiler drops the loads of what the hook does not
ask for.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, models, register_model

from pipeline.codes import PRICE_COLUMNS
from pipeline.native.intrinsics import INTEGER, REAL, load_from
from pipeline.native.memory import load_f8, load_i8
from pipeline.native.plain import PLAIN
from pipeline.strategy.compiled.bar_record import BINDING
from pipeline.strategy.compiled.records import TABLE, table_at

#: What every bar has: (its name, its type), in the order in which `bar_maker` fills them in.
_FIELDS: tuple[tuple[str, Any], ...] = (
    *((name, types.int64) for name in ("symbol", "interval", "ts", "close_ts")),
    *((name, types.float64) for name in PRICE_COLUMNS),
)


class BarType(types.Type):  # type: ignore[misc]  # numba is untyped
    """The Numba type of ``bar`` for a strategy with the indicators ``names``."""

    settable = ()

    def __init__(self, names: tuple[str, ...]) -> None:
        #: Its attributes by name: number of the member and type.
        members = *_FIELDS, *((name, types.float64) for name in names)
        self.attributes = {name: (place, kind) for place, (name, kind) in enumerate(members)}
        super().__init__(f"ringtape.Bar({', '.join(names)})")


@register_model(BarType)
class _BarModel(models.StructModel):  # type: ignore[misc]
    """Members ``member_0`` and so on: what every bar has, then the values of its indicators."""

    def __init__(self, manager: Any, bar: Any) -> None:
        kinds = bar.attributes.values()
        super().__init__(manager, bar, [(f"member_{place}", kind) for place, kind in kinds])


@infer_getattr
class _BarAttributes(AttributeTemplate):  # type: ignore[misc]
    key = BarType

    def generic_resolve(self, bar: Any, name: str) -> Any:
        """Return the type of an attribute, None where there is no such attribute."""
        return bar.attributes[name][1] if name in bar.attributes else None


@lower_getattr_generic(BarType)
def _read(context: Any, builder: Any, bar: Any, value: Any, name: str) -> Any:
    place, _ = bar.attributes[name]
    struct = cgutils.create_struct_proxy(bar)(context, builder, value)
    return getattr(struct, f"member_{place}")


def values_reader(count: int) -> Callable[[int], Any]:
    """Make a compiled function that reads ``count`` addresses from BINDINGs at an address.

    They are those of the indicators' values at the first bar of a stretch, returned as a tuple. Of
    numbers at hand the compiler knows that no store in the hook changes them.
    """
    size, known = BINDING.itemsize // 8, (BINDING.names or ()).index("known")
    cells = tuple(place * size + known for place in range(count))
    if PLAIN:
        return lambda bindings: tuple(load_i8(bindings, cell) for cell in cells)
    kind = types.UniTuple(types.int64, count) if count else types.Tuple(())

    @intrinsic
    def read(typingctx: Any, bindings: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            found = [load_from(builder, INTEGER, args[0], INTEGER(cell)) for cell in cells]
            return context.make_tuple(builder, kind, found)

        return kind(types.int64), codegen

    return read


def bar_maker(indicators: Mapping[str, bool]) -> Callable[..., Any]:
    """Make a compiled function that makes the ``bar`` that is shown to a hook.

    ``indicators``: for each indicator's name, whether it is of the base interval. Others stand
    still in a stretch, because within one no bar of another interval closes.

    The function takes, of the first bar of a stretch, its symbol, the address of its TABLE, its
    place in a column, the address of its open, how many cells further its next price lies, and the
    addresses of its indicators' values as a tuple; and how many bars further the bar lies that it
    makes.
    """
    moving = tuple(indicators.values())
    if PLAIN:
        return partial(_plain_bar, tuple(indicators), moving)
    bar_type = BarType(tuple(indicators))

    @intrinsic
    def make(
        typingctx: Any,
        symbol: Any,
        table: Any,
        at: Any,
        prices: Any,
        plane: Any,
        known: Any,
        seen: Any,
    ) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            bar = cgutils.create_struct_proxy(bar_type)(context, builder)
            for place, value in enumerate(_members(builder, moving, *args)):
                setattr(bar, f"member_{place}", value)
            return bar._getvalue()

        return bar_type(*(types.int64 for _ in range(5)), known, types.int64), codegen

    return make


def _members(
    builder: Any,
    moving: tuple[bool, ...],
    symbol: Any,
    table: Any,
    at: Any,
    prices: Any,
    plane: Any,
    known: Any,
    seen: Any,
) -> Iterator[Any]:
    """Write the loads of all that a bar has; see `bar_maker`."""

    def field(name: str) -> Any:
        return load_from(builder, INTEGER, table, INTEGER((TABLE.names or ()).index(name)))

    yield symbol
    yield field("interval")
    for name in ("ts", "close_ts"):
        yield load_from(builder, INTEGER, field(name), builder.add(at, seen))
    for column in range(len(PRICE_COLUMNS)):
        cell = builder.add(builder.mul(plane, INTEGER(column)), seen)
        yield load_from(builder, REAL, prices, cell)
    addresses = cgutils.unpack_tuple(builder, known)
    for address, moves in zip(addresses, moving, strict=True):
        yield load_from(builder, REAL, address, seen if moves else INTEGER(0))


def _plain_bar(
    names: tuple[str, ...],
    moving: tuple[bool, ...],
    symbol: int,
    table: int,
    at: int,
    prices: int,
    plane: int,
    known: tuple[int, ...],
    seen: int,
) -> SimpleNamespace:
    """Make a bar as compiled code does; see `bar_maker`."""
    record = table_at(table)
    values: list[float] = [symbol, record.interval]
    values += [load_i8(times, at + seen) for times in (record.ts, record.close_ts)]
    values += [load_f8(prices, column * plane + seen) for column in range(len(PRICE_COLUMNS))]
    values += [
        load_f8(address, seen if moves else 0) for address, moves in zip(known, moving, strict=True)
    ]
    shown = [name for name, _ in _FIELDS] + list(names)
    return SimpleNamespace(**dict(zip(shown, values, strict=True)))
