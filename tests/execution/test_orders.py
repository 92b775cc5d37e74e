import math

import pytest

from pipeline.codes import ACCEPTED, CANCELLED, FILLED
from tests.execution.ledgers import Ledger


def test_ids_count_from_one_and_orders_rest_in_their_order():
    ledger = Ledger()
    assert [ledger.place(symbol, 1.0) for symbol in (0, 1, 0)] == [1, 2, 3]
    assert ledger.resting == []
    ledger.at(10)
    assert ledger.resting == [1, 2, 3]
    assert ledger.book["state"][:3].tolist() == [ACCEPTED] * 3


def test_what_is_pending_is_the_signed_sum_of_unfilled_orders():
    ledger = Ledger()
    ledger.place(0, 5.0)
    second = ledger.place(0, -2.0)
    assert ledger.pending.tolist() == [3.0, 0.0]
    assert ledger.cancel(second)
    assert ledger.pending.tolist() == [5.0, 0.0]


@pytest.mark.parametrize(
    ("symbol", "quantity", "error"),
    [
        (2, 1.0, IndexError),
        (-1, 1.0, IndexError),
        (0, 0.0, ValueError),
        (0, math.nan, ValueError),
        (0, math.inf, ValueError),
    ],
)
def test_an_order_that_cannot_be_is_refused(symbol: int, quantity: float, error: type[Exception]):
    ledger = Ledger()
    with pytest.raises(error):
        ledger.place(symbol, quantity)
    assert ledger["inbox_count"] == 0


def test_more_orders_at_one_moment_than_there_is_room_for_are_refused():
    ledger = Ledger(room=3)
    for _ in range(3):
        ledger.place(0, 1.0)
    with pytest.raises(RuntimeError, match="too many orders"):
        ledger.place(0, 1.0)
    assert ledger.at(1).place(0, 1.0) == 4


def test_a_target_orders_what_position_and_unfilled_orders_lack():
    ledger = Ledger()
    ledger.settle(0, 3, 10.0)
    assert ledger.target(0, 10.0) == 1
    assert ledger.target(0, 10.0) == 0
    assert ledger.target(0, -1.0) == 2
    assert ledger.inbox["quantity"][:2].tolist() == [7.0, -11.0]


def test_a_target_missed_by_rounding_only_is_reached():
    ledger = Ledger()
    for _ in range(10):
        ledger.settle(0, 0.1, 10.0)
    assert ledger.position[0] != 1.0
    assert ledger.target(0, 1.0) == 0


@pytest.mark.parametrize("quantity", [math.nan, math.inf])
def test_a_target_that_is_no_number_is_refused(quantity: float):
    with pytest.raises(ValueError, match="finite"):
        Ledger().target(0, quantity)


def test_an_order_can_be_cancelled_at_its_own_moment_and_later_but_once():
    ledger = Ledger().at(5)
    first, second = ledger.place(0, 1.0), ledger.place(0, 1.0)
    assert ledger.cancel(first)
    assert not ledger.cancel(first)
    ledger.at(7)
    assert ledger.cancel(second)
    ledger.at(9)
    assert not ledger.cancel(second)
    assert not ledger.cancel(99)
    found = [(one["order_id"], one["state"], one["ts"], one["done_ts"]) for one in ledger.done]
    assert found == [(1, CANCELLED, 5, 5), (2, CANCELLED, 5, 7)]
    assert all(one["filled"] == 0.0 and math.isnan(one["price"]) for one in ledger.done)


def test_orders_that_are_done_leave_the_book_and_the_rest_close_up():
    ledger = Ledger()
    ids = [ledger.place(k % 2, 1.0) for k in range(6)]
    ledger.at(1)
    ledger.match(1, 1, 10.0)
    ledger.cancel(ids[2])
    ledger.at(2)
    assert ledger.resting == [1, 5]
    assert [(one["order_id"], one["state"]) for one in ledger.done] == [
        (2, FILLED),
        (3, CANCELLED),
        (4, FILLED),
        (6, FILLED),
    ]
    assert ledger.cancel(5)
