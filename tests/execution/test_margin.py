from pipeline.codes import CANCELLED, FILLED, LIMIT, LIQUIDATION
from tests.execution.ledgers import Ledger


def falling(**more: float) -> Ledger:
    """Long 20 and short 10 units at 100, 1,000 in cash; then the long falls to 60."""
    ledger = Ledger(maintenance=0.25, **more)
    ledger.place(0, 20)
    ledger.place(1, -10)
    for symbol in (0, 1):
        ledger.at(1 + symbol).match(symbol, 1, 100.0, volume=40.0)
    ledger.at(11)
    ledger.mark()
    ledger.keep_margin()
    assert ledger["liquidations"] == 0
    ledger.order(0, 5, LIMIT, limit=50)
    ledger.at(21).match(0, 11, 60.0, volume=40.0)
    ledger.mark()
    assert ledger["equity"] == 200.0  # below a quarter of 20 x 60 + 10 x 100
    ledger.keep_margin()
    return ledger


def test_below_the_margin_all_orders_end_and_all_positions_close_at_the_next_opens():
    ledger = falling()
    assert ledger["liquidations"] == 1
    assert ledger.pending.tolist() == [-20.0, 10.0]
    ledger.at(31)
    for symbol, price in ((0, 55.0), (1, 101.0)):
        ledger.match(symbol, 21, price)
    ledger.mark()
    ledger.keep_margin()
    ledger.at(41)
    assert ledger.position.tolist() == [0.0, 0.0]
    ends = [(one["order_id"], one["state"], one["reason"]) for one in ledger.done]
    assert ends[2:] == [
        (3, CANCELLED, LIQUIDATION),
        (4, FILLED, LIQUIDATION),
        (5, FILLED, LIQUIDATION),
    ]
    assert ledger["liquidations"] == 1


def test_a_liquidation_that_takes_several_bars_is_one():
    ledger = falling(volume_cap=0.5)
    for ts in (31, 41):
        ledger.at(ts).match(0, ts - 10, 55.0, volume=20.0)
        ledger.mark()
        ledger.keep_margin()
    assert ledger.position[0] == 0.0
    assert ledger["liquidations"] == 1
