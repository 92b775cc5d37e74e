import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import CANCELLED, DAY, FILLED, LIMIT, SPLIT, STOP, STOP_LIMIT
from pipeline.execution.orders import NEVER
from pipeline.execution.overnight import open_books_at
from tests.execution.ledgers import Ledger, ledger_of, walk


def holding(units: float, price: float, **more: float) -> Ledger:
    """An account that bought at a price, with the bar closing at it."""
    ledger = ledger_of(**more)
    ledger.place(0, units)
    ledger.at(10).match(0, 0, price, volume=1e6)
    ledger.at(11)
    return ledger


def test_a_split_leaves_equity_as_it_is():
    ledger = holding(3, 700.0)
    ledger.act(20, (0, 7.0, 0.0))
    ledger.mark()
    assert (ledger.position[0], ledger.last_price[0]) == (21.0, 100.0)
    assert (ledger["cash"], ledger["equity"]) == (-1_100.0, 1_000.0)
    assert (ledger["positions_split"], ledger["turnover"], ledger["fills"]) == (1, 2_100.0, 1)


def test_the_round_trip_over_a_split_is_the_change_of_cash():
    ledger = holding(3, 700.0)
    ledger.act(20, (0, 7.0, 0.0))
    ledger.place(0, -21)
    ledger.at(30).match(0, 20, 110.0)
    assert ledger["trips"] == 1
    assert ledger["gross_profit"] == ledger["cash"] - 1_000.0 == pytest.approx(210.0)


@pytest.mark.parametrize("units", [10.0, -10.0])
def test_a_fraction_of_a_lot_is_paid_out_at_the_new_price(units: float):
    ledger = holding(units, 2.0, lot=1.0)
    ledger.act(20, (0, 0.125, 0.0))  # 1.25 shares at 16
    ledger.mark()
    assert ledger.position[0] == math.copysign(1.0, units)
    assert ledger["cash"] == 1_000.0 - 2.0 * units + math.copysign(4.0, units)
    assert ledger["fractions_paid"] == math.copysign(4.0, units)
    assert ledger["equity"] == 1_000.0
    assert (ledger["turnover"], ledger["trips"], ledger["held"]) == (20.0, 0, 1)


def test_a_position_of_less_than_a_lot_is_closed():
    ledger = holding(5, 2.0, lot=1.0)
    ledger.act(20, (0, 0.125, 0.0))
    assert (ledger.position[0], ledger["held"], ledger["trips"]) == (0.0, 0, 1)
    assert ledger["cash"] == 1_000.0


@pytest.mark.parametrize(("units", "cash"), [(10.0, 5.0), (-10.0, -5.0), (0.0, 0.0)])
def test_a_dividend_is_paid_on_what_is_held_and_by_who_is_short(units: float, cash: float):
    ledger = holding(units, 20.0, multiplier=2.0) if units else ledger_of(multiplier=2.0)
    before = ledger["cash"]
    ledger.act(20, (0, 1.0, 0.25))
    assert ledger["cash"] - before == ledger["dividends"] == ledger.realised[0] == cash
    assert sum(lot["flow"] for lot in ledger.open_lots) == cash - 40.0 * units
    assert ledger["dividends"] == cash
    assert ledger["dividends_booked"] == (units != 0.0)
    assert ledger.last_price[0] == 20.0 or units == 0.0


def test_a_dividend_is_for_the_shares_before_the_split_of_the_same_day():
    ledger = holding(10, 20.0)
    ledger.act(20, (0, 2.0, 0.5))
    assert (ledger["dividends"], ledger.position[0]) == (5.0, 20.0)


def test_an_action_is_applied_once():
    ledger = holding(10, 20.0)
    ledger.act(20, (0, 2.0, 0.5))
    open_books_at(ledger.address, 0, 1, 20)
    assert (ledger["dividends"], ledger.position[0]) == (5.0, 20.0)


def test_an_order_at_rest_is_for_new_shares_at_the_new_price():
    ledger = holding(0.5, 100.0)
    ledger.order(0, 6, LIMIT, limit=90.0, until=DAY)
    ledger.order(0, -4, STOP, stop=80.0)
    ledger.order(0, 2, STOP_LIMIT, stop=110.0, limit=120.0, until=10**6)
    ledger.trailing(0, -2, amount=6.0)
    ledger.trailing(0, -2, fraction=0.1)
    ledger.act(20, (0, 4.0, 0.0))
    rows = ledger.book[: ledger["resting"]]
    assert rows["quantity"].tolist() == [24.0, -16.0, 8.0, -8.0, -8.0]
    assert rows["limit"].tolist()[::2][:2] == [22.5, 30.0]
    assert rows["stop"].tolist()[1:] == [20.0, 27.5, 23.5, 22.5]
    assert rows["trail"][3] == 1.5
    assert rows["trail_fraction"][4] == 0.1
    assert ledger["orders_split"] == 5


