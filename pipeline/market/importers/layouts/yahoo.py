"""Yahoo Finance: the raw prices are taken, and `Adj Close` beside them is left out.

The layouts are those of the site's CSV (Date, ..., Adj Close, Volume) and of the files that the
package yfinance writes. Its downloads have three header lines and columns of several tickers (in
which a ticker may have the name of a column, such as OPEN); its histories have UTC offsets,
dividends and splits. Without a column `Adj Close`, yfinance has adjusted the prices for dividends
too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.fields import normal
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source

_NAME = re.compile(
    r"(?:yahoofinance-)?([A-Z0-9.^=]+(?:-[A-Z]{1,3})?)"
    r"(?:-\d{4,8})*(?:-yahoofinance|-\d+[mhd]\b.*)?"
)
_TIMES = ("Date", "Datetime")
_LEVELS = 3
"""Header lines of a downloaded frame: names of columns, tickers, name of the index."""


def _symbol(name: str) -> str | None:
    match = _NAME.fullmatch(name.removesuffix(".csv"))
    return match[1] if match else plain_symbol(name)


def _is_history(header: Header) -> bool:
    names = set(header.normal_names)
    return header.cells[0] in _TIMES and {"open", "close", "dividends", "stocksplits"} <= names


def _is_site(header: Header) -> bool:
    names = set(header.normal_names)
    of_quandl = "adjopen" in names  # beside raw prices, with all of the adjusted ones
    known = {"open", "close", "adjclose", "volume"} <= names
    return header.cells[0] in _TIMES and known and not of_quandl


def _has_levels(lines: Sequence[str]) -> bool:
    if len(lines) < _LEVELS:
        return False
    first = [line.split(",") for line in lines[:_LEVELS]]
    begins = {first[0][0], first[1][0]} == {"Price", "Ticker"} and first[2][0] in _TIMES
    return begins and len({len(cells) for cells in first}) == 1


def _levels(header: Header) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the columns and their tickers, whichever line comes first."""
    first, second = header.row(0), header.row(1)
    return (first, second) if first[0] == "Price" else (second, first)


def _names(header: Header) -> tuple[str, ...]:
    """Return the name of the index, then those of the columns, with the ticker if it differs."""
    names, tickers = _levels(header)
    alone = len(set(tickers[1:])) == 1
    both = zip(names[1:], tickers[1:], strict=True)
    return (
        header.cells[0],
        *(name if alone else f"{name} {ticker}" for name, ticker in both),
    )


def _tickers(header: Header) -> Mapping[str, Mapping[str, str]]:
    names, tickers = _levels(header)
    found: dict[str, dict[str, str]] = {}
    for place, (name, ticker) in enumerate(zip(names, tickers, strict=True)):
        if place > 0:
            found.setdefault(ticker, {"ts": header.names[0]})[normal(name)] = header.names[place]
    return found


def _is_frame(header: Header, adjusted: bool) -> bool:
    return _has_levels(header.lines) and ("Adj Close" not in _levels(header)[0]) == adjusted


def _before(lines: Sequence[str]) -> int:
    return _LEVELS - 1 if _has_levels(lines) else 0


def _frame(adjusted: bool) -> DelimitedLayout:
    return DelimitedLayout(
        "yfinance",
        recognises=lambda header, source: _is_frame(header, adjusted),
        signs="three header lines that begin with Price, Ticker and Date",
        skip=_before,
        names=_names,
        tickers=_tickers,
        stamped="open",
        adjusted="splits and dividends" if adjusted else "splits",
    )


def _history(adjusted: bool) -> DelimitedLayout:
    def recognises(header: Header, source: Source) -> bool:
        return _is_history(header) and ("adjclose" not in header.normal_names) == adjusted

    return DelimitedLayout(
        "yfinance",
        recognises=recognises,
        signs="a header with Date, Dividends and Stock Splits",
        symbol=_symbol,
        stamped="open",
        adjusted="splits and dividends" if adjusted else "splits",
    )


YAHOO = DelimitedLayout(
    "yahoo",
    recognises=lambda header, source: _is_site(header) and not _is_history(header),
    signs="a header with Date, Adj Close and Volume, in either order",
    symbol=_symbol,
    adjusted="splits",
)
YAHOO_LAYOUTS = (_frame(True), _frame(False), _history(True), _history(False), YAHOO)
