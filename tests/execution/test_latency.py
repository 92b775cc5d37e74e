"""What takes time to the market meets it later, by hand-checked numbers."""

import pytest

from pipeline.codes import (
    ACCEPTED,
    BY_STRATEGY,
    CANCELLED,
    DAY,
    EXPIRED,
    FILLED,
    IOC,
    LIMIT,
    LIQUIDATION,
    NOT_AT_ONCE,
    ON_CLOSE,
    ON_OPEN,
    STOP,
)
from tests.execution.ledgers import BAR, Ledger, ledger_of, walk

FLAT = (10.0, 11.0, 9.0, 10.0)


@pytest.mark.parametrize(
    ("late", "bar"),
    [
        ({"latency": 1}, 1),
        ({"latency": BAR}, 1),
        ({"latency": BAR + 1}, 2),
        ({"latency_bars": 1}, 1),
        ({"latency_bars": 2}, 2),
        ({"latency": 1, "latency_bars": 1}, 2),
    ],
)
def test_an_order_meets_the_first_bar_that_opens_when_it_is_there(late: dict[str, int], bar: int):
    ledger = ledger_of(**late)
    ledger.place(0, 2)
    ledger.order(0, 1, LIMIT, limit=9.5)
    assert walk(ledger, FLAT, FLAT, FLAT) == [(bar, 2.0, 10.0), (bar, 1.0, 9.5)]


def test_bars_are_counted_however_far_apart_and_by_symbol():
    ledger = Ledger(2, latency_bars=1)
    ledger.at(0).place(0, 1)
    ledger.at(50).match(1, 40, 7.0)
    ledger.at(70).match(0, 60, 8.0)
    assert ledger.fills == []
    ledger.at(5_010).match(0, 5_000, 9.0)
    assert ledger.fills[0][:4] == (5_000, 0, 1.0, 9.0)


def test_a_bar_that_was_open_when_the_order_was_placed_is_not_counted():
    ledger = ledger_of(latency_bars=1)
    ledger.at(5).place(0, 1)
    assert walk(ledger, FLAT, FLAT, FLAT) == [(2, 1.0, 10.0)]


def test_an_order_may_be_filled_until_its_cancellation_is_there():
    ledger = ledger_of(latency=1)
    order = ledger.order(0, 1, LIMIT, limit=8.0)
    walk(ledger, FLAT, FLAT)
    assert ledger.cancel(order)
    assert ledger.resting == [order]
    ledger.at(31).match(0, 20, *FLAT)  # opened before the cancellation was there
    assert (ledger.resting, ledger.done) == ([order], [])
    ledger.at(41).match(0, 31, 7.0)
    ledger.at(42)
    assert (ledger.done[0]["state"], ledger.done[0]["reason"]) == (CANCELLED, BY_STRATEGY)
    assert (ledger.done[0]["done_ts"], ledger.fills) == (31, [])


def test_what_is_cancelled_as_it_is_placed_never_meets_a_bar():
    for late in ({"latency": 3}, {"latency_bars": 1}):
        ledger = ledger_of(**late)
        assert ledger.cancel(ledger.place(0, 1))
        assert walk(ledger, FLAT, FLAT, FLAT) == []
        assert ledger.done[0]["state"] == CANCELLED
        assert (ledger["in_flight"], ledger.pending[0]) == (0, 0.0)


def test_a_change_holds_from_when_it_is_there_and_many_may_be_on_their_way():
    ledger = ledger_of(latency=25)
    order = ledger.order(0, 1, LIMIT, limit=5.0)
    found = []
    for bar, limit in enumerate((6.0, 7.0, 8.0, 9.5)):
        ledger.at(BAR * bar)
        assert ledger.replace(order, limit=limit)
    for bar in range(4, 9):
        ledger.at(BAR * (bar + 1)).match(0, BAR * bar, 10.0, 11.0, 9.0, 10.0)
        found.append(float(ledger.book["limit"][0]))
    # Sent at 0, 10, 20 and 30: there by the bars that open at 40, 40, 50 and 60.
    assert found[:2] == [7.0, 8.0]
    assert [fill[0] for fill in ledger.fills] == [60]


def test_a_change_is_judged_when_it_is_sent():
    ledger = ledger_of(latency=1, max_per_trade=100.0)
    order = ledger.order(0, 10, LIMIT, limit=9.0)
    assert not ledger.replace(order, limit=11.0)
    assert ledger.replace(order, limit=10.0)
    assert (ledger["in_flight"], ledger["unchanged"]) == (1, 1)
    assert ledger.inbox["limit"][0] == 9.0


def test_a_change_to_no_more_than_what_is_filled_ends_the_order_when_it_is_there():
    ledger = ledger_of(latency=1, volume_cap=0.5)
    order = ledger.order(0, 4, LIMIT, limit=10.0)
    ledger.at(1)
    ledger.at(15).match(0, 5, 10.0, volume=4.0)
    assert ledger.replace(order, quantity=2)
    ledger.at(35).match(0, 25, 10.0, volume=80.0)
    ledger.at(36)
    assert [(one["filled"], one["state"]) for one in ledger.done] == [(2.0, CANCELLED)]


