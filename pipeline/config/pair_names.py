"""Pairs of currencies by the names of their symbols: USDJPY is quoted in JPY."""

import re
from typing import Final, NamedTuple

_CODES = (
    "USD EUR JPY GBP CHF AUD NZD CAD SEK NOK DKK ISK CZK PLN HUF RON BGN TRY RUB UAH ILS ZAR NGN"
    " KES EGP MAD SAR AED QAR KWD BHD OMR JOD CNY CNH HKD TWD KRW SGD MYR THB IDR PHP VND INR PKR"
    " LKR BDT KZT MXN BRL CLP COP PEN ARS UYU"
)
MONEY: Final = frozenset(_CODES.split())
"""Codes of currencies in which prices are quoted."""

METALS: Final = frozenset(("XAU", "XAG", "XPT", "XPD"))
"""Codes of metals, which are bought and sold like currencies."""

_PAIR: Final = re.compile(r"(?P<base>[A-Z]{3})[/_.-]?(?P<quote>[A-Z]{3})(=X)?")
_COIN: Final = re.compile(r"[A-Z0-9]{2,10}?[/_.-]?(?P<quote>[A-Z]{3})(-?PERP)?")


class Named(NamedTuple):
    """The currencies that a symbol's name says."""

    base: str | None
    """The currency that is bought and sold; None for a coin."""
    quote: str
    """The currency of the prices."""


def named_pair(symbol: str, asset_class: str, exchange_group: str) -> Named | None:
    """Return the currencies that a symbol's name says; None if it says none.

    Of a pair they are two known codes, whatever the calendar: USDJPY, EUR/USD, EUR_USD, USDJPY=X.
    In crypto, by asset class or calendar, it is a known code behind a coin: BTCEUR, ETH-GBP.
    """
    pair = _PAIR.fullmatch(symbol)
    if pair and pair["base"] in MONEY | METALS and pair["quote"] in MONEY:
        return Named(pair["base"], pair["quote"])
    if asset_class == "CRYPTO" or exchange_group in ("CRYPTO", "24/7"):
        coin = _COIN.fullmatch(symbol)
        if coin and coin["quote"] in MONEY:
            return Named(None, coin["quote"])
    return None
