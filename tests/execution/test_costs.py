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
