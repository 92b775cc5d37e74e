"""TradingView's export of a chart: times, prices, and a column for each line of an indicator.

Times are epochs in s, or ISO times with an offset, as the user chose. The name of a file has the
exchange, the symbol and the interval in minutes: `NASDAQ_AAPL, 60.csv`.
"""

from __future__ import annotations

import re

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts.timeframes import timeframe
from pipeline.market.importers.source import Source

_NAME = re.compile(r"(?:.+_)?([^_,]+), (\d*)([SDWM]?)(?:_[0-9a-f]+)?(?: ?\(\d+\))?\.csv")
_BEGINNING = ("time", "open", "high", "low", "close")


def _recognises(header: Header, source: Source) -> bool:
    return (
        header.cells[: len(_BEGINNING)] == _BEGINNING and _NAME.fullmatch(source.name) is not None
    )


def _symbol(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def _interval(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    if match is None or match[3] in ("W", "M"):
        return None
    return timeframe(match[2] or "1", match[3] or "m")


TRADINGVIEW = DelimitedLayout(
    "tradingview",
    recognises=_recognises,
    signs="a name like NASDAQ_AAPL, 60.csv, and a header that begins with time,open,high,low,close",
    columns={"ts": "1", "open": "2", "high": "3", "low": "4", "close": "5"},
    symbol=_symbol,
    interval=_interval,
    stamped="open",
)
