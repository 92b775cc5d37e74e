"""MetaTrader 5: times of the broker (Athens: EET with EU summer time), and volume in ticks.

It has two layouts: the terminal's own export (`<DATE> <TIME> <OPEN> ...`), and files that are made
with its Python API, such as ejtrader's. Prices in the latter are integers, in multiples of the
symbol's point (0.01 for gold and other metals, 0.001 for yen pairs, 0.00001 for other pairs).
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.market.importers.delimited import DelimitedLayout, Header, plain_symbol
from pipeline.market.importers.source import Source

_NAME = re.compile(r"([A-Z]{6})_?([MHDmhd])(\d{1,2})")


def _recognises(header: Header, source: Source) -> bool:
    names = set(header.normal_names)
    return "tickvolume" in names or {"tickvol", "open", "date"} <= names


def _symbol(name: str) -> str | None:
    match = _NAME.match(name)
    if match:
        return match[1]
    export = re.match(r"([A-Z0-9.]+)_[MHD]\d{1,2}_\d+", name)
    return export[1] if export else plain_symbol(name)


def _interval(name: str) -> str | None:
    match = re.search(r"(?<=[A-Z0-9])_?([MHDmhd])(\d{1,2})(?=[._])", name)
    return f"{int(match[2])}{match[1].lower()}" if match else None


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
    symbol=_symbol,
    interval=_interval,
    zone=ZoneInfo("Europe/Athens"),
    scale=_points,
)
