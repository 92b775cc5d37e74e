"""The tally of a lane: when it shows a ruin, and why orders were rejected."""

import numpy as np
import pytest

from pipeline.codes import (
    ACCEPTED,
    CANCELLED,
    LEVERAGE,
    NO_REASON,
    OTHER_FILLED,
    PER_TRADE,
    REJECTED,
)
from pipeline.results.table_kinds import TABLES
from pipeline.results.tally import FILLS, ORDERS, TRIPS, LaneTally


def absorb(tally: LaneTally, equity: list[float]) -> None:
    rows = [np.zeros(0, TABLES[table].received) for table in (FILLS, ORDERS, TRIPS)]
    values = np.array(equity)
    tally.absorb(*rows, np.arange(len(equity)), values, values)


@pytest.mark.parametrize(
    ("slots", "fall"),
    [
        ([[100.0, 90.0]], 0.1),
        ([[100.0], [-20.0, 300.0]], 1.2),
        ([[-20.0, 100.0], [300.0]], 1.0),
        ([[], [0.0, 100.0], [50.0]], 1.0),
        ([[-20.0, -30.0]], 1.0),
        ([[]], 0.0),
    ],
)
def test_an_equity_at_or_below_zero_is_a_drawdown_of_all_also_at_the_first_mark(
    slots: list[list[float]], fall: float
):
    tally = LaneTally()
    for slot in slots:
        absorb(tally, slot)
    assert tally.facts().max_drawdown == pytest.approx(fall)


def test_orders_are_counted_by_state_and_reason_the_most_frequent_first():
    tally = LaneTally()
    found = [(REJECTED, PER_TRADE), (REJECTED, LEVERAGE), (CANCELLED, OTHER_FILLED)]
    for states in (found, found[1:], [], [(ACCEPTED, NO_REASON)]):
        orders = np.zeros(len(states), TABLES[ORDERS].received)
        orders["state"] = [state for state, _ in states]
        orders["reason"] = [reason for _, reason in states]
        orders["symbol"] = 2
        tally.count_endings(orders)
    assert list(tally.facts().rejections.items()) == [("leverage", 2), ("max_per_trade", 1)]
    assert list(tally.facts().endings.items()) == [
        ("cancelled (other_filled)", 2),
        ("rejected (leverage)", 2),
        ("accepted", 1),
        ("rejected (max_per_trade)", 1),
    ]
    assert tally.facts().at_rest == {2: 1}
