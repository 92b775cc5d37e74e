"""Interactive Brokers: bars as its API hands them out, and as ib_insync writes them.

Times have the zone's name behind them (`20260320 09:30:00 US/Eastern`), since 2022; or a UTC
offset; older ones have two blanks and the clock of the login, which the file does not name. Daily
bars have a bare date. Bars of quotes (MIDPOINT, BID, ASK) have the volume -1. The volume of shares
may be in round lots, by the settings of the API.
"""

from __future__ import annotations

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source


def _recognises(header: Header, source: Source) -> bool:
    return {"date", "open", "close", "average", "barcount"} <= set(header.normal_names)


INTERACTIVE_BROKERS = DelimitedLayout(
    "ib",
    recognises=_recognises,
    signs="a header with date, average and barCount",
    columns={"ts": "date"},
    asks="Interactive Brokers wrote times on the clock of the login, which the file does not name",
    stamped="open",
    no_volume=-1.0,
)
