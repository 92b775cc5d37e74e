import pytest

from tests.execution.ledgers import Ledger

HOUR = 3_600_000_000_000
DAY = 24 * HOUR


def funded(rate: float, *held: float, **more: object) -> Ledger:
    ledger = Ledger(len(held), funding_rate=rate, **more)  # type: ignore[arg-type]
    ledger.charge_funding(DAY + HOUR)  # from before the first position
    for symbol, units in enumerate(held):
        ledger.settle(symbol, units, 0.0)
        ledger.last_price[symbol] = 50.0 * (1 + symbol)
    return ledger


def test_longs_pay_and_shorts_get_the_rate_of_their_value():
    ledger = funded(0.001, 10.0, -3.0, multiplier=2.0)
    ledger.charge_funding(DAY + 8 * HOUR + 1)
    paid = 0.001 * 2.0 * (10 * 50.0 - 3 * 100.0)
    assert ledger["funding"] == pytest.approx(paid)
    assert ledger["cash"] == pytest.approx(1_000.0 - paid)


def test_with_a_negative_rate_shorts_pay():
    ledger = funded(-0.001, -10.0)
    ledger.charge_funding(DAY + 9 * HOUR)
    assert ledger["funding"] == pytest.approx(0.5)


def test_a_funding_time_is_booked_once_and_only_when_it_has_passed():
    ledger = funded(0.001, 10.0)
    assert ledger["next_funding"] == DAY + 8 * HOUR
    ledger.charge_funding(DAY + 8 * HOUR)
    assert ledger["funding"] == 0.0
    ledger.charge_funding(DAY + 8 * HOUR + 1)
    ledger.charge_funding(DAY + 16 * HOUR)
    assert ledger["funding"] == pytest.approx(0.5)
    assert ledger["next_funding"] == DAY + 16 * HOUR


def test_every_funding_time_of_a_gap_is_booked():
    ledger = funded(0.001, 10.0, funding_hours=(1, 23))
    ledger.charge_funding(4 * DAY)
    assert ledger["funding"] == pytest.approx(6 * 0.5)
    assert ledger["next_funding"] == 4 * DAY + HOUR


def test_nothing_is_booked_where_nothing_is_held():
    ledger = funded(0.001, 10.0)
    ledger.settle(0, -10.0, 0.0)
    ledger.charge_funding(400 * DAY + 9 * HOUR)
    assert (ledger["funding"], ledger["cash"]) == (0.0, 1_000.0)
    assert ledger["next_funding"] == 400 * DAY + 16 * HOUR
