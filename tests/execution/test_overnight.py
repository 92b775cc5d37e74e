import pytest

from tests.execution.ledgers import Ledger


@pytest.mark.parametrize(("cash", "interest"), [(1_000.0, 0.3), (-1_000.0, -0.6), (0.0, 0.0)])
def test_cash_earns_and_debt_costs_by_the_night(cash: float, interest: float):
    ledger = Ledger(cash=cash, credit_rate=0.0365, debit_rate=0.073)
    ledger.charge_nights(3)
    assert ledger["cash"] - cash == pytest.approx(interest)
    assert ledger["interest"] == pytest.approx(interest)


def test_what_is_sold_short_costs_its_rate_of_its_value():
    ledger = Ledger(borrow_rate=0.365, multiplier=2.0)
    ledger.position[:] = -10.0, 30.0
    ledger.last_price[:] = 50.0, 100.0
    ledger.charge_nights(2)
    assert ledger["borrow"] == pytest.approx(10 * 50 * 2 * 0.001 * 2)
    assert ledger["cash"] == pytest.approx(1_000.0 - 2.0)
