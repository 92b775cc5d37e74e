"""Polygon's flat files (now Massive's): all tickers of a day in one file, epochs in ns.

`window_start` is the start of a bar; that of a day is midnight in New York. Prices are as they were
traded. The files of indices have no volume.
"""

from __future__ import annotations

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source


def _recognises(header: Header, source: Source) -> bool:
    return {"ticker", "open", "close", "windowstart"} <= set(header.normal_names)


POLYGON = DelimitedLayout(
    "polygon",
    recognises=_recognises,
    signs="a header with ticker and window_start",
    columns={"ts": "window_start", "symbol": "ticker"},
    stamped="open",
    adjusted="no",
    empty_bars=False,
)
