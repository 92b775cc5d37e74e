"""investing.com's historical data: words in dates, thousands separators, K and M; newest first.

The close is called `Price`. Dates are like `Jan 19, 2018`, in later files like 01/19/2018 (the
British site writes 19/01/2018), so the order of day and month is not known from the layout.
"""

from __future__ import annotations

import re

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source


def _recognises(header: Header, source: Source) -> bool:
    return {"date", "price", "open", "high", "low", "change"} <= set(header.normal_names)


def _symbol(name: str) -> str | None:
    match = re.fullmatch(
        r"(.+?)(?: Stock Price| ETF Stock Price)?(?: Historical Data| History).*", name
    )
    return plain_symbol(match[1] if match else name)


INVESTING = DelimitedLayout(
    "investing",
    recognises=_recognises,
    signs="a header with Price, Vol. and Change %",
    columns={"ts": "Date", "close": "Price", "volume": "Vol."},
    symbol=_symbol,
)
