"""What an order must keep before it goes out; `tests.reference.judge` says the same in Python."""

import math
from typing import Any

import pytest

from pipeline.codes import (
    BUYING_POWER,
    CANCELLED,
    CASH,
    ENTRY_ENDED,
    HOURS,
    LEVERAGE,
    LIMIT,
    LOT,
    NO_PRICE,
    OPEN_POSITIONS,
    ORDER_VOLUME,
    PER_SYMBOL,
    PER_TRADE,
    REJECTED,
    SHORT_SALE,
    STOP,
)
from tests.execution.ledgers import Ledger


def priced(price: float = 10.0, **more: Any) -> Ledger:
    """A ledger whose two symbols last closed at ``price``, in bars of 100 units."""
    ledger = Ledger(**more).at(1)
    for symbol in (0, 1):
        ledger.match(symbol, 1, price, volume=100.0)
    return ledger.at(11)


def verdict(ledger: Ledger, order_id: int) -> tuple[int, float, float] | None:
    """Why an order of this moment was rejected, what was found and what is allowed."""
    (order,) = (one for one in ledger.inbox if one["order_id"] == order_id)
    if order["state"] != REJECTED:
        return None
    return int(order["reason"]), float(order["found"]), float(order["allowed"])


@pytest.mark.parametrize(
    ("terms", "held", "quantity", "expected"),
    [
        ({"max_per_trade": 50.0}, 0.0, 5.0, None),
        ({"max_per_trade": 50.0}, 0.0, -6.0, (PER_TRADE, 60.0, 50.0)),
        ({"max_per_symbol": 50.0}, 2.0, 4.0, (PER_SYMBOL, 60.0, 50.0)),
        ({"max_per_symbol": 50.0}, -2.0, -3.0, None),
        ({"max_buying_power": 50.0}, 2.0, 4.0, (BUYING_POWER, 60.0, 50.0)),
        ({"leverage": 0.5}, 0.0, 60.0, (LEVERAGE, 600.0, 500.0)),
        ({"cash_only": 1}, 0.0, 100.0, None),
        ({"cash_only": 1}, 0.0, 101.0, (CASH, 1_010.0, 1_000.0)),
        ({"cash_only": 1}, 3.0, -3.0, None),
        ({"cash_only": 1}, 3.0, -4.0, (SHORT_SALE, 4.0, 3.0)),
        ({"max_order_volume": 0.05}, 0.0, 5.0, None),
        ({"max_order_volume": 0.05}, 9.0, -6.0, (ORDER_VOLUME, 6.0, 5.0)),
        ({"lot": 2.0}, 0.0, 3.0, (LOT, 3.0, 2.0)),
        ({"lot": 2.0}, 0.0, -4.0, None),
        ({"hours_from": 12}, 0.0, 1.0, (HOURS, 11.0, 12.0)),
        ({"hours_until": 10}, 0.0, 1.0, (HOURS, 11.0, 10.0)),
        ({"hours_from": 11, "hours_until": 11}, 0.0, 1.0, None),
        # What only reduces a position is not held up by money, whatever the position is worth.
        ({"max_per_trade": 50.0, "max_per_symbol": 50.0}, 30.0, -30.0, None),
        ({"max_buying_power": 50.0, "leverage": 0.1}, -30.0, 20.0, None),
        ({"max_per_trade": 50.0}, 30.0, -31.0, (PER_TRADE, 310.0, 50.0)),
    ],
)
def test_an_order_that_breaks_a_limit_is_recorded_with_both_numbers(
    terms: dict[str, float], held: float, quantity: float, expected: tuple[int, float, float] | None
):
    ledger = priced(**terms)
    ledger.position[0] = held
    cash = ledger["cash"]
    order = ledger.place(0, quantity)
    assert verdict(ledger, order) == expected
    ledger.at(20)
    assert ledger.resting == ([order] if expected is None else [])
    assert (ledger["rejected"], ledger["cash"]) == (expected is not None, cash)
    assert ledger.pending[0] == (quantity if expected is None else 0.0)


def test_what_rests_counts_as_if_it_were_filled():
    ledger = priced(max_per_symbol=100.0)
    ledger.order(0, 6, LIMIT, limit=9)
    ledger.order(0, -6, STOP, stop=8)  # the other side does not make the position larger
    assert verdict(ledger, ledger.order(0, 6, LIMIT, limit=9)) == (PER_SYMBOL, 108.0, 100.0)
    assert verdict(ledger, ledger.place(0, 4)) is None
    assert verdict(ledger, ledger.place(0, 1)) == (PER_SYMBOL, 110.0, 100.0)


def test_at_most_so_many_symbols_are_held_or_ordered():
    ledger = priced(max_open_positions=1.0)
    ledger.order(0, 1, LIMIT, limit=9)
    assert verdict(ledger, ledger.place(0, 1)) is None
    assert verdict(ledger, ledger.place(1, 1)) == (OPEN_POSITIONS, 2.0, 1.0)


def test_without_a_price_nothing_can_be_valued():
    ledger = Ledger(max_per_trade=50.0)
    reason, found, allowed = verdict(ledger, ledger.place(0, 1)) or (0, 0.0, 0.0)
    assert reason == NO_PRICE
    assert math.isnan(found)
    assert math.isnan(allowed)
    assert verdict(ledger, ledger.order(0, 1, LIMIT, limit=9)) is None


def test_legs_are_not_judged_and_end_with_an_entry_that_is_rejected():
    ledger = priced(max_per_trade=50.0)
    assert verdict(ledger, ledger.bracket(0, 5, stop_loss=1, take_profit=100)) is None
    entry = ledger.bracket(0, 6, stop_loss=1, take_profit=100)
    assert verdict(ledger, entry) == (PER_TRADE, 60.0, 50.0)
    ledger.at(20)
    ended = {one["order_id"]: (one["state"], one["reason"]) for one in ledger.done}
    assert ended[entry + 1] == ended[entry + 2] == (CANCELLED, ENTRY_ENDED)
    assert len(ledger.resting) == 3


def test_a_change_that_breaks_a_limit_leaves_the_order_as_it_was():
    ledger = priced(max_per_trade=50.0)
    order = ledger.order(0, 5, LIMIT, limit=9)
    assert not ledger.replace(order, quantity=6)
    assert not ledger.replace(order, limit=11)
    assert ledger.replace(order, limit=10)
    assert ledger.inbox[["quantity", "limit", "state"]][0].item() == (5.0, 10.0, 0)
    assert (ledger["unchanged"], ledger["rejected"]) == (2, 0)


def test_what_rests_without_a_price_does_not_switch_a_limit_off():
    ledger = Ledger(max_buying_power=50.0).at(1)
    ledger.match(0, 1, 10.0)
    ledger.at(11)
    ledger.order(1, 1, LIMIT, limit=9)
    reason, _, _ = verdict(ledger, ledger.place(0, 1)) or (0, 0.0, 0.0)
    assert reason == NO_PRICE
