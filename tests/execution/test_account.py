from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.execution.ledgers import Ledger


def test_equity_is_cash_plus_positions_at_their_last_closes():
    ledger = Ledger(3)
    ledger.settle(0, 10, 20.0)
    ledger.settle(2, -5, 30.0)
    ledger.last_price[:] = [21.0, float("nan"), 28.0]
    ledger.mark()
    assert ledger["cash"] == 1_000.0 - 200.0 + 150.0
    assert ledger["equity"] == 950.0 + 210.0 - 140.0
    assert (ledger.equity_out[0], ledger.cash_out[0]) == (1_020.0, 950.0)


def test_a_symbol_without_a_price_counts_nothing_while_nothing_is_held():
    ledger = Ledger(1)
    ledger.mark()
    assert ledger["equity"] == 1_000.0


def test_equity_at_a_sessions_close_has_what_was_booked_since_the_last_mark():
    ledger = Ledger(1, credit_rate=0.365)
    ledger.mark()
    ledger.charge_nights(2)
    ledger.record_session()
    assert (ledger["session_out_count"], ledger.session_out[0]) == (1, 1_002.0)


def test_commission_leaves_the_cash_and_is_summed_with_the_turnover():
    ledger = Ledger(1)
    ledger.settle(0, 10, 20.0, 1.5)
    ledger.settle(0, -10, 21.0, 1.5)
    assert ledger["cash"] == 1_000.0 + 10.0 - 3.0
    assert (ledger["commission"], ledger["turnover"]) == (3.0, 410.0)
    assert (ledger["trips"], ledger["wins"], ledger["gross_profit"]) == (1, 1, 7.0)


def test_a_fill_that_turns_a_position_over_closes_one_trip_and_opens_the_next():
    ledger = Ledger(1)
    ledger.settle(0, 10, 20.0, 0.0)
    ledger.settle(0, -40, 19.0, 4.0)  # a quarter of the commission closes, the rest opens
    assert (ledger["trips"], ledger["wins"], ledger["gross_loss"]) == (1, 0, 11.0)
    ledger.settle(0, 30, 18.0, 0.0)
    assert (ledger["trips"], ledger["wins"], ledger["gross_profit"]) == (2, 1, 27.0)


fills = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([-8.0, -4.0, -2.0, 2.0, 4.0, 8.0]),
        st.integers(8, 400).map(lambda eighths: eighths / 8),
    ),
    max_size=30,
)


@given(fills)
def test_trips_add_up_to_what_the_cash_gained(steps):
    """With exact numbers: profits less losses are the cash that flat symbols brought in."""
    ledger = Ledger(2, cash=0.0)
    held = [Fraction(0), Fraction(0)]
    cash = [Fraction(0), Fraction(0)]
    trips = 0
    for symbol, quantity, price in steps:
        ledger.settle(symbol, quantity, price)
        before, held[symbol] = held[symbol], held[symbol] + Fraction(quantity)
        cash[symbol] -= Fraction(quantity) * Fraction(price)
        trips += before != 0 and before * held[symbol] <= 0
    assert [Fraction(one) for one in ledger.position.tolist()] == held
    assert Fraction(float(ledger["cash"])) == sum(cash)
    assert ledger["trips"] == trips
    gained = ledger["gross_profit"] - ledger["gross_loss"]
    flow = sum(lot["flow"] for lot in ledger.open_lots)
    assert gained + flow == pytest.approx(float(sum(cash)), abs=1e-9)
    assert len(ledger.open_lots) == sum(one != 0 for one in held)
