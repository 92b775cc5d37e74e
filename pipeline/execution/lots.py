"""Lots: what a position is made of, and the round trips it ends in.

A lot is opened by a fill that builds a position and closed by fills that reduce it. By average cost
a symbol has one lot, which every further fill of its side joins, and which is a round trip when the
position is flat again. First in, first out, each such fill is a lot of its own; every part of it
that is closed, oldest lots first, is a round trip.

    LOT[lots_capacity] of a lane                first_lot[S], last_lot[S]: a symbol's oldest and
    +----+----+----+----+----+----+----+        newest; each names the following one. Lots count
    | A  | B  | A  |free| A  |    |    |        from 1, 0 is none. Those given back are chained
    +----+----+----+----+----+----+----+        from lots_free, those never used begin behind
      1---------->3------->5       lots_used    lots_used.

How far the market went for and against a lot is read from the bars it lived through when it closes
or the slot ends (`watch_lots`), not as they come: a run over two columns of memory instead of work
at every bar. Where round trips are only counted (``tabled`` 0), not even that is done.
"""

from typing import Any

import numpy as np

from pipeline.codes import HIGH, LOW
from pipeline.execution.account import account_at, value_at_close
from pipeline.execution.orders import add_units
from pipeline.execution.tolerance import is_nothing, slack_of
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, record_at, store_f8, store_i8

#: One lot. Money is in account currency, prices are in the symbol's.
LOT: np.dtype[Any] = np.dtype(
    [
        ("units", "f8"),  # What is open of it, negative when short.
        ("average", "f8"),  # Mean price of what is open.
        ("cost", "f8"),  # What was paid for what is open, without commission.
        ("entered", "f8"),  # Units that were ever bought for it (or sold short), signed.
        ("entry_price", "f8"),  # Mean price of these.
        ("exited", "f8"),  # Units that were closed so far, without a sign.
        ("exit_price", "f8"),  # Mean price of these.
        ("flow", "f8"),  # Cash that it has brought so far, negative for what it cost.
        ("paid", "f8"),  # Commission so far.
        ("low", "f8"),  # Lowest price of the bars that it has been watched through.
        ("high", "f8"),  # Highest price of these bars.
        ("entry_ts", "i8"),  # Open of the bar that filled it first, ns UTC.
        ("since", "i8"),  # Cell of the first base bar that it has not been watched through.
        ("bars", "i8"),  # How many bars it has been watched through.
        ("following", "i8"),  # Number of the symbol's next lot, 0 if it is the newest.
    ]
)
#: One round trip. Prices are averages, in the symbol's currency; money is in the account's.
TRIP: np.dtype[Any] = np.dtype(
    [
        ("symbol", "i8"),  # Index of its symbol.
        ("quantity", "f8"),  # Units, signed: + long.
        ("entry_ts", "i8"),  # Open of the first bar that filled it, ns UTC.
        ("entry_price", "f8"),  # Price at which it was entered.
        ("exit_ts", "i8"),  # Open of the last bar that filled it, ns UTC; 0: still open.
        ("exit_price", "f8"),  # Price at which it was left; of an open one, the last close.
        ("profit", "f8"),  # What it made after commission; of an open one, at the last close.
        ("commission", "f8"),  # Commission of all its fills.
        ("max_adverse", "f8"),  # How far the price went against it from the entry price, >= 0.
        ("max_favourable", "f8"),  # How far the price went for it, likewise.
        ("bars", "i8"),  # Base bars that ended between entry and exit.
    ]
)
_LOT_SIZE, _TRIP_SIZE = LOT.itemsize, TRIP.itemsize

lot_at = record_at(LOT)
trip_at = record_at(TRIP)


@kernel()
def lot_address(account: Any, number: int) -> int:
    """Return where lot ``number``, from 1, lies."""
    return account.lots + (number - 1) * _LOT_SIZE


