"""One lane's account: cash, positions, what they are worth, and what trading them brought.

    ACCOUNT record (one per lane, 8-byte fields)     arrays it points to
    +--------------------------------------------+
    | now, symbols                               |   position[S]    f8  units, negative when short
    | cash, equity                               |   pending[S]     f8  orders waiting for a time
    | commission, turnover, trips, wins, ...     |   last_price[S]  f8  NaN before the first close
    | per_share, basis_points, slippage, ...     |   trip_cash[S]   f8  cash flow since last flat
    | max_per_trade, leverage, ...               |   resting_of[S]  i8  orders at rest
    | next_order, resting, inbox_count, ...      |   quiet_low[S], quiet_high[S]  f8  between these
    | session_open, session_close                |     prices no order at rest has anything to do
    | bar, plane, room: of the bar being matched |   tick[S], lot[S], multiplier[S]  f8  0, 0, 1
    | addresses of the arrays, book and outbox   |     where the symbol has none
    +--------------------------------------------+   buys[S], sells[S]  f8  scratch of the limits
                                                     book, inbox: ORDER[]   fills_out: FILL[]

Writer of every cell: the engine process that owns the lane, from compiled code.
"""

from typing import Any

import numpy as np
from numba import njit

from pipeline.execution.memory import load_f8, record_at, store_f8

_COUNTS = (
    *("now", "symbols", "next_order", "fills", "trips", "wins", "held", "exposed"),
    *("session_open", "session_close", "optimistic", "this_close", "ambiguous", "activated"),
    *("capped", "slipped", "rejected", "liquidations"),
    *("limited", "cash_only", "hours_from", "hours_until", "volume_stride", "plane"),
    *("fills_as_maker", "tier_count", "tiers_by_units", "broken", "month"),
    *("next_funding", "poor_fills"),
)
_MONEY = (
    *("initial_cash", "cash", "equity"),
    *("commission", "slippage_cost", "turnover", "gross_profit", "gross_loss", "trip_squares"),
    *("per_share", "basis_points", "per_order", "minimum", "maximum"),
    *("slippage", "slippage_bps", "slippage_range", "impact", "volume_cap", "room"),
    *("max_buying_power", "max_per_trade", "max_per_symbol", "max_open_positions"),
    *("max_order_volume", "leverage", "maintenance"),
    *("credit_rate", "debit_rate", "interest", "borrow"),
    *("maker_points", "maker_commission", "traded", "funding", "poor_below"),
)
_BOOK = ("resting", "done", "full", "book_capacity", "inbox_count", "inbox_capacity")
_OUT = (
    *("fills_out_count", "fills_out_capacity", "orders_out_count", "orders_out_capacity"),
    *("equity_out_count", "session_out_count", "orders_told"),
)
_ADDRESSES = (
    *("position", "pending", "last_price", "trip_cash", "quiet_low", "quiet_high"),
    *(
        "tick",
        "lot",
        "multiplier",
        "borrow_rate",
        "buys",
        "sells",
        "resting_of",
        "base_cursor",
        "volumes",
        "bar",
    ),
    "hours",
    *("tiers", "own_commission", "bill"),
    *("funding_rate", "funding_hours", "fills_of", "bars_before", "met"),
    *("book", "inbox", "fills_out", "orders_out", "equity_out", "cash_out", "session_out"),
)

ACCOUNT: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in _COUNTS]
    + [(name, "f8") for name in _MONEY]
    + [(name, "i8") for name in (*_BOOK, *_OUT, *_ADDRESSES)]
)

account_at = record_at(ACCOUNT)


@njit(cache=True, inline="always")
def value_at_close(account: Any, symbol: int, units: float) -> float:
    """Return what ``units`` of a symbol are worth at its last close, in account currency."""
    return units * load_f8(account.last_price, symbol) * load_f8(account.multiplier, symbol)


@njit(cache=True, inline="always")
def marked_equity(account: Any) -> float:
    """Cash plus every position at its last close, in symbol order (so the sum is reproducible)."""
    equity = account.cash
    for symbol in range(account.symbols):
        quantity = load_f8(account.position, symbol)
        if quantity != 0.0:
            equity += value_at_close(account, symbol, quantity)
    return equity


@njit(cache=True, inline="always")
def mark(account: Any) -> None:
    """Revalue the account; append equity and cash to the outbox (room for one slot's moments).

    Counts in ``exposed`` the moments at which something is held.
    """
    account.equity = marked_equity(account)
    store_f8(account.equity_out, account.equity_out_count, account.equity)
    store_f8(account.cash_out, account.equity_out_count, account.cash)
    account.equity_out_count += 1
    account.exposed += account.held != 0


@njit(cache=True)
def record_session(account: Any) -> None:
    """Append the equity at a session's close to the outbox."""
    store_f8(account.session_out, account.session_out_count, account.equity)
    account.session_out_count += 1


@njit(cache=True)
def _close_trip(account: Any, profit: float) -> None:
    account.trips += 1
    account.trip_squares += profit * profit
    if profit > 0.0:
        account.wins += 1
        account.gross_profit += profit
    else:
        account.gross_loss -= profit


@njit(cache=True)
def settle(account: Any, symbol: int, quantity: float, price: float, commission: float) -> None:
    """Book one fill: move cash and position and, from flat to flat, count the round trip.

    A fill that turns a position over closes one round trip and opens the next; its commission is
    split between them by quantity.
    """
    before = load_f8(account.position, symbol)
    after = before + quantity
    multiplier = load_f8(account.multiplier, symbol)
    account.cash -= quantity * price * multiplier + commission
    account.commission += commission
    account.turnover += abs(quantity) * price * multiplier
    store_f8(account.position, symbol, after)
    account.held += (after != 0.0) - (before != 0.0)
    trip = load_f8(account.trip_cash, symbol)
    if before * after < 0.0:
        share = abs(before) / abs(quantity)
        _close_trip(account, trip + before * price * multiplier - commission * share)
        trip = -(after * price * multiplier) - commission * (1.0 - share)
    else:
        trip -= quantity * price * multiplier + commission
        if after == 0.0:
            _close_trip(account, trip)
            trip = 0.0
    store_f8(account.trip_cash, symbol, trip)