def test_prices_go_to_the_tick_that_gets_no_more_than_was_asked():
    ledger = holding(1, 100.0, tick=0.25)
    ledger.order(0, 1, LIMIT, limit=91.0)
    ledger.order(0, -1, LIMIT, limit=111.0)
    ledger.order(0, 1, STOP, stop=111.0)
    ledger.order(0, -1, STOP, stop=91.0)
    ledger.act(20, (0, 4.0, 0.0))
    rows = ledger.book[: ledger["resting"]]
    assert rows["limit"].tolist()[:2] == [22.75, 27.75]
    ledger.act(30, (0, 2.0, 0.0))
    rows = ledger.book[: ledger["resting"]]
    assert rows["limit"].tolist()[:2] == [11.25, 14.0]
    assert rows["stop"].tolist()[2:] == [14.0, 11.25]


def test_the_first_bar_in_new_shares_is_looked_at_anew():
    """No price between 90 and 120 needed a look at the order before the split."""
    ledger = holding(5, 100.0)
    ledger.order(0, -4, LIMIT, limit=120.0)
    ledger.order(0, 4, LIMIT, limit=90.0)
    walk(ledger, (100.0, 101.0, 99.0, 100.0))
    ledger.act(40, (0, 2.0, 0.0))
    ledger.at(50).match(0, 40, 91.0)
    assert ledger.fills[-1][2:4] == (-8.0, 91.0)


def test_an_order_of_less_than_a_lot_ends_as_it_was():
    ledger = holding(10, 100.0, lot=1.0)
    ledger.order(0, 12, LIMIT, limit=90.0)
    ledger.order(0, 5, LIMIT, limit=90.0)
    ledger.act(20, (0, 0.125, 0.0))
    ledger.at(21)
    assert ledger.resting == [2]
    assert ledger.book["quantity"][0] == 1.0
    (ended,) = [one for one in ledger.done if one["state"] == CANCELLED]
    assert (ended["reason"], ended["quantity"], ended["limit"]) == (SPLIT, 5.0, 90.0)
    assert (ended["done_ts"], ledger.resting_of[0]) == (20, 1)


def test_what_waits_for_a_time_only_is_counted_in_new_shares():
    ledger = holding(10, 100.0)
    ledger.place(0, 3)
    ledger.place(0, -1)
    ledger.act(20, (0, 2.0, 0.0))
    assert ledger.pending[0] == 4.0
    ledger.at(30).match(0, 20, 50.0)
    assert (ledger.position[0], ledger.pending[0]) == (24.0, 0.0)


def test_a_bracket_goes_on_in_new_shares():
    ledger = ledger_of()
    ledger.bracket(0, 10, stop_loss=80.0, take_profit=120.0, limit=99.0)
    walk(ledger, (98.0, 100.0, 97.0, 100.0))
    ledger.act(40, (0, 2.0, 0.0))
    ledger.at(50).match(0, 40, 55.0, 61.0, 54.0, 60.0)
    ledger.at(60)
    assert [fill[2:4] for fill in ledger.fills] == [(10.0, 98.0), (-20.0, 60.0)]
    assert ledger["gross_profit"] == 220.0
    assert [one["state"] for one in ledger.done] == [FILLED, CANCELLED, FILLED]


def test_a_leg_that_waits_for_its_entry_needs_no_whole_lot():
    ledger = ledger_of(lot=1.0)
    ledger.bracket(0, 8, stop_loss=80.0, limit=99.0)
    ledger.at(10)
    ledger.replace(2, quantity=-1)
    ledger.act(20, (0, 0.25, 0.0))
    assert ledger.resting == [1, 2]
    assert ledger.book["live_ts"][1] == NEVER
    ledger.at(30).match(0, 20, 390.0)
    assert ledger.book["quantity"][1] == -2.0


def test_what_is_left_of_an_order_costs_what_it_would_in_new_shares():
    ledger = ledger_of(cash=10_000.0, volume_cap=0.5, per_share=0.01, minimum=0.2)
    ledger.place(0, 100)
    ledger.at(10).match(0, 0, 50.0, volume=40.0)  # 20 shares, the minimum
    ledger.act(20, (0, 2.0, 0.0))
    ledger.at(30).match(0, 20, 25.0, volume=1e6)
    costs = [fill[4] for fill in ledger.fills]
    assert [fill[2] for fill in ledger.fills] == [20.0, 160.0]
    assert costs == pytest.approx([0.2, 1.6])
    ledger.at(40)
    assert (ledger.done[0]["filled"], ledger.done[0]["price"]) == (200.0, 25.0)


@given(
    units=st.integers(-1000, 1000).filter(bool),
    price=st.integers(1, 10**6).map(lambda cents: cents / 100),
    ratio=st.sampled_from([2.0, 3.0, 7.0, 1.05, 0.125, 1 / 3]),
    lot=st.sampled_from([0.0, 1.0, 10.0]),
)
def test_equity_is_the_same_after_any_split(units: int, price: float, ratio: float, lot: float):
    ledger = holding(units * (lot or 1.0), price, lot=lot, cash=1e6)
    ledger.mark()
    before = ledger["equity"]
    ledger.act(20, (0, ratio, 0.0))
    ledger.mark()
    largest = abs(units) * (lot or 1.0) * price + 1e6
    assert ledger["equity"] == pytest.approx(before, abs=1e-12 * largest)
    if lot:
        assert ledger.position[0] / lot == round(ledger.position[0] / lot)