@kernel()
def _take_lot(account: Any, symbol: int) -> int:
    """Append a lot to a symbol's; its address. There is room (`book.check_room`)."""
    number = account.lots_free
    if number != 0:
        account.lots_free = lot_at(lot_address(account, number)).following
    else:
        account.lots_used += 1
        number = account.lots_used
    account.open_lots += 1
    if load_i8(account.first_lot, symbol) == 0:
        store_i8(account.first_lot, symbol, number)
    else:
        lot_at(lot_address(account, load_i8(account.last_lot, symbol))).following = number
    store_i8(account.last_lot, symbol, number)
    return lot_address(account, number)


@kernel()
def _drop_first(account: Any, symbol: int) -> None:
    number = load_i8(account.first_lot, symbol)
    lot = lot_at(lot_address(account, number))
    store_i8(account.first_lot, symbol, lot.following)
    lot.following = account.lots_free
    account.lots_free = number
    account.open_lots -= 1


@kernel(forceinline=True)
def settle(
    account: Any, symbol: int, quantity: float, price: float, commission: float, ts: int
) -> None:
    """Book one fill, in a bar that opened at ``ts``: move cash and position, enter and leave lots.

    A fill that turns a position over closes one round trip and opens the next; its commission is
    split between them by quantity.
    """
    before = load_f8(account.position, symbol)
    slack = load_f8(account.slack, symbol) + slack_of(before, quantity)
    after = add_units(account, symbol, before, quantity, slack)
    worth = quantity * price * load_f8(account.multiplier, symbol)
    account.cash -= worth + commission
    account.commission += commission
    account.turnover += abs(worth)
    store_f8(account.position, symbol, after)
    store_f8(account.slack, symbol, 0.0 if after == 0.0 else slack)
    account.held += int(after != 0.0) - int(before != 0.0)
    if before * quantity >= 0.0:
        closes, opens, share = 0.0, quantity, 0.0
    elif before * after >= 0.0:
        closes, opens, share = quantity, 0.0, 1.0
    else:
        closes, opens, share = -before, after, abs(before) / abs(quantity)
    if closes != 0.0:
        leave(account, symbol, closes, price, commission * share, ts, after - opens)
    if opens != 0.0:
        enter(account, symbol, opens, price, commission * (1.0 - share), ts)


@kernel(forceinline=True)
def enter(
    account: Any, symbol: int, quantity: float, price: float, commission: float, ts: int
) -> None:
    """Add a fill that builds a position: to the symbol's lot, or as a lot of its own."""
    worth = quantity * price * load_f8(account.multiplier, symbol)
    store_f8(account.realised, symbol, load_f8(account.realised, symbol) - commission)
    number = load_i8(account.first_lot, symbol)
    if number == 0 or account.fifo != 0:
        lot = lot_at(_take_lot(account, symbol))
        lot.units = lot.entered = quantity
        lot.average = lot.entry_price = lot.low = lot.high = price
        lot.cost = worth
        lot.exited = 0.0
        lot.exit_price = 0.0
        lot.flow = -(worth + commission)
        lot.paid = commission
        lot.entry_ts = ts
        lot.since = account.after
        lot.bars = 0
        lot.following = 0
        return
    lot = lot_at(lot_address(account, number))
    lot.average = (lot.average * lot.units + price * quantity) / (lot.units + quantity)
    lot.entry_price = (lot.entry_price * lot.entered + price * quantity) / (lot.entered + quantity)
    lot.units = load_f8(account.position, symbol)
    lot.entered = add_units(account, symbol, lot.entered, quantity, 0.0)
    lot.cost += worth
    lot.flow -= worth + commission
    lot.paid += commission
    lot.low, lot.high = min(lot.low, price), max(lot.high, price)


@kernel(forceinline=True)
def leave(
    account: Any,
    symbol: int,
    quantity: float,
    price: float,
    commission: float,
    ts: int,
    left: float,
) -> None:
    """Close lots by a fill that reduces a position, the oldest first; ``left`` is then held.

    A position that is flat leaves no lot, and the only lot of one that is not has its units,
    whatever rounding made of the sums.
    """
    rest, slack = quantity, load_f8(account.slack, symbol)
    number = load_i8(account.first_lot, symbol)
    while number != 0 and (rest != 0.0 or left == 0.0):
        lot = lot_at(lot_address(account, number))
        only = lot.following == 0
        whole = left == 0.0
        if not only and not whole:
            whole = add_units(account, symbol, abs(lot.units), -abs(rest), slack) <= 0.0
        part = -lot.units if whole else rest
        fee = commission if only or abs(part) >= abs(rest) else commission * (part / rest)
        _close(account, symbol, lot, part, whole, price, fee, ts)
        commission -= fee
        if not only:
            rest = add_units(account, symbol, rest, -part, slack)
        if whole:
            _drop_first(account, symbol)
        elif only:
            lot.units = left
            if account.fifo != 0:
                lot.entered = left
        number = load_i8(account.first_lot, symbol) if whole else 0


