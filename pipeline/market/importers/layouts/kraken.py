"""Kraken's archive of OHLCVT: no header, epochs in s, seven columns, minutes in the file name.

An interval without trades has no row.
"""

from __future__ import annotations

import re

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts.timeframes import timeframe
from pipeline.market.importers.source import Source

_NAME = re.compile(r"([A-Z0-9.]+)_(1|5|15|30|60|240|720|1440)\.csv")
_COLUMNS = 7


def _recognises(header: Header, source: Source) -> bool:
    return (
        _NAME.fullmatch(source.name) is not None
        and header.delimiter == ","
        and len(header.cells) == _COLUMNS
        and re.fullmatch(r"\d{10}", header.cells[0]) is not None
    )


def _symbol(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def _interval(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return timeframe(match[2], "m") if match else None


KRAKEN = DelimitedLayout(
    "kraken",
    recognises=_recognises,
    signs="a name like XBTUSD_1.csv, and rows of seven numbers that begin with an epoch",
    columns={"ts": "1", "open": "2", "high": "3", "low": "4", "close": "5", "volume": "6"},
    symbol=_symbol,
    interval=_interval,
    stamped="open",
    adjusted="no",
    empty_bars=False,
)
