"""Databento: the CSV of its bars. Its DBN is read by `importers.dbn`.

Times and prices are as written for people, or raw: ns and units of 1e-9, in which
9223372036854775807 stands for no price. `ts_event` is the start of a bar, of which there is none
if nothing was traded. A file may have many symbols, spreads among them.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source

_UNIT = 1e9
"""Raw prices are multiples of 1e-9."""
_LEAST_RAW = 1e7
"""Raw prices from 0.01 on are at least this; no price is that high."""


def _recognises(header: Header, source: Source) -> bool:
    return {"tsevent", "rtype", "publisherid", "open", "close"} <= set(header.normal_names)


def _interval(name: str) -> str | None:
    match = re.search(r"ohlcv-(1[smhd])\b", name)
    return match[1] if match else None


def _unit(symbol: str, prices: list[npt.NDArray[np.float64]]) -> float:
    whole = all((column == np.round(column)).all() for column in prices)
    return _UNIT if whole and max(np.abs(column).max() for column in prices) >= _LEAST_RAW else 1.0


DATABENTO = DelimitedLayout(
    "databento",
    recognises=_recognises,
    signs="a header with ts_event, rtype and publisher_id",
    columns={"ts": "ts_event"},
    symbol=lambda name: plain_symbol(name.partition(".")[0]),
    interval=_interval,
    stamped="open",
    adjusted="no",
    empty_bars=False,
    scale=_unit,
)
