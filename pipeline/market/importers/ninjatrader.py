"""NinjaTrader: `YYYYMMDD HHMMSS;open;high;low;close;volume`, with UTC times at the END of bars."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout, Header, plain_symbol
from pipeline.market.importers.source import Source


def _recognises(header: Header, source: Source) -> bool:
    return (
        header.delimiter == ";"
        and len(header.cells) == 6
        and re.fullmatch(r"\d{8}( \d{6})?", header.cells[0]) is not None
    )


def _symbol(name: str) -> str | None:
    match = re.match(r"nt-([a-z]+)-", name) or re.match(r"([A-Z0-9 -]+?)\.Last\.txt", name)
    return match[1].upper() if match else plain_symbol(name)


NINJATRADER = DelimitedLayout(
    "ninjatrader",
    recognises=_recognises,
    columns={"ts": "1", "open": "2", "high": "3", "low": "4", "close": "5", "volume": "6"},
    symbol=_symbol,
    zone=ZoneInfo("UTC"),
    end_stamped=True,
)
