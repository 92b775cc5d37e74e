"""What a strategy may ask: through runs of the stages, in both modes, with answers as orders."""

import numpy as np
import pytest

from pipeline import MINUTE, Strategy
from pipeline import indicators as ind
from pipeline.errors import StrategyError
from pipeline.lane.spec import Terms
from tests.reference.in_process import Setup, Slots, run_in_process
from tests.reference.market import Bars, Market, session_table
from tests.reference.replay import Outcome

T0 = 1_700_006_400_000_000_000
MODES = ["interpreted", "compiled"]


def market_of(minutes: int = 12) -> Market:
    """Two symbols whose closes are 1, 2, 3, ... and 101, 102, ...; bars of one and five minutes."""
    ts = T0 + MINUTE * np.arange(minutes, dtype=np.int64)
    closes = [np.arange(1.0, minutes + 1), np.arange(101.0, minutes + 101)]
    bars = {
        symbol: Bars(ts, np.array([close, close, close, close, close * 10]))
        for symbol, close in zip("AB", closes, strict=True)
    }
    return Market(bars, session_table([(T0, T0 + minutes * MINUTE)]), ("1m", "5m"))


def answers(strategy: Strategy, mode: str, slot_rows: int = 3, **watch) -> list[float]:
    """The quantities of the orders that a strategy placed: its answers."""
    setup = Setup(slot_rows=slot_rows, slots=3, mode=mode)
    (outcome,), _ = run_in_process(market_of(), [strategy], setup, **watch)
    assert isinstance(outcome, Outcome)
    return [order[3] for order in outcome.orders]


class Windows(Strategy):
    lookback = 3
    warmup = 0

    def indicators(self):
        return {"avg": ind.sma(2, interval="5m")}

    def on_bar(self, bar, ctx):
        if bar.symbol == 1 and bar.interval == MINUTE:
            closes = ctx.window(1, "close", 3)
            volumes = ctx.window(0, "volume", 1)
            longer = ctx.window(1, "open", 2, 5 * MINUTE)
            averages = ctx.window(1, "avg", 2)
            ctx.market(0, closes[0] + 1000.0 * len(closes))
            ctx.market(0, volumes[-1])
            ctx.market(0, 1.0 + len(longer) + 10.0 * len(averages))


@pytest.mark.parametrize("mode", MODES)
def test_windows_hold_what_is_known_oldest_first(mode: str):
    found = answers(Windows(), mode)
    assert found[0::3] == [1101.0, 2101.0] + [3101.0 + k for k in range(10)]
    assert found[1::3] == [10.0 * (k + 1) for k in range(12)]
    # A longer bar is known with the last minute in it.
    assert found[2::3] == [1.0] * 4 + [12.0] * 5 + [23.0] * 3


class Addresses(Strategy):
    lookback = 2

    def on_bar(self, bar, ctx):
        if bar.interval == MINUTE:
            ctx.market(0, float(ctx.window(bar.symbol, "close", 2).ctypes.data))


def test_a_compiled_window_is_memory_of_the_slot_and_no_copy():
    spans: list[tuple[int, int]] = []

    def watch(slots: Slots) -> None:
        for buffer in slots.buffers:
            begin = np.frombuffer(buffer, np.uint8).ctypes.data
            spans.append((begin, begin + len(buffer)))

    found = answers(Addresses(), "compiled", watch=watch)
    assert len(found) == 24
    assert all(any(begin <= at < end for begin, end in spans) for at in found)


class Asker(Strategy):
    """One question after the other, by the number of minutes gone."""

    def on_bar(self, bar, ctx):
        if bar.symbol == 1 and bar.interval == MINUTE:
            at = ctx.count(1)
            ctx.market(0, 1.0 + ctx.count(1, 5 * MINUTE))
            if at == 1:
                ctx.market(0, (ctx.now - ctx.session_open) / MINUTE)
                ctx.market(0, (ctx.session_close - ctx.now) / MINUTE)
                ctx.market(0, 1.0 + ctx.session_date)
                ctx.market(0, ctx.last_price(0) + ctx.last_price(1))
                ctx.market(0, 1.0 + ctx.position(0))
                ctx.market(0, ctx.pending(0))
                ctx.market(0, ctx.cash - ctx.equity + 1.0)


