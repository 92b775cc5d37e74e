"""HistData.com: minutes of bids, no header, EST without summer time, stamped at the open.

It writes the same bars for several programs: DAT_ASCII and DAT_NT (`YYYYMMDD HHMMSS;...`), DAT_MT
(`YYYY.MM.DD,HH:MM,...`) and DAT_MS (`EURUSD,YYYYMMDDHHMM,...`). The volume is 0 everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source

_NAME = re.compile(r"DAT_(ASCII|NT|MT|MS)_([A-Z0-9]+)_M1_\d{4,6}")
_PRICES = ("open", "high", "low", "close", "volume")
_FIRST_CELLS = {
    "ASCII": (r"\d{8} \d{6}",),
    "NT": (r"\d{8} \d{6}",),
    "MT": (r"\d{4}\.\d\d\.\d\d", r"\d\d:\d\d"),
    "MS": (r"[A-Z0-9]+", r"\d{12}"),
}
_FIRST_FIELDS = {"ASCII": ("ts",), "NT": ("ts",), "MT": ("date", "time"), "MS": ("symbol", "ts")}


def _recognises(header: Header, source: Source) -> bool:
    match = _NAME.match(source.name)
    if match is None:
        return False
    patterns = _FIRST_CELLS[match[1]]
    return len(header.cells) == len(patterns) + len(_PRICES) and all(
        re.fullmatch(pattern, cell) for pattern, cell in zip(patterns, header.cells, strict=False)
    )


def _columns(header: Header, source: Source) -> Mapping[str, str]:
    match = _NAME.match(source.name)
    fields = (*_FIRST_FIELDS[match[1] if match else "ASCII"], *_PRICES)
    return {field: str(place) for place, field in enumerate(fields, start=1)}


def _symbol(name: str) -> str | None:
    match = _NAME.match(name)
    return match[2] if match else None


HISTDATA = DelimitedLayout(
    "histdata",
    recognises=_recognises,
    signs="a name like DAT_ASCII_EURUSD_M1_202401.csv, and rows of the form that the name says",
    columns_of=_columns,
    symbol=_symbol,
    interval=lambda name: "1m",
    zone=ZoneInfo("Etc/GMT+5"),
    stamped="open",
    adjusted="no",
)
