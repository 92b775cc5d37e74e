import math

import numpy as np
import pytest

from pipeline.codes import DAY, FOK, GTC, IOC, LIMIT, STOP_LIMIT
from tests.execution.ledgers import Ledger


@pytest.mark.parametrize("quantity", [40.0, -40.0])
def test_commission_is_a_sum_per_share_plus_basis_points_of_the_value(quantity: float):
    ledger = Ledger(per_share=0.005, basis_points=2.5)
    ledger.place(0, quantity)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert ledger.fills[0][4] == pytest.approx(40 * 0.005 + 40 * 50.0 * 0.00025)
    assert ledger["cash"] == 1_000.0 - (quantity * 50.0 + ledger.fills[0][4])


@pytest.mark.parametrize(
    ("quantity", "cost"), [(10.0, 2.0), (100.0, 1.0 + 0.5 + 1.25), (-1_000.0, 9.0)]
)
def test_commission_of_an_order_has_a_fixed_part_a_minimum_and_a_maximum(
    quantity: float, cost: float
):
    ledger = Ledger(per_share=0.005, basis_points=2.5, per_order=1.0, minimum=2.0, maximum=9.0)
    ledger.place(0, quantity)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert ledger.fills[0][4] == pytest.approx(cost)


def test_an_order_in_parts_costs_what_it_would_cost_at_once():
    ledger = Ledger(per_share=0.01, per_order=1.0, minimum=2.0, volume_cap=0.5)
    ledger.place(0, 250.0)
    for ts in (1, 11, 21):
        ledger.at(ts)
        ledger.match(0, ts, 50.0, volume=200.0)
    assert [fill[4] for fill in ledger.fills] == pytest.approx([2.0, 1.0, 0.5])
    assert ledger["commission"] == pytest.approx(3.5)


def test_a_multiplier_makes_money_of_points():
    ledger = Ledger(multiplier=50.0, basis_points=1.0, slippage=0.25)
    ledger.place(0, 2.0)
    ledger.at(1)
    ledger.match(0, 1, 4_000.0)
    ledger.mark()
    value = 2 * 4_000.25 * 50
    assert ledger["cash"] == pytest.approx(1_000.0 - value - value * 1e-4)
    assert ledger["turnover"] == pytest.approx(value)
    assert ledger["slippage_cost"] == pytest.approx(25.0)
    assert ledger["equity"] == pytest.approx(1_000.0 - 25.0 - value * 1e-4)


@pytest.mark.parametrize(
    ("maker_points", "cost"), [(10.0, 0.5), (2.0, 0.1), (-4.0, -0.2), (0.0, 0)]
)
def test_a_limit_that_the_range_reaches_is_a_makers(maker_points: float, cost: float):
    ledger = Ledger(basis_points=10.0, maker_points=maker_points)
    ledger.order(0, 10.0, LIMIT, limit=50.0)
    ledger.at(1)
    ledger.match(0, 1, 51.0, 52.0, 49.0)
    assert ledger.fills[0][4] == pytest.approx(cost)
    assert ledger["fills_as_maker"] == 1
    assert ledger["maker_commission"] == ledger["commission"] == ledger.fills[0][4]


@pytest.mark.parametrize("until", [GTC, DAY, IOC, FOK])
def test_what_is_not_meant_to_rest_is_a_takers(until: int):
    ledger = Ledger(basis_points=10.0, maker_points=0.0)
    ledger.order(0, 10.0, LIMIT, limit=50.0, until=until)
    ledger.at(1)
    ledger.match(0, 1, 51.0, 52.0, 49.0)
    assert ledger["fills_as_maker"] == (until in (GTC, DAY))


def test_a_limit_that_the_first_open_is_through_is_a_takers_and_one_that_a_later_is_a_makers():
    ledger = Ledger(basis_points=10.0, maker_points=0.0)
    ledger.order(0, 10.0, LIMIT, limit=50.0)
    ledger.at(1)
    ledger.match(0, 1, 49.0)
    ledger.order(0, 10.0, LIMIT, limit=48.0)
    ledger.at(11)
    ledger.match(0, 11, 49.0)
    ledger.at(21)
    ledger.match(0, 21, 47.0)
    assert [fill[3:5] for fill in ledger.fills] == [(49.0, pytest.approx(0.49)), (47.0, 0.0)]


