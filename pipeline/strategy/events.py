"""What ``on_fill``, ``on_order`` and the session hooks are given.

Interpreted hooks get these tuples; compiled ones records with the same fields. Symbols are indices
in the run's symbols. A bool is 0 or 1.
"""

from typing import NamedTuple

from pipeline.strategy.wrong_name import refuse_setting


class Fill(NamedTuple):
    """One execution of an order, or of a part of it."""

    ts: int
    """Open of the bar that filled it, ns UTC."""

    symbol: int
    """Index of the symbol."""

    quantity: float
    """Units bought (+) or sold (-)."""

    price: float
    """Price of a unit, slippage included, in the symbol's currency."""

    commission: float
    """Commission for this fill, in account currency."""

    order_id: int
    """Id of the order, as the method of ``ctx`` that placed it returned it."""


class Order(NamedTuple):
    """An order that has ended: filled, cancelled, expired or rejected."""

    order_id: int
    """Id, as the method of ``ctx`` that placed it returned it."""

    ts: int
    """When it was placed, ns UTC."""

    symbol: int
    """Index of the symbol."""

    quantity: float
    """Units to buy (+) or sell (-)."""

    filled: float
    """Units of it that were filled, with the sign of ``quantity``."""

    price: float
    """Average price of its fills, NaN without any."""

    kind: int
    """What it waited for: a number of `codes.ORDER_KINDS`."""

    state: int
    """How it ended: compare with `states.FILLED`, `states.CANCELLED` and the others."""

    done_ts: int
    """When it ended, ns UTC."""

    limit: float
    """Limit price, NaN without one."""

    stop: float
    """Stop price, NaN without one; of a trailing stop, where it came to be."""

    until: int
    """How long it was to last: a value of `tif`, or a time in ns UTC."""

    reason: int
    """Why it ended before it was whole, or was placed by the account itself: a number of
    `codes.REASONS`, 0 if neither."""

    parent: int
    """Id of the bracket's entry whose fill made it live, 0 if there is none."""

    found: float
    """Of an order rejected for a limit, the value that the limit is about, else NaN."""

    allowed: float
    """Of an order rejected for a limit, what the limit allows, else NaN."""


class Session(NamedTuple):
    """One trading session, by the calendar."""

    index: int  # type: ignore[assignment]  # tuples have a method of this name, which it hides
    """Number of the session in the run, from 0."""

    date: int
    """Trading date at 00:00Z, ns."""

    open: int
    """When it opens, ns UTC."""

    close: int
    """When it closes, ns UTC."""

    early: int
    """1 if it closes before its usual time."""

    break_start: int
    """When its break begins, ns UTC; 0 without a break."""

    break_end: int
    """When its break ends, ns UTC; 0 without a break."""


for _event in (Fill, Order, Session):
    setattr(_event, "__setattr__", refuse_setting(_event.__name__.lower()))  # noqa: B010  # untyped
