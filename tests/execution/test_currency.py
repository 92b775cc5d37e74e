"""Money of foreign symbols is converted at the rates known, and nothing else changes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import LIMIT, NO_PRICE, REJECTED
from tests.execution.ledgers import Ledger
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Bars, Market
from tests.reference.replay import all_bars, replay
from tests.reference.traders import Desk
from tests.strategies import conversions, markets, terms

# --- by hand ------------------------------------------------------------------------------------


def ledger_of(*, pair: int = 2, credit: int = 0, point: float = 1.0, **more: float) -> Ledger:
    """Symbol 0 is foreign, symbol 1 its pair."""
    ledger = Ledger(2, **more)
    ledger.record[0]["foreign"] = 1
    ledger.pair[0], ledger.credit[0], ledger.point[0] = pair, credit, point
    ledger.rate[0] = ledger.multiplier[0] = math.nan
    return ledger


def know(ledger: Ledger, pair: float, price: float = math.nan) -> None:
    """Note closes, convert and mark, as a moment does."""
    ledger.last_price[:] = price, pair
    ledger.convert()
    ledger.mark()


def test_a_foreign_symbol_is_paid_and_marked_at_the_rate():
    ledger = ledger_of(point=50.0)
    know(ledger, 1.25)
    ledger.settle(0, 2, 4.0, 10.0)
    assert ledger["cash"] == 1_000.0 - 2 * 4.0 * 50 * 1.25 - 10.0
    assert ledger["turnover"] == 500.0
    know(ledger, 1.5, 5.0)
    assert ledger["equity"] == ledger["cash"] + 2 * 5.0 * 50 * 1.5
    ledger.settle(0, -2, 5.0, 10.0)
    assert ledger["gross_profit"] == 750.0 - 500.0 - 20.0 == ledger["cash"] - 1_000.0


def test_a_pair_turned_round_is_divided_by():
    ledger = ledger_of(pair=-2)
    know(ledger, 1.25)
    assert ledger.rate.tolist() == [0.8, 1.0]
    ledger.settle(0, 10, 5.0)
    assert ledger["cash"] == 960.0


@pytest.mark.parametrize("sides", [(3, -3), (-3, 3), (1, 2, -2, -1), (4, -2, 1, -3)])
def test_on_credit_only_the_profit_of_a_round_trip_is_exposed_to_the_rate(sides: tuple[int, ...]):
    """The profit of each part that is closed, by the rate at which it is."""
    ledger = ledger_of(credit=1, point=2.0)
    profit = held = average = 0.0
    for number, quantity in enumerate(sides):
        price, rate = 10.0 + number, 1.0 + 0.25 * number
        know(ledger, rate, price)
        ledger.settle(0, quantity, price)
        if held * quantity < 0.0:
            profit -= quantity * (price - average) * 2.0 * rate
        else:
            average = (held * average + quantity * price) / (held + quantity)
        held += quantity
    assert ledger["cash"] == pytest.approx(1_000.0 + profit)
    assert ledger["gross_profit"] - ledger["gross_loss"] == pytest.approx(profit)
    assert ledger.realised[0] == pytest.approx(profit)
    know(ledger, 9.0, 99.0)  # what is closed is in the account's currency
    assert ledger["equity"] == ledger["cash"] == pytest.approx(1_000.0 + profit)


def test_on_credit_a_price_that_stands_still_has_no_profit_whatever_the_rate():
    ledger = ledger_of(credit=1)
    know(ledger, 1.0, 10.0)
    ledger.settle(0, 100, 10.0)
    for rate in (1.5, 0.5, 2.0):
        know(ledger, rate, 10.0)
        assert ledger["equity"] == 1_000.0


def test_a_position_turned_over_owes_what_the_new_one_cost():
    ledger = ledger_of(credit=1)
    know(ledger, 1.0, 10.0)
    ledger.settle(0, 2, 10.0)
    know(ledger, 2.0, 12.0)
    ledger.settle(0, -3, 12.0)
    (lot,) = ledger.open_lots
    assert (lot["units"], lot["average"]) == (-1.0, 12.0)
    assert ledger["gross_profit"] == (12.0 - 10.0) * 2 * 2.0
    know(ledger, 4.0, 11.0)
    assert ledger["equity"] == 1_000.0 + 8.0 + 1.0 * 4.0


def test_parts_of_an_order_pay_their_commission_each_at_its_own_rate():
    ledger = ledger_of(volume_cap=0.5, per_share=1.0, per_order=2.0)
    know(ledger, 2.0, 10.0)
    ledger.place(0, 3)
    ledger.at(10).match(0, 0, 10.0, volume=4.0)
    know(ledger, 0.5, 10.0)
    ledger.at(20).match(0, 10, 10.0, volume=40.0)
    assert [fill[4] for fill in ledger.fills] == [4.0 * 2.0, 1.0 * 0.5]


def test_without_a_rate_orders_are_rejected_and_cash_is_left_alone():
    ledger = ledger_of()
    know(ledger, math.nan, 10.0)
    order = ledger.order(0, 1, LIMIT, limit=9.0)
    other = ledger.order(1, 1, LIMIT, limit=9.0)
    ledger.at(1)
    assert [(one["order_id"], one["state"], one["reason"]) for one in ledger.done] == [
        (order, REJECTED, NO_PRICE)
    ]
    assert ledger.resting == [other]
    assert ledger["equity"] == ledger["cash"] == 1_000.0


def test_a_close_that_is_no_rate_leaves_the_one_before():
    ledger = ledger_of()
    know(ledger, 1.25)
    for close in (0.0, -3.0, math.nan):
        know(ledger, close)
        assert ledger.rate[0] == 1.25


def test_limits_are_in_the_currency_of_the_account():
    ledger = ledger_of(max_per_trade=100.0)
    know(ledger, 2.0, 10.0)
    ledger.place(0, 6)
    ledger.place(0, 5)
    ledger.at(1)
    assert [(one["found"], one["allowed"]) for one in ledger.done] == [(120.0, 100.0)]


# --- whole runs ---------------------------------------------------------------------------------


class Abroad(Desk):
    """Every kind of order in all symbols but the last, once that has a price."""

    home: int = 1

    def on_session_open(self, session, ctx):
        if ctx.last_price(self.home) > 0.0:
            super().on_session_open(session, ctx)

    def on_bar(self, bar, ctx):
        if bar.symbol != self.home:
            super().on_bar(bar, ctx)
            if self.turn % 5 == 0:
                ctx.target_percent(bar.symbol, 0.1)


def with_pair(market: Market, rate: float) -> Market:
    """The market and a last symbol, with a bar wherever any has one, that stands still."""
    ts = np.unique(np.concatenate([bars.ts for bars in market.bars.values()]))
    pair = Bars(ts, np.full((5, len(ts)), rate))
    return Market({**market.bars, "P": pair}, market.sessions, market.streams)


@settings(max_examples=12)
@given(
    st.data(),
    markets(most_symbols=3),
    st.sampled_from([(1.0, 1), (4.0, 1), (0.25, -1)]),
    st.integers(0, 7),
)
def test_a_rate_that_stands_still_only_scales_money(
    data: st.DataObject, market: Market, rate: tuple[float, int], on_credit: int
):
    """Fills are the same, and all money is as many times what it is in one currency."""
    (price, sign), home = rate, len(market.symbols)
    both = with_pair(market, price)
    times = price if sign > 0 else 1.0 / price
    # Rates that go by what was traded see more or less of it.
    agreed = replace(data.draw(terms(home)), tiers=(), own_commission=b"")
    # Whole lots, so that sums of quantities are exact in any order.
    plain = [replace(one, pair=0, credit=0, lot=one.lot or 0.25) for one in agreed.instruments]
    foreign = [
        replace(one, pair=sign * (home + 1), credit=on_credit >> place & 1)
        for place, one in enumerate(plain)
    ]
    pair = replace(plain[0], multiplier=1.0)
    scaled = ("initial_cash", "max_buying_power", "max_per_trade", "max_per_symbol")
    expected = replay(both, Abroad(home=home), replace(agreed, instruments=(*plain, pair)))
    (found,), _ = run_in_process(
        both,
        [Abroad(home=home)],
        Setup(),
        replace(
            agreed,
            instruments=(*foreign, pair),
            **{name: times * getattr(agreed, name) for name in scaled},
        ),
    )
    assert found.fills == [(*one[:4], times * one[4], one[5]) for one in expected.fills]
    assert found.equity == [(ts, *(times * one for one in money)) for ts, *money in expected.equity]
    if times == 1.0:
        assert found.digest == expected.digest


@settings(max_examples=12)
@given(st.data(), markets())
def test_cash_and_positions_at_their_rates_are_the_equity_at_every_moment(
    data: st.DataObject, market: Market
):
    pairs = data.draw(conversions(len(market.symbols)))
    agreed = data.draw(terms(len(market.symbols)))
    instruments = tuple(
        replace(one, pair=pair, credit=credit)
        for one, (pair, credit) in zip(agreed.instruments, pairs, strict=True)
    )
    agreed = replace(agreed, this_close=False, instruments=instruments)
    (found,), _ = run_in_process(market, [Desk(size=2.0)], Setup(), agreed)
    bars = [bar for of_symbol in all_bars(market)[0] for bar in of_symbol]
    closes = {(bar.symbol, bar.ts): bar.close_ts for bar in bars}
    last: dict[int, float] = {}
    by_close = sorted(bars, key=lambda bar: bar.close_ts)
    for now, equity, cash in found.equity:
        while by_close and by_close[0].close_ts <= now:
            bar = by_close.pop(0)
            last[bar.symbol] = bar.prices[3]
        worth = cash
        for symbol, one in enumerate(instruments):
            own = [fill for fill in found.fills if fill[1] == symbol]
            held = sum(fill[2] for fill in own if closes[symbol, fill[0]] <= now)
            if held:
                close = last[abs(one.pair) - 1] if one.pair else 1.0
                rate = close if one.pair >= 0 else 1.0 / close
                worth += held * last[symbol] * one.multiplier * rate
        assert equity == pytest.approx(worth, rel=1e-9, abs=1e-6)
