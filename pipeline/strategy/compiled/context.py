"""``ctx`` in a compiled hook: an address with the compiled operations as its methods.

on_bar is called for one bar of a stretch after the other (`stretch`). There ``ctx`` also says for
how many it has been called. What changes from bar to bar (the time, the last price and the cursor)
is written to memory only when the hook asks for something that depends on it, which most hooks do
at few bars.
"""

from collections.abc import Callable
from math import nan
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic, models, register_model

from pipeline.codes import GTC, LIMIT, MARKET, ON_CLOSE, ON_OPEN, STOP, STOP_LIMIT, TRAILING_STOP
from pipeline.execution.account import account_at
from pipeline.execution.placing import on_target
from pipeline.native.kernel import kernel
from pipeline.native.memory import read_only_floats_at, read_only_integers_at
from pipeline.native.plain import PLAIN, Struct
from pipeline.strategy.compiled import clock, operations, questions, random_numbers, reductions
from pipeline.strategy.compiled.arguments import require_numbers, require_whole
from pipeline.strategy.compiled.column_names import FIRST, PRIME, column_key, symbol_key
from pipeline.strategy.compiled.records import context_at
from pipeline.strategy.compiled.stretch import show
from pipeline.strategy.compiled.struct import member, overload_attribute, overload_method

_NO_NUMBERS = nan, nan, nan, nan, nan


#: Options of overloads of a few instructions: they are always inlined into the hook.
_THIN: dict[str, Any] = {"strict": False, "jit_options": {"forceinline": True}}


class ContextType(types.Type):  # type: ignore[misc]  # numba is untyped
    """The Numba type of ``ctx``."""

    def __init__(self) -> None:
        super().__init__("ringtape.Context")


_context_type = ContextType()
_MEMBERS = ("context", "seen")


