"""Says in one line where a strategy raised: file, line, hook, symbol and time."""

import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy.typing as npt

from pipeline.strategy.strategy import HOOKS, Strategy


def describe_raise(
    error: Exception,
    strategy: Strategy,
    hook: str,
    *,
    context: npt.NDArray[Any],
    account: npt.NDArray[Any],
    symbols: Sequence[str],
    replay: Callable[[str], None],
) -> str:
    """One line for an exception out of a hook.

    ``hook`` empty: the one the context names. Compiled code keeps no line numbers, so for it the
    failing call is repeated interpreted with ``replay``.
    """
    cls = type(strategy)
    hook = hook or list(HOOKS)[int(context[0]["hook"])]
    body = getattr(cls, hook)
    line = _line_in(error, body.__code__.co_filename)
    if line is None:
        try:
            replay(hook)
        except Exception as again:  # noqa: BLE001 - it is the one being described
            line = _line_in(again, body.__code__.co_filename)
    where = f"{body.__code__.co_filename}:{line or body.__code__.co_firstlineno}"
    symbol = int(context[0]["symbol"])
    about = f" for {symbols[symbol]}" if symbol >= 0 else ""
    now = int(account[0]["now"])
    at = f" at {datetime.fromtimestamp(now / 1e9, UTC):%Y-%m-%d %H:%M:%S}Z" if now else ""
    text = str(error) or "no message"
    return f"{where}: {cls.__name__}.{hook} raised {type(error).__name__}: {text}{about}{at}"


def _line_in(error: Exception, file: str) -> int | None:
    """The innermost line of the strategy's own file in a traceback."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return lines[-1] if lines else None
