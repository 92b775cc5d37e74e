"""Funding of perpetuals: what longs pay shorts, or shorts longs, at fixed times of the day."""

from typing import Any

from pipeline.codes import HOUR_NS
from pipeline.execution.account import value_at_close
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8


@kernel()
def _is_due(account: Any, symbol: int, hour: int) -> bool:
    """Whether a symbol is funded at an hour, counted from the epoch."""
    hours = int(load_f8(account.funding_hours, symbol))
    return (hours >> (hour % 24)) & 1 == 1 and load_f8(account.funding_rate, symbol) != 0.0


@kernel()
def charge_funding(account: Any, now: int) -> None:
    """Book every funding time before ``now`` that is not booked yet, and note when the next is.

    To be called before anything else happens at a moment, so that what is held is what was held at
    those times. A long position pays its symbol's rate of its value at the last close, a short one
    gets it; with a negative rate the other way round.
    """
    hour, end = account.next_funding // HOUR_NS, (now - 1) // HOUR_NS + 1
    paid = 0.0
    while hour < end and account.held != 0:
        for symbol in range(account.symbols):
            units = load_f8(account.position, symbol)
            if units != 0.0 and _is_due(account, symbol, hour):
                rate = load_f8(account.funding_rate, symbol)
                paid += value_at_close(account, symbol, units) * rate
        hour += 1
    account.funding += paid
    account.cash -= paid
    account.next_funding = _next_due(account, end) * HOUR_NS


@kernel()
def _next_due(account: Any, hour: int) -> int:
    """Return the first hour from ``hour`` on at which any symbol is funded."""
    for later in range(hour, hour + 24):
        for symbol in range(account.symbols):
            if _is_due(account, symbol, later):
                return later
    return hour + 24
