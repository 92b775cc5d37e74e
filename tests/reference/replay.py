"""What a run must come to, computed the plain way: one process, one pass, one bar at a time.

Written from the design's "Time" and from the contract of orders and results, not from the engine.
Everything is gathered first: every bar of every interval, and every open and close of a session,
under the moment at which it becomes known. Then the moments are walked in order. Nothing is cut
into slots, nothing is carried over, nothing is shared.

Some things are taken from the product, because other tests hold them to account: the values of the
indicator columns, computed over the whole series in one call, the bars that a calendar expects, and
the digest of the result.
"""

import copy
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipeline.lane.spec import Terms
from pipeline.market.actions import NO_SPLITS, Splits, splits_of
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner
from pipeline.market.quality import expected_of
from pipeline.results.table_kinds import EQUITY, FILLS
from pipeline.strategy.strategy import Strategy, Symbol, defines, parameters_of, states_of
from tests.reference.account import Account
from tests.reference.digest import LaneDigest
from tests.reference.market import Market

DAY = 86_400_000_000_000
ORDER_FIELDS = (
    *("order_id", "ts", "symbol", "quantity", "filled", "price", "kind", "state", "done_ts"),
    *("limit", "stop", "reason", "parent", "found", "allowed"),
)
PRICES = ("open", "high", "low", "close", "volume")
TERMS = Terms(100_000.0)


@dataclass
class Bar:
    """One bar; ``place`` counts the bars of its symbol and interval from 0."""

    interval: int
    symbol: int
    session: int
    ts: int
    close_ts: int
    prices: list[float]
    place: int = 0


@dataclass
class Moment:
    """What becomes known at one instant."""

    bars: list[list[Bar]]
    closes: list[int] = field(default_factory=list)
    opens: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What one lane came to, as rows of the contract's fields."""

    fills: list[tuple[int, int, float, float, float, int]]
    orders: list[tuple[Any, ...]]
    equity: list[tuple[int, float, float]]
    session_equity: list[float]
    trips: list[tuple[Any, ...]]
    sums: dict[str, float]

    @property
    def digest(self) -> str:
        digest = LaneDigest()
        digest.absorb_fills(np.array(self.fills, FILLS.received))
        rows = np.array(self.equity, EQUITY.received)
        digest.absorb_equity(*(np.ascontiguousarray(rows[name]) for name in EQUITY.received.names))
        return digest.hexdigest()


def session_of(market: Market, ts: int) -> int:
    """The session that a base bar overlaps, the earlier one of two; -1 if none."""
    sessions, length = market.sessions, market.intervals[0]
    if length == DAY and ts % DAY != 0:
        middle = ts + length // 2
        index = bisect_right(sessions.close_ns, middle)
        return index if index < len(sessions) and sessions.open_ns[index] <= middle else -1
    if length == DAY:
        index = bisect_left(sessions.date_ns, ts)
        return index if index < len(sessions) and sessions.date_ns[index] == ts else -1
    index = bisect_right(sessions.close_ns, ts)
    return index if index < len(sessions) and ts + length > sessions.open_ns[index] else -1


def base_bars(market: Market, symbol: int) -> list[Bar]:
    """A symbol's bars inside sessions, in order."""
    table = market.bars[market.symbols[symbol]]
    found = []
    for ts, prices in zip(table.ts.tolist(), table.values.T.tolist(), strict=True):
        session = session_of(market, ts)
        if session >= 0:
            end = int(market.sessions.close_ns[session])
            daily = market.intervals[0] == DAY
            close = end if daily else min(ts + market.intervals[0], end)
            opened = int(market.sessions.open_ns[session]) if daily else ts
            found.append(Bar(0, symbol, session, opened, close, prices, len(found)))
    return found


