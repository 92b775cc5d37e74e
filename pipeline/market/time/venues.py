"""Names of venues and markets that are no calendars, and the calendar that fits each.

Spelling alone misleads: of all calendars, BINANCE is most like ICE.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

_VENUES: Final[Mapping[str, Collection[str]]] = {
    "CRYPTO": {
        *("BINANCE", "BINANCEUS", "BITFINEX", "BITGET", "BITMEX", "BITSTAMP", "BYBIT", "COINBASE"),
        *("CRYPTOS", "DERIBIT", "FTX", "GATEIO", "GDAX", "GEMINI", "HUOBI", "HYPERLIQUID"),
        *("KRAKEN", "KUCOIN", "MEXC", "OKEX", "OKX", "POLONIEX", "UPBIT"),
        *("BTC", "BTCUSD", "BTCUSDT", "ETH", "247", "24X7", "ALWAYS"),
    },
    "FX": {"CURRENCY", "DUKASCOPY", "EURUSD", "FOREX", "FXCM", "HISTDATA", "OANDA", "SPOTFX"},
    "US_EQUITY": {
        "AMEX",
        "ARCA",
        "EQUITY",
        "IEX",
        "NYSEARCA",
        "SPY",
        "STOCK",
        "STOCKS",
        "US",
        "USA",
    },
    "CME": {"CMEGROUP", "ES", "FUTURE", "FUTURES", "GLOBEX"},
    "XETR": {"DEUTSCHEBOERSE", "FRANKFURT", "XETRA"},
    "XPAR": {"EURONEXT", "PARIS"},
    "XLON": {"LONDON", "UK"},
    "XTKS": {"JAPAN", "TOKYO"},
    "XHKG": {"HONGKONG", "HK"},
}
"""The names, in capital letters and digits, by exchange group or calendar code."""

_ABOUT: Final = {"CRYPTO": " (24/7)"}


def venue_calendar(name: str) -> str | None:
    """Return the exchange group or calendar of a venue, with what it means where that is short.

    Case and punctuation do not count. None if the name is no venue's.
    """
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())
    for calendar, names in _VENUES.items():
        if letters in names:
            return calendar + _ABOUT.get(calendar, "")
    return None