@kernel()
def _close(
    account: Any,
    symbol: int,
    lot: Any,
    part: float,
    whole: bool,
    price: float,
    fee: float,
    ts: int,
) -> None:
    """Close a part of a lot, signed as the fill that does it, or all of it."""
    share = 1.0 if whole else -part / lot.units
    worth = part * price * load_f8(account.multiplier, symbol)
    cost = lot.cost * share
    realised = load_f8(account.realised, symbol)
    store_f8(account.realised, symbol, realised - (worth + cost) - fee)
    lot.cost -= cost
    if whole or account.fifo == 0:
        lot.low, lot.high = min(lot.low, price), max(lot.high, price)
        size = abs(part)
        if lot.exited == 0.0:
            lot.exit_price = price
        else:
            lot.exit_price = (lot.exit_price * lot.exited + price * size) / (lot.exited + size)
        lot.exited += size
        lot.flow -= worth + fee
        lot.paid += fee
        lot.units += part
        if whole:
            _watch(account, lot, account.after)
            _report(account, symbol, lot, ts)
        return
    # What is left of the lot goes on as if it had never been more, and this price is not its own.
    units = add_units(account, symbol, lot.units, part, 0.0)
    kept = units, units, lot.flow * (1.0 - share), lot.paid * (1.0 - share)
    _watch(account, lot, account.after)
    low, high = lot.low, lot.high
    lot.low, lot.high = min(low, price), max(high, price)
    lot.entered, lot.exit_price = -part, price
    lot.flow = lot.flow * share - (worth + fee)
    lot.paid = lot.paid * share + fee
    _report(account, symbol, lot, ts)
    lot.units, lot.entered, lot.flow, lot.paid = kept
    lot.low, lot.high = low, high


@kernel()
def _watch(account: Any, lot: Any, until: int) -> None:
    """Note the range of the bars from ``lot.since`` to before ``until``, if it is written."""
    lot.bars += until - lot.since
    since, lot.since = lot.since, until
    if account.tabled == 0:
        return
    highs = account.prices + 8 * HIGH * account.plane
    lows = account.prices + 8 * LOW * account.plane
    low, high = other_low, other_high = lot.low, lot.high
    at: int = since
    # Two bars at a time, each with a range of its own: one would wait for the other's comparison.
    while at + 1 < until:
        low, high = min(load_f8(lows, at), low), max(load_f8(highs, at), high)
        at += 1
        other_low = min(load_f8(lows, at), other_low)
        other_high = max(load_f8(highs, at), other_high)
        at += 1
    if at < until:
        low, high = min(load_f8(lows, at), low), max(load_f8(highs, at), high)
    lot.low, lot.high = min(low, other_low), max(high, other_high)


@kernel()
def _report(account: Any, symbol: int, lot: Any, ts: int) -> None:
    """Count a round trip and append it to the outbox."""
    worth = lot.entered * max(lot.entry_price, lot.exit_price) * load_f8(account.multiplier, symbol)
    profit = 0.0 if is_nothing(lot.flow, worth) else lot.flow
    account.trips += 1
    account.trip_squares += profit * profit
    if profit > 0.0:
        account.wins += 1
        account.gross_profit += profit
    else:
        account.gross_loss -= profit
    _append_trip(account, symbol, lot, ts, lot.exit_price, profit)


