"""Google Finance's daily CSV, with dates like 31-Dec-10, the newest first."""

from __future__ import annotations

import re

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol


def _symbol(name: str) -> str | None:
    match = re.match(r"([A-Za-z.]+)-\d{4}-googlefinance", name)
    return match[1].upper() if match else plain_symbol(name)


GOOGLE = DelimitedLayout(
    "google",
    recognises=lambda header, source: "googlefinance" in source.name,
    signs="a name with googlefinance",
    symbol=_symbol,
    interval=lambda name: "1d",
)
