"""What hooks do with ``bar`` and ``ctx`` that cannot be meant is refused before a run."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run
from pipeline import indicators as ind
from pipeline.errors import StrategyError
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.strategy import examples
from pipeline.strategy.misuse import check_use
from tests.reference import traders
from tests.reference.processes import settings_of


class OfBar(Strategy):
    """What takes numbers of a bar for series inherits from it."""

    def indicators(self):
        return {"average": ind.sma(3)}


class Series(OfBar):
    def on_bar(self, bar, ctx):
        if bar.close[-1] > 3:  # here
            ctx.market(bar.symbol, 1.0)


class Average(OfBar):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, bar.average[0])  # here


class Counted(OfBar):
    def on_bar(self, bar, ctx):
        if len(bar.high) > 3:  # here
            ctx.market(bar.symbol, 1.0)


class Shifted(OfBar):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, bar.close.shift(1))  # here


class Priced(OfBar):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, bar.close())  # here


class Banded(Strategy):
    def indicators(self):
        return {"band": ind.bollinger(20, 2.0)}

    def on_bar(self, bar, ctx):
        if bar.close < bar.band.lower:  # here
            ctx.market(bar.symbol, 1.0)


class BandedBefore(Banded):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, bar.band[-1])  # here


class Dated(Strategy):
    def on_bar(self, bar, ctx):
        if bar.ts.hour < 11:  # here
            ctx.market(bar.symbol, 1.0)


class OfNow(Strategy):
    def on_session_open(self, session, ctx):
        ctx.market(0, ctx.now.timestamp())  # here


class GoneThrough(Strategy):
    def on_bars(self, bars, ctx):
        for symbol in bars:  # here
            ctx.market(symbol, 1.0)


class Keyed(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, bar["close"])  # here


class Compared(Strategy):
    def on_bar(self, bar, ctx):
        if ctx.position > 1:  # here
            ctx.market(bar.symbol, 1.0)


class AlwaysTrue(Strategy):
    def on_session_open(self, session, context):
        if context.position:  # here
            context.market(0, 1.0)


class NeverTrue(Strategy):
    def on_bar(self, bar, ctx):
        if bar.close > 3 and not ctx.position:  # here
            ctx.market(bar.symbol, 1.0)


class NeverEqual(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, 1.0 if ctx.position == 0 else 0.0)  # here


class LookedUp(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, ctx.position[bar.symbol])  # here


class Handed(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, -abs(ctx.position))  # here


class Ordered(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, ctx.position)  # here


class InAMethod(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.size(bar, ctx))

    def size(self, bar, ctx):
        return ctx.equity / bar.close - ctx.position  # here


class Moneys(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, ctx.cash[0])  # here


class Bracket(Strategy):
    def on_bar(self, bar, ctx):
        ctx.bracket(bar.symbol, 100, sl=1.0)  # here


class Lacking(Strategy):
    def on_bar(self, bar, ctx):
        if bar.close < 0:
            ctx.market(bar.symbol)  # here


class InAFunction(Strategy):
    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, size_of(ctx, 0.5))


def size_of(ctx, share):
    return share * ctx.equity()  # here


PAST = (
    'ctx.window(bar.symbol, "{}", n) has the last n values, the newest at [-1], with lookback = n '
    "in the class"
)
OF_BAR = "is one number, that of this bar"
UNCALLED = "is a method, and is not called; write"
REFUSED = [
    (Series, f"bar.close {OF_BAR}; {PAST.format('close')}"),
    (Average, f"bar.average {OF_BAR}; {PAST.format('average')}"),
    (Counted, f"bar.high {OF_BAR}; {PAST.format('high')}"),
    (Shifted, f"bar.close {OF_BAR}, and has no 'shift'; {PAST.format('close')}"),
    (
        Priced,
        "bar.close is a number, and is not called; write bar.close without the parentheses",
    ),
    (
        Banded,
        "band has several values, each with a name of its own; write bar.band_lower",
    ),
    (
        BandedBefore,
        (
            "band has several values, each with a name of its own; write bar.band_upper or "
            "bar.band_middle or bar.band_lower"
        ),
    ),
    (Dated, "bar.ts is a number, ns UTC, and has no 'hour'; write ctx.time.hour"),
    (
        OfNow,
        (
            "ctx.now is a number, ns UTC, and has no 'timestamp'; ctx.time has date, year, month, "
            "day, weekday, hour, minute, second"
        ),
    ),
    (
        GoneThrough,
        (
            "bars has a column of each price, by symbol; write for s in ctx.symbols, with "
            "bars.close[s] where bars.present[s]"
        ),
    ),
    (Keyed, "bar has attributes; write bar.close"),
    (Compared, f"ctx.position {UNCALLED} ctx.position(symbol)"),
    (AlwaysTrue, f"context.position {UNCALLED} context.position(symbol)"),
    (NeverTrue, f"ctx.position {UNCALLED} ctx.position(symbol)"),
    (NeverEqual, f"ctx.position {UNCALLED} ctx.position(symbol)"),
    (LookedUp, f"ctx.position {UNCALLED} ctx.position(symbol)"),
    (Handed, f"ctx.position {UNCALLED} ctx.position(symbol)"),
    (Ordered, f"ctx.position {UNCALLED} ctx.position(symbol)"),
    (InAMethod, f"in InAMethod.size: ctx.position {UNCALLED} ctx.position(symbol)"),
    (Moneys, "ctx.cash is one number, that of this moment; write ctx.cash alone"),
    (
        Bracket,
        (
            "ctx.bracket has no argument 'sl'; did you mean stop_loss?; expected ctx.bracket("
            "symbol, quantity, stop_loss=, take_profit=, limit=, stop=, until=)"
        ),
    ),
    (Lacking, "ctx.market is not given quantity; expected ctx.market(symbol, quantity)"),
    (
        InAFunction,
        (
            "in size_of: ctx.equity is a value, and is not called; write ctx.equity without the "
            "parentheses"
        ),
    ),
]


def message(cls: Any, told: str) -> str:
    """Return the message about the first marked line behind the head of a class's last hook."""
    hook = next(name for name in reversed(vars(cls)) if name.startswith("on_"))
    lines = Path(__file__).read_text().splitlines()
    first = getattr(cls, hook).__code__.co_firstlineno
    line = next(n for n in range(first, len(lines)) if lines[n].endswith("# here")) + 1
    between = " " if told.startswith("in ") else ": "
    return f"{__file__}:{line}: {cls.__name__}.{hook}{between}{told}"


