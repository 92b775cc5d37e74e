"""NinjaTrader's export: `YYYYMMDD HHMMSS;open;high;low;close;volume`, UTC, at the END of bars.

Daily rows have the date alone. HistData writes rows of the same form in EST, stamped at the open,
so that the rows alone do not tell the clock.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.header import Header

_NAME = re.compile(r"nt-([a-z]+)-|(.+?)\.(?:Last|Bid|Ask)\.txt")
_COLUMNS = {"ts": "1", "open": "2", "high": "3", "low": "4", "close": "5", "volume": "6"}


def _is_row(header: Header) -> bool:
    return (
        header.delimiter == ";"
        and len(header.cells) == len(_COLUMNS)
        and re.fullmatch(r"\d{8}( \d{6})?", header.cells[0]) is not None
    )


def _symbol(name: str) -> str | None:
    match = _NAME.match(name)
    if match is None:
        return plain_symbol(name)
    return match[1].upper() if match[1] else match[2]


NINJATRADER = DelimitedLayout(
    "ninjatrader",
    recognises=lambda header, source: _is_row(header) and _NAME.match(source.name) is not None,
    signs="a name like ES 03-24.Last.txt, and rows that begin like 20240308 143100;",
    columns=_COLUMNS,
    symbol=_symbol,
    zone=ZoneInfo("UTC"),
    stamped="close",
)
SEMICOLONS = DelimitedLayout(
    "semicolons",
    recognises=lambda header, source: _is_row(header),
    signs="rows that begin like 20240308 143100; and a name that tells no more",
    columns=_COLUMNS,
    symbol=plain_symbol,
    asks="such rows are NinjaTrader's (--tz UTC --end-stamped) or HistData's (--tz Etc/GMT+5)",
)
"""Rows of NinjaTrader or of HistData: nothing tells which clock they are on."""
