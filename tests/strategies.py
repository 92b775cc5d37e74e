"""What property tests draw from: small markets, lanes, and ways to divide a run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from pipeline.codes import DAY_NS, interval_ns
from pipeline.lane.spec import Instrument, Terms
from pipeline.market.actions import Action
from pipeline.market.survey import rows_of_sessions
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.strategy.source import pack
from pipeline.strategy.strategy import Strategy
from tests.reference.costs import by_the_order, by_value
from tests.reference.in_process import Setup
from tests.reference.market import Bars, Market, random_walk, session_table
from tests.reference.traders import (
    TRADERS,
    Both,
    Crosser,
    Desk,
    Historian,
    Ranker,
    Reviser,
    Sleeper,
    Tinkerer,
)

HALF_MINUTE = 30_000_000_000
MINUTE = 2 * HALF_MINUTE
START = 1_700_006_400_000_000_000  # a midnight

seeds = st.integers(0, 2**16)


@st.composite
def session_tables(draw: st.DrawFn, most: int = 4) -> SessionTable:
    """Sessions of half a minute to twenty, with and without time between them."""
    spans = []
    at = START
    for _ in range(draw(st.integers(1, most))):
        at += HALF_MINUTE * draw(st.integers(0, 24))
        length = HALF_MINUTE * draw(st.integers(1, 40))
        spans.append((at, at + length))
        at += length
    return session_table(spans)


@st.composite
def bars_between(draw: st.DrawFn, begin: int, end: int, step: int) -> Bars:
    """Bars on a grid of ``step`` from ``begin`` on, any of them missing."""
    grid = np.arange(begin, end, step, dtype=np.int64)
    missing = draw(st.integers(0, 2 ** len(grid) - 1))
    if draw(st.booleans()):
        missing |= draw(st.integers(0, 2 ** len(grid) - 1))
    kept = [row for row in range(len(grid)) if not missing >> row & 1]
    return random_walk(grid[kept], draw(seeds))


def _longer(names: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Any of some intervals, shorter ones first."""
    return st.sets(st.sampled_from(names)).map(lambda s: tuple(sorted(s, key=interval_ns)))


@st.composite
def markets(draw: st.DrawFn, most_symbols: int = 4) -> Market:
    """One to four symbols with gaps, bars outside sessions, and sessions without bars.

    Bars of a minute begin with the minute or between two: some overlap an open or a close.
    """
    sessions = draw(session_tables())
    begin = int(sessions.open_ns[0]) // MINUTE * MINUTE - 2 * MINUTE
    begin += draw(st.sampled_from([0, HALF_MINUTE]))
    end = int(sessions.close_ns[-1]) + 2 * MINUTE
    symbols = "ABCD"[: draw(st.integers(1, most_symbols))]
    bars = {symbol: draw(bars_between(begin, end, MINUTE)) for symbol in symbols}
    return Market(bars, sessions, ("1m", *draw(_longer(["2m", "3m", "5m", "1h", "1d"]))))


@st.composite
def dense_markets(draw: st.DrawFn) -> Market:
    """One symbol, or two, with bars at every minute of sessions of up to four hours, or nearly."""
    spans, at = [], START
    for _ in range(draw(st.integers(1, 2))):
        at += MINUTE * draw(st.integers(0, 3))
        length = MINUTE * draw(st.integers(20, 240))
        spans.append((at, at + length))
        at += length
    grid = np.arange(START, at + MINUTE, MINUTE, dtype=np.int64)
    bars = {}
    for symbol in "AB"[: draw(st.sampled_from([1, 1, 1, 2]))]:
        gaps = draw(st.lists(st.integers(0, len(grid) - 1), max_size=4))
        bars[symbol] = random_walk(np.delete(grid, gaps), draw(seeds))
    return Market(bars, session_table(spans), ("1m", *draw(_longer(["5m", "1h"]))))


@st.composite
def daily_markets(draw: st.DrawFn) -> Market:
    """Daily bars, labelled by date or by the instant three hours before it, in any sessions."""
    days = draw(st.integers(1, 12))
    opened = HALF_MINUTE * draw(st.integers(0, 1000))
    length = HALF_MINUTE * draw(st.integers(1, 1800))
    midnights = START + DAY_NS * np.arange(days, dtype=np.int64)
    table = session_table([(int(at) + opened, int(at) + opened + length) for at in midnights])
    table.date_ns[:] = midnights
    symbols = "AB"[: draw(st.integers(1, 2))]
    end = int(midnights[-1]) + 3 * DAY_NS
    begin = START - DAY_NS - draw(st.sampled_from([0, 360 * HALF_MINUTE]))
    bars = {symbol: draw(bars_between(begin, end, DAY_NS)) for symbol in symbols}
    return Market(bars, table, ("1d",))


STEPS = st.sampled_from([0.25, 1.0, 4.0])


