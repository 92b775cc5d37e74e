"""Orders of which a bar fills only a part, by example; `test_matching` has the property."""

import numpy as np

from pipeline import MINUTE, Strategy
from pipeline.codes import (
    CANCELLED,
    FILLED,
    FOK,
    IOC,
    LIMIT,
    NOT_AT_ONCE,
    OTHER_FILLED,
    PARTLY_FILLED,
    STOP,
)
from pipeline.lane.outbox import INBOX
from pipeline.lane.spec import Terms
from tests.execution.ledgers import ledger_of, walk
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Bars, Market, session_table


def test_what_a_bar_cannot_fill_meets_the_next():
    ledger = ledger_of(volume_cap=0.25)
    ledger.place(0, 5)
    thin, wide = (10, 11, 9, 10, 8), (12, 13, 11, 12, 80)
    assert walk(ledger, thin, wide) == [(0, 2.0, 10.0), (1, 3.0, 12.0)]
    (order,) = ledger.done
    assert (order["state"], order["filled"], order["price"]) == (FILLED, 5.0, 56 / 5)
    assert ledger["capped"] == 1


def test_the_rest_of_a_stop_is_a_market_order():
    ledger = ledger_of(volume_cap=0.25)
    ledger.order(0, 5, STOP, stop=11)
    fills = walk(ledger, (10, 12, 10, 12, 8), (14, 15, 13, 14, 8))
    assert fills == [(0, 2.0, 11.0), (1, 2.0, 14.0)]
    assert ledger.book["state"][0] == PARTLY_FILLED
    assert ledger.pending[0] == 1.0
    assert ledger.target(0, 5.0) == 0


def test_a_stop_without_any_volume_is_triggered_all_the_same():
    ledger = ledger_of(volume_cap=0.25)
    ledger.order(0, 5, STOP, stop=11)
    assert walk(ledger, (10, 12, 10, 12, 0), (9, 9, 9, 9, 80)) == [(1, 5.0, 9.0)]


def test_fill_or_kill_takes_all_or_nothing():
    ledger = ledger_of(volume_cap=0.25)
    ledger.order(0, 3, LIMIT, limit=11, until=FOK)
    ledger.order(0, 2, LIMIT, limit=11, until=FOK)
    assert walk(ledger, (10, 11, 9, 10, 8)) == [(0, 2.0, 10.0)]
    assert [one["reason"] for one in ledger.done] == [NOT_AT_ONCE, 0]


def test_immediate_or_cancel_keeps_what_it_got():
    ledger = ledger_of(volume_cap=0.25)
    ledger.order(0, 3, LIMIT, limit=11, until=IOC)
    assert walk(ledger, (10, 11, 9, 10, 8), (10, 11, 9, 10, 8)) == [(0, 2.0, 10.0)]
    assert (ledger.done[0]["state"], ledger.done[0]["filled"]) == (CANCELLED, 2.0)


def test_legs_are_as_large_as_what_is_filled_and_end_the_rest_of_their_entry():
    ledger = ledger_of(volume_cap=0.25)
    ledger.bracket(0, 6, stop_loss=8, take_profit=12, limit=10)
    assert walk(ledger, (10, 11, 9, 10, 8)) == [(0, 2.0, 10.0)]
    assert ledger.book["quantity"][:3].tolist() == [6.0, -2.0, -2.0]
    ledger.match(0, 20, 13.0, 13.0, 13.0, 13.0, 80.0)
    ledger.at(30)
    assert ledger.position[0] == 0.0
    ended = {one["order_id"]: (one["state"], one["reason"]) for one in ledger.done}
    assert ended == {1: (CANCELLED, OTHER_FILLED), 2: (CANCELLED, OTHER_FILLED), 3: (FILLED, 0)}


def test_a_partial_entry_that_is_cancelled_stays_protected():
    ledger = ledger_of(volume_cap=0.25)
    entry = ledger.bracket(0, 6, stop_loss=8, take_profit=12, limit=10)
    assert walk(ledger, (10, 11, 9, 10, 8)) == [(0, 2.0, 10.0)]
    assert ledger.cancel(entry)
    ledger.at(30)
    assert ledger.resting == [entry + 1, entry + 2]
    ledger.match(0, 30, 13.0, 13.0, 13.0, 13.0, 80.0)
    ledger.at(40)
    assert ledger.position[0] == 0.0
    assert ledger.resting == []


class Whale(Strategy):
    """One order that takes a share of every bar for as long as there are bars."""

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, 1e9)


def test_an_order_that_never_ends_fills_more_often_than_an_outbox_holds():
    count = 2 * INBOX + 4_000
    ts = MINUTE * np.arange(count, dtype=np.int64)
    bars = Bars(ts, np.full((5, count), 100.0))
    market = Market({"A": bars}, session_table([(0, int(ts[-1]) + MINUTE)]), ("1m",))
    setup = Setup(slot_rows=count, mode="compiled", group_rows=65_536)
    ((outcome,), _) = run_in_process(market, [Whale()], setup, Terms(1e6, volume_cap=0.01))
    assert {fill[2] for fill in outcome.fills} == {1.0}
    assert len(outcome.fills) == count - 1
    assert len(outcome.trips) == 1
