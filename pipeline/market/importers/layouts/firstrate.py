"""FirstRate Data: `YYYY-MM-DD HH:MM:SS,open,high,low,close,volume`, mostly without a header.

Times are those of the opens. Shares, funds and futures are in New York's time, and the name of a
file says how they are adjusted. Coins are in UTC, with a name that shows neither. Daily futures
have a seventh column, the open interest; indices have no volume.
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
    r"([A-Z0-9.-]+)_(?:full_)?(?:(\d+)(min|hour|day)_?)?([A-Za-z_]*?)(?:_(\d+)(min|hour|day))?"
    r"\.(?:txt|csv)"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?")
_FIELDS = ("ts", "open", "high", "low", "close", "volume")
_SIGNS = "a name like SPY_full_1min_adjsplitdiv.txt, and rows that begin like 2024-03-08 09:30:00"
_ADJUSTED = {
    "adjsplitdiv": "splits and dividends",
    "adjsplit": "splits",
    "unadjusted": "no",
    "continuousunadjusted": "no",
    "continunadj": "no",
    "continuousadjusted": None,
    "continuousratioadjusted": None,
    "continuousabsoluteadjusted": None,
    "continadjratio": None,
    "continadjabsolute": None,
}
"""What the last words of a name say of the adjustment; that of futures at rolls is no such one."""


def _word(name: str) -> str | None:
    """Return the word for the adjustment in a name, "" without one; None for other names."""
    match = _NAME.fullmatch(name)
    if match is None or not (match[2] or match[5]):
        return None
    return match[4].replace("_", "").lower()


def _is_row(header: Header) -> bool:
    row = header.first_row
    fits = len(_FIELDS) - 1 <= len(row) <= len(_FIELDS) + 1
    return fits and header.delimiter == "," and _TIME.fullmatch(row[0]) is not None


def _columns(header: Header, source: Source) -> Mapping[str, str]:
    fields = _FIELDS[: len(header.cells)]
    return {field: header.names[place] for place, field in enumerate(fields)}


def _symbol(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def _interval(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    count, unit = (match[2], match[3]) if match[2] else (match[5], match[6])
    return timeframe(count, unit) if count else None


def _layout(adjusted: str | None) -> DelimitedLayout:
    words = {word for word, found in _ADJUSTED.items() if found == adjusted}
    return DelimitedLayout(
        "firstrate",
        recognises=lambda header, source: _word(source.name) in words and _is_row(header),
        signs=_SIGNS,
        columns_of=_columns,
        symbol=_symbol,
        interval=_interval,
        zone=ZoneInfo("America/New_York"),
        stamped="open",
        adjusted=adjusted,
    )


def _is_plain(header: Header, source: Source) -> bool:
    return "_full_" in source.name and _word(source.name) == "" and _is_row(header)


FIRSTRATE_LAYOUTS = (
    *(_layout(adjusted) for adjusted in dict.fromkeys(_ADJUSTED.values())),
    DelimitedLayout(
        "firstrate",
        recognises=_is_plain,
        signs=_SIGNS,
        columns_of=_columns,
        symbol=_symbol,
        interval=_interval,
        asks="FirstRate's times are in UTC for coins, in New York's time for all else",
        stamped="open",
    ),
)