def longer_bars(market: Market, interval: int, bars: list[Bar]) -> list[Bar]:
    """Join base bars that close in the same stretch of a session, counted from its open."""
    length = market.intervals[interval]
    groups: dict[tuple[int, int], list[Bar]] = defaultdict(list)
    for bar in bars:
        opened = int(market.sessions.open_ns[bar.session])
        stretch = 0 if length == DAY else (bar.close_ts - 1 - opened) // length
        groups[bar.session, stretch].append(bar)
    found = []
    for (session, stretch), group in groups.items():
        opened = int(market.sessions.open_ns[session])
        closed = int(market.sessions.close_ns[session])
        columns = list(zip(*(bar.prices for bar in group), strict=True))
        volume = 0.0
        for one in columns[4]:
            volume += one
        joined = [columns[0][0], max(columns[1]), min(columns[2]), columns[3][-1], volume]
        begin = opened + stretch * (0 if length == DAY else length)
        end = closed if length == DAY else min(begin + length, closed)
        found.append(Bar(interval, group[0].symbol, session, begin, end, joined, len(found)))
    return found


def all_bars(market: Market) -> list[list[list[Bar]]]:
    """Bars by interval and symbol."""
    base = [base_bars(market, symbol) for symbol in range(len(market.symbols))]
    longer = [
        [longer_bars(market, interval, bars) for bars in base]
        for interval in range(1, len(market.intervals))
    ]
    return [base, *longer]


def moments_of(
    market: Market, bars: list[list[list[Bar]]], splits: Splits = NO_SPLITS
) -> list[tuple[int, Moment]]:
    """Everything that happens, by the instant at which it is known, in order.

    A session that opens with shares split does so in a moment of its own, after what was before.
    """
    count = len(market.intervals)
    moments: dict[tuple[int, bool], Moment] = defaultdict(
        lambda: Moment([[] for _ in range(count)])
    )
    for interval in bars:
        for of_symbol in interval:
            for bar in of_symbol:
                moments[bar.close_ts, False].bars[bar.interval].append(bar)
    for index in range(len(market.sessions)):
        moments[int(market.sessions.close_ns[index]), False].closes.append(index)
        moments[int(market.sessions.open_ns[index]), index in splits].opens.append(index)
    return [(at, moment) for (at, _), moment in sorted(moments.items(), key=lambda item: item[0])]


def indicator_columns(
    market: Market, plan: IndicatorPlan, bars: list[list[list[Bar]]], splits: Splits = NO_SPLITS
) -> dict[int, list[Any]]:
    """Per interval the columns of every symbol, f8[columns, symbols, rows], as they look now.

    They look anew from each session on that opens with shares split, by which they are found: all
    before it is on the new scale, and what comes after it is not there yet. 0: at first.
    """
    looks: dict[int, list[Any]] = {first: [] for first in (0, *sorted(splits))}
    for index, name in enumerate(market.streams):
        rows = max(1, *(len(of_symbol) for of_symbol in bars[index]))
        values = np.full((len(plan.columns(name)), len(market.symbols), rows), np.nan)
        runner = PlanRunner(plan, name, range(len(market.symbols)))
        done = [0] * len(market.symbols)
        ends = [*sorted(splits), len(market.sessions)]
        for first, end in zip(looks, ends, strict=True):
            for symbol, ratio in splits.get(first, ()):
                runner.split(symbol, ratio)
                for column, power in enumerate(plan.table(name).powers):
                    past = values[column, symbol, : done[symbol]]
                    past[:] = {1: past / ratio, 0: past, -1: past * ratio}[power]
            fresh = [
                [bar for bar in of_symbol if first <= bar.session < end]
                for of_symbol in bars[index]
            ]
            computed = _computed(runner, len(values), fresh)
            for symbol, more in enumerate(fresh):
                span = slice(done[symbol], done[symbol] + len(more))
                values[:, symbol, span] = computed[:, symbol, : len(more)]
                done[symbol] += len(more)
            looks[first].append(values.copy())
    return looks


def _computed(runner: PlanRunner, columns: int, bars: list[list[Bar]]) -> Any:
    """Prices and indicators of the bars by symbol that come next."""
    rows = max(1, *(len(of_symbol) for of_symbol in bars))
    values = np.full((columns, len(bars), rows), np.nan)
    sessions = np.zeros((len(bars), rows), np.int64)
    for symbol, of_symbol in enumerate(bars):
        for row, bar in enumerate(of_symbol):
            values[:5, symbol, row] = bar.prices
            sessions[symbol, row] = bar.session
    counts = np.array([len(of_symbol) for of_symbol in bars], np.int64)
    runner.compute(values, 0, counts, sessions)
    return values


