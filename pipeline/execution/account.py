"""One lane's account: cash, positions, what they are worth, and what trading them brought.

    ACCOUNT record (one per lane, 8-byte fields)     arrays it points to
    +--------------------------------------------+
    | now, symbols                               |   position[S]    f8  units, negative when short
    | cash, equity                               |   pending[S]     f8  orders waiting for a time
    | commission, turnover, trips, wins, ...     |   last_price[S]  f8  NaN before the first close
    | per_share, basis_points, slippage, ...     |   realised[S]    f8  profit of what was closed
    | max_per_trade, leverage, ...               |   resting_of[S]  i8  orders at rest
    | next_order, resting, inbox_count, ...      |   quiet_low[S], quiet_high[S]  f8  between these
    | session_open, session_close                |     prices no order at rest has anything to do
    | bar, room, after: of the bar being matched |   tick[S], lot[S], multiplier[S]  f8  0, 0, 1
    | prices, stride, plane, first_row: where    |     where the symbol has none
    |     the slot's base bars lie               |   point[S], rate[S]  f8, pair[S], credit[S]  i8
    | addresses of the arrays, book and outbox   |     (`execution.currency`)
    +--------------------------------------------+   buys[S], sells[S]  f8  scratch of the limits
                                                     first_lot[S], last_lot[S]  i8  (`lots`)
                                                     book, inbox: ORDER[]  lots: LOT[]
                                                     fills_out: FILL[]  trips_out: TRIP[]
                                                     messages: MESSAGE[], what is on its way

Writer of every cell: the engine process that owns the lane, from compiled code.
"""

from typing import Any

import numpy as np

from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, record_at, store_f8

_COUNTS = (
    *("now", "symbols", "next_order", "fills", "trips", "wins", "held", "exposed"),
    *("session_open", "session_close", "optimistic", "this_close", "ambiguous", "activated"),
    *("capped", "slipped", "rejected", "liquidations"),
    *("limited", "cash_only", "hours_from", "hours_until", "fifo", "foreign"),
    *("stride", "plane", "first_row", "after"),
    *("delayed", "latency", "latency_bars", "in_flight", "message_capacity"),
    *("booked_date", "next_action", "action_count"),
    *("positions_split", "orders_split", "dividends_booked"),
    *("fills_as_maker", "tier_count", "tiers_by_units", "broken", "month"),
    *("next_funding", "poor_fills", "tabled"),
)
_MONEY = (
    *("initial_cash", "cash", "equity"),
    *("commission", "slippage_cost", "turnover", "gross_profit", "gross_loss", "trip_squares"),
    *("per_share", "basis_points", "per_order", "minimum", "maximum"),
    *("slippage", "slippage_bps", "slippage_range", "impact", "volume_cap", "room"),
    *("max_buying_power", "max_per_trade", "max_per_symbol", "max_open_positions"),
    *("max_order_volume", "leverage", "maintenance"),
    *("credit_rate", "debit_rate", "interest", "borrow"),
    *("dividends", "fractions_paid"),
    *("maker_points", "maker_commission", "traded", "funding", "poor_below"),
)
_BOOK = (
    *("resting", "done", "full", "book_capacity", "book_reserve"),
    *("inbox_count", "inbox_capacity"),
)
_LOTS = ("open_lots", "lots_used", "lots_free", "lots_capacity")
_OUT = (
    *("fills_out_count", "fills_out_capacity", "orders_out_count", "orders_out_capacity"),
    *("trips_out_count", "trips_out_capacity"),
    *("equity_out_count", "session_out_count", "orders_told"),
)
_ADDRESSES = (
    *("position", "pending", "last_price", "realised", "quiet_low", "quiet_high"),
    *("tick", "lot", "multiplier", "borrow_rate", "buys", "sells"),
    *("resting_of", "base_cursor", "prices", "bar"),
    *("hours", "actions", "messages", "lots", "first_lot", "last_lot"),
    *("point", "rate", "pair", "credit"),
    *("tiers", "own_commission", "bill"),
    *("funding_rate", "funding_hours", "fills_of", "bars_before", "met"),
    *("book", "inbox", "fills_out", "orders_out", "trips_out"),
    *("equity_out", "cash_out", "session_out"),
)

ACCOUNT: np.dtype[Any] = np.dtype(
    [(name, "i8") for name in _COUNTS]
    + [(name, "f8") for name in _MONEY]
    + [(name, "i8") for name in (*_BOOK, *_LOTS, *_OUT, *_ADDRESSES)]
)

account_at = record_at(ACCOUNT)


@kernel()
def value_at_close(account: Any, symbol: int, units: float) -> float:
    """Return what ``units`` of a symbol are worth at its last close, in account currency."""
    return units * load_f8(account.last_price, symbol) * load_f8(account.multiplier, symbol)


@kernel()
def marked_equity(account: Any) -> float:
    """Cash plus every position at its last close, in symbol order (so the sum is reproducible)."""
    equity = account.cash
    symbol, left = 0, account.held
    while left > 0:
        quantity = load_f8(account.position, symbol)
        if quantity != 0.0:
            equity += value_at_close(account, symbol, quantity)
            left -= 1
        symbol += 1
    return equity


@kernel()
def mark(account: Any) -> None:
    """Revalue the account; append equity and cash to the outbox (room for one slot's moments).

    Counts in ``exposed`` the moments at which something is held.
    """
    account.equity = marked_equity(account)
    store_f8(account.equity_out, account.equity_out_count, account.equity)
    store_f8(account.cash_out, account.equity_out_count, account.cash)
    account.equity_out_count += 1
    account.exposed += account.held != 0


@kernel()
def mark_run(account: Any, symbol: int, closes: int, count: int) -> None:
    """`mark` at each of ``count`` closes, one or more, of the only symbol that may be held.

    ``closes``: address of the first.
    """
    cash, units = account.cash, load_f8(account.position, symbol)
    multiplier = load_f8(account.multiplier, symbol)
    equity_out = account.equity_out + 8 * account.equity_out_count
    cash_out = account.cash_out + 8 * account.equity_out_count
    for index in range(count):
        store_f8(cash_out, index, cash)
    if account.held == 0:
        for index in range(count):
            store_f8(equity_out, index, cash)
    else:
        for index in range(count):
            store_f8(equity_out, index, cash + units * load_f8(closes, index) * multiplier)
        account.exposed += count
    account.equity_out_count += count
    account.equity = load_f8(equity_out, count - 1)


@kernel()
def record_session(account: Any) -> None:
    """Append the equity at a session's close to the outbox."""
    store_f8(account.session_out, account.session_out_count, account.equity)
    account.session_out_count += 1


@kernel()
def empty_outbox(account: Any) -> None:
    """Forget what lies in the outbox: it has been taken."""
    account.fills_out_count = account.orders_out_count = account.trips_out_count = 0
    account.equity_out_count = account.session_out_count = 0
    account.orders_told = 0


@kernel()
def empty_outbox_at(account: int) -> None:
    """`empty_outbox` for callers from Python: ``account`` is the record's address."""
    empty_outbox(account_at(account))
