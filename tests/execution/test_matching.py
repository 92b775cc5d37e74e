"""The matching kernel against the same rules in plain Python, and each rule by example."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import codes
from pipeline.codes import (
    CANCELLED,
    DAY,
    ENTRY_ENDED,
    EXPIRED,
    FILLED,
    FOK,
    GTC,
    IOC,
    LIMIT,
    NO_POSITION,
    NOT_AT_ONCE,
    ON_CLOSE,
    ON_OPEN,
    OTHER_FILLED,
    OUT_OF_TIME,
    STOP,
    STOP_LIMIT,
    TRIGGERED,
)
from pipeline.execution import orders
from tests.execution.ledgers import BAR, Ledger, ledger_of, walk
from tests.reference import orders as reference_orders
from tests.reference.matching import Book


@pytest.mark.parametrize(
    ("quantity", "kind", "prices", "bars", "fill"),
    [
        (1, LIMIT, {"limit": 9}, [(10, 11, 9.5, 10), (10, 10, 8, 8)], (1, 1.0, 9.0)),
        (1, LIMIT, {"limit": 9}, [(8, 11, 7, 10)], (0, 1.0, 8.0)),
        (-1, LIMIT, {"limit": 11}, [(10, 11, 9, 10)], (0, -1.0, 11.0)),
        (-1, LIMIT, {"limit": 11}, [(12, 13, 9, 10)], (0, -1.0, 12.0)),
        (1, STOP, {"stop": 11}, [(10, 10.5, 9, 10), (10, 12, 9, 10)], (1, 1.0, 11.0)),
        (1, STOP, {"stop": 11}, [(12, 13, 9, 10)], (0, 1.0, 12.0)),
        (-1, STOP, {"stop": 9}, [(10, 11, 8, 10)], (0, -1.0, 9.0)),
        (-1, STOP, {"stop": 9}, [(8, 11, 7, 10)], (0, -1.0, 8.0)),
        # Triggered at the open and within the limit; beyond it, and back.
        (1, STOP_LIMIT, {"stop": 11, "limit": 12}, [(11.5, 13, 11, 12)], (0, 1.0, 11.5)),
        (1, STOP_LIMIT, {"stop": 11, "limit": 12}, [(13, 14, 11.5, 12)], (0, 1.0, 12.0)),
        # Triggered within the range: at the stop if the limit allows, else not in this bar.
        (1, STOP_LIMIT, {"stop": 11, "limit": 12}, [(10, 13, 9, 12)], (0, 1.0, 11.0)),
        (1, STOP_LIMIT, {"stop": 11, "limit": 10}, [(10, 13, 9, 12), (9, 9, 9, 9)], (1, 1.0, 9.0)),
    ],
)
def test_an_order_fills_at_its_price_or_at_a_better_open(
    quantity: float, kind: int, prices: dict[str, float], bars: list[Any], fill: tuple[Any, ...]
):
    ledger = ledger_of()
    ledger.order(0, quantity, kind, **prices)
    assert walk(ledger, *bars) == [fill]
    assert ledger.done[0]["state"] == FILLED


def test_a_stop_limit_that_is_triggered_and_not_filled_says_so():
    ledger = ledger_of()
    ledger.order(0, 1, STOP_LIMIT, stop=11, limit=10)
    assert walk(ledger, (10.5, 12, 10.5, 12)) == []
    assert ledger.book["state"][0] == TRIGGERED


def test_a_trailing_stop_follows_the_bars_behind_it_only():
    ledger = ledger_of()
    ledger.last_price[0] = 10.0
    ledger.trailing(0, -1, amount=2.0)
    # The high of 15 moves the stop to 13 when its bar is over: the low of 9 came before that.
    assert walk(ledger, (10, 15, 9, 14), (14, 16, 13.5, 14), (14.5, 15, 13, 13)) == [
        (2, -1.0, 14.0)
    ]


def test_a_trailing_stop_in_per_cent_of_the_best_price():
    ledger = ledger_of()
    ledger.last_price[0] = 100.0
    ledger.trailing(0, 1, fraction=0.1)
    assert walk(ledger, (100, 101, 80, 85), (85, 90, 84, 90)) == [(1, 1.0, 88.0)]


def test_orders_on_the_open_and_on_the_close_wait_for_their_session():
    ledger = ledger_of()
    ledger.record[0]["session_open"], ledger.record[0]["session_close"] = -BAR, 2 * BAR
    ledger.order(0, 1, ON_OPEN)
    ledger.order(0, 2, ON_CLOSE)
    assert walk(ledger, (10, 11, 9, 10.5), (10, 12, 9, 11)) == [(1, 2.0, 11.0)]
    ledger.record[0]["session_open"] = 5 * BAR
    ledger.match(0, 5 * BAR, 13.0)
    assert ledger.fills[-1][:4] == (5 * BAR, 0, 1.0, 13.0)


def test_time_in_force():
    ledger = ledger_of()
    at_once = ledger.order(0, 1, LIMIT, limit=5, until=IOC)
    till_then = ledger.order(0, 1, LIMIT, limit=5, until=2 * BAR)
    for_today = ledger.order(0, 1, LIMIT, limit=5, until=DAY)
    assert walk(ledger, (10, 11, 9, 10), (10, 11, 9, 10), (10, 11, 4, 10)) == [(2, 1.0, 5.0)]
    found = {one["order_id"]: (one["state"], one["reason"]) for one in ledger.done}
    assert found[at_once] == (CANCELLED, NOT_AT_ONCE)
    assert found[till_then] == (EXPIRED, OUT_OF_TIME)
    assert found[for_today] == (FILLED, 0)


def test_a_day_order_ends_with_its_session_and_one_placed_at_the_close_with_the_next():
    ledger = ledger_of()
    early = ledger.order(0, 1, LIMIT, limit=5, until=DAY)
    ledger.at(50)
    late = ledger.order(0, 1, LIMIT, limit=5, until=DAY)
    ledger.close_orders()
    ledger.at(51)
    assert [(one["order_id"], one["state"]) for one in ledger.done] == [(early, EXPIRED)]
    ledger.at(100).close_orders()
    ledger.at(101)
    assert [one["order_id"] for one in ledger.done] == [early, late]


def test_a_bracket_protects_from_its_entry_on_and_the_first_leg_cancels_the_other():
    ledger = ledger_of()
    ledger.bracket(0, 5, stop_loss=8, take_profit=12)
    assert walk(ledger, (10, 11, 9, 10), (10, 12.5, 9, 12)) == [(0, 5.0, 10.0), (1, -5.0, 12.0)]
    found = [(one["order_id"], one["state"], one["reason"]) for one in ledger.done]
    assert sorted(found) == [(1, FILLED, 0), (2, CANCELLED, OTHER_FILLED), (3, FILLED, 0)]


@pytest.mark.parametrize(("optimistic", "price"), [(False, 8.0), (True, 12.0)])
def test_where_one_bar_touches_both_legs_the_configuration_decides_and_it_is_counted(
    optimistic: bool, price: float
):
    ledger = ledger_of(optimistic=optimistic)
    ledger.bracket(0, 5, stop_loss=8, take_profit=12)
    assert walk(ledger, (10, 11, 9, 10), (10, 13, 7, 10))[1] == (1, -5.0, price)
    assert ledger["ambiguous"] == 1


def test_an_open_beyond_a_leg_decides_for_it_without_ambiguity():
    ledger = ledger_of()
    ledger.bracket(0, 5, stop_loss=8, take_profit=12)
    assert walk(ledger, (10, 11, 9, 10), (13, 14, 7, 10))[1] == (1, -5.0, 13.0)
    assert ledger["ambiguous"] == 0


@pytest.mark.parametrize(
    ("lot", "until", "expected"),
    [(0.0, (GTC, GTC), 1), (4.0, (GTC, GTC), 0), (0.0, (FOK, GTC), 0), (0.0, (GTC, FOK), 0)],
    ids=["both can fill", "less than a lot", "stop whole or not", "limit whole or not"],
)
def test_a_bar_decides_nothing_if_its_volume_is_too_little_for_one_of_two(
    lot: float, until: tuple[int, int], expected: int
):
    """Half of the volume is 3, and each order is of 4."""
    ledger = ledger_of(volume_cap=0.5, lot=lot)
    ledger.settle(0, 4, 10.0)
    first = ledger.order(0, -4, STOP, stop=9.0, until=until[0])
    assert ledger.one_cancels_other(first, ledger.order(0, -4, LIMIT, limit=11.0, until=until[1]))
    walk(ledger, (10, 12, 8, 10, 6))
    assert ledger["ambiguous"] == expected


@pytest.mark.parametrize("kind", ["limit", "stop"])
def test_of_two_of_a_kind_in_one_bar_the_first_is_chosen_and_counted(kind: str):
    ledger = ledger_of()
    near, far = {"limit": (-0.5, -1.0), "stop": (0.5, 1.0)}[kind]
    code = {"limit": LIMIT, "stop": STOP}[kind]
    placed = [ledger.order(0, 1, code, **{kind: 10 + away}) for away in (far, near)]
    assert ledger.one_cancels_other(*placed)
    assert walk(ledger, (10, 12, 8, 10)) == [(0, 1.0, 10 + far)]
    assert ledger["ambiguous"] == 1


def test_in_the_bar_of_an_entry_within_its_range_only_the_stop_loss_counts():
    ledger = ledger_of()
    ledger.bracket(0, 5, stop_loss=8, take_profit=11, limit=9)
    assert walk(ledger, (10, 12, 8.5, 12), (10, 11, 9, 10)) == [(0, 5.0, 9.0), (1, -5.0, 11.0)]
    ledger = ledger_of()
    ledger.bracket(0, 5, stop_loss=8, take_profit=11, limit=9)
    assert walk(ledger, (10, 12, 7, 12)) == [(0, 5.0, 9.0), (0, -5.0, 8.0)]


def test_legs_end_with_an_entry_that_is_never_filled():
    ledger = ledger_of()
    entry = ledger.bracket(0, 5, stop_loss=8, take_profit=11, limit=9)
    assert ledger.cancel(entry)
    ledger.at(1)
    assert [one["reason"] for one in ledger.done][1:] == [ENTRY_ENDED, ENTRY_ENDED]
    assert ledger.resting_of[0] == 0


def test_a_leg_never_does_more_than_close_the_position():
    ledger = ledger_of()
    ledger.bracket(0, 5, stop_loss=8, take_profit=12)
    walk(ledger, (10, 11, 9, 10))
    ledger.order(0, -5, codes.MARKET)
    ledger.at(30).match(0, 30, 10, 13, 7, 10)
    ledger.at(40)
    assert ledger.position[0] == 0.0
    reasons = {one["reason"] for one in ledger.done if one["state"] == CANCELLED}
    assert reasons == {NO_POSITION}
    assert len(ledger.fills) == 2


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"stop_loss": 12, "take_profit": 8},
        {"stop_loss": 9, "limit": 9},
        {"take_profit": 9, "limit": 9},
        {"take_profit": 9, "stop": 10},
    ],
)
def test_a_bracket_whose_prices_make_no_sense_is_refused(prices: dict[str, float]):
    ledger = ledger_of()
    with pytest.raises(ValueError, match="bracket"):
        ledger.bracket(0, 5, **prices)
    assert ledger["inbox_count"] == 0


def test_an_order_can_be_replaced_while_it_rests():
    ledger = ledger_of()
    first = ledger.order(0, 1, LIMIT, limit=5)
    walk(ledger, (10, 11, 9, 10))
    assert ledger.replace(first, quantity=3, limit=9.5)
    ledger.match(0, 2 * BAR, 10, 10, 9, 9)
    assert ledger.fills == [(2 * BAR, 0, 3.0, 9.5, 0.0, 1)]
    assert not ledger.replace(first, quantity=1)
    second = ledger.order(0, 1, LIMIT, limit=5)
    for change in ({"quantity": -1.0}, {"stop": 3.0}):
        with pytest.raises(ValueError, match="replace cannot"):
            ledger.replace(second, **change)


def test_only_orders_that_wait_for_no_price_are_pending():
    ledger = ledger_of()
    ledger.order(0, 5, LIMIT, limit=5)
    ledger.order(0, 2, ON_CLOSE)
    ledger.place(0, 1)
    assert ledger.pending[0] == 3.0
    assert ledger.target(0, 3.0) == 0


PRICES = st.integers(16, 48).map(lambda n: n / 4)  # quarters, so that levels are often hit exactly
NAN = st.just(math.nan)
QUANTITIES = st.sampled_from([-3.0, -1.0, 1.0, 2.0])
UNTIL = st.sampled_from([codes.GTC] * 4 + [DAY, IOC, FOK, 40, 90])
ACTIONS = st.one_of(
    st.tuples(st.just("order"), QUANTITIES, st.integers(0, 6), PRICES, PRICES, UNTIL),
    st.tuples(st.just("trailing"), QUANTITIES, st.booleans(), st.integers(1, 4)),
    st.tuples(
        st.just("bracket"), QUANTITIES, PRICES | NAN, PRICES | NAN, PRICES | NAN, PRICES | NAN
    ),
    st.tuples(st.just("cancel"), st.integers(1, 12)),
    st.tuples(st.just("tie"), st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.just("close")),
)
BARS = st.tuples(PRICES, PRICES, PRICES, PRICES, st.sampled_from([0.0, 4.0, 8.0])).map(
    lambda p: (p[0], max(p[:4]), min(p[:4]), p[3], p[4]),
)
SCRIPTS = st.lists(st.tuples(st.lists(ACTIONS, max_size=3), BARS), max_size=14)
#: Of a volume of 8 at most 2 or 6 units, in halves or in threes.
CAPS = st.sampled_from([(math.inf, 0.0), (math.inf, 0.0), (0.25, 0.5), (0.75, 0.0), (0.75, 3.0)])


def of_lots(lot: float) -> Any:
    """The refusal of what is not whole lots."""

    def judge(order: reference_orders.Order) -> tuple[int, float, float] | None:
        size = abs(order.quantity)
        return (codes.LOT, size, lot) if lot and size % lot else None

    return judge


def act(ledger: Ledger, book: Book, action: tuple[Any, ...]) -> None:
    """Do the same to both."""
    what, *given_ = action
    known = len(book.orders)
    if what == "order":
        quantity, kind, limit, stop, until = given_
        if kind == reference_orders.TRAILING:
            return
        prices = {
            "limit": limit if kind in (LIMIT, STOP_LIMIT) else math.nan,
            "stop": stop if kind in (STOP, STOP_LIMIT) else math.nan,
        }
        ledger.order(0, quantity, kind, **prices, until=until)
        book.place(0, quantity, kind, **prices, until=until)
    elif what == "trailing" and not math.isnan(book.last[0]):
        quantity, by_amount, size = given_
        amount, fraction = (float(size), math.nan) if by_amount else (math.nan, size / 16)
        ledger.trailing(0, quantity, amount=amount, fraction=fraction)
        book.trailing(0, quantity, amount, fraction)
    elif what == "bracket":
        quantity, loss, profit, limit, stop = given_
        try:
            ledger.bracket(0, quantity, loss, profit, limit=limit, stop=stop)
        except ValueError:
            return
        book.bracket(0, quantity, loss, profit, limit, stop)
    elif what == "cancel" and given_[0] <= known:
        ledger.cancel(given_[0])
        book.cancel(given_[0])
    elif what == "tie" and max(given_) <= known:
        ledger.one_cancels_other(*given_)
        book.tie(*given_)
    elif what == "close":
        ledger.close_orders()
        book.close_session()


@given(SCRIPTS, st.booleans(), CAPS, st.sampled_from([0.0, 0.0, 0.5]))
def test_the_kernel_does_what_the_rules_say(script, optimistic, cap, tick):
    share, lot = cap
    # Takers are charged, makers are not.
    rates = {"basis_points": 1.0, "maker_points": 0.0}
    ledger = ledger_of(optimistic=optimistic, volume_cap=share, tick=tick, **rates)
    ledger.lot[:] = lot
    book = Book(optimistic=optimistic, cap=share, lot=lot, tick=tick, judge=of_lots(lot))
    for number, (actions, bar) in enumerate(script):
        now = BAR * number
        book.now, book.session_open = now, now - now % (4 * BAR)
        book.session_close = book.session_open + 4 * BAR
        ledger.at(now)
        ledger.record[0]["session_open"] = book.session_open
        ledger.record[0]["session_close"] = book.session_close
        for action in actions:
            act(ledger, book, action)
        ledger.at(now + BAR)
        book.now = now + BAR
        ledger.match(0, now, *bar)
        book.meet(0, now, now + BAR, bar)
    ledger.at(BAR * len(script) + BAR)
    fills = [(f[0], f[1], f[2], f[3], f[5], f[4] == 0.0) for f in ledger.fills]
    assert fills == [(*fill[:5], fill.maker) for fill in book.fills]
    known = [
        *ledger.done,
        *(
            dict(zip(orders.ORDER.names, row, strict=True))
            for row in ledger.book[: ledger["resting"]].tolist()
        ),
    ]
    for one in known:
        order = book.orders[one["order_id"] - 1]
        for name in ("state", "reason", "done_ts", "filled", "limit", "stop", "found"):
            assert one[name] == getattr(order, name) or math.isnan(one[name]), name
    assert len(known) == len(book.orders)
    assert ledger.position[0] == book.position[0]
    assert ledger["ambiguous"] == book.ambiguous
    assert ledger.pending[0] == sum(order.left for order in book.orders if order.pending)


@given(SCRIPTS, st.sampled_from([0.25, 0.75]))
def test_fills_keep_to_their_bar_their_order_and_the_cap_and_add_up(script, cap):
    ledger, book = ledger_of(volume_cap=cap), Book(cap=cap)
    bars = {}
    for number, (actions, bar) in enumerate(script):
        ledger.at(BAR * number)
        book.now = BAR * number
        for action in actions:
            act(ledger, book, action)
        book.last[0] = bar[3]
        bars[BAR * number] = bar
        ledger.at(BAR * (number + 1)).match(0, BAR * number, *bar)
        book.now = BAR * (number + 1)
    ledger.at(BAR * len(script) + BAR)
    placed = {order.order_id: order.ts for order in book.orders}
    of_order: dict[int, float] = {}
    of_bar: dict[int, float] = {}
    for ts, _, quantity, price, _, order_id in ledger.fills:
        _, high, low, _, _ = bars[ts]
        assert low <= price <= high
        assert placed[order_id] <= ts
        of_order[order_id] = of_order.get(order_id, 0.0) + quantity
        of_bar[ts] = of_bar.get(ts, 0.0) + abs(quantity)
    assert all(filled <= cap * bars[ts][4] for ts, filled in of_bar.items())
    known = ledger.done + [
        dict(zip(orders.ORDER.names, row, strict=True))
        for row in ledger.book[: ledger["resting"]].tolist()
    ]
    assert {one["order_id"]: one["filled"] for one in known if one["filled"]} == of_order


def test_prices_go_to_the_tick_that_costs_no_more_than_meant():
    ledger = ledger_of(tick=0.25)
    for quantity in (1, -1):
        ledger.order(0, quantity, LIMIT, limit=10.1)
        ledger.order(0, quantity, STOP, stop=10.1)
    assert ledger.inbox["limit"][[0, 2]].tolist() == [10.0, 10.25]
    assert ledger.inbox["stop"][[1, 3]].tolist() == [10.25, 10.0]


def test_a_bar_that_began_before_a_change_does_not_meet_the_new_price():
    """Another symbol's bar may close within it: what it has touched by then is known already."""
    ledger = Ledger()
    limit = ledger.order(0, 1.0, LIMIT, limit=40.0)
    stop = ledger.order(0, -1.0, STOP, stop=30.0)
    ledger.at(15)
    assert ledger.replace(limit, limit=49.0)
    assert ledger.replace(stop, stop=48.0)
    ledger.at(20).match(0, 10, 50.0, 51.0, 47.0, 50.0)
    assert ledger.fills == []
    ledger.at(30).match(0, 20, 50.0, 51.0, 47.0, 50.0)
    assert [fill[3] for fill in ledger.fills] == [48.0, 49.0]