class Lane:
    """One strategy and its account: the copies of it per symbol, and one for itself."""

    def __init__(self, market: Market, strategy: Strategy, account: Account) -> None:
        self.account = account
        self._market = market
        self._strategy = strategy
        cls = type(strategy)
        mine = copy.copy(strategy)
        for parameter in parameters_of(cls):
            if parameter.type is Symbol:
                name = getattr(strategy, parameter.name)
                setattr(mine, parameter.name, market.symbols.index(name))
        self._of_symbol = [copy.copy(mine) for _ in market.symbols]
        self._own = mine
        self._wanted = [name in (strategy.intervals or market.streams) for name in market.streams]
        self._request: list[tuple[str, int, int]] = []
        self._ready: set[tuple[int, int]] = set()

    def prepare(self, bars: list[list[list[Bar]]]) -> None:
        """Compute the indicators, each over its whole series."""
        request = self._strategy.indicators()
        plan = IndicatorPlan.build([request], self._market.streams)
        self._request = list(plan.binding(request))
        account = self.account
        splits = splits_of(account.terms.actions)
        self._looks = indicator_columns(self._market, plan, bars, splits)
        sessions = self._market.sessions
        self._expected = expected_of(self._market.streams[0], sessions)
        self._bars = np.zeros((len(self._market.symbols), len(sessions)), np.int64)
        for one in (one for of_symbol in bars[0] for one in of_symbol):
            self._bars[one.symbol, one.session] += 1
        account.columns = self._looks[0]
        account.names = {name: (index, column) for name, index, column in self._request}
        account.lookback = self._strategy.lookback

    def call(self, hook: str, symbol: int | None, *data: Any) -> None:
        owner = self._own if symbol is None else self._of_symbol[symbol]
        if defines(type(owner), hook):
            getattr(owner, hook)(*data, self.account)

    def open_session(self, index: int) -> None:
        sessions, account = self._market.sessions, self.account
        account.hours = account.terms.hours[index] if account.terms.hours else None
        account.open_books(int(sessions.date_ns[index]), index)
        account.session_date = int(sessions.date_ns[index])
        account.commission.open_session(str(sessions.date_ns[index].astype("M8[ns]"))[:7])
        account.book.session_open = int(sessions.open_ns[index])
        account.book.session_close = int(sessions.close_ns[index])
        for name, declared in states_of(type(self._strategy)).items():
            if declared.reset == "session":
                for one in (*self._of_symbol, self._own):
                    setattr(one, name, declared.initial)
        self.call("on_session_open", None, self._session(index))

    def split(self, index: int) -> None:
        """Before anything else of a session with a split: book it, and see the past anew."""
        if index in self._looks:
            self.account.columns = self._looks[index]
            self.account.open_books(int(self._market.sessions.date_ns[index]), index)

    def close_session(self, index: int) -> None:
        self.account.grade(self._bars[:, index], self._expected[index])
        self.call("on_session_close", None, self._session(index))

    def _session(self, index: int) -> SimpleNamespace:
        sessions = self._market.sessions
        return SimpleNamespace(
            index=index,
            date=int(sessions.date_ns[index]),
            open=int(sessions.open_ns[index]),
            close=int(sessions.close_ns[index]),
            early=int(sessions.early_close[index]),
            break_start=int(sessions.break_start_ns[index]),
            break_end=int(sessions.break_end_ns[index]),
        )

    def tell(self, fills: list[tuple[Any, ...]]) -> None:
        names = ("ts", "symbol", "quantity", "price", "commission", "order_id")
        for fill in fills:
            self.call("on_fill", fill[1], SimpleNamespace(**dict(zip(names, fill, strict=True))))

    def show(self, interval: int, bars: list[Bar]) -> None:
        """Call the strategy for the bars of one interval that close now, in symbol order."""
        bars = [bar for bar in bars if self._wanted[interval] and self._is_ready(bar)]
        if not bars:
            return
        for bar in bars if defines(type(self._strategy), "on_bar") else ():
            self.call("on_bar", bar.symbol, self._seen(bar))
        if defines(type(self._strategy), "on_bars"):
            self.call("on_bars", None, self._all_seen(interval, bars))

    def _is_ready(self, bar: Bar) -> bool:
        """Whether the strategy is called for a bar: it was before, or has waited long enough."""
        series, warmup = (bar.interval, bar.symbol), self._strategy.warmup
        if warmup is None:
            seen = vars(self._seen(bar))
            enough = not any(math.isnan(seen[name]) for name, _, _ in self._request)
        else:
            enough = bar.place + 1 >= warmup
        if enough:
            self._ready.add(series)
        return series in self._ready

    def _seen(self, bar: Bar) -> SimpleNamespace:
        seen = dict(zip(PRICES, bar.prices, strict=True))
        for name, of, column in self._request:
            last = self.account.known[of][bar.symbol] - 1
            seen[name] = math.nan
            if last >= 0:
                seen[name] = float(self.account.columns[of][column, bar.symbol, last])
        return SimpleNamespace(
            symbol=bar.symbol,
            interval=self._market.intervals[bar.interval],
            ts=bar.ts,
            close_ts=bar.close_ts,
            **seen,
        )

    def _all_seen(self, interval: int, bars: list[Bar]) -> SimpleNamespace:
        symbols = len(self._market.symbols)
        names = (*PRICES, *(name for name, _, _ in self._request))
        columns = {name: np.full(symbols, np.nan) for name in names}
        present = np.zeros(symbols, np.int64)
        for bar in bars:
            present[bar.symbol] = 1
            for name in names:
                columns[name][bar.symbol] = getattr(self._seen(bar), name)
        return SimpleNamespace(
            ts=self.account.now,
            interval=self._market.intervals[interval],
            count=len(bars),
            present=present,
            **columns,
        )


