"""Which symbols say their currencies by their names."""

import pytest

from pipeline.config.pair_names import named_pair


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        *((name, ("USD", "JPY")) for name in ("USDJPY", "USD/JPY", "USD_JPY", "USDJPY=X")),
        ("XAUUSD", ("XAU", "USD")),
        ("DE30EUR", None),
        ("GOOGLE", None),
        ("usdjpy", None),
        ("USDJPYX", None),
    ],
)
def test_six_letters_of_two_known_currencies_are_a_pair(symbol: str, found: object):
    assert named_pair(symbol, "FX", "US_EQUITY") == found
    assert named_pair(symbol, "EQUITY", "FX") == found
    assert named_pair(symbol, "EQUITY", "US_EQUITY") == found


@pytest.mark.parametrize(
    ("symbol", "quote"),
    [
        ("BTCEUR", "EUR"),
        ("BTC/USD", "USD"),
        ("1INCH-GBP", "GBP"),
        ("XBTUSD-PERP", "USD"),
        ("BTCUSDT", None),
        ("ETHBTC", None),
        ("EUR", None),
    ],
)
def test_a_coin_is_quoted_in_the_currency_behind_its_name(symbol: str, quote: str | None):
    for kind in (("CRYPTO", "US_EQUITY"), ("EQUITY", "CRYPTO"), ("EQUITY", "24/7")):
        assert named_pair(symbol, *kind) == (None if quote is None else (None, quote))
