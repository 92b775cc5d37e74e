import pytest

from pipeline.codes import LIMIT, STOP
from tests.execution.ledgers import Ledger


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
