"""Stooq's archives of text files: `<TICKER>,<PER>,<DATE>,<TIME>,...,<OPENINT>`.

Daily rows have the time 000000. The zone of intraday times is not stated anywhere: users of the
files report UTC as well as Warsaw's time.
"""

from __future__ import annotations

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source


def _recognises(header: Header, source: Source) -> bool:
    named = {"ticker", "per", "date", "time", "openint"} <= set(header.normal_names)
    return named and header.cells[0] == "<TICKER>"


STOOQ = DelimitedLayout(
    "stooq",
    recognises=_recognises,
    signs="a header that begins with <TICKER>,<PER> and ends with <OPENINT>",
    columns={"symbol": "<TICKER>", "volume": "<VOL>"},
    asks="Stooq does not say in which zone its intraday times are (UTC or Europe/Warsaw)",
)
