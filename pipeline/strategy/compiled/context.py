"""``ctx`` in a compiled hook: an address with the compiled operations as its methods.

on_bar is called for one bar of a stretch after the other (`stretch`). There ``ctx`` also carries
what changes from bar to bar: the time, the last price and the cursor. The operations read these
from memory. They are written there only when the hook calls an operation that depends on them,
which most hooks do at few bars.
"""

from collections.abc import Callable
from math import nan
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from pipeline.codes import GTC, LIMIT, MARKET, ON_CLOSE, ON_OPEN, STOP, STOP_LIMIT, TRAILING_STOP
from pipeline.execution.account import account_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import floats_at
from pipeline.native.plain import PLAIN, Struct
from pipeline.strategy.compiled import operations, questions
from pipeline.strategy.compiled.column_names import column_key
from pipeline.strategy.compiled.records import TABLE, context_at, table_at
from pipeline.strategy.compiled.stretch import show
from pipeline.strategy.compiled.struct import by_kind, member, overload_attribute, overload_method

_TABLE_SIZE = TABLE.itemsize
_NO_NUMBERS = nan, nan, nan, nan, nan


#: Options of overloads of a few instructions: they are always inlined into the hook.
_THIN: dict[str, Any] = {"strict": False, "jit_options": {"forceinline": True}}


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


class StretchContextType(ContextType):
    """The Numba type of ``ctx`` in on_bar."""

    def __init__(self) -> None:
        types.Type.__init__(self, "ringtape.StretchContext")


_MEMBERS = ("context", "close_ts", "closes", "last_price", "cursor", "row", "index")
_stretch_context_type = StretchContextType()


@register_model(StretchContextType)
class _StretchContextModel(models.StructModel):  # type: ignore[misc]
    """``context``: address of the CONTEXT. ``index``: number of the present bar in the stretch.

    The other members are fields of `Stretch`.
    """

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [(name, types.int64) for name in _MEMBERS])


