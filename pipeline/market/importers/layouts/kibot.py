"""Kibot: `MM/DD/YYYY,HH:MM,open,high,low,close,volume` without a header, in New York's time.

Times are those of the opens. A daily file lacks the time. The symbol is the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts.timeframes import timeframe
from pipeline.market.importers.source import Source

_NAME = re.compile(
    r"([A-Z][A-Z0-9.^$-]*)(?:_(\d+)(min|hour|day))?(_unadjusted)?\.txt", re.IGNORECASE
)
_INTRADAY = (*("date", "time"), *("open", "high", "low", "close", "volume"))
_DAILY = ("ts", *_INTRADAY[2:])


def _is_row(header: Header) -> bool:
    cells = header.cells
    if header.delimiter != "," or re.fullmatch(r"\d\d/\d\d/\d{4}", cells[0]) is None:
        return False
    if len(cells) == len(_INTRADAY):
        return re.fullmatch(r"\d\d:\d\d", cells[1]) is not None
    return len(cells) == len(_DAILY)


def _recognises(header: Header, source: Source, unadjusted: bool) -> bool:
    match = _NAME.fullmatch(source.name)
    if match is None or not (match[2] or match[4]):  # MSFT.txt may be anybody's
        return False
    return bool(match[4]) == unadjusted and _is_row(header)


def _columns(header: Header, source: Source) -> Mapping[str, str]:
    fields = _INTRADAY if len(header.cells) == len(_INTRADAY) else _DAILY
    return {field: str(place) for place, field in enumerate(fields, start=1)}


def _symbol(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return match[1].upper() if match else None


def _interval(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return timeframe(match[2], match[3]) if match and match[2] else None


def _layout(unadjusted: bool) -> DelimitedLayout:
    return DelimitedLayout(
        "kibot",
        recognises=lambda header, source: _recognises(header, source, unadjusted),
        signs="a name like MSFT_1min.txt or MSFT_unadjusted.txt, and rows that begin like "
        "03/08/2024,09:30; others are named by --layout kibot",
        columns_of=_columns,
        symbol=_symbol,
        interval=_interval,
        zone=ZoneInfo("America/New_York"),
        stamped="open",
        date_order="mdy",
        adjusted="no" if unadjusted else "splits and dividends",
    )


KIBOT_LAYOUTS = (_layout(False), _layout(True))
