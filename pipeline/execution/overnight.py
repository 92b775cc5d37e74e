"""What is booked between two sessions: interest and borrow fees, then corporate actions."""

from typing import Any

from pipeline.codes import DAY_NS
from pipeline.execution.account import account_at, value_at_close
from pipeline.execution.actions import apply_actions
from pipeline.execution.funding import charge_funding
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8

_DAYS_A_YEAR = 365.0


@kernel()
def open_books(account: Any, date: int, session: int) -> None:
    """Book what came due since the session before, once: ``date`` (ns) and number of the next."""
    if account.booked_date != 0:
        charge_nights(account, (date - account.booked_date) // DAY_NS)
    account.booked_date = date
    apply_actions(account, session)


@kernel()
def open_books_at(account: int, date: int, session: int, opens: int) -> None:
    """`open_books` at the time ``opens``, for callers from Python; ``account``: its address."""
    record = account_at(account)
    if opens > record.next_funding:
        charge_funding(record, opens)
    record.now = opens
    open_books(record, date, session)


@kernel()
def charge_nights(account: Any, nights: int) -> None:
    """Book the interest and the borrow fees of so many nights since the session before.

    Cash earns ``credit_rate`` and debt costs ``debit_rate``; a short position costs its symbol's
    ``borrow_rate`` of its value at the last close. Rates are fractions a year of 365 days, without
    compounding in between (actual/365 simple interest).
    """
    years = nights / _DAYS_A_YEAR
    rate = account.credit_rate if account.cash > 0.0 else account.debit_rate
    interest = account.cash * rate * years
    fee = 0.0
    for symbol in range(account.symbols):
        units = load_f8(account.position, symbol)
        if units < 0.0:
            value = value_at_close(account, symbol, -units)
            fee += value * load_f8(account.borrow_rate, symbol) * years
    account.interest += interest
    account.borrow += fee
    account.cash += interest - fee