@kernel()
def _append_trip(
    account: Any, symbol: int, lot: Any, ts: int, exit_price: float, profit: float
) -> None:
    place = account.trips_out_count
    account.trips_out_count += 1
    if account.tabled == 0:
        return
    trip = trip_at(account.trips_out + place * _TRIP_SIZE)
    trip.symbol = symbol
    trip.quantity = lot.entered
    trip.entry_ts = lot.entry_ts
    trip.entry_price = lot.entry_price
    trip.exit_ts = ts
    trip.exit_price = exit_price
    trip.profit = profit
    trip.commission = lot.paid
    below, above = lot.entry_price - lot.low, lot.high - lot.entry_price
    # A mean of equal prices may be off by a bit, a distance is not.
    below, above = max(below, 0.0), max(above, 0.0)
    trip.max_adverse, trip.max_favourable = (below, above) if lot.entered > 0.0 else (above, below)
    trip.bars = lot.bars


@kernel()
def receive(account: Any, symbol: int, amount: float) -> None:
    """Note income, ``amount`` for each unit held, in account currency."""
    number = load_i8(account.first_lot, symbol)
    while number != 0:
        lot = lot_at(lot_address(account, number))
        income = lot.units * amount
        lot.flow += income
        store_f8(account.realised, symbol, load_f8(account.realised, symbol) + income)
        number = lot.following


@kernel()
def split_lots(account: Any, symbol: int, ratio: float) -> None:
    """Turn each unit of a symbol's lots into ``ratio`` units, at prices that much lower."""
    number = load_i8(account.first_lot, symbol)
    while number != 0:
        lot = lot_at(lot_address(account, number))
        lot.units = add_units(account, symbol, lot.units * ratio, 0.0, 0.0)
        lot.entered = add_units(account, symbol, lot.entered * ratio, 0.0, 0.0)
        lot.exited *= ratio
        lot.average, lot.entry_price, lot.exit_price = (
            lot.average / ratio,
            lot.entry_price / ratio,
            lot.exit_price / ratio,
        )
        lot.low, lot.high = lot.low / ratio, lot.high / ratio
        number = lot.following


@kernel()
def revalue(account: Any, symbol: int, change: float) -> None:
    """Pay what the open lots of a symbol cost more by, if all they cost is owed.

    ``change``: by how much more account currency one unit makes when its price rises by 1.
    """
    number = load_i8(account.first_lot, symbol)
    while number != 0:
        lot = lot_at(lot_address(account, number))
        risen = lot.units * lot.average * change
        account.cash -= risen
        lot.flow -= risen
        lot.cost += risen
        number = lot.following


@kernel()
def watch_lots(account: Any) -> None:
    """At a slot's end, note the ranges of the bars that its open lots lived through."""
    if account.open_lots == 0:
        return
    for symbol in range(account.symbols):
        begin = symbol * account.stride
        number = load_i8(account.first_lot, symbol)
        while number != 0:
            lot = lot_at(lot_address(account, number))
            _watch(account, lot, begin + load_i8(account.base_cursor, symbol) + 1)
            lot.since = begin + account.first_row
            number = lot.following


@kernel()
def report_open(account: Any) -> None:
    """Append the lots still open, marked at the last close, to the outbox; none are counted."""
    for symbol in range(account.symbols):
        number = load_i8(account.first_lot, symbol)
        while number != 0:
            lot = lot_at(lot_address(account, number))
            profit = lot.flow + value_at_close(account, symbol, lot.units)
            _append_trip(account, symbol, lot, 0, load_f8(account.last_price, symbol), profit)
            number = lot.following


@kernel()
def average_price(account: Any, symbol: int) -> float:
    """Return the mean price of the units held, NaN without any."""
    units = total = 0.0
    number = load_i8(account.first_lot, symbol)
    while number != 0:
        lot = lot_at(lot_address(account, number))
        units += lot.units
        total += lot.units * lot.average
        number = lot.following
    return total / units if units != 0.0 else np.nan


@kernel()
def unrealised(account: Any, symbol: int) -> float:
    """Return what the units held would bring at the last close more than they cost."""
    profit = 0.0
    number = load_i8(account.first_lot, symbol)
    while number != 0:
        lot = lot_at(lot_address(account, number))
        profit += value_at_close(account, symbol, lot.units) - lot.cost
        number = lot.following
    return profit


@kernel()
def report_open_at(account: int) -> None:
    """`report_open` for callers from Python: ``account`` is the record's address."""
    report_open(account_at(account))