def test_a_limit_changed_to_where_the_market_is_is_a_takers():
    ledger = Ledger(basis_points=10.0, maker_points=0.0)
    one = ledger.order(0, 10.0, LIMIT, limit=40.0)
    other = ledger.order(0, 10.0, LIMIT, limit=48.5)
    ledger.at(1)
    ledger.match(0, 1, 49.0)
    ledger.at(11)
    assert ledger.replace(one, limit=50.0)
    assert ledger.replace(other, quantity=20.0)
    ledger.match(0, 11, 48.0)
    assert [(fill[5], fill[4] > 0) for fill in ledger.fills] == [(one, True), (other, False)]


@pytest.mark.parametrize(
    ("bars", "makers"),
    [
        ([(50.0, 53.0, 49.0, 52.0)], 0),  # fills at its stop
        ([(52.0, 53.0, 51.5, 52.0), (52.0, 53.0, 51.0, 52.0)], 1),  # triggered, then waits
        ([(52.0, 53.0, 50.0, 52.0)], 1),  # triggered at the open, filled in its range
        ([(52.0, 53.0, 51.5, 52.0), (50.0, 50.0, 50.0, 50.0)], 1),
    ],
)
def test_a_stop_limit_is_a_makers_if_it_has_waited_at_its_limit(
    bars: list[tuple[float, ...]], makers: int
):
    ledger = Ledger(basis_points=10.0, maker_points=0.0)
    limit = 51.5 if makers == 0 else 51.0
    ledger.order(0, 10.0, STOP_LIMIT, stop=51.0 if makers == 0 else 51.25, limit=limit)
    for number, bar in enumerate(bars):
        ledger.at(1 + 10 * number)
        ledger.match(0, 1 + 10 * number, *bar)
    assert (len(ledger.fills), ledger["fills_as_maker"]) == (1, makers)


def test_an_order_filled_both_ways_owes_the_sum_of_its_parts_within_its_bounds():
    rates = {"basis_points": 100.0, "maker_points": 10.0, "per_order": 1.0, "maximum": 3.3}
    ledger = Ledger(volume_cap=0.5, **rates)
    ledger.order(0, 15.0, LIMIT, limit=50.0)
    for ts in (1, 11, 21):
        ledger.at(ts)
        ledger.match(0, ts, 40.0, volume=10.0)
    # 5 x 40 x 1 % + 1 as a taker, then 5 x 40 x 0.1 % each as a maker, up to 3.30 in all.
    assert [fill[4] for fill in ledger.fills] == pytest.approx([3.0, 0.2, 0.1])
    assert ledger["fills_as_maker"] == 2
    assert ledger["maker_commission"] == pytest.approx(0.3)


TIERS = ((0.0, 0.01, 10.0, 5.0), (1_000.0, 0.0, 4.0, -1.0), (1_500.0, 0.0, 1.0, 0.0))


def test_each_unit_costs_the_rate_of_the_tier_it_falls_into():
    ledger = Ledger(tiers=TIERS, cash=1e6)
    for number, quantity in enumerate([10.0, 6.0, -16.0, 20.0]):
        ledger.place(0, quantity)
        ledger.at(1 + 10 * number)
        ledger.match(0, 1 + 10 * number, 50.0)
    first = 500 * 1e-3 + 0.1
    second = 300 * 1e-3 + 0.06
    third = 0.25 * (800 * 1e-3 + 0.16) + 500 * 4e-4 + 100 * 1e-4
    fourth = 1_000 * 1e-4
    assert [fill[4] for fill in ledger.fills] == pytest.approx([first, second, third, fourth])
    assert ledger["traded"] == 2_600.0


