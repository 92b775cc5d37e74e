"""Alpaca: the table of bars that its Python package makes, as CSV, with or without the symbol.

Times have an offset. Alpaca labels a bar by its start. Whether prices are adjusted was chosen by
whoever asked for them, and the file does not say it.
"""

from __future__ import annotations

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source


def _recognises(header: Header, source: Source) -> bool:
    return {"timestamp", "open", "close", "tradecount", "vwap"} <= set(header.normal_names)


ALPACA = DelimitedLayout(
    "alpaca",
    recognises=_recognises,
    signs="a header with timestamp, trade_count and vwap",
    columns={"ts": "timestamp"},
    stamped="open",
    empty_bars=False,
)