def replay(market: Market, strategy: Strategy, terms: Terms = TERMS) -> Outcome:
    """Run one strategy over a market."""
    account = Account(market, terms)
    lane = Lane(market, strategy, account)
    bars = all_bars(market)
    lane.prepare(bars)
    equity: list[tuple[int, float, float]] = []
    session_equity: list[float] = []
    worth = terms.initial_cash
    lane.call("on_start", None)
    for now, moment in moments_of(market, bars, splits_of(terms.actions)):
        account.fund(account.book.now, now)
        account.book.now = now
        base = moment.bars[0]
        for index in moment.opens:
            lane.split(index)
        ended = account.ended_since()
        fills = [fill for bar in base for fill in account.meet(bar)]
        for bar in base:
            account.prices[bar.symbol] = bar.prices[3]
            account.volumes[bar.symbol] = bar.prices[4]
        for of_interval in moment.bars:
            for bar in of_interval:
                account.known[bar.interval][bar.symbol] = bar.place + 1
        if base:
            account.convert()
            worth = account.equity
            equity.append((now, worth, account.cash))
            if fills:
                account.weigh()
            account.keep_margin()
        lane.tell(fills)
        for order in ended + account.ended_since():
            lane.call("on_order", order.symbol, order)
        for interval, of_interval in enumerate(moment.bars):
            lane.show(interval, of_interval)
        at_close = account.meet_close(base)
        if at_close:
            worth = account.equity
            equity[-1] = (now, worth, account.cash)
            account.weigh()
        lane.tell(at_close)
        for index in moment.closes:
            session_equity.append(account.equity)
            account.weigh()
            account.book.close_session()
            lane.close_session(index)
        for index in moment.opens:
            lane.open_session(index)
    lane.call("on_stop", None)
    orders = [tuple(getattr(order, name) for name in ORDER_FIELDS) for order in account.book.orders]
    units = [account.multiplier(symbol) for symbol in range(len(market.symbols))]
    trips = account.lots.trips + account.lots.still_open(account.prices, units)
    return Outcome(account.fills, orders, equity, session_equity, trips, account.sums())