@register_model(ContextType)
class _ContextModel(models.StructModel):  # type: ignore[misc]
    """``context``: address of the CONTEXT. ``seen``: bars of the stretch before the present one."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [(name, types.int64) for name in _MEMBERS])


def _context_maker() -> Any:
    if PLAIN:
        return lambda *members: Struct(_context_type, _MEMBERS, members)

    @intrinsic
    def make(typingctx: Any, context: Any, seen: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            ctx = cgutils.create_struct_proxy(_context_type)(context, builder)
            ctx.context, ctx.seen = args
            return ctx._getvalue()

        return _context_type(types.int64, types.int64), codegen

    return make


#: (address of the CONTEXT, bars of the stretch before the present one) -> ``ctx``.
make_context = _context_maker()
_address, _seen = (member(name, types.int64) for name in _MEMBERS)


@kernel()
def _present(ctx: Any) -> int:
    """Have memory show the present bar; return the address of the CONTEXT."""
    context, seen = _address(ctx), _seen(ctx)
    if seen > 0:
        show(context, seen)
    return context


def _attribute(name: str, read: Callable[[int], Any], *, moves: bool = False) -> None:
    """Make an attribute of what ``read`` returns of a CONTEXT; ``moves``: within a stretch."""

    @overload_attribute(ContextType, name, **_THIN)
    def resolve(ctx: Any) -> Any:
        if moves:
            return lambda ctx: read(_present(ctx))
        return lambda ctx: read(_address(ctx))


@kernel()
def _universe(context: int) -> Any:
    record = context_at(context)
    return read_only_integers_at(record.universe, record.universe_count)


def _session(field: str) -> Callable[[int], Any]:
    if field == "date":
        return kernel()(lambda context: context_at(context).session_date)
    if field == "open":
        return kernel()(lambda context: context_at(context).session_open)
    return kernel()(lambda context: context_at(context).session_close)


_attribute("now", questions.now, moves=True)
_attribute("time", clock.time_now, moves=True)
_attribute("symbols", _universe)
_attribute("cash", questions.cash)
_attribute("equity", questions.equity, moves=True)
for _field in ("date", "open", "close"):
    _attribute(f"session_{_field}", _session(_field))


def _symbol_method(name: str, read: Callable[[int, int], float], *, moves: bool = False) -> None:
    """Make a method of what ``read`` returns of a CONTEXT and a symbol; as `_attribute`."""

    @overload_method(ContextType, name, **_THIN)
    def resolve(ctx: Any, symbol: Any) -> Any:
        require_whole(symbol=symbol)
        if moves:
            return lambda ctx, symbol: read(_present(ctx), symbol)
        return lambda ctx, symbol: read(_address(ctx), symbol)


for _name in ("position", "pending", "rate", "average_price", "realised"):
    _symbol_method(_name, getattr(questions, _name))
for _name in ("last_price", "unrealised"):
    _symbol_method(_name, getattr(questions, _name), moves=True)


@overload_method(ContextType, "count", strict=False)
def _count(ctx: Any, symbol: Any, interval: Any = 0) -> Any:
    require_whole(symbol=symbol, interval=interval)
    return lambda ctx, symbol, interval=0: questions.count(_present(ctx), symbol, interval)


_FIRST, _PRIME = FIRST - 2**64, PRIME


@kernel()
def _key_of_symbol(name: str) -> int:
    """Do as `symbol_key`, in whole numbers of 64 bits, which drop what goes beyond."""
    key = _FIRST
    for place in range(len(name)):
        key = (key ^ ord(name[place])) * _PRIME
    return key


@overload_method(ContextType, "symbol", prefer_literal=True, strict=False)
def _symbol(ctx: Any, name: Any) -> Any:
    if isinstance(name, types.UnicodeType):
        return lambda ctx, name: questions.symbol(_address(ctx), _key_of_symbol(name))
    if not isinstance(name, types.StringLiteral):
        raise TypingError('ctx.symbol takes the name of a symbol, such as ctx.symbol("SPY")')
    key = symbol_key(name.literal_value)
    return lambda ctx, name: questions.symbol(_address(ctx), key)


@overload_method(ContextType, "random", strict=False)
def _random(ctx: Any) -> Any:
    return lambda ctx: random_numbers.random(_address(ctx))


@kernel()
def _window_view(context: int, symbol: int, key: int, rows: int, interval: int) -> Any:
    values, length = reductions.window_at(context, symbol, key, rows, interval)
    return read_only_floats_at(values, length)


@overload_method(ContextType, "window", prefer_literal=True, strict=False)
def _window(ctx: Any, symbol: Any, column: Any, rows: Any, interval: Any = 0) -> Any:
    key = _key_of(symbol, column, rows, interval)

    def read(ctx, symbol, column, rows, interval=0):  # type: ignore[no-untyped-def]
        return _window_view(_present(ctx), symbol, key, rows, interval)

    return read


def _reduction(name: str, reduce: Callable[..., float]) -> None:
    """Make a method of what ``reduce`` returns of a window."""

    @overload_method(ContextType, name, prefer_literal=True, strict=False)
    def resolve(ctx: Any, symbol: Any, column: Any, rows: Any, interval: Any = 0) -> Any:
        key = _key_of(symbol, column, rows, interval)

        def read(ctx, symbol, column, rows, interval=0):  # type: ignore[no-untyped-def]
            return reduce(_present(ctx), symbol, key, rows, interval)

        return read


_reduction("sum", reductions.total)
_reduction("mean", reductions.mean)
_reduction("std", reductions.deviation)
_reduction("min", reductions.least)
_reduction("max", reductions.greatest)


@overload_method(ContextType, "quantile", prefer_literal=True, strict=False)
def _quantile(
    ctx: Any, symbol: Any, column: Any, rows: Any, fraction: Any, interval: Any = 0
) -> Any:
    require_numbers(fraction=fraction)
    key = _key_of(symbol, column, rows, interval)

    def read(ctx, symbol, column, rows, fraction, interval=0):  # type: ignore[no-untyped-def]
        return reductions.quantile(_present(ctx), symbol, key, rows, interval, float(fraction))

    return read


def _key_of(symbol: Any, column: Any, rows: Any, interval: Any) -> int:
    """Return the key of a window's column; refuse arguments of other types than a window has."""
    require_whole(symbol=symbol, rows=rows, interval=interval)
    if not isinstance(column, types.StringLiteral):
        raise TypingError('a column is named by a text in quotes, such as "close"')
    return column_key(column.literal_value)


@kernel()
def _do(ctx: Any, *given: Any) -> int:
    """Call `operations.operate` with the arguments that follow its first two."""
    context = _address(ctx)
    return operations.call_operate(context_at(context).operate, (context, _seen(ctx), *given))


def _order_method(name: str, kind: int) -> None:
    @overload_method(ContextType, name, strict=False)
    def resolve(ctx: Any, symbol: Any, quantity: Any) -> Any:
        require_whole(symbol=symbol)
        require_numbers(quantity=quantity)
        return lambda ctx, symbol, quantity: _do(
            ctx, kind, symbol, GTC, float(quantity), nan, nan, nan, nan
        )


_order_method("market", MARKET)
_order_method("market_on_open", ON_OPEN)
_order_method("market_on_close", ON_CLOSE)


@overload_method(ContextType, "exit_on_close", strict=False)
def _exit_on_close(ctx: Any, symbol: Any) -> Any:
    require_whole(symbol=symbol)
    return lambda ctx, symbol: _do(ctx, operations.EXIT, symbol, 0, *_NO_NUMBERS)


@overload_method(ContextType, "limit", strict=False)
def _limit(ctx: Any, symbol: Any, quantity: Any, price: Any, until: Any = GTC) -> Any:
    require_whole(symbol=symbol, until=until)
    require_numbers(quantity=quantity, price=price)
    return lambda ctx, symbol, quantity, price, until=GTC: _do(
        ctx, LIMIT, symbol, until, float(quantity), float(price), nan, nan, nan
    )