@pytest.mark.parametrize(("cls", "told"), REFUSED)
def test_it_is_refused_with_its_line_and_what_to_write(cls: Any, told: str):
    with pytest.raises(StrategyError) as caught:
        check_use(cls)
    assert str(caught.value) == message(cls, told)


class Meant(Strategy):
    """All of it is meant."""

    lookback = 3

    def indicators(self):
        return {"average": ind.sma(3)}

    def on_bar(self, bar, ctx):
        place, arguments = ctx.market, (bar.symbol, 1.0)
        if bar.close.is_integer() and ctx.position(bar.symbol) == 0:
            place(*arguments)
        ctx.limit(*arguments, price=bar.close)
        named = {"symbol": bar.symbol, "quantity": -1.0, "price": 1.0}
        ctx.stop(**named)
        closes = ctx.window(bar.symbol, "close", 3)
        if len(closes) > 2 and closes[-1] > closes[0] > bar.average and ctx.symbols[0] == 0:
            ctx.target(bar.symbol, ctx.position(bar.symbol) + ctx.cash / ctx.equity)


class Starred(Strategy):
    """Its hooks name nothing that they are given, or more than that."""

    def on_bar(self, *given):
        given[1].market(given[0].symbol, 1.0)

    def on_bars(self, *given):
        for one in given:
            one.close  # noqa: B018

    def on_fill(self, fill, ctx, factor=2):
        ctx.market(0, factor > 1)


class Rebound(Strategy):
    """Its bar is another thing from the second line on."""

    def on_bar(self, bar, ctx):
        bar = ctx.data.get_bars(bar.symbol, 5)
        ctx.target(0, bar.close[-1])


class AllBars(Strategy):
    """A function of it has all bars, and calls them bar."""

    def last(self, bar, ctx):
        return bar.close[-1] + ctx.cash

    def on_bars(self, bars, ctx):
        ctx.target(0, self.last(bars, ctx) + bars.close[0])


def strategies_in(module: Any) -> list[Any]:
    members = [value for value in vars(module).values() if isinstance(value, type)]
    return [
        one for one in members if issubclass(one, Strategy) and one.__module__ == module.__name__
    ]


@pytest.mark.parametrize(
    "cls", [Meant, Starred, Rebound, AllBars, *strategies_in(examples), *strategies_in(traders)]
)
def test_what_is_meant_is_not_refused(cls: Any):
    check_use(cls)


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_run_says_so_in_both_modes_before_it_starts(sample: Path, tmp_path: Path, mode: Any):
    settings = settings_of("US_EQUITY", "2024-11-25", "2024-11-26", SYMBOLS[:1], ["1m"], sample)
    with pytest.raises(StrategyError) as caught:
        run(settings, strategy=NeverTrue, mode=mode, out=tmp_path / "runs")
    assert str(caught.value) == message(NeverTrue, f"ctx.position {UNCALLED} ctx.position(symbol)")
    assert not (tmp_path / "runs").exists()
