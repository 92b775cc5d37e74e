import pytest

from tests.execution.ledgers import Ledger


@pytest.mark.parametrize("quantity", [40.0, -40.0])
def test_commission_is_a_sum_per_share_plus_basis_points_of_the_value(quantity: float):
    ledger = Ledger(per_share=0.005, basis_points=2.5)
    ledger.place(0, quantity)
    ledger.at(1)
    ledger.match(0, 1, 50.0)
    assert ledger.fills[0][4] == pytest.approx(40 * 0.005 + 40 * 50.0 * 0.00025)
    assert ledger["cash"] == 1_000.0 - (quantity * 50.0 + ledger.fills[0][4])
