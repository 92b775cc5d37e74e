"""``ctx`` in a compiled hook: an address with the compiled operations as its methods."""

from collections.abc import Callable
from math import nan
from typing import Any

from numba import njit, types
from numba.extending import (
    intrinsic,
    models,
    overload_attribute,
    overload_method,
    register_model,
)

from pipeline.execution.memory import floats_at
from pipeline.strategy import context as operations
from pipeline.strategy import orders
from pipeline.strategy.context import column_key
from pipeline.strategy.records import TABLE, context_at, table_at
from pipeline.strategy.tif import GTC

_TABLE_SIZE = TABLE.itemsize


class ContextType(types.Opaque):  # type: ignore[misc]  # numba is untyped
    """The Numba type of ``ctx``: a bare address with methods."""

    def __init__(self) -> None:
        super().__init__("ringtape.Context")


_context_type = ContextType()
register_model(ContextType)(models.OpaqueModel)


@intrinsic
def as_context(typingctx: Any, address: Any) -> Any:
    """View the address of a CONTEXT record as ``ctx``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(_context_type))

    return _context_type(types.int64), codegen


@intrinsic
def _address(typingctx: Any, ctx: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], context.get_value_type(types.int64))

    return types.int64(_context_type), codegen


def _attribute(name: str, read: Callable[[int], Any]) -> None:
    @overload_attribute(ContextType, name, strict=False)
    def resolve(ctx: Any) -> Any:
        return lambda ctx: read(_address(ctx))


def _session(field: str) -> Callable[[int], Any]:
    if field == "date":
        return njit(lambda context: context_at(context).session_date)
    if field == "open":
        return njit(lambda context: context_at(context).session_open)
    return njit(lambda context: context_at(context).session_close)


_attribute("now", operations.now)
_attribute("cash", operations.cash)
_attribute("equity", operations.equity)
for _field in ("date", "open", "close"):
    _attribute(f"session_{_field}", _session(_field))


def _symbol_method(name: str, read: Callable[[int, int], float]) -> None:
    @overload_method(ContextType, name, strict=False)
    def resolve(ctx: Any, symbol: Any) -> Any:
        return lambda ctx, symbol: read(_address(ctx), symbol)


for _name in (
    *("position", "pending", "last_price", "rate"),
    *("average_price", "unrealised", "realised"),
):
    _symbol_method(_name, getattr(operations, _name))


@overload_method(ContextType, "count", strict=False)
def _count(ctx: Any, symbol: Any, interval: Any = 0) -> Any:
    return lambda ctx, symbol, interval=0: operations.count(_address(ctx), symbol, interval)


@njit(cache=True)
def _window_view(context: int, symbol: int, key: int, rows: int, interval: int) -> Any:
    index, start, length = operations.window_span(context, symbol, key, rows, interval)
    table = table_at(context_at(context).tables + index * _TABLE_SIZE)
    return floats_at(table.values + 8 * start, length)


@overload_method(ContextType, "window", prefer_literal=True, strict=False)
def _window(ctx: Any, symbol: Any, column: Any, rows: Any, interval: Any = 0) -> Any:
    if not isinstance(column, types.StringLiteral):
        return None
    key = column_key(column.literal_value)

    def read(ctx, symbol, column, rows, interval=0):  # type: ignore[no-untyped-def]
        return _window_view(_address(ctx), symbol, key, rows, interval)

    return read


def _order_method(name: str, place: Callable[[int, int, float], int]) -> None:
    @overload_method(ContextType, name, strict=False)
    def resolve(ctx: Any, symbol: Any, quantity: Any) -> Any:
        return lambda ctx, symbol, quantity: place(_address(ctx), symbol, float(quantity))


def _priced_method(name: str, place: Callable[[int, int, float, float, int], int]) -> None:
    @overload_method(ContextType, name, strict=False)
    def resolve(ctx: Any, symbol: Any, quantity: Any, price: Any, until: Any = GTC) -> Any:
        return lambda ctx, symbol, quantity, price, until=GTC: place(
            _address(ctx), symbol, float(quantity), float(price), until
        )


for _name in ("market", "market_on_open", "market_on_close", "target"):
    _order_method(_name, getattr(orders, _name))
for _name in ("limit", "stop"):
    _priced_method(_name, getattr(orders, _name))


@overload_method(ContextType, "stop_limit", strict=False)
def _stop_limit(
    ctx: Any, symbol: Any, quantity: Any, stop: Any, limit: Any, until: Any = GTC
) -> Any:
    return lambda ctx, symbol, quantity, stop, limit, until=GTC: orders.stop_limit(
        _address(ctx), symbol, float(quantity), float(stop), float(limit), until
    )


@overload_method(ContextType, "trailing_stop", strict=False)
def _trailing_stop(
    ctx: Any, symbol: Any, quantity: Any, amount: Any = nan, percent: Any = nan, until: Any = GTC
) -> Any:
    return lambda ctx, symbol, quantity, amount=nan, percent=nan, until=GTC: orders.trailing_stop(
        _address(ctx), symbol, float(quantity), float(amount), float(percent), until
    )


@overload_method(ContextType, "bracket", strict=False)
def _bracket(
    ctx: Any,
    symbol: Any,
    quantity: Any,
    stop_loss: Any = nan,
    take_profit: Any = nan,
    limit: Any = nan,
    stop: Any = nan,
    until: Any = GTC,
) -> Any:
    def place(  # type: ignore[no-untyped-def]
        ctx, symbol, quantity, stop_loss=nan, take_profit=nan, limit=nan, stop=nan, until=GTC
    ):
        return orders.bracket(
            _address(ctx),
            symbol,
            float(quantity),
            float(stop_loss),
            float(take_profit),
            float(limit),
            float(stop),
            until,
        )

    return place


@overload_method(ContextType, "target_value", strict=False)
def _target_value(ctx: Any, symbol: Any, value: Any) -> Any:
    return lambda ctx, symbol, value: orders.target_value(_address(ctx), symbol, float(value))


@overload_method(ContextType, "target_percent", strict=False)
def _target_percent(ctx: Any, symbol: Any, percent: Any) -> Any:
    return lambda ctx, symbol, percent: orders.target_percent(_address(ctx), symbol, float(percent))


@overload_method(ContextType, "replace", strict=False)
def _replace(
    ctx: Any, order_id: Any, quantity: Any = nan, limit: Any = nan, stop: Any = nan
) -> Any:
    return lambda ctx, order_id, quantity=nan, limit=nan, stop=nan: orders.replace(
        _address(ctx), order_id, float(quantity), float(limit), float(stop)
    )


@overload_method(ContextType, "one_cancels_other", strict=False)
def _one_cancels_other(ctx: Any, first: Any, second: Any) -> Any:
    return lambda ctx, first, second: orders.one_cancels_other(_address(ctx), first, second)


@overload_method(ContextType, "cancel", strict=False)
def _cancel(ctx: Any, order_id: Any) -> Any:
    return lambda ctx, order_id: orders.cancel(_address(ctx), order_id)
