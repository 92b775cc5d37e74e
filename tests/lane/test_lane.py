"""A lane's own part: where a strategy fails, and room for as many orders as it likes."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline import MINUTE, Strategy, Symbol, state
from pipeline.errors import StrategyError
from pipeline.lane import kind, outbox
from pipeline.lane.spec import Terms
from pipeline.native.plain import PLAIN
from tests.reference.in_process import Setup, assert_same, run_in_process
from tests.reference.market import Bars, Market, random_walk, session_table
from tests.reference.replay import TERMS, replay

T0 = 1_700_006_400_000_000_000
MODES = ["interpreted", "compiled"]


def market_of(minutes: int = 8) -> Market:
    """Two symbols; the second has no bar after the third minute, so its orders rest."""
    ts = T0 + MINUTE * np.arange(minutes, dtype=np.int64)
    bars = {"A": random_walk(ts, 1), "B": random_walk(ts[:3], 2)}
    half = T0 + minutes // 2 * MINUTE
    spans = [(T0, half), (half, T0 + minutes * MINUTE)]
    return Market(bars, session_table(spans), ("1m",))


class Failing(Strategy):
    """Raises in the hook of a number."""

    hook: int = 0

    def on_start(self, ctx):
        if self.hook == 0:
            raise ValueError("here")
        ctx.market(1, 1.0)

    def on_session_open(self, session, ctx):
        if self.hook == 1:
            raise ValueError("here")

    def on_fill(self, fill, ctx):
        if self.hook == 2:
            raise ValueError("here")

    def on_bar(self, bar, ctx):
        if self.hook == 3 and bar.symbol == 1:
            raise ValueError("here")

    def on_bars(self, bars, ctx):
        if self.hook == 4:
            raise ValueError("here")

    def on_session_close(self, session, ctx):
        if self.hook == 5:
            raise ValueError("here")

    def on_stop(self, ctx):
        if self.hook == 6:
            raise ValueError("here")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("number", "hook", "symbol", "minute"),
    [
        (0, "on_start", "", None),
        (1, "on_session_open", "", 0),
        (2, "on_fill", " for B", 1),
        (3, "on_bar", " for B", 1),
        (4, "on_bars", "", 1),
        (5, "on_session_close", "", 4),
        (6, "on_stop", "", 8),
    ],
)
def test_what_any_hook_raises_names_the_line_symbol_and_time(
    mode: str, number: int, hook: str, symbol: str, minute: int | None
):
    with pytest.raises(StrategyError) as caught:
        run_in_process(market_of(), [Failing(hook=number)], Setup(mode=mode))
    source = Path(__file__).read_text().splitlines()
    lines = [at for at, line in enumerate(source, 1) if "raise ValueError" in line]
    place = f"{__file__}:{lines[number]}: Failing.{hook} raised ValueError: here"
    when = "" if minute is None else f" at 2023-11-15 00:{minute:02d}:00Z"
    assert str(caught.value) == place + (f" ({(symbol + when).strip()})" if symbol + when else "")


class FailsLate(Strategy):
    """Raises at its fifth bar, having asked for nothing that moves."""

    bars: int = state(0)

    def on_bar(self, bar, ctx):
        self.bars += 1
        if self.bars == 5 and bar.close > 0.0:
            raise ValueError("late")


@pytest.mark.parametrize("mode", MODES)
def test_what_is_raised_amid_a_run_of_bars_names_the_time_of_its_own_bar(mode: str):
    ts = T0 + MINUTE * np.arange(9, dtype=np.int64)
    spans = session_table([(T0, T0 + 9 * MINUTE)])
    market = Market({"A": random_walk(ts, 1)}, spans, ("1m",))
    with pytest.raises(StrategyError, match=r"ValueError: late \(for A at 2023-11-15 00:05:00Z\)$"):
        run_in_process(market, [FailsLate()], Setup(mode=mode, slot_rows=20))


class FailsWithAPrice(Strategy):
    def on_bar(self, bar, ctx):
        raise ValueError(f"a price of {bar.close}")


class FailsInGroups(Strategy):
    def on_bar(self, bar, ctx):
        raise ExceptionGroup("several", [ValueError("a"), KeyError("b")])


@pytest.mark.parametrize("mode", MODES)
def test_a_value_in_the_text_of_an_exception_is_told_in_both_modes(mode: str):
    bars = random_walk(T0 + MINUTE * np.arange(2, dtype=np.int64), 1)
    market = Market({"A": bars}, session_table([(T0, T0 + 2 * MINUTE)]), ("1m",))
    price = re.escape(str(float(bars.values[3, 0])))
    with pytest.raises(StrategyError, match=rf"ValueError: a price of {price} \(for A at"):
        run_in_process(market, [FailsWithAPrice()], Setup(mode=mode))


class Unset(Strategy):
    """Reads a variable that no bar has given a value; ``way``: how it came to have none."""

    way: int = 0

    def on_bar(self, bar, ctx):
        if bar.close < 0.0:
            size = 1.0
        if self.way == 0:
            ctx.market(bar.symbol, size)  # read
        elif self.way == 1:
            ctx.market(bar.symbol, sum([size * share for share in (1.0, 2.0)]))  # read
        elif self.way == 2:
            try:
                ctx.market(9, 1.0)
            except Exception:  # noqa: BLE001
                ctx.market(bar.symbol, size)  # read
        else:
            ctx.market(bar.symbol, leftover(bar.close))


def leftover(price):
    for size in range(int(0.0 * price)):  # noqa: B007
        pass
    return size  # read


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", [0, 1, 2, 3])
def test_a_variable_without_a_value_is_named_with_its_line_in_both_modes(mode: str, way: int):
    bars = random_walk(T0 + MINUTE * np.arange(2, dtype=np.int64), 1)
    market = Market({"A": bars}, session_table([(T0, T0 + 2 * MINUTE)]), ("1m",))
    with pytest.raises(StrategyError) as told:
        run_in_process(market, [Unset(way=way)], Setup(mode=mode))
    source = Path(__file__).read_text().splitlines()
    line = [at for at, text in enumerate(source, 1) if text.endswith("  # read")][way]
    place, _, what = str(told.value).partition(": Unset.on_bar raised ")
    assert place == f"{__file__}:{line}"
    try:
        Unset(way=way).on_bar(SimpleNamespace(symbol=0, close=1.0), Placing())
    except NameError as error:
        raised = f"{type(error).__name__}: {error}"
    hint = "give it one before the branch or loop that sets it"
    assert what == f"{raised}; {hint} (for A at 2023-11-15 00:01:00Z)"


class Placing:
    """Takes orders of the first symbol."""

    def market(self, symbol, quantity):
        if symbol > 0:
            raise IndexError


class RaisesOnItsWay(Strategy):
    def on_bar(self, bar, ctx):
        try:
            raise ValueError("on its way")
        finally:
            ctx.count(0)


@pytest.mark.parametrize("mode", MODES)
def test_an_exception_that_goes_through_a_finally_is_told_in_both_modes(mode: str):
    bars = random_walk(T0 + MINUTE * np.arange(2, dtype=np.int64), 1)
    market = Market({"A": bars}, session_table([(T0, T0 + 2 * MINUTE)]), ("1m",))
    with pytest.raises(StrategyError, match=r"raised ValueError: on its way \(for A at"):
        run_in_process(market, [RaisesOnItsWay()], Setup(mode=mode))


def test_the_exceptions_of_a_group_are_told():
    bars = random_walk(T0 + MINUTE * np.arange(2, dtype=np.int64), 1)
    market = Market({"A": bars}, session_table([(T0, T0 + 2 * MINUTE)]), ("1m",))
    with pytest.raises(StrategyError) as told:
        run_in_process(market, [FailsInGroups()], Setup())
    parts = "ValueError: a; KeyError: b (for A at"
    assert f"raised ExceptionGroup: several (2 sub-exceptions): {parts}" in str(told.value)
    assert "\n" not in str(told.value)


class Early(Strategy):
    """Asks for a share of the symbol LATE at each bar, also before the first one of its own."""

    how: int = 0
    amount: float = 0.0

    def on_bar(self, bar, ctx):
        late = 1
        if self.how == 0:
            ctx.target_percent(late, self.amount)
        elif self.how == 1:
            ctx.target_value(late, self.amount)
        else:
            ctx.trailing_stop(late, -1.0, self.amount)


class EarlyAtMoments(Strategy):
    amount: float = 0.0

    def on_bars(self, bars, ctx):
        ctx.target_percent(1, self.amount)


def market_with_a_late_symbol() -> Market:
    times = T0 + MINUTE * np.arange(8, dtype=np.int64)
    bars = {"A": random_walk(times, 1), "LATE": random_walk(times[4:], 2)}
    return Market(bars, session_table([(T0, T0 + 8 * MINUTE)]), ("1m",))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("strategy", [Early(), Early(how=1), EarlyAtMoments()])
def test_nothing_of_a_symbol_without_a_price_is_nothing(mode: str, strategy: Strategy):
    market = market_with_a_late_symbol()
    (found,), _ = run_in_process(market, [strategy], Setup(mode=mode))
    assert_same(found, replay(market, strategy))
    assert len(found.orders) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "strategy",
    [
        Early(amount=0.5),
        Early(how=1, amount=500.0),
        Early(how=2, amount=0.5),
        EarlyAtMoments(amount=0.5),
    ],
)
def test_a_symbol_without_a_price_is_named_with_the_way_on(mode: str, strategy: Strategy):
    if PLAIN and mode == "compiled":
        pytest.skip("a call is repeated, with the symbol's name, only after one of compiled code")
    with pytest.raises(StrategyError) as caught:
        run_in_process(market_with_a_late_symbol(), [strategy], Setup(mode=mode))
    way = "; LATE has last_price nan and rate 1: order once ctx.last_price(symbol) > 0"
    assert way in str(caught.value)


class Flood(Strategy):
    """Places and cancels more orders than any array has room for at first."""

    each: int = 1

    def on_bar(self, bar, ctx):
        last = 0
        for _ in range(self.each):
            last = ctx.market(1, 1.0)
            ctx.market(0, 0.5)
        ctx.cancel(last)


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> int:
    """Orders that may be placed at one moment; everything else is sized by it."""
    for module in (kind, outbox):
        monkeypatch.setattr(module, "INBOX", 64)
    return 64


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("lanes", "terms"),
    [(1, TERMS), (2, TERMS), (2, replace(TERMS, latency_bars=3))],
)
def test_there_is_room_for_any_number_of_orders_over_time(
    mode: str, lanes: int, terms: Terms, inbox: int
):
    market, strategy = market_of(40), Flood(each=inbox // 4)
    expected = replay(market, strategy, terms)
    setup = Setup(slot_rows=30, mode=mode)
    found, _ = run_in_process(market, [strategy] * lanes, setup, terms)
    assert len(expected.orders) > 20 * inbox
    for one in found:
        assert_same(one, expected)


@pytest.mark.parametrize("mode", MODES)
def test_more_orders_at_one_moment_than_there_is_room_for_are_refused(mode: str, inbox: int):
    with pytest.raises(StrategyError, match=r"on_bar raised RuntimeError: too many orders"):
        run_in_process(market_of(), [Flood(each=inbox)], Setup(mode=mode))


class Led(Strategy):
    leader: Symbol = Symbol("C")

    def on_bar(self, bar, ctx):
        ctx.target(self.leader, 1.0)


@pytest.mark.parametrize("mode", MODES)
def test_a_symbol_that_the_run_does_not_have_is_refused_by_name(mode: str):
    with pytest.raises(StrategyError, match=r"Led: 'C' is not one of this run's symbols: A, B"):
        run_in_process(market_of(), [Led()], Setup(mode=mode))
    (found,), _ = run_in_process(market_of(), [Led(leader="B")], Setup(mode=mode))
    assert {fill[1] for fill in found.fills} == {1}


@pytest.mark.parametrize("mode", MODES)
def test_a_gap_in_prices_is_marked_at_the_last_close(mode: str):
    """Equity goes on with a symbol's last close when its bars end."""
    market = market_of()
    (found,), _ = run_in_process(market, [Led(leader="B")], Setup(mode=mode))
    last = float(market.bars["B"].values[3, -1])
    assert isinstance(market.bars["B"], Bars)
    for _, equity, cash in found.equity[3:]:
        assert equity == cash + last