def test_the_legs_of_a_bracket_are_live_with_the_entry():
    ledger = ledger_of(latency=1)
    ledger.bracket(0, 1, 8.0, 12.0)
    bars = (FLAT, (10.0, 12.5, 9.5, 12.0))
    assert walk(ledger, *bars) == [(1, 1.0, 10.0), (1, -1.0, 12.0)]


def test_the_first_bar_of_an_immediate_order_is_the_first_that_it_meets():
    ledger = ledger_of(latency=1)
    ledger.order(0, 1, LIMIT, limit=8.0, until=IOC)
    walk(ledger, (10, 11, 7, 10))
    assert ledger.resting == [1]
    walk(ledger, (10, 11, 7, 10), (10, 11, 9, 10))
    ledger = ledger_of(latency_bars=1)
    ledger.order(0, 1, LIMIT, limit=8.0, until=IOC)
    assert walk(ledger, (10, 11, 7, 10), FLAT, (10, 11, 7, 10)) == []
    assert (ledger.done[0]["reason"], ledger.done[0]["done_ts"]) == (NOT_AT_ONCE, BAR)


def test_a_day_order_may_expire_on_its_way():
    ledger = ledger_of(latency=100)
    ledger.order(0, 1, LIMIT, limit=8.0, until=DAY)
    ledger.at(50).close_orders()
    ledger.at(60)
    assert ledger.done[0]["state"] == EXPIRED


@pytest.mark.parametrize(("late", "opens_at"), [(0, 1), (1, 5)])
def test_an_order_that_is_late_for_an_open_waits_for_the_next(late: int, opens_at: int):
    ledger = ledger_of(latency=late)
    ledger.at(BAR)
    ledger.record[0]["session_open"] = BAR
    ledger.order(0, 1, ON_OPEN)
    ledger.at(2 * BAR).match(0, BAR, 10.0)
    ledger.record[0]["session_open"] = 5 * BAR
    ledger.at(6 * BAR).match(0, 5 * BAR, 10.0)
    assert [fill[0] // BAR for fill in ledger.fills] == [opens_at]


@pytest.mark.parametrize("late", [{"latency": 2 * BAR}, {"latency_bars": 2}])
def test_an_order_that_is_there_at_an_open_meets_it_though_the_first_bar_comes_later(
    late: dict[str, int],
):
    """The session opens where the second bar ends, and has no bar there."""
    ledger = ledger_of(**late)
    ledger.order(0, 1, ON_OPEN)
    assert walk(ledger, FLAT, FLAT) == []
    ledger.record[0]["session_open"] = 2 * BAR
    ledger.at(4 * BAR).match(0, 3 * BAR, 10.0)
    assert [fill[0] // BAR for fill in ledger.fills] == [3]


def test_an_order_on_the_close_is_not_filled_by_a_bar_that_opened_before_it_was_there():
    ledger = ledger_of(latency=1)
    ledger.record[0]["session_close"] = BAR
    ledger.order(0, 1, ON_CLOSE)
    assert walk(ledger, FLAT) == []


@pytest.mark.parametrize("late", [{"latency": 1}, {"latency_bars": 1}])
def test_a_trailing_stop_starts_where_it_is_placed_and_moves_once_it_is_there(late: dict[str, int]):
    ledger = ledger_of(**late)
    ledger.last_price[0] = 10.0
    ledger.trailing(0, -1, amount=2.0)
    walk(ledger, (10, 15, 9, 10))
    assert ledger.book["stop"][0] == 8.0
    ledger.at(2 * BAR).match(0, BAR, 10.0, 12.0, 9.0, 10.0)
    assert ledger.book["stop"][0] == 10.0


def test_a_liquidation_is_not_late():
    ledger = ledger_of(latency=100, maintenance=0.5)
    ledger.settle(0, 150, 10.0)
    ledger.last_price[0] = 6.0
    ledger.order(0, 1, STOP, stop=20.0)
    ledger.at(1).mark()
    ledger.keep_margin()
    ledger.at(20).match(0, 10, 5.0)
    ledger.at(30)
    assert [(one["state"], one["reason"]) for one in ledger.done] == [
        (CANCELLED, LIQUIDATION),
        (FILLED, LIQUIDATION),
    ]


def test_more_messages_than_a_moment_has_room_for_are_refused():
    ledger = ledger_of(latency=1)
    order = ledger.order(0, 1, LIMIT, limit=5.0)
    for _ in range(64):
        assert ledger.cancel(order)
    assert ledger["full"] == 0
    ledger.cancel(order)
    assert ledger["full"] == 1  # the loop makes room before the next moment
    for _ in range(63):
        ledger.cancel(order)
    with pytest.raises(RuntimeError, match="too many orders placed, changed or cancelled"):
        ledger.cancel(order)
    assert ledger.book["state"][0] == ACCEPTED
