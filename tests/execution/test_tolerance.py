"""Rounding decides no trade: all that the cash buys is bought, and what is sold leaves nothing."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import FILLED, GTC, LIMIT, NO_REASON, REJECTED
from pipeline.execution.tolerance import added, exceeds, multiple, on_step, slack_of, steps_of
from pipeline.lane.spec import Instrument, Terms
from tests.execution.ledgers import BAR, Ledger
from tests.golden.traders import Pusher
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Bars, Market, random_walk, session_table
from tests.reference.replay import replay
from tests.reference.traders import Desk
from tests.strategies import MINUTE, START

#: What is dust to any order, fill or round trip of the properties below.
DUST = 1e-7
LOTS = (0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 1.0, 100.0)

decimals = st.builds(
    lambda digits, places: float(Decimal(digits).scaleb(-places)),
    st.integers(1, 999_999),
    st.integers(0, 4),
)
prices = st.builds(lambda cents: float(Decimal(cents) / 100), st.integers(1, 2_000_000))


def total_of(quantities: list[float]) -> float:
    """The sum as one would write it."""
    return float(sum(Decimal(repr(one)) for one in quantities))


# --- numbers ------------------------------------------------------------------------------------


def test_what_a_sum_leaves_by_rounding_is_exactly_nothing():
    assert 0.1 + 0.2 - 0.3 != 0.0
    assert added(0.1 + 0.2, -0.3, 0.0) == 0.0
    assert added(1.0, -1.0 + 2e-12, 0.0) != 0.0
    left, slack = 1_000_000.001 - 1_000_000.0, slack_of(1_000_000.0, 0.001)
    assert added(left, -0.001, 0.0) != 0.0 == added(left, -0.001, slack)


def test_without_end_nothing_is_left_of_no_sum():
    assert added(math.inf, -3.0, 0.0) == math.inf
    assert math.isnan(added(math.nan, 1.0, 0.0))


@given(st.integers(-(2**50), 2**50), st.integers(-(2**50), 2**50))
def test_whole_numbers_add_up_exactly_but_where_next_to_nothing_is_left(one, other):
    total = one + other
    left = abs(total) > 1e-12 * max(abs(one), abs(other))
    assert added(float(one), float(other), 0.0) == (float(total) if left else 0.0)


def test_an_amount_exceeds_another_by_more_than_rounding():
    assert 1000 / 1.34 * 1.34 > 1000.0
    assert not exceeds(1000 / 1.34 * 1.34, 1000.0)
    assert not exceeds(1000.0000009, 1000.0)
    assert exceeds(1000.000002, 1000.0)
    assert exceeds(5.0, -1e-13)
    assert exceeds(math.inf, 1e300)
    assert not exceeds(math.inf, math.inf)


@given(st.integers(-(10**9), 10**9), st.sampled_from(LOTS[1:]))
def test_so_many_steps_are_the_number_that_one_would_write(count, step):
    number = float(Decimal(repr(step)) * count)
    assert multiple(float(count), step) == number
    assert steps_of(number, step) == count
    for near in (math.nextafter(number, math.inf), math.nextafter(number, -math.inf)):
        assert on_step(near, step) == number


def test_what_is_between_two_steps_stays_there():
    assert steps_of(0.25, 0.1) == 2.5
    assert on_step(0.25, 0.1) == 0.25


# --- flat is flat -------------------------------------------------------------------------------


@pytest.mark.parametrize("fifo", [False, True], ids=["average", "fifo"])
@given(st.lists(decimals, min_size=1, max_size=12), st.data())
def test_what_was_bought_in_decimals_and_is_sold_in_decimals_leaves_nothing(fifo, bought, data):
    ledger = Ledger(1, room=64, fifo=fifo)
    for quantity in bought:
        ledger.settle(0, quantity, 10.0)
    sold = data.draw(st.lists(st.sampled_from(bought), max_size=len(bought), unique=True))
    for quantity in sold:
        ledger.settle(0, -quantity, 10.0)
    rest = Decimal(repr(total_of(bought))) - Decimal(repr(total_of(sold)))
    if rest:
        ledger.settle(0, -float(rest), 10.0)
    assert ledger.position[0] == 0.0
    assert (ledger["held"], ledger["open_lots"]) == (0, 0)
    assert min(trip["quantity"] for trip in ledger.trips) >= DUST
    assert ledger["cash"] == pytest.approx(1_000.0, abs=1e-9 * total_of(bought) * 10.0)
    assert ledger["gross_profit"] == pytest.approx(0.0, abs=1e-9 * total_of(bought))


@pytest.mark.parametrize("fifo", [False, True], ids=["average", "fifo"])
def test_ten_thousand_parts_that_are_sold_at_once_leave_nothing(fifo):
    ledger = Ledger(1, room=1_024, fifo=fifo)
    for _ in range(10_000):
        ledger.settle(0, 0.1, 10.0)
    assert ledger.position[0] != 1_000.0
    ledger.settle(0, -1_000.0, 10.0)
    assert (ledger.position[0], ledger["open_lots"]) == (0.0, 0)
    assert len(ledger.trips) == (10_000 if fifo else 1)
    assert {trip["quantity"] for trip in ledger.trips} >= ({0.1} if fifo else set())


@given(st.lists(decimals, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_nothing_is_pending_where_nothing_waits_for_a_time(quantities, random):
    ledger = Ledger(1, room=32)
    ledger.order(0, 1.0, LIMIT, limit=5.0)
    ids = [ledger.place(0, quantity) for quantity in quantities]
    random.shuffle(ids)
    for order_id in ids:
        assert ledger.waiting[0] > 0
        ledger.cancel(order_id)
    assert ledger.pending[0] == 0.0


# --- parts --------------------------------------------------------------------------------------


@settings(max_examples=20)
@pytest.mark.parametrize("lot", [0.0, 0.1])
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.lists(st.integers(1, 40), min_size=12, max_size=12),
)
def test_brackets_that_fill_and_are_left_in_parts_leave_nothing(lot, sizes, volumes):
    unit = lot or 0.1
    ledger = Ledger(1, room=16, volume_cap=0.25, lot=lot).at(0)
    for size in sizes:
        ledger.bracket(0, float(Decimal(repr(unit)) * size), 5.0)
    prices = [10.0] * len(volumes) + [4.0] * 500
    for number, price in enumerate(prices):
        ledger.at(BAR * (number + 1))
        volume = float(4 * Decimal(repr(unit)) * volumes[number % len(volumes)])
        ledger.match(0, BAR * number, price, volume=volume)
        if price == 4.0 and ledger.position[0] == 0.0 and not ledger.resting:
            break
    ledger.at(BAR * (len(prices) + 1))
    assert ledger.position[0] == ledger.pending[0] == 0.0
    assert ledger.resting == []
    assert min(abs(quantity) for _, _, quantity, *_ in ledger.fills) > 0.9 * unit
    assert all(one["filled"] == one["quantity"] for one in ledger.done if one["state"] == FILLED)
    assert min(trip["quantity"] for trip in ledger.trips) > 0.9 * unit


# --- all that there is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "terms",
    [{"cash_only": 1}, {"leverage": 1.0}, {"max_per_symbol": 0.0}, {"max_buying_power": 0.0}],
    ids=lambda terms: next(iter(terms)),
)
@given(decimals, prices, st.sampled_from(LOTS), st.fractions(Fraction(1, 100), 1))
def test_all_that_the_cash_buys_is_bought_and_all_of_it_is_sold(terms, cash, price, lot, part):
    name, value = next(iter(terms.items()))
    ledger = Ledger(1, cash=cash, lot=lot, **{name: value or cash})
    ledger.last_price[0] = price
    first = buy(ledger, cash, float(part), price)
    second = buy(ledger, cash, 1.0, price)
    held = ledger.position[0]
    if lot == 0.0 or cash >= lot * price:
        assert held > 0.0
        assert held + max(lot, 1e-8 * held) > cash / price
    ledger.target(0, 0.0)
    ledger.at(50).match(0, 50, price)
    ledger.at(60)
    assert [one["reason"] for one in ledger.done] == [NO_REASON] * (first + second + (held > 0.0))
    assert ledger.position[0] == 0.0
    assert ledger["cash"] == pytest.approx(cash, rel=1e-9)


def buy(ledger: Ledger, cash: float, part: float, price: float) -> int:
    """Ask, as a strategy does, for a part of the cash in whole lots; how many orders that made."""
    lot = ledger.lot[0]
    units = part * cash / price
    if lot:
        units = multiple(math.floor(steps_of(units, lot)), lot)
    made = ledger.target(0, units)
    now = int(ledger["now"]) + BAR
    ledger.at(now).match(0, now, price)
    ledger.at(now + 1)
    return int(made > 0)


@given(st.lists(decimals, min_size=1, max_size=10))
def test_a_cash_account_sells_the_sum_of_what_it_has_bought(bought):
    ledger = Ledger(1, cash=1e15, room=16, cash_only=1)
    ledger.last_price[0] = 10.0
    for quantity in bought:
        ledger.settle(0, quantity, 10.0)
    ledger.place(0, -total_of(bought))
    ledger.at(10).match(0, 10, 10.0)
    ledger.at(20)
    assert [one["state"] for one in ledger.done] == [FILLED]
    assert ledger.position[0] == 0.0


@given(st.lists(decimals, min_size=1, max_size=6), decimals)
def test_a_target_that_is_reached_orders_nothing(bought, more):
    ledger = Ledger(1, room=16)
    for quantity in bought:
        ledger.settle(0, quantity, 10.0)
    ledger.place(0, more)
    assert ledger.target(0, total_of([*bought, more])) == 0


def test_a_symbol_that_was_left_does_not_use_up_a_position():
    ledger = Ledger(2, max_open_positions=1)
    for quantity in (0.1, 0.2, -0.3):
        ledger.settle(0, quantity, 10.0)
    ledger.last_price[:] = 10.0
    ledger.place(1, 1.0)
    ledger.at(1)
    assert ledger.done == []


def test_a_change_to_what_has_been_filled_ends_an_order():
    ledger = Ledger(1, volume_cap=1.0).at(0)
    order = ledger.order(0, 5.0, LIMIT, limit=10.0, until=GTC)
    for number in range(3):
        ledger.at(BAR * (number + 1)).match(0, BAR * number, 10.0, volume=0.1)
    filled = ledger.book["filled"][0]
    assert filled != 0.3
    assert ledger.replace(order, quantity=0.3)
    ledger.at(100)
    assert ledger.resting == []


def test_an_order_of_no_lot_is_refused_and_one_that_is_off_by_rounding_is_put_on_lots():
    ledger = Ledger(1, lot=0.1)
    for quantity in (0.1 + 0.2, 1e-12, 0.25):
        ledger.place(0, quantity)
    assert ledger.inbox["quantity"][0] == 0.3
    assert ledger.inbox["state"][1:3].tolist() == [REJECTED] * 2


def test_a_limit_on_a_tick_is_reached_by_a_price_that_is_written_so():
    ledger = Ledger(1, tick=0.01).at(0)
    assert 113 * 0.01 > 1.13
    ledger.order(0, -1.0, LIMIT, limit=1.13)
    ledger.at(10).match(0, 10, 1.10, 1.13, 1.09, 1.12)
    assert [fill[3] for fill in ledger.fills] == [1.13]


def test_a_split_that_leaves_rounding_only_pays_no_fraction():
    ledger = Ledger(1, lot=0.1)
    ledger.settle(0, 0.3, 10.0)
    ledger.last_price[0] = 10.0
    for now, ratio in ((1, 1 / 3), (2, 7.0), (3, 3.0)):
        ledger.act(now, (0, ratio, 0.0))
    assert ledger.position[0] == 2.1
    assert (ledger["fractions_paid"], ledger["trips"], ledger["open_lots"]) == (0.0, 0, 1)


# --- whole runs ---------------------------------------------------------------------------------


def fractional_market(seed: int) -> Market:
    """Two symbols of an hour, with volumes of which a quarter is a fraction of most orders."""
    ts = START + MINUTE * np.arange(60, dtype=np.int64)
    random = np.random.default_rng(seed)
    bars = {}
    for number, name in enumerate("AB"):
        values = random_walk(ts, seed + number).values.copy()
        values[4] = random.choice([0.0, 0.3, 0.7, 1.1, 2.9, 13.7], 60)
        bars[name] = Bars(ts, values)
    spans = [(START + 20 * i * MINUTE, START + 20 * (i + 1) * MINUTE) for i in range(3)]
    return Market(bars, session_table(spans), ("1m",))


@settings(max_examples=15)
@given(
    st.integers(0, 10**6),
    st.sampled_from([0.1, 0.3, 0.7, 1.1, 2.3]),
    st.sampled_from([0.0, 0.0, 0.01, 0.05]),
    st.sampled_from([{}, {"cash_only": True}, {"leverage": 1.0}, {"max_open_positions": 1}]),
    st.booleans(),
)
def test_runs_in_fractions_are_those_of_the_reference_and_have_no_dust(
    seed: int, size: float, lot: float, limits: dict[str, float], fifo: bool
):
    """The reference adds in another order, so without lots last bits may differ, and no more."""
    market = fractional_market(seed)
    agreed = Terms(
        300.0, (Instrument(lot=lot),) * 2, volume_cap=0.25, per_order=1.0, fifo=fifo, **limits
    )
    strategies = [Desk(size=size), Pusher(step=size)]
    found, _ = run_in_process(market, strategies, Setup(), agreed)
    for got, strategy in zip(found, strategies, strict=True):
        want = replay(market, strategy, agreed)
        quantities = [[row[2] for row in got.fills], [row[3] for row in got.orders]]
        quantities.append([row[1] for row in got.trips])
        assert min(map(abs, sum(quantities, [1.0]))) >= DUST
        assert [row[:2] for row in got.fills] == [row[:2] for row in want.fills]
        assert [row[2] for row in got.fills] == pytest.approx([row[2] for row in want.fills])
        assert [row[6:9] for row in got.orders] == [row[6:9] for row in want.orders]
        assert len(got.trips) == len(want.trips)
        if lot:
            assert_same(got, want)
