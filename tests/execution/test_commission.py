import pytest

from pipeline.execution.orders import LIMIT, STOP
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


@pytest.mark.parametrize(("quantity", "price"), [(10.0, 50.26), (-10.0, 49.74)])
def test_slippage_makes_a_price_worse_by_an_amount_and_by_basis_points(
    quantity: float, price: float
):
    ledger = Ledger(slippage=0.01, slippage_bps=50.0)
    ledger.place(0, quantity)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert ledger.fills[0][3] == pytest.approx(price)
    assert ledger["slippage_cost"] == pytest.approx(2.6)
    assert ledger["cash"] == pytest.approx(1_000.0 - quantity * price)


def test_slippage_leaves_limits_alone():
    ledger = Ledger(slippage=0.01)
    ledger.order(0, 10.0, LIMIT, limit=50.0)
    ledger.order(0, -10.0, STOP, stop=49.0)
    ledger.at(1)
    ledger.match(0, 1, 51.0, 52.0, 48.0, 48.0)
    assert [fill[3] for fill in ledger.fills] == [48.99, 50.0]


def test_slippage_by_range_and_by_share_of_volume():
    ledger = Ledger(slippage_range=0.5, impact=0.1)
    ledger.place(0, -20.0)
    ledger.at(1)
    ledger.match(0, 1, 50.0, 52.0, 48.0, 50.0, 100.0)
    assert ledger.fills[0][3] == pytest.approx(50.0 - 2.0 - 0.1 * 50.0 * 0.2**2)
    assert ledger["slipped"] == 1


def test_a_bar_without_volume_has_the_impact_of_all_of_it():
    ledger = Ledger(impact=0.1)
    ledger.place(0, 20.0)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert ledger.fills[0][3] == pytest.approx(55.0)


@pytest.mark.parametrize(("quantity", "price"), [(10.0, 50.25), (-10.0, 49.75)])
def test_a_slipped_price_goes_on_to_the_next_tick(quantity: float, price: float):
    ledger = Ledger(slippage=0.01, tick=0.25)
    ledger.place(0, quantity)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert ledger.fills[0][3] == price


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