def test_tiers_may_count_units_and_have_rates_of_makers():
    ledger = Ledger(tiers=((0.0, 0.1, 0.0, 0.0), (15.0, 0.0, 10.0, -2.0)), tiers_by_units=1)
    for number in range(3):
        ledger.order(0, 10.0, LIMIT, limit=50.0)
        ledger.at(1 + 10 * number)
        ledger.match(0, 1 + 10 * number, 51.0, 51.0, 49.0)
    assert [fill[4] for fill in ledger.fills] == pytest.approx([1.0, 0.5 - 0.05, -0.1])


def test_an_order_in_parts_costs_by_tiers_what_it_costs_at_once():
    costs = []
    for cap in (math.inf, 0.5):
        ledger = Ledger(tiers=TIERS, volume_cap=cap, room=32, per_order=1.0)
        ledger.place(0, 35.0)
        for ts in range(1, 100, 10):
            ledger.at(ts)
            ledger.match(0, ts, 50.0, volume=10.0)
        assert ledger["position"] != 0
        costs.append(ledger["commission"])
        assert len(ledger.fills) == (7 if cap < math.inf else 1)
    assert costs[0] == pytest.approx(costs[1])


def test_what_was_traded_is_counted_by_the_calendar_month():
    ledger = Ledger(tiers=TIERS)
    for date, traded in [("2024-02-01", 500.0), ("2024-02-29", 1_000.0), ("2024-03-01", 500.0)]:
        ledger.begin_month(int(np.datetime64(date, "D").astype(np.int64)))
        ledger.place(0, 10.0)
        now = ledger["now"] + 10
        ledger.at(now)
        ledger.match(0, now, 50.0)
        assert ledger["traded"] == traded


def test_every_day_belongs_to_its_month():
    ledger = Ledger(tiers=TIERS)
    days = np.arange("1899-12-20", "2101-02-01", dtype="M8[D]")
    months = days.astype("M8[M]")
    begins = []
    for day in days.astype(np.int64).tolist():
        before = ledger["month"]
        ledger.begin_month(day)
        begins.append(ledger["month"] != before)
    assert np.array_equal(np.flatnonzero(begins[1:]), np.flatnonzero(months[1:] != months[:-1]))


def at_least(least, owed):
    return max(least, owed)


def by_hand(order):
    return at_least(1.0, 0.01 * (order.value - order.maker_value) + 0.001 * order.traded)


def test_a_function_of_the_users_is_asked_what_an_order_owes_in_all():
    ledger = Ledger(own=by_hand, volume_cap=0.5, multiplier=2.0)
    ledger.order(0, 7.0, LIMIT, limit=50.0)
    for ts in (1, 11):
        ledger.at(ts)
        ledger.match(0, ts, 40.0 if ts == 1 else 45.0, volume=10.0)
    # 5 x 40 x 2 as a taker, then 2 x 45 x 2 as a maker.
    assert [fill[4] for fill in ledger.fills] == pytest.approx([4.0, 0.0])
    ledger.place(1, -1.0)
    ledger.at(21)
    ledger.match(1, 21, 100.0, volume=1e3)
    assert ledger.fills[2][4] == pytest.approx(2.0 + 0.001 * 580.0)
    names = ledger.bill.dtype.names
    assert dict(zip(names, ledger.bill[0].item(), strict=True)) == {
        "symbol": 1,
        "ts": 21,
        "quantity": -1.0,
        "price": 100.0,
        "multiplier": 2.0,
        "value": 200.0,
        "maker_value": 0.0,
        "traded": 580.0,
        "paid": 0.0,
    }


def raises(order):
    if order.quantity > 2.0:
        raise ValueError("too many")
    return 1.0


def no_number(order):
    return math.log(order.quantity - 2.0) if order.quantity > 2.0 else math.inf * order.symbol


@pytest.mark.parametrize("function", [raises, no_number])
def test_where_a_function_of_the_users_fails_no_further_moment_begins(function):
    ledger = Ledger(own=function)
    ledger.place(0, 3.0 if function is raises else 2.0)
    ledger.place(0, 1.0)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert (ledger["broken"], ledger["full"]) == (1, 1)
    assert ledger.bill[0]["quantity"] == ledger.fills[0][2]  # of the fill that failed
    ledger.at(11)
    assert ledger["full"] == 1
