"""Quandl WIKI: the unadjusted prices are taken, the adjusted ones beside them are left out."""

from __future__ import annotations

import re

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol


def _symbol(name: str) -> str | None:
    match = re.match(r"WIKI[-_/]([A-Z0-9_.]+)", name)
    return match[1] if match else plain_symbol(name)


QUANDL = DelimitedLayout(
    "quandl",
    recognises=lambda header, source: {"adjclose", "exdividend"} <= set(header.normal_names),
    signs="a header with Adj. Close and Ex-Dividend",
    symbol=_symbol,
    interval=lambda name: "1d",
    adjusted="no",
)
