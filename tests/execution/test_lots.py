"""Lots and round trips: by hand, and against lots that are lists of fills."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import MINUTE, Strategy
from pipeline.codes import LIMIT, MARKET, ON_CLOSE, STOP
from pipeline.lane.spec import Terms
from tests.execution.ledgers import BAR, Ledger, ledger_of, walk
from tests.reference.in_process import Setup, run_in_process
from tests.reference.lots import Lots
from tests.reference.market import Bars, Market, session_table

START = 1_700_006_400_000_000_000
UP_THEN_DOWN = [
    (10.0, 10.5, 9.9, 10.4),
    (10.4, 12.0, 10.2, 11.9),
    (11.9, 11.9, 8.8, 9.0),
    (9.0, 9.2, 8.9, 9.1),
]


def test_a_round_trip_goes_from_flat_to_flat_at_average_prices():
    ledger = Ledger(2)
    ledger.settle(1, 10, 20.0, 1.0, ts=5)
    ledger.settle(1, 30, 24.0, 2.0, ts=6)
    ledger.settle(1, -20, 25.0, 3.0, ts=7)
    assert ledger.trips == []
    ledger.settle(1, -20, 21.0, 4.0, ts=9)
    (trip,) = ledger.trips
    assert (trip["symbol"], trip["quantity"]) == (1, 40.0)
    assert (trip["entry_ts"], trip["entry_price"]) == (5, 23.0)
    assert (trip["exit_ts"], trip["exit_price"]) == (9, 23.0)
    assert (trip["profit"], trip["commission"]) == (-10.0, 10.0)
    assert ledger.open_lots == []


def test_average_cost_is_that_of_what_is_still_held():
    ledger = Ledger(1)
    ledger.settle(0, 10, 20.0)
    ledger.settle(0, -5, 22.0)
    ledger.settle(0, 5, 24.0)
    (lot,) = ledger.open_lots
    assert (lot["units"], lot["average"], lot["cost"]) == (10.0, 22.0, 220.0)
    assert lot["entry_price"] == pytest.approx((10 * 20 + 5 * 24) / 15)
    assert ledger.realised[0] == 10.0


def test_first_in_first_out_closes_the_oldest_lots_and_each_part_is_a_round_trip():
    ledger = Ledger(1, fifo=True)
    ledger.settle(0, 10, 20.0, 1.0, ts=1)
    ledger.settle(0, 10, 24.0, 1.0, ts=2)
    ledger.settle(0, -15, 25.0, 3.0, ts=3)
    first, second = ledger.trips
    assert (first["quantity"], first["entry_price"], first["profit"]) == (10.0, 20.0, 47.0)
    assert (second["quantity"], second["entry_price"], second["profit"]) == (5.0, 24.0, 3.5)
    assert (first["commission"], second["commission"]) == (3.0, 1.5)
    (lot,) = ledger.open_lots
    assert (lot["units"], lot["average"], lot["paid"]) == (5.0, 24.0, 0.5)
    assert ledger.realised[0] == 50.0 + 5.0 - 5.0


@pytest.mark.parametrize("fifo", [False, True])
def test_a_fill_that_turns_a_position_over_is_two_parts(fifo):
    ledger = Ledger(1, fifo=fifo)
    ledger.settle(0, 10, 20.0, 0.0, ts=1)
    ledger.settle(0, -40, 19.0, 4.0, ts=2)
    ledger.settle(0, 30, 18.0, 0.0, ts=3)
    assert [(t["quantity"], t["profit"]) for t in ledger.trips] == [(10.0, -11.0), (-30.0, 27.0)]
    assert [t["entry_ts"] for t in ledger.trips] == [1, 2]


def test_a_multiplier_counts_in_profits_and_not_in_prices():
    ledger = Ledger(1, multiplier=50.0)
    ledger.settle(0, 2, 100.0)
    ledger.settle(0, -2, 101.0)
    (trip,) = ledger.trips
    assert (trip["profit"], trip["entry_price"], trip["max_favourable"]) == (100.0, 100.0, 1.0)


def test_lots_that_were_given_back_are_used_again():
    ledger = Ledger(1, fifo=True)
    for _ in range(500):
        ledger.settle(0, 1, 10.0)
        ledger.settle(0, 1, 11.0)
        ledger.settle(0, -2, 12.0)
        ledger.record["trips_out_count"] = 0  # taken
    assert (ledger["lots_used"], ledger["open_lots"], ledger["trips"]) == (2, 0, 1_000)


@pytest.mark.parametrize("fifo", [False, True])
def test_what_rounding_leaves_of_a_sum_is_no_round_trip(fifo):
    ledger = Ledger(1, fifo=fifo)
    for quantity in (0.1, 0.2, -0.3):
        ledger.settle(0, quantity, 10.0)
    assert ledger.position[0] == 0.0
    assert ledger.open_lots == []
    assert [trip["quantity"] for trip in ledger.trips] == ([0.1, 0.2] if fifo else [0.1 + 0.2])
    assert (ledger["wins"], ledger["gross_profit"], ledger["gross_loss"]) == (0, 0.0, 0.0)


class Holder(Strategy):
    """Buys as the first bar closes and leaves in one of several ways."""

    leave: int = 0

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, 2.0)
            if self.leave == STOP:
                ctx.stop(bar.symbol, -2.0, 9.0)
            elif self.leave == ON_CLOSE:
                ctx.market_on_close(bar.symbol, -2.0)
        if ctx.count(bar.symbol) == 3 and self.leave == MARKET:
            ctx.market(bar.symbol, -2.0)


def trip_of(leave: int, slot_rows: int, mode: str, **terms: Any) -> tuple[Any, ...]:
    """The one round trip over `UP_THEN_DOWN` with a bar before it, as the tables show it."""
    bars = [(9.8, 10.1, 9.7, 10.0), *UP_THEN_DOWN]
    ts = START + MINUTE * np.arange(len(bars), dtype=np.int64)
    values = np.array([(*bar, 100.0) for bar in bars]).T.copy()
    sessions = session_table([(START, START + MINUTE * len(bars))])
    market = Market({"A": Bars(ts, values)}, sessions, ("1m",))
    setup = Setup(slot_rows=slot_rows, mode=mode)
    ((outcome,), _) = run_in_process(market, [Holder(leave=leave)], setup, Terms(1e4, **terms))
    (trip,) = outcome.trips
    return trip


@pytest.mark.parametrize("slot_rows", [1, 2, 9])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("leave", "terms", "entry", "exit_price", "adverse", "favourable", "bars"),
    [
        # From the open of bar 1 to the open of bar 3: the ranges of bars 1 and 2.
        (MARKET, {}, 10.0, 11.9, 0.1, 2.0, 2),
        # Out within bar 3: of it only the price of the exit counts.
        (STOP, {}, 10.0, 9.0, 1.0, 2.0, 2),
        # Out at the last close, so through the whole of the last bar.
        (ON_CLOSE, {}, 10.0, 9.1, 1.2, 2.0, 4),
        # In at the close of bar 0, out at that of bar 2: the ranges of bars 1 and 2.
        (MARKET, {"this_close": True}, 10.0, 11.9, 0.1, 2.0, 2),
    ],
)
def test_excursions_are_those_of_the_bars_between(
    leave, terms, entry, exit_price, adverse, favourable, bars, slot_rows, mode
):
    trip = trip_of(leave, slot_rows, mode, **terms)
    assert trip[3] == entry
    assert trip[5] == exit_price
    assert trip[8:10] == pytest.approx((adverse, favourable))
    assert trip[10] == bars


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_what_is_held_at_the_end_is_a_round_trip_without_an_exit(mode):
    _, quantity, _, entry, exit_ts, exit_price, profit, _, adverse, favourable, bars = trip_of(
        LIMIT, 2, mode
    )
    assert (quantity, entry, exit_ts, exit_price, bars) == (2.0, 10.0, 0, None, 4)
    assert profit == pytest.approx(2 * (9.1 - 10.0))
    assert (adverse, favourable) == pytest.approx((1.2, 2.0))


fills = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([-8.0, -4.0, -2.0, -0.3, 0.1, 2.0, 4.0, 8.0]),
        st.integers(8, 400).map(lambda eighths: eighths / 8),
        st.sampled_from([0.0, 1.0, 0.25]),
    ),
    max_size=40,
)


@given(fills, st.booleans())
def test_lots_are_those_of_the_reference(steps, fifo):
    ledger, lots = Ledger(2, cash=0.0, room=64, fifo=fifo), Lots(2, fifo=fifo)
    for ts, (symbol, quantity, price, commission) in enumerate(steps, start=1):
        ledger.settle(symbol, quantity, price, commission, ts=ts)
        lots.fill(symbol, quantity, price, 1.0, commission, ts)
    found = [tuple(trip.values()) for trip in ledger.trips]
    assert len(found) == len(lots.trips)
    for trip, like in zip(found, lots.trips, strict=True):
        assert trip == pytest.approx(like, rel=1e-9, abs=1e-9)
    units = [lot["units"] for lot in ledger.open_lots]
    assert units == pytest.approx([lot.units for of in lots.open for lot in of])


@given(fills, st.booleans())
def test_realised_and_unrealised_profit_are_all_that_equity_gained(steps, fifo):
    ledger = Ledger(2, cash=0.0, room=64, fifo=fifo)
    for symbol, quantity, price, commission in steps:
        ledger.settle(symbol, quantity, price, commission)
        ledger.last_price[symbol] = price
        ledger.mark()
        ledger.record["equity_out_count"] = 0
        gained = sum(ledger.realised) + sum(ledger.unrealised(one) for one in range(2))
        assert gained == pytest.approx(ledger["equity"], abs=1e-9)
    profits = ledger["gross_profit"] - ledger["gross_loss"]
    assert sum(trip["profit"] for trip in ledger.trips) == pytest.approx(profits, abs=1e-9)


@given(fills)
def test_the_order_in_which_lots_are_closed_only_moves_profit_between_them(steps):
    """Once everything is flat, round trips have brought the same by average cost and by lots."""
    ledgers = Ledger(2, cash=0.0, room=64), Ledger(2, cash=0.0, room=64, fifo=True)
    for ledger in ledgers:
        for symbol, quantity, price, commission in steps:
            ledger.settle(symbol, quantity, price, commission)
        for symbol, held in enumerate(ledger.position.tolist()):
            if held:
                ledger.settle(symbol, -held, 20.0)
    one, other = (sum(trip["profit"] for trip in ledger.trips) for ledger in ledgers)
    assert one == pytest.approx(other, abs=1e-9)
    assert one == pytest.approx(ledgers[0]["cash"], abs=1e-9)
    assert math.fsum(ledgers[0].realised) == pytest.approx(math.fsum(ledgers[1].realised), abs=1e-9)


def test_the_average_price_is_nan_when_flat():
    ledger = Ledger(1, fifo=True)
    assert math.isnan(ledger.average_price(0))
    ledger.settle(0, 1, 10.0)
    ledger.settle(0, 3, 12.0)
    assert ledger.average_price(0) == 11.5


def test_walked_bars_have_the_times_of_their_fills():
    ledger = ledger_of()
    ledger.place(0, 1.0)
    ledger.order(0, -1.0, STOP, stop=9.0)
    walk(ledger, *UP_THEN_DOWN)
    (trip,) = ledger.trips
    assert (trip["entry_ts"], trip["exit_ts"]) == (0, 2 * BAR)
    assert (trip["entry_price"], trip["exit_price"], trip["profit"]) == (10.0, 9.0, -1.0)


class Hoarder(Strategy):
    """Buys at every bar and never sells."""

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0)


@pytest.mark.parametrize("slot_rows", [100, 5_000])
@pytest.mark.parametrize("this_close", [False, True])
def test_there_is_room_for_any_number_of_open_lots(slot_rows, this_close):
    count = 1_000
    ts = START + MINUTE * np.arange(count, dtype=np.int64)
    prices = np.full((5, count), 10.0)
    market = Market(
        {"A": Bars(ts, prices)}, session_table([(START, int(ts[-1]) + MINUTE)]), ("1m",)
    )
    terms = Terms(1e6, fifo=True, this_close=this_close)
    setup = Setup(slot_rows=slot_rows, mode="compiled")
    ((outcome,), _) = run_in_process(market, [Hoarder()], setup, terms)
    assert [trip[1] for trip in outcome.trips] == [1.0] * (count - 1 + this_close)