@intrinsic
def stretch_context(
    typingctx: Any,
    context: Any,
    close_ts: Any,
    closes: Any,
    last_price: Any,
    cursor: Any,
    row: Any,
    index: Any,
) -> Any:
    """Make the ``ctx`` of one bar of a stretch."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        ctx = cgutils.create_struct_proxy(_stretch_context_type)(context, builder)
        for name, value in zip(_MEMBERS, args, strict=True):
            setattr(ctx, name, value)
        return ctx._getvalue()

    return _stretch_context_type(*(types.int64 for _ in _MEMBERS)), codegen


_context, _close_ts, _closes, _last_price, _cursor, _row, _index = (
    member(name, types.int64) for name in _MEMBERS
)


@intrinsic
def _opaque(typingctx: Any, ctx: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], context.get_value_type(types.int64))

    return types.int64(_context_type), codegen


if PLAIN:

    def as_context(address: int) -> Struct:
        """View the address of a CONTEXT record as ``ctx``."""
        return Struct(_context_type, ("address",), (address,))

    def stretch_context(*members: int) -> Struct:
        """Make the ``ctx`` of one bar of a stretch."""
        return Struct(_stretch_context_type, _MEMBERS, members)

    _opaque = member("address", types.int64)


@by_kind(**_THIN)
def _still(ctx: Any) -> Any:
    """Return the address of the CONTEXT, for operations whose answer stands still in a stretch."""
    if isinstance(ctx, StretchContextType):
        return lambda ctx: _context(ctx)
    return lambda ctx: _opaque(ctx)


@by_kind(**_THIN)
def _address(ctx: Any) -> Any:
    """Write what changes from bar to bar to memory; return the address of the CONTEXT.

    Also notes in the CONTEXT that the hook has called an operation: a hook that calls none has
    changed nothing (`stretch.changed`).
    """
    if not isinstance(ctx, StretchContextType):
        return lambda ctx: _opaque(ctx)

    def brought_up(ctx):  # type: ignore[no-untyped-def]
        address = _context(ctx)
        context_at(address).asked = 1
        account = account_at(context_at(address).account)
        times, closes, row, index = _close_ts(ctx), _closes(ctx), _row(ctx), _index(ctx)
        show(account, times, closes, _last_price(ctx), _cursor(ctx), row, index)
        return address

    return brought_up


def _attribute(name: str, read: Callable[[int], Any], address: Any = _address) -> None:
    @overload_attribute(ContextType, name, **_THIN)
    def resolve(ctx: Any) -> Any:
        return lambda ctx: read(address(ctx))


def _session(field: str) -> Callable[[int], Any]:
    if field == "date":
        return kernel()(lambda context: context_at(context).session_date)
    if field == "open":
        return kernel()(lambda context: context_at(context).session_open)
    return kernel()(lambda context: context_at(context).session_close)


_attribute("now", questions.now)
_attribute("cash", questions.cash, _still)
_attribute("equity", questions.equity)
for _field in ("date", "open", "close"):
    _attribute(f"session_{_field}", _session(_field), _still)


def _symbol_method(name: str, read: Callable[[int, int], float], address: Any) -> None:
    @overload_method(ContextType, name, **_THIN)
    def resolve(ctx: Any, symbol: Any) -> Any:
        return lambda ctx, symbol: read(address(ctx), symbol)


for _name in ("position", "pending", "rate", "average_price", "realised"):
    _symbol_method(_name, getattr(questions, _name), _still)
for _name in ("last_price", "unrealised"):
    _symbol_method(_name, getattr(questions, _name), _address)


@overload_method(ContextType, "count", strict=False)
def _count(ctx: Any, symbol: Any, interval: Any = 0) -> Any:
    return lambda ctx, symbol, interval=0: questions.count(_address(ctx), symbol, interval)


@kernel()
def _window_view(context: int, symbol: int, key: int, rows: int, interval: int) -> Any:
    index, start, length = questions.window_span(context, symbol, key, rows, interval)
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


@kernel()
def _do(
    context: int,
    operation: int,
    first: int,
    second: int,
    quantity: float,
    limit: float,
    stop: float,
    stop_loss: float,
    take_profit: float,
) -> int:
    """Call `operations.operate`, which says what the arguments are."""
    given = context, operation, first, second, quantity, limit, stop, stop_loss, take_profit
    return operations.call_operate(context_at(context).operate, given)


def _order_method(name: str, kind: int) -> None:
    @overload_method(ContextType, name, strict=False)
    def resolve(ctx: Any, symbol: Any, quantity: Any) -> Any:
        return lambda ctx, symbol, quantity: _do(
            _address(ctx), kind, symbol, GTC, float(quantity), nan, nan, nan, nan
        )


_order_method("market", MARKET)
_order_method("market_on_open", ON_OPEN)
_order_method("market_on_close", ON_CLOSE)


@overload_method(ContextType, "limit", strict=False)
def _limit(ctx: Any, symbol: Any, quantity: Any, price: Any, until: Any = GTC) -> Any:
    return lambda ctx, symbol, quantity, price, until=GTC: _do(
        _address(ctx), LIMIT, symbol, until, float(quantity), float(price), nan, nan, nan
    )


@overload_method(ContextType, "stop", strict=False)
def _stop(ctx: Any, symbol: Any, quantity: Any, price: Any, until: Any = GTC) -> Any:
    return lambda ctx, symbol, quantity, price, until=GTC: _do(
        _address(ctx), STOP, symbol, until, float(quantity), nan, float(price), nan, nan
    )


@overload_method(ContextType, "stop_limit", strict=False)
def _stop_limit(
    ctx: Any, symbol: Any, quantity: Any, stop: Any, limit: Any, until: Any = GTC
) -> Any:
    def place(ctx, symbol, quantity, stop, limit, until=GTC):  # type: ignore[no-untyped-def]
        prices = float(limit), float(stop), nan, nan
        return _do(_address(ctx), STOP_LIMIT, symbol, until, float(quantity), *prices)

    return place


@overload_method(ContextType, "trailing_stop", strict=False)
def _trailing_stop(
    ctx: Any, symbol: Any, quantity: Any, amount: Any = nan, percent: Any = nan, until: Any = GTC
) -> Any:
    def place(  # type: ignore[no-untyped-def]
        ctx, symbol, quantity, amount=nan, percent=nan, until=GTC
    ):
        distance = float(amount), float(percent), nan, nan
        return _do(_address(ctx), TRAILING_STOP, symbol, until, float(quantity), *distance)

    return place


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
        prices = float(limit), float(stop), float(stop_loss), float(take_profit)
        return _do(_address(ctx), operations.BRACKET, symbol, until, float(quantity), *prices)

    return place


@overload_method(ContextType, "target", **_THIN)
def _target(ctx: Any, symbol: Any, quantity: Any) -> Any:
    def order(ctx, symbol, quantity):  # type: ignore[no-untyped-def]
        if questions.on_target(_still(ctx), symbol, float(quantity)):
            return 0
        target = float(quantity)
        return _do(_address(ctx), operations.TARGET, symbol, 0, target, nan, nan, nan, nan)

    return order


@overload_method(ContextType, "target_value", strict=False)
def _target_value(ctx: Any, symbol: Any, value: Any) -> Any:
    return lambda ctx, symbol, value: _do(
        _address(ctx), operations.TARGET_VALUE, symbol, 0, float(value), nan, nan, nan, nan
    )


@overload_method(ContextType, "target_percent", strict=False)
def _target_percent(ctx: Any, symbol: Any, percent: Any) -> Any:
    return lambda ctx, symbol, percent: _do(
        _address(ctx), operations.TARGET_PERCENT, symbol, 0, float(percent), nan, nan, nan, nan
    )


@overload_method(ContextType, "replace", strict=False)
def _replace(
    ctx: Any, order_id: Any, quantity: Any = nan, limit: Any = nan, stop: Any = nan
) -> Any:
    def change(ctx, order_id, quantity=nan, limit=nan, stop=nan):  # type: ignore[no-untyped-def]
        values = float(quantity), float(limit), float(stop), nan, nan
        return _do(_address(ctx), operations.REPLACE, order_id, 0, *values) != 0

    return change


@overload_method(ContextType, "one_cancels_other", strict=False)
def _one_cancels_other(ctx: Any, first: Any, second: Any) -> Any:
    def exclude(ctx, first, second):  # type: ignore[no-untyped-def]
        address = _address(ctx)
        return _do(address, operations.ONE_CANCELS_OTHER, first, second, *_NO_NUMBERS) != 0

    return exclude


@overload_method(ContextType, "cancel", strict=False)
def _cancel(ctx: Any, order_id: Any) -> Any:
    def end(ctx, order_id):  # type: ignore[no-untyped-def]
        return _do(_address(ctx), operations.CANCEL, order_id, 0, *_NO_NUMBERS) != 0

    return end
