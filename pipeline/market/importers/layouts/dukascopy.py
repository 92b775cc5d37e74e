"""Dukascopy: the site's export, JForex's export, and the files of dukascopy-node.

The site writes `Gmt time`, or `Local time` with an offset behind each time; days come before
months. JForex writes `Time (EET)`, with the summer time of Europe, or `Time (UTC)`. The files of
dukascopy-node have epochs in ms. The volume is in millions, thousands or units, as it was asked
for; times without trades may be filled up with flat bars of volume 0.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts.timeframes import timeframe
from pipeline.market.importers.source import Source

_SITE = re.compile(r"([A-Z0-9.]+)_Candlestick_(\d+)_([A-Za-z]+)_(?:BID|ASK)_")
_JFOREX = re.compile(r"([A-Z0-9.]+)_(?:(\d+) ([A-Za-z]+)|Hourly|Daily)_(?:Bid|Ask)_")
_NODE = re.compile(r"([a-z0-9]+)-([smhd])(\d+)-(?:bid|ask)-\d{4}-\d\d-\d\d")
_DAY_FIRST = re.compile(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\.\d{3}(?: GMT[+-]\d{4})?")


def _is_site(header: Header, source: Source) -> bool:
    times = header.cells[0] in ("Gmt time", "Local time")
    return times and _DAY_FIRST.fullmatch((header.first_row or ("",))[0]) is not None


def _is_jforex(header: Header, clock: str) -> bool:
    row = header.first_row or ("",)
    return header.cells[0] == f"Time ({clock})" and row[0][4:5] == "."


def _is_node(header: Header, source: Source) -> bool:
    return _NODE.match(source.name) is not None and header.normal_names[:5] == (
        *("timestamp", "open", "high", "low", "close"),
    )


def _symbol(name: str) -> str | None:
    match = _SITE.match(name) or _JFOREX.match(name) or _NODE.match(name)
    return match[1].upper() if match else None


def _interval(name: str) -> str | None:
    if match := _SITE.match(name) or _JFOREX.match(name):
        return timeframe(match[2], match[3]) if match[2] else None
    match = _NODE.match(name)
    return timeframe(match[3], match[2]) if match else None


def _jforex(clock: str, zone: str) -> DelimitedLayout:
    return DelimitedLayout(
        "dukascopy",
        recognises=lambda header, source: _is_jforex(header, clock),
        signs="a header that begins with Time (EET) or Time (UTC), and dates like 2024.03.08",
        symbol=_symbol,
        columns={"ts": "1"},
        interval=_interval,
        zone=ZoneInfo(zone),
        stamped="open",
    )


def _site(time: str, zone: str | None, asks: str) -> DelimitedLayout:
    return DelimitedLayout(
        "dukascopy",
        recognises=lambda header, source: _is_site(header, source) and header.cells[0] == time,
        signs="a header that begins with Gmt time or Local time, and dates like "
        "08.03.2024 14:30:00.000",
        columns={"ts": "1"},
        symbol=_symbol,
        interval=_interval,
        zone=ZoneInfo(zone) if zone else None,
        asks=asks,
        stamped="open",
        date_order="dmy",
    )


DUKASCOPY_LAYOUTS = (
    _site("Gmt time", "UTC", ""),
    _site("Local time", None, "Dukascopy wrote times on the clock of a computer, without offsets"),
    _jforex("EET", "Europe/Athens"),
    _jforex("UTC", "UTC"),
    DelimitedLayout(
        "dukascopy",
        recognises=_is_node,
        signs="a name like eurusd-m1-bid-2024-01-01-2024-02-01.csv, and a header that begins with "
        "timestamp",
        symbol=_symbol,
        interval=_interval,
        stamped="open",
    ),
)