@overload_method(ContextType, "stop", strict=False)
def _stop(ctx: Any, symbol: Any, quantity: Any, price: Any, until: Any = GTC) -> Any:
    require_whole(symbol=symbol, until=until)
    require_numbers(quantity=quantity, price=price)
    return lambda ctx, symbol, quantity, price, until=GTC: _do(
        ctx, STOP, symbol, until, float(quantity), nan, float(price), nan, nan
    )


@overload_method(ContextType, "stop_limit", strict=False)
def _stop_limit(
    ctx: Any, symbol: Any, quantity: Any, stop: Any, limit: Any, until: Any = GTC
) -> Any:
    require_whole(symbol=symbol, until=until)
    require_numbers(quantity=quantity, stop=stop, limit=limit)

    def place(ctx, symbol, quantity, stop, limit, until=GTC):  # type: ignore[no-untyped-def]
        prices = float(limit), float(stop), nan, nan
        return _do(ctx, STOP_LIMIT, symbol, until, float(quantity), *prices)

    return place


@overload_method(ContextType, "trailing_stop", strict=False)
def _trailing_stop(
    ctx: Any, symbol: Any, quantity: Any, amount: Any = nan, percent: Any = nan, until: Any = GTC
) -> Any:
    require_whole(symbol=symbol, until=until)
    require_numbers(quantity=quantity, amount=amount, percent=percent)

    def place(  # type: ignore[no-untyped-def]
        ctx, symbol, quantity, amount=nan, percent=nan, until=GTC
    ):
        distance = float(amount), float(percent), nan, nan
        return _do(ctx, TRAILING_STOP, symbol, until, float(quantity), *distance)

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
    require_whole(symbol=symbol, until=until)
    require_numbers(quantity=quantity, stop_loss=stop_loss, take_profit=take_profit)
    require_numbers(limit=limit, stop=stop)

    def place(  # type: ignore[no-untyped-def]
        ctx, symbol, quantity, stop_loss=nan, take_profit=nan, limit=nan, stop=nan, until=GTC
    ):
        prices = float(limit), float(stop), float(stop_loss), float(take_profit)
        return _do(ctx, operations.BRACKET, symbol, until, float(quantity), *prices)

    return place


@overload_method(ContextType, "target", **_THIN)
def _target(ctx: Any, symbol: Any, quantity: Any) -> Any:
    require_whole(symbol=symbol)
    require_numbers(quantity=quantity)

    def order(ctx, symbol, quantity):  # type: ignore[no-untyped-def]
        target = float(quantity)
        if on_target(account_at(context_at(_address(ctx)).account), symbol, target):
            return 0
        return _do(ctx, operations.TARGET, symbol, 0, target, nan, nan, nan, nan)

    return order


@overload_method(ContextType, "target_value", strict=False)
def _target_value(ctx: Any, symbol: Any, value: Any) -> Any:
    require_whole(symbol=symbol)
    require_numbers(value=value)
    return lambda ctx, symbol, value: _do(
        ctx, operations.TARGET_VALUE, symbol, 0, float(value), nan, nan, nan, nan
    )


@overload_method(ContextType, "target_percent", strict=False)
def _target_percent(ctx: Any, symbol: Any, fraction: Any) -> Any:
    require_whole(symbol=symbol)
    require_numbers(fraction=fraction)
    return lambda ctx, symbol, fraction: _do(
        ctx, operations.TARGET_PERCENT, symbol, 0, float(fraction), nan, nan, nan, nan
    )


@overload_method(ContextType, "replace", strict=False)
def _replace(
    ctx: Any, order_id: Any, quantity: Any = nan, limit: Any = nan, stop: Any = nan
) -> Any:
    require_whole(order_id=order_id)
    require_numbers(quantity=quantity, limit=limit, stop=stop)

    def change(ctx, order_id, quantity=nan, limit=nan, stop=nan):  # type: ignore[no-untyped-def]
        values = float(quantity), float(limit), float(stop), nan, nan
        return _do(ctx, operations.REPLACE, order_id, 0, *values) != 0

    return change


@overload_method(ContextType, "one_cancels_other", strict=False)
def _one_cancels_other(ctx: Any, first: Any, second: Any) -> Any:
    require_whole(first=first, second=second)

    def exclude(ctx, first, second):  # type: ignore[no-untyped-def]
        operation = operations.ONE_CANCELS_OTHER
        return _do(ctx, operation, first, second, *_NO_NUMBERS) != 0

    return exclude


@overload_method(ContextType, "cancel", strict=False)
def _cancel(ctx: Any, order_id: Any) -> Any:
    require_whole(order_id=order_id)

    def end(ctx, order_id):  # type: ignore[no-untyped-def]
        return _do(ctx, operations.CANCEL, order_id, 0, *_NO_NUMBERS) != 0

    return end
