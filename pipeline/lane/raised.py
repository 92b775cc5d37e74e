"""Says in one line where a user's code raised: file, line, function, symbol and time."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import CodeType, FrameType, FunctionType, SimpleNamespace
from typing import Any

import numpy.typing as npt

from pipeline.codes import ORDER_KINDS
from pipeline.errors import NO_DEBUGGER, line_in, text_of
from pipeline.execution.broken import FARTHEST
from pipeline.strategy.attribute_error import retold, retold_name
from pipeline.strategy.strategy import HOOKS, Strategy
from pipeline.strategy.type_error import retold_call

#: What compiled code writes into a text in place of a value.
_UNKNOWN_VALUE = "<object type:"
#: What it says of an exception that it has lost.
_LOST = "op code RERAISE executed"


def describe_raise(
    error: BaseException,
    strategy: Strategy,
    hook: str,
    *,
    context: npt.NDArray[Any],
    account: npt.NDArray[Any],
    symbols: Sequence[str],
    replay: Callable[[str], None],
) -> str:
    """Return one line about an exception that a hook has raised.

    ``hook``: its name; if empty, the hook that the context names. ``context``: CONTEXT[1].
    ``account``: ACCOUNT[1]. Compiled code keeps no line numbers; to find the line, ``replay``
    repeats the failing call interpreted.
    """
    hook = hook or hook_of(context)
    code = code_of(strategy, hook)
    line = line_in(error, code.co_filename)
    if line is None or _says_little(error):
        try:
            replay(hook)
        except Exception as again:  # noqa: BLE001 - it is the one being described
            line = line_in(again, code.co_filename) or line
            if _is_the_same(again, error):
                error = again
    symbol = int(context[0]["symbol"])
    about = _about(symbols[symbol] if symbol >= 0 else "", int(account[0]["now"]))
    return f"{place_of(strategy, hook, line)} {_raised(error, strategy, hook)}{about}"


def _says_little(error: BaseException) -> bool:
    """Whether compiled code says less of an exception than Python does.

    It has no values in its messages, takes variables of an outer function for its own, and loses
    what is raised within an `except` or goes through a `finally`.
    """
    text = text_of(error)
    return isinstance(error, NameError) or _UNKNOWN_VALUE in text or _LOST in text


def _is_the_same(again: Exception, error: BaseException) -> bool:
    """Whether what Python has raised is what compiled code has raised or lost."""
    names = isinstance(again, NameError) and isinstance(error, NameError)
    return type(again) is type(error) or names or _LOST in text_of(error)


def hook_of(context: npt.NDArray[Any]) -> str:
    """Return the name of the hook that a context names, CONTEXT[1]."""
    return list(HOOKS)[int(context[0]["hook"])]


def code_of(strategy: Strategy, hook: str) -> CodeType:
    """Return the code of a hook as it is written."""
    code: CodeType = getattr(type(strategy), hook).__code__
    return code


def place_of(strategy: Strategy, hook: str, line: int | None = None) -> str:
    """Return a line of a hook as file:line: class.hook; the hook's first if it is not known."""
    code = code_of(strategy, hook)
    name = f"{type(strategy).__name__}.{hook}"
    return f"{code.co_filename}:{line or code.co_firstlineno}: {name}"


def find_call(
    frame: FrameType | None, strategy: Strategy, hooks: Sequence[str]
) -> tuple[FrameType, str] | None:
    """Return the call of an interpreted hook that is under way, and its place.

    ``frame``: where Python is now. The call's frame is that of the hook, and the line of the place
    is the innermost one in the hook's file. None between two calls.
    """
    codes = {code_of(strategy, hook): hook for hook in hooks}
    files = {code.co_filename for code in codes}
    line = None
    while frame is not None:
        if line is None and frame.f_code.co_filename in files:
            line = frame.f_lineno
        if frame.f_code in codes:
            return frame, place_of(strategy, codes[frame.f_code], line)
        frame = frame.f_back
    return None


def describe_cost(
    function: FunctionType, bill: npt.NDArray[Any], now: int, symbols: Sequence[str]
) -> str:
    """Return one line about a user's commission function that has failed.

    ``bill``: BILL[1] that it was given. ``now``: the time, ns UTC. The function is called again as
    plain Python, to find out whether it raises or returns no finite number, and at which line.
    """
    code = function.__code__
    line, what = code.co_firstlineno, "gave no finite number"
    names = bill.dtype.names or ()
    order = SimpleNamespace(**dict(zip(names, bill[0].item(), strict=True)))
    try:
        what = f"returned {function(order)!r}, which is no finite number"
    except Exception as error:  # noqa: BLE001 - it is the one being described
        line, what = line_in(error, code.co_filename) or line, _raised(error)
    about = _about(symbols[order.symbol], now)
    return f"{code.co_filename}:{line}: {function.__name__} {what}{about}"


def describe_culprit(culprit: npt.NDArray[Any], strategy: str, symbols: Sequence[str]) -> str:
    """Return one line about a fill that is worth more than its account can count.

    ``culprit``: CULPRIT[1].
    """
    fill = culprit[0]
    what = f"{ORDER_KINDS[int(fill['kind'])]} of {fill['quantity']:+.12g}"
    order = f"{what} {symbols[fill['symbol']]}{_at(int(fill['ts']))}"
    return (
        f"{strategy}: order {fill['order_id']} ({order}) was filled at {fill['price']:.12g}, which "
        f"is worth {abs(fill['worth']):.6g}: expected at most {fill['most']:.6g}, {FARTHEST:g} "
        "times the account's equity, because an account counts with 16 digits; order less, or set "
        "trading_config.leverage, by which such orders are rejected"
    )


def describe_holdings(
    held: Sequence[tuple[str, float, float]], cash: float, now: int, strategy: str
) -> str:
    """Return one line about an account whose equity is no finite number.

    ``held``: symbol, units and last price of each position, of which the largest is named.
    """
    largest = sorted(held, key=lambda one: abs(one[1] * one[2]))[-1:]
    what = "".join(f", {units:+.12g} {symbol} at {price:.12g}" for symbol, units, price in largest)
    return (
        f"{strategy}: expected an equity that is a finite number, found none{_at(now)}: "
        f"cash {cash:.6g}{what}; order less, or look at the prices of its bars"
    )


def _raised(error: BaseException, strategy: Strategy | None = None, hook: str = "") -> str:
    """Say what was raised; ``strategy``, ``hook``: by which, if a hook has raised."""
    name = type(error).__name__
    text = NO_DEBUGGER if name == "BdbQuit" else text_of(error)
    if isinstance(error, NameError) and strategy is not None:
        text = retold_name(error, strategy, hook)
    if isinstance(error, AttributeError):
        text = retold(error)
    if isinstance(error, TypeError):
        text = retold_call(error)
    if isinstance(error, BaseExceptionGroup):
        parts = (f"{type(one).__name__}: {text_of(one)}" for one in error.exceptions)
        text += f": {'; '.join(parts)}"
    return f"raised {name}: {text or 'no message'}"


def _about(symbol: str, now: int) -> str:
    """Return what was at hand, in brackets behind the user's own words; "" where nothing was."""
    words = f" for {symbol}{_at(now)}" if symbol else _at(now)
    return f" ({words.strip()})" if words else ""


def _at(now: int) -> str:
    return f" at {datetime.fromtimestamp(now / 1e9, UTC):%Y-%m-%d %H:%M:%S}Z" if now else ""