@pytest.mark.parametrize("mode", MODES)
def test_questions_are_answered_as_of_now(mode: str):
    found = answers(Asker(), mode)
    date = float(session_table([(0, 1)]).date_ns[0])
    assert found[:8] == [1.0, 1.0, 11.0, 1.0 + date, 102.0, 1.0, 117.0 + date, 1.0]
    # The third longer bar is cut at the session's close.
    assert found[8:] == [1.0] * 3 + [2.0] * 5 + [3.0] * 2 + [4.0]


class Wrong(Strategy):
    which: int = 0
    lookback = 2

    def on_bar(self, bar, ctx):
        if self.which == 0:
            ctx.window(0, "close", 3)
        elif self.which == 1:
            ctx.window(0, "close", 0)
        elif self.which == 2:
            ctx.window(2, "close", 1)
        elif self.which == 3:
            ctx.window(0, "closing", 1)
        elif self.which == 4:
            ctx.window(0, "close", 1, 7 * MINUTE)
        elif self.which == 5:
            ctx.position(-1)
        elif self.which == 6:
            ctx.count(0, 7 * MINUTE)
        elif self.which == 7:
            ctx.market(5, 1.0)
        elif self.which == 8:
            ctx.target(0, bar.close / 0.0)
        elif self.which == 9:
            ctx.symbol("C")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("which", "words"),
    [
        (
            0,
            (
                "ValueError: a window of 3 rows needs a lookback of 3: write lookback = 3 in the "
                "class, where it is 2"
            ),
        ),
        (1, "ValueError: a window must have at least 1 row, was 0"),
        (2, "IndexError: a symbol's index must be 0 to 1, for A, B, was 2"),
        (3, "KeyError: 'closing' is not one of this run's columns: .*; did you mean close?"),
        (4, "ValueError: interval is not one of this run's streams: .*1m.*; was 7m, and 5m is"),
        (5, "IndexError: a symbol's index must be 0 to 1, for A, B, was -1"),
        (6, "ValueError: interval is not one of this run's streams: .*1m.*; was 7m, and 5m is"),
        (7, "IndexError: a symbol's index must be 0 to 1, for A, B, was 5"),
        (8, "ZeroDivisionError"),
        (9, "KeyError: 'C' is not one of this run's symbols: A, B"),
    ],
)
def test_a_question_that_has_no_answer_is_refused_alike(mode: str, which: int, words: str):
    with pytest.raises(StrategyError, match=rf"test_context.py:\d+: Wrong.on_bar raised {words}"):
        answers(Wrong(which=which), mode)


class Namer(Strategy):
    """Counts and names its symbols; answers with orders of the second."""

    def on_bar(self, bar, ctx):
        if bar.interval == MINUTE and bar.symbol == ctx.symbol("B"):
            total = 0.0
            for symbol in ctx.symbols:
                total += 10.0 + symbol
            ctx.market(ctx.symbols[-1], total + 100.0 * len(ctx.symbols))


@pytest.mark.parametrize("mode", MODES)
def test_symbols_can_be_named_counted_and_gone_through(mode: str):
    assert answers(Namer(), mode) == [221.0] * 12


@pytest.mark.parametrize("mode", MODES)
def test_only_symbols_of_the_universe_are_among_them(mode: str):
    (found,), _ = run_in_process(market_of(), [Namer()], Setup(mode=mode), universes=[(1,)])
    assert [(order[2], order[3]) for order in found.orders] == [(1, 111.0)] * 12


class Holder(Strategy):
    """Holds symbol 0 and answers with orders of symbol 1 what it has brought so far."""

    def on_bar(self, bar, ctx):
        if bar.symbol == 1 and bar.interval == MINUTE:
            known = ctx.count(1)
            if known == 1 or known == 3:  # filled at 2 and at 4
                ctx.market(0, 4.0)
            elif known == 5:  # filled at 6
                ctx.market(0, -2.0)
            elif known == 7:
                ctx.market(1, ctx.average_price(0))
                ctx.market(1, ctx.unrealised(0))
                ctx.market(1, ctx.realised(0))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("fifo", "average", "unrealised", "realised"),
    [(False, 3.0, 24.0, 6.0), (True, 20 / 6, 22.0, 8.0)],
)
def test_profit_is_told_by_average_cost_or_by_lots(mode, fifo, average, unrealised, realised):
    found = answers(Holder(), mode, terms=Terms(1e5, fifo=fifo))
    assert found[3:] == pytest.approx([average, unrealised, realised])
