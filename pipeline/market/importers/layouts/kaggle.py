"""The bitcoin minutes of Kaggle: epochs in s, NaN in minutes without trades, several volumes.

The volume is that in BTC. The name of a file has the exchange and the currency: bitstampUSD,
coinbaseUSD, bitflyerJPY. Later editions are called btcusd_1-min_data.csv, with six columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.market.importers.delimited import DelimitedLayout
from pipeline.market.importers.header import Header
from pipeline.market.importers.source import Source

_NAME = re.compile(r"(?:(btc[a-z]{3})|[a-z]+([A-Z]{3}))_1-min_data")


def _recognises(header: Header, source: Source) -> bool:
    names = set(header.normal_names)
    if {"timestamp", "volumebtc", "volumecurrency"} <= names:
        return True
    return _NAME.match(source.name) is not None and {"timestamp", "open", "volume"} <= names


def _columns(header: Header, source: Source) -> Mapping[str, str]:
    btc = "volumebtc" in header.normal_names
    return {"ts": "Timestamp", "volume": "Volume_(BTC)" if btc else "Volume"}


def _symbol(name: str) -> str | None:
    match = _NAME.match(name)
    if match is None:
        return None
    return match[1].upper() if match[1] else f"BTC{match[2]}"


KAGGLE_BITCOIN = DelimitedLayout(
    "kaggle-bitcoin",
    recognises=_recognises,
    signs="a header with Timestamp, Volume_(BTC) and Volume_(Currency), or the name "
    "btcusd_1-min_data.csv",
    columns_of=_columns,
    symbol=_symbol,
    interval=lambda name: "1m" if "1-min" in name else None,
    stamped="open",
    adjusted="no",
    empty_bars=False,
)
