from pipeline.codes import FILLED
from tests.execution.ledgers import Ledger


def test_an_order_is_filled_at_the_open_of_the_first_bar_at_or_after_it():
    ledger = Ledger().at(100)
    ledger.place(0, 5.0)
    ledger.at(160)
    ledger.match(0, 99, 9.0)
    assert ledger.fills == []
    ledger.match(0, 100, 10.0)
    assert ledger.fills == [(100, 0, 5.0, 10.0, 0.0, 1)]
    (order,) = ledger.at(220).done
    assert (order["state"], order["filled"], order["price"]) == (FILLED, 5.0, 10.0)
    assert (order["ts"], order["done_ts"]) == (100, 100)
    assert (ledger["cash"], ledger.position[0], ledger.pending[0]) == (950.0, 5.0, 0.0)


def test_a_bar_fills_all_orders_of_its_symbol_by_id_and_no_others():
    ledger = Ledger()
    for symbol, quantity in ((1, 1.0), (0, 2.0), (1, -3.0)):
        ledger.place(symbol, quantity)
    ledger.at(1)
    ledger.match(1, 1, 7.0)
    assert [fill[5] for fill in ledger.fills] == [1, 3]
    assert ledger.at(2).resting == [2]


def test_an_order_is_filled_once():
    ledger = Ledger()
    ledger.place(0, 1.0)
    ledger.at(1)
    ledger.match(0, 1, 7.0)
    ledger.match(0, 1, 8.0)
    ledger.at(2)
    ledger.match(0, 2, 9.0)
    assert len(ledger.fills) == 1


def test_a_cancelled_order_is_not_filled():
    ledger = Ledger()
    ledger.cancel(ledger.place(0, 1.0))
    ledger.at(1)
    ledger.match(0, 1, 7.0)
    assert ledger.fills == []


def test_an_order_of_this_moment_does_not_meet_its_bars():
    ledger = Ledger().at(1)
    ledger.place(0, 1.0)
    ledger.match(0, 1, 7.0)
    assert ledger.fills == []


def test_fills_in_bars_without_volume_are_counted():
    ledger = Ledger(untraded=1)
    for now, volume in enumerate((0.0, 5.0, 0.0, 0.5), 1):
        ledger.place(0, 1.0)
        ledger.at(now).match(0, now, 10.0, volume=volume)
    assert ledger["fills"] == 4
    assert ledger["without_volume"] == 2
