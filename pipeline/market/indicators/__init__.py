"""Indicators: they are declared as values, planned once for all lanes, and computed.

``from pipeline import indicators as ind`` gives the declarations of this room. Importing this
module, `own_function` or `layout` does not import the compiler.
"""

from pipeline.codes import PRICE_COLUMNS
from pipeline.market.indicators.declared import (
    WHOLE_BAR,
    Indicator,
    Output,
    atr,
    bollinger,
    custom,
    ema,
    highest,
    lowest,
    macd,
    obv,
    power_of,
    roc,
    rsi,
    sma,
    source_power,
    stdev,
    vwap,
    window,
    wma,
)

DECLARED = (
    *("sma", "ema", "wma", "rsi", "atr", "stdev", "bollinger", "macd", "highest", "lowest"),
    *("roc", "vwap", "obv", "custom", "window"),
)
"""The names of the functions with which strategies declare indicators."""

__all__ = [
    "DECLARED",
    "PRICE_COLUMNS",
    "WHOLE_BAR",
    "Indicator",
    "Output",
    "atr",
    "bollinger",
    "custom",
    "ema",
    "highest",
    "lowest",
    "macd",
    "obv",
    "power_of",
    "roc",
    "rsi",
    "sma",
    "source_power",
    "stdev",
    "vwap",
    "window",
    "wma",
]