@st.composite
def lanes(draw: st.DrawFn, market: Market, most: int = 3) -> list[Strategy]:
    """One lane or more, of any of the traders, with any parameters."""
    day = DAY_NS // MINUTE
    longer = [0, *(length // MINUTE for length in market.intervals[1:])]
    made: list[Strategy] = []
    for _ in range(draw(st.integers(1, most))):
        cls = draw(st.sampled_from(TRADERS))
        values: dict[str, Any] = {"minutes": draw(st.sampled_from(longer))}
        if market.streams == ("1d",):
            values["minutes"] = draw(st.sampled_from([0, day]))
        if cls is Crosser:
            values |= {"fast": draw(st.integers(1, 3)), "slow": draw(st.integers(1, 9))}
        elif cls is Tinkerer:
            values |= {"span": draw(st.integers(1, 6)), "eager": draw(st.booleans())}
        elif cls is Sleeper:
            values |= {"every": draw(st.integers(1, 12))}
        elif cls is Ranker:
            leader = draw(st.sampled_from(market.symbols))
            values |= {"span": draw(st.integers(1, 3)), "leader": leader}
        elif cls is Both:
            values |= {"size": 4.0 * draw(st.integers(1, 3))}
        elif cls is Historian:
            values |= {"span": draw(st.integers(1, 4))}
        elif cls in (Desk, Reviser):
            values |= {"size": draw(st.sampled_from([2.0, 3.0])), "step": draw(STEPS)}
        made.append(cls(**values))
    return made


setups = st.builds(
    Setup,
    slot_rows=st.one_of(st.integers(1, 5), st.integers(1, 40)),
    slots=st.integers(1, 4),
    processors=st.integers(1, 3),
    engines=st.integers(1, 3),
    mode=st.sampled_from(["interpreted", "compiled"]),
    group_rows=st.integers(1, 30),
    seed=seeds,
)

costs = st.builds(
    Terms,
    st.sampled_from([1_000.0, 100_000.0]),
    per_share=st.sampled_from([0.0, 0.005]),
    basis_points=st.sampled_from([0.0, 2.5]),
)


RATIOS = (2.0, 7.0, 1.5, 0.5, 0.125)


@st.composite
def corporate_actions(draw: st.DrawFn, symbols: int, sessions: SessionTable) -> tuple[Action, ...]:
    """Splits and dividends in some sessions but the first."""
    found = []
    for session in range(1, len(sessions)):
        for symbol in range(symbols):
            split = draw(st.sampled_from([1.0, 1.0, *RATIOS]))
            dividend = draw(st.sampled_from([0.0, 0.0, 0.25]))
            if split != 1.0 or dividend:
                found.append(Action(session, symbol, split, dividend))
    return tuple(found)


@st.composite
def conversions(draw: st.DrawFn, symbols: int) -> list[tuple[int, int]]:
    """Pair and credit of each symbol: none, or some foreign that one of them converts.

    Turned round, that one is foreign itself.
    """
    if not draw(st.sampled_from([False, False, True])):
        return [(0, 0)] * symbols
    by, sign = draw(st.integers(0, symbols - 1)), draw(st.sampled_from([1, -1]))
    found = []
    for symbol in range(symbols):
        foreign = sign < 0 if symbol == by else draw(st.booleans())
        found.append((sign * (by + 1), draw(st.integers(0, 1))) if foreign else (0, 0))
    return found


TIERS = st.sampled_from(
    [
        ((0.0, 0.005, 2.5, 1.0),),
        ((0.0, 0.01, 0.0, 0.0), (6.0, 0.005, 5.0, -2.0), (40.0, 0.001, 1.0, 1.0)),
        ((0.0, 0.0, 5.0, 2.5), (450.0, 0.002, 4.0, 0.0), (900.0, 0.0, 1.0, -1.0)),
    ]
)
OWN = st.sampled_from([pack(by_value, ()), pack(by_the_order, ())])


@st.composite
def commissions(draw: st.DrawFn) -> dict[str, Any]:
    """Any of the ways to say what commission is."""
    bounds = {
        "per_order": draw(st.sampled_from([0.0, 0.0, 1.0])),
        "minimum": draw(st.sampled_from([-math.inf, 0.0, 0.5])),
        "maximum": draw(st.sampled_from([math.inf, math.inf, 1.5])),
    }
    way = draw(st.integers(0, 3))
    if way == 0:
        return {"own_commission": draw(OWN)}
    if way == 1:
        return {"tiers": draw(TIERS), "tiers_by_units": draw(st.booleans()), **bounds}
    return {
        "per_share": draw(st.sampled_from([0.0, 0.0, 0.005])),
        "basis_points": draw(st.sampled_from([0.0, 0.0, 2.5])),
        "maker_points": draw(st.sampled_from([None, None, 1.0, -2.0])),
        **bounds,
    }


@st.composite
def terms(draw: st.DrawFn, symbols: int, sessions: SessionTable | None = None) -> Terms:
    """Everything that can be asked of an account at once, each part now and then.

    Hours, splits and dividends only where sessions are given.

    A cap comes with lots, so that sums of quantities are exact in any order.
    """

    def sometimes(*values: float, otherwise: float = math.inf) -> float:
        return draw(st.sampled_from([otherwise, otherwise, *values]))

    cap = sometimes(1 / 64, 0.25)
    lot = 0.25 if cap < math.inf else sometimes(0.25, otherwise=0.0)
    tick = sometimes(0.05, otherwise=0.0)
    fee = sometimes(0.4, otherwise=0.0)
    hours = ()
    if sessions is not None and draw(st.integers(0, 3)) == 0:
        late = draw(st.integers(-1, 2)) * MINUTE
        opens, closes = sessions.open_ns + late, sessions.close_ns - 2 * MINUTE
        hours = tuple(zip(opens.tolist(), closes.tolist(), strict=True))
    this_close = draw(st.booleans())
    late = 0 if this_close else draw(st.sampled_from([0, 0, 1, MINUTE, 3 * HALF_MINUTE]))
    late_bars = 0 if this_close else draw(st.sampled_from([0, 0, 0, 1, 2]))
    actions = ()
    if sessions is not None and draw(st.booleans()):
        actions = draw(corporate_actions(symbols, sessions))
    commission = draw(commissions())
    funded = sometimes(0.01, -0.02, otherwise=0.0), draw(st.sampled_from([0x010101, 0xFFFFFF, 2]))
    points = draw(st.lists(st.sampled_from([1.0, 1.0, 5.0]), min_size=symbols, max_size=symbols))
    pairs = draw(conversions(symbols))
    return Terms(
        draw(st.sampled_from([1_000.0, 100_000.0])),
        tuple(
            Instrument(tick, lot, multiplier, fee, *pair, *funded)
            for multiplier, pair in zip(points, pairs, strict=True)
        ),
        hours,
        actions,
        **commission,
        slippage=sometimes(0.01, otherwise=0.0),
        slippage_bps=sometimes(1.0, otherwise=0.0),
        slippage_range=sometimes(0.25, otherwise=0.0),
        impact=sometimes(0.1, otherwise=0.0),
        volume_cap=cap,
        optimistic=draw(st.booleans()),
        this_close=this_close,
        max_buying_power=sometimes(20_000.0),
        max_per_trade=sometimes(1_000.0, 12_000.0),
        max_per_symbol=sometimes(2_000.0, 15_000.0),
        max_open_positions=sometimes(1.0, 2.0),
        max_order_volume=sometimes(0.1),
        leverage=sometimes(1.0, 4.0),
        cash_only=draw(st.sampled_from([False, False, False, True])),
        credit_rate=sometimes(0.05, otherwise=0.0),
        debit_rate=sometimes(0.08, otherwise=0.0),
        maintenance=sometimes(0.3, 0.9, otherwise=0.0),
        fifo=draw(st.booleans()),
        latency=late,
        latency_bars=late_bars,
        poor_below=sometimes(50.0, 95.0, otherwise=0.0),
    )


@dataclass(frozen=True)
class Exchange:
    """A stretch of a real calendar, and the interval at which its sessions are short."""

    group: str
    first: str
    last: str
    base: str
    longer: tuple[str, ...]

    def sessions(self) -> SessionTable:
        return TimeManager(self.group).session_table(self.first, self.last)


EXCHANGES = (
    # Thanksgiving between, a half-day after it.
    Exchange("US_EQUITY", "2024-11-26", "2024-12-02", "30m", ("1h", "1d")),
    # Clocks go forward on the Sunday.
    Exchange("US_EQUITY", "2024-03-08", "2024-03-11", "15m", ("30m", "1h")),
    # A break at noon.
    Exchange("XTKS", "2024-05-01", "2024-05-08", "30m", ("90m",)),
    # Sessions that cross midnight.
    Exchange("CME", "2024-11-27", "2024-12-02", "1h", ("4h", "1d")),
    # Sessions without time between them.
    Exchange("CRYPTO", "2024-02-28", "2024-03-01", "2h", ("4h",)),
    Exchange("FX", "2024-10-31", "2024-11-05", "2h", ("1d",)),
    Exchange("US_EQUITY", "2024-06-25", "2024-07-08", "1d", ()),
)


@st.composite
def exchange_markets(draw: st.DrawFn) -> tuple[Exchange, Market]:
    """A market on a real calendar, every symbol with at least one bar inside a session.

    Its sessions are those up to the last one with a bar, as those of a run are.
    """
    exchange = draw(st.sampled_from(EXCHANGES))
    sessions = exchange.sessions()
    step = interval_ns(exchange.base)
    symbols = "ABCD"[: draw(st.integers(1, 4))]
    begin, end = int(sessions.open_ns[0]), int(sessions.close_ns[-1]) + 2 * step
    if exchange.base == "1d":
        begin = int(sessions.date_ns[0])
    bars = {}
    for symbol in symbols:
        found = draw(bars_between(begin, end, step))
        if begin not in found.ts:
            found = random_walk(np.concatenate(([begin], found.ts)), draw(seeds))
        bars[symbol] = found
    longer = draw(_longer(exchange.longer)) if exchange.longer else ()
    ranges = [rows_of_sessions(one.ts, step, sessions) for one in bars.values()]
    last = max(int(np.flatnonzero(stop - first)[-1]) for first, stop in ranges)
    return exchange, Market(bars, sessions.part(0, last + 1), (exchange.base, *longer))
