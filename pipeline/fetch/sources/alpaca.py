"""Alpaca's market data, through the package alpaca-py.

A symbol with a slash, such as BTC/USD, is of crypto currencies, whose bars need no keys. All others
are shares. Keys come from the environment alone, and go nowhere but into the headers of requests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from alpaca.common.exceptions import APIError
from alpaca.data.enums import Adjustment
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.requests import CryptoBarsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from pipeline.codes import DAY_NS, HOUR_NS
from pipeline.errors import ConfigError, DataError, FetchError, text_of
from pipeline.fetch.courier import Courier
from pipeline.fetch.over_requests import carried_by
from pipeline.fetch.page import Bars, Page
from pipeline.fetch.raw import file_begin
from pipeline.fetch.request import Request, begin_ns

_KEYS: Final = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
_UNITS: Final = {
    "m": TimeFrameUnit.Minute,
    "h": TimeFrameUnit.Hour,
    "d": TimeFrameUnit.Day,
}
_DAYS: Final = 30
"""The days that are asked for at once, of bars below an hour."""
_DAYS_OF_HOURS: Final = 3_650
_NEW_YORK: Final = ZoneInfo("America/New_York")
_BAD_REQUEST: Final = (400, 422)
_FORBIDDEN: Final = (401, 403)
_FIELDS: Final = "ohlcv"


class Alpaca:
    """Fetches bars of shares and of crypto currencies."""

    def __init__(self, courier: Courier) -> None:
        """Have the courier carry the requests."""
        self._courier = courier
        self._clients: dict[bool, Any] = {}

    def pages(self, request: Request) -> Iterator[Page]:
        """Yield a page for each part of the days, as a fetcher does."""
        days = _DAYS if request.step_ns < HOUR_NS else _DAYS_OF_HOURS
        for symbol in request.symbols:
            self._client("/" in symbol)  # no symbol is fetched if one lacks its keys
        for symbol in request.symbols:
            for first, end in request.windows(days):
                yield self._page(symbol, request, first, end)

    def _page(self, symbol: str, request: Request, first: date, end: date) -> Page:
        name = f"{file_begin(symbol)}-{request.interval}-{first:%Y%m%d}"
        # Days of New York end later than those of UTC.
        ends_ns = begin_ns(end) + (DAY_NS // 2 if request.interval == "1d" else 0)
        try:
            with self._courier.page(name, ends_ns) as page:
                rows = self._rows(symbol, request.interval, first, end)
        except APIError as error:
            raise _refusal(symbol, error) from error
        dated = request.interval == "1d" and "/" not in symbol
        return Page(symbol, end, tuple(page.replies), _bars(rows, request.step_ns, dated=dated))

    def _rows(self, symbol: str, interval: str, first: date, end: date) -> Any:
        is_crypto = "/" in symbol
        client = self._client(is_crypto)
        # The end that Alpaca is told is part of what it gives.
        asked = {
            "symbol_or_symbols": symbol,
            "timeframe": TimeFrame(int(interval[:-1]), _UNITS[interval[-1]]),
            "start": datetime(first.year, first.month, first.day, tzinfo=UTC),
            "end": datetime(end.year, end.month, end.day, tzinfo=UTC) - timedelta(seconds=1),
        }
        if is_crypto:
            return client.get_crypto_bars(CryptoBarsRequest(**asked)).get(symbol, [])
        bars = client.get_stock_bars(StockBarsRequest(**asked, adjustment=Adjustment.RAW))
        return bars.get(symbol, [])

    def _client(self, is_crypto: bool) -> Any:
        """Return the client for crypto currencies or shares. ConfigError if it has no keys."""
        if is_crypto not in self._clients:
            kind = CryptoHistoricalDataClient if is_crypto else StockHistoricalDataClient
            keys = [os.environ.get(name, "") for name in _KEYS]
            if not all(keys) and not is_crypto:
                lacks = " and ".join(n for n, key in zip(_KEYS, keys, strict=True) if not key)
                raise ConfigError(f"alpaca needs keys for shares: set {lacks} in the environment")
            client = kind(keys[0] or None, keys[1] or None, raw_data=True)
            # There is no public way to its session.
            carried_by(self._courier, client._session)
            self._clients[is_crypto] = client
        return self._clients[is_crypto]


def _refusal(symbol: str, error: APIError) -> DataError | FetchError:
    """Return a refusal of Alpaca as one of ours, without the keys."""
    text = re.sub(r"\s+", " ", text_of(error))[:200]
    for name in _KEYS:
        if key := os.environ.get(name):
            text = text.replace(key, f"${name}")
    if error.status_code in _BAD_REQUEST:
        return DataError(f"alpaca does not take the symbol {symbol}: {text}")
    if error.status_code in _FORBIDDEN:
        names = " and ".join(_KEYS)
        return FetchError(f"alpaca refuses {symbol} by the keys in {names}: {text}")
    return FetchError(f"alpaca: {symbol}: answered {error.status_code}: {text}")


def _bars(rows: Sequence[Mapping[str, Any]], step_ns: int, *, dated: bool) -> Bars:
    """Return the bars of rows of JSON; those that are ``dated`` get the dates of New York."""
    opens = np.array([row["t"].removesuffix("Z") for row in rows], "datetime64[ns]")
    ts = opens.astype(np.int64)
    labels = ts
    if dated:
        moments = (datetime.fromtimestamp(ns / 1e9, _NEW_YORK) for ns in ts.tolist())
        labels = np.array([begin_ns(at.date()) for at in moments], np.int64)
    prices = np.array([[row[name] for name in _FIELDS] for row in rows], np.float64)
    return Bars(labels, ts + step_ns, prices.reshape(-1, len(_FIELDS)))
