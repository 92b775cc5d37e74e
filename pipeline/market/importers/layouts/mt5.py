"""MetaTrader 5: times on the clock of the broker's server, and volume in ticks.

It has two layouts: the terminal's own export (`<DATE> <TIME> <OPEN> ...`), and files that are made
with its Python package (`time,...,tick_volume,spread,real_volume`), such as ejtrader's. The
volume is the number of ticks; the traded volume beside it, which many brokers leave 0, is not
taken. Prices in ejtrader's files are integers, in multiples of the symbol's point (0.01 for gold
and other metals, 0.001 for yen pairs, 0.00001 for other pairs).

Neither names the clock. The rows show it if they have the opens and closes of weeks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.header import Header
from pipeline.market.importers.layouts.timeframes import timeframe
from pipeline.market.importers.source import Source

_NAME = re.compile(r"([A-Z]{6})_?([MHDmhd])(\d{1,2})")
#: MetaTrader 4 writes minutes behind the symbol.
_MINUTES = re.compile(r"([A-Z]{6})(1|5|15|30|60|240|1440)(?=\.)")
#: The terminal's own name of an export, in which brokers may add to a symbol: EURUSD.a_M15_...
_EXPORT = re.compile(r"([^\s_]\S*?)_(?:([MHD])(\d{1,2})|(Daily)|Weekly|Monthly)_\d{8,12}[._]")
_TICKS = ("tickvol", "tickvolume")


def _recognises(header: Header, source: Source) -> bool:
    names = set(header.normal_names)
    if header.cells[0].startswith("<"):
        return {"date", "open", "tickvol", "spread"} <= names
    known = "tickvolume" in names
    return known and ({"spread", "realvolume"} <= names or _NAME.match(source.name) is not None)


def _columns(header: Header, source: Source) -> Mapping[str, str]:
    named = dict(zip(header.normal_names, header.names, strict=True))
    return {"volume": next(named[name] for name in _TICKS if name in named)}


def _symbol(name: str) -> str | None:
    match = _MINUTES.match(name) or _EXPORT.match(name) or _NAME.match(name)
    return match[1] if match else plain_symbol(name)


def _interval(name: str) -> str | None:
    if minutes := _MINUTES.match(name):
        return timeframe(minutes[2], "M")
    if export := _EXPORT.match(name):
        return "1d" if export[4] else timeframe(export[3], export[2]) if export[2] else None
    match = re.search(r"(?<=[A-Z0-9])_?([MHDmhd])(\d{1,2})(?=[._])", name)
    return timeframe(match[2], match[1]) if match else None


def _points(symbol: str, prices: list[npt.NDArray[np.float64]]) -> float:
    whole = all(np.abs(column - np.round(column)).max() < 1e-6 for column in prices)
    if not whole or re.fullmatch(r"[A-Z]{6}", symbol) is None:
        return 1.0
    if symbol.startswith(("XAU", "XAG", "XPT", "XPD")):
        return 100.0
    return 1000.0 if symbol.endswith("JPY") else 100_000.0


MT5 = DelimitedLayout(
    "mt5",
    recognises=_recognises,
    signs="a header with <TICKVOL> and <SPREAD>; with tick_volume, spread and real_volume; or with "
    "tick_volume and a name like EURUSDh1.csv",
    columns_of=_columns,
    symbol=_symbol,
    interval=_interval,
    server=True,
    asks="MetaTrader 5 writes times on its server's clock, and these rows do not show which that "
    "is (often Europe/Athens)",
    stamped="open",
    scale=_points,
)
