"""Yahoo Finance, through the package yfinance.

Prices are asked for without the adjustment for dividends; the one for splits is Yahoo's own.
Dividends come with the bars, also on the scale of today's shares, and are imported beside them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

import numpy as np
import yfinance
from curl_cffi.requests.exceptions import RequestException
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFPricesMissingError, YFTzMissingError

from pipeline.codes import DAY_NS
from pipeline.errors import DataError, FetchError, text_of
from pipeline.fetch.courier import Courier
from pipeline.fetch.over_curl import CarriedSession
from pipeline.fetch.page import Bars, Page, Payout
from pipeline.fetch.raw import file_begin
from pipeline.fetch.request import Request, begin_ns

_DAYS: Final = {"1m": 7, "1d": 36_500}
"""The days that Yahoo gives at once."""
_DAYS_WITHIN_DAY: Final = 59
"""The same for the other intervals."""
_DAYS_OF_HOURS: Final = 729
"""The same for hours."""
_PRICES: Final = ["Open", "High", "Low", "Close", "Volume"]
_NOT_FOUND: Final = 404
_NOTHING: Final = "no price data found"


class Yahoo:
    """Fetches bars and dividends of Yahoo."""

    def __init__(self, courier: Courier) -> None:
        """Have the courier carry the requests."""
        self._courier = courier
        self._session = CarriedSession(courier, lambda address: "/finance/chart/" in address)

    def pages(self, request: Request) -> Iterator[Page]:
        """Yield a page for each part of the days, as a fetcher does."""
        days = _DAYS_OF_HOURS if request.interval == "1h" else _DAYS_WITHIN_DAY
        parts = request.windows(_DAYS.get(request.interval, days))
        for symbol in request.symbols:
            with _telling_errors():
                for first, end in parts:
                    yield self._page(symbol, request, first, end)

    def _page(self, symbol: str, request: Request, first: date, end: date) -> Page:
        name = f"{file_begin(symbol)}-{request.interval}-{first:%Y%m%d}"
        # Days of an exchange west of UTC end later than those of UTC.
        ends_ns = begin_ns(end) + DAY_NS // 2
        try:
            with self._courier.page(name, ends_ns, lambda told: "period1=" in told) as page:
                frame = self._history(symbol, request.interval, first, end)
        except YFTzMissingError as error:
            raise DataError(f"yfinance knows no symbol {symbol}: {text_of(error)}") from error
        except YFPricesMissingError as error:
            if _NOTHING not in text_of(error):
                raise DataError(f"yfinance has no bars: {text_of(error)}") from error
            return Page(symbol, end, ())
        except (YFException, RequestException) as error:
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status == _NOT_FOUND:  # it has looked for the zone of the symbol everywhere
                raise DataError(f"yfinance knows no symbol {symbol}: {text_of(error)}") from error
            raise FetchError(f"yfinance: {symbol}: {text_of(error)}") from error
        payouts = frame["Dividends"][frame["Dividends"] != 0.0]
        told = [Payout(at.date(), float(cash)) for at, cash in payouts.items()]
        bars = _bars(frame, request)
        return Page(symbol, end, tuple(page.replies), bars, tuple(told))

    def _history(self, symbol: str, interval: str, first: date, end: date) -> Any:
        # What yfinance remembers of an address would not come by the courier.
        YfData.cache_get.cache_clear()
        ticker = yfinance.Ticker(symbol, session=self._session)
        return ticker.history(
            interval=interval,
            start=first.isoformat(),
            end=end.isoformat(),
            auto_adjust=False,
            actions=True,
            prepost=False,
            timeout=60,
        )


def _bars(frame: Any, request: Request) -> Bars:
    """Return the bars of a frame of yfinance, whose index has the zone of the exchange."""
    opens = frame.index.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ns]")
    ends = opens.astype(np.int64) + request.step_ns
    labels = opens.astype(np.int64)
    if request.interval == "1d":
        dates = frame.index.tz_localize(None).to_numpy("datetime64[ns]")
        labels = dates.astype(np.int64) // DAY_NS * DAY_NS
    return Bars(labels, ends, frame[_PRICES].to_numpy(np.float64))


@contextmanager
def _telling_errors() -> Iterator[None]:
    """Have yfinance raise its errors, and log none, during the block."""
    log = logging.getLogger("yfinance")
    level, hidden = log.level, yfinance.config.debug.hide_exceptions
    log.setLevel(logging.CRITICAL)
    yfinance.config.debug.hide_exceptions = False
    try:
        yield
    finally:
        log.setLevel(level)
        yfinance.config.debug.hide_exceptions = hidden
