"""The files that `ringtape export` writes: bars of a catalog, to be taken as they are."""

from __future__ import annotations

from pipeline.market.catalog.export import COLUMNS
from pipeline.market.importers.delimited import DelimitedLayout

RINGTAPE = DelimitedLayout(
    "ringtape",
    recognises=lambda header, source: header.cells == COLUMNS,
    signs="the columns symbol, interval, ts and those of a bar, in this order",
    columns={"interval": "interval"},
    stamped="open",
    own=True,
)
