"""Exchanges of crypto currencies, through the package ccxt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import ccxt
import numpy as np
from requests import Session

from pipeline.codes import DAY_NS
from pipeline.errors import ConfigError, DataError, FetchError, nearest, text_of
from pipeline.fetch.courier import Courier, OpenPage
from pipeline.fetch.over_requests import carried_by
from pipeline.fetch.page import Bars, Page
from pipeline.fetch.patience import Patience
from pipeline.fetch.raw import file_begin
from pipeline.fetch.request import Request, day_of

_LIMIT: Final = 200
"""The bars that an exchange is asked for at once if ccxt does not know how many it gives.

One that gives fewer may give the last of them, and others would be left out.
"""
_MOST: Final = 1_000
_MS: Final = 1_000_000
"""ns"""
_FIELDS: Final = 6
"""Time in ms, open, high, low, close and volume."""


class Exchange:
    """Fetches bars of one exchange."""

    def __init__(self, courier: Courier, name: str) -> None:
        """``name`` is that of ccxt. Raises ConfigError if there is none, or if it has no bars."""
        if name not in ccxt.exchanges:
            near = nearest(name, ccxt.exchanges)
            way = f"did you mean ccxt:{near[0]}?" if near else "`ccxt.exchanges` lists them"
            raise ConfigError(f"ccxt knows no exchange {name!r}; {way}")
        self._courier = courier
        # Its environment may name proxies, as that of all sources.
        session = carried_by(courier, Session())
        self._exchange: Any = getattr(ccxt, name)({"session": session, "timeout": 60_000})
        self._exchange.throttle = self._throttle
        if self._exchange.has["fetchOHLCV"] is not True:
            raise ConfigError(f"{courier.source} has no bars of the past")

    def _throttle(self, cost: float | None = None) -> None:
        """Tell the courier the time that the exchange wants, in place of ccxt's own wait.

        So nothing is waited for where the raw folder has the reply.
        """
        weight = 1.0 if cost is None else cost
        self._courier.pace_seconds = self._exchange.rateLimit / 1_000 * weight

    def pages(self, request: Request) -> Iterator[Page]:
        """Yield a page for each reply with bars, as a fetcher does."""
        exchange, source = self._exchange, self._courier.source
        if request.interval not in exchange.timeframes:
            there = ", ".join(exchange.timeframes)
            raise ConfigError(f"{source} has no interval {request.interval}; it has {there}")
        markets = self._called(f"{source}: its markets", exchange.load_markets)
        for symbol in request.symbols:
            if symbol not in markets:
                near = nearest(symbol, markets)
                way = f"; did you mean {near[0]}?" if near else ", written like BTC/USD"
                raise DataError(f"{source} knows no symbol {symbol}{way}")
        for symbol in request.symbols:
            yield from self._pages_of(symbol, request)

    def _pages_of(self, symbol: str, request: Request) -> Iterator[Page]:
        limit = self._exchange.feature_value(symbol, "fetchOHLCV", "limit", _LIMIT) or _LIMIT
        limit = min(int(limit), _MOST)
        since = request.start_ns
        until = min(request.end_ns, self._courier.clock.now())
        while since < until:
            what = f"{self._courier.source}: {symbol}"
            asked = partial(self._asked, symbol, request, since, limit)
            page, rows = self._called(what, asked)
            bars = _bars(rows, request.step_ns)
            ahead = bars.ts[bars.ts >= since]
            # Before its first day, an exchange may answer that there is nothing.
            since += limit * request.step_ns
            if len(ahead):
                since = int(ahead.max()) + request.step_ns
            done = min(max(since, request.start_ns + DAY_NS), request.end_ns)
            yield Page(symbol, day_of(done), tuple(page.replies), bars)

    def _asked(
        self, symbol: str, request: Request, since: int, limit: int
    ) -> tuple[OpenPage, list[list[float | None]]]:
        """Ask for ``limit`` bars from ``since`` on. What ccxt does not take is no page."""
        name = f"{file_begin(symbol)}-{request.interval}-{day_of(since):%Y%m%d}"
        ends_ns = min(since + limit * request.step_ns, request.end_ns)
        with self._courier.page(name, ends_ns) as page:
            rows = self._exchange.fetch_ohlcv(symbol, request.interval, since // _MS, limit)
        return page, rows

    def _called(self, what: str, call: Any) -> Any:
        """Return what a call of ccxt gives, with patience for an exchange that is busy."""
        patience = Patience(self._courier.clock, what)
        while True:
            try:
                return call()
            except (ccxt.RateLimitExceeded, ccxt.DDoSProtection, ccxt.ExchangeNotAvailable) as busy:
                patience.wait(f"is busy: {_told(busy)}")
            except ccxt.BadSymbol as error:
                raise DataError(f"{what}: {_told(error)}") from error
            except ccxt.BaseError as error:
                raise FetchError(f"{what}: {_told(error)}") from error


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {text_of(error)}"[:300]


def _bars(rows: Sequence[Sequence[float | None]], step_ns: int) -> Bars:
    table = np.array([row[:_FIELDS] for row in rows], np.float64).reshape(-1, _FIELDS)
    ts = table[:, 0].astype(np.int64) * _MS
    return Bars(ts, ts + step_ns, table[:, 1:])
