"""Which pair converts a symbol's money, and what is said where there is none."""

from typing import Any

import pytest

from pipeline.config.currency import Conversion
from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError

EURUSD = {"base": "EUR", "currency": "USD"}
EUR, JPY = {"currency": "EUR"}, {"currency": "JPY"}


def conversions_of(
    settings: dict[str, Any], account: str, instruments: dict[str, Any], asset_class: str = "EQUITY"
) -> dict[str, Conversion]:
    settings["trading_config"] = {"currency": account}
    settings["session_data_config"] = {"symbols": list(instruments)}
    settings["instruments"] = instruments
    settings["asset_class"] = asset_class
    return SessionConfig.load(settings).conversions()


def test_without_currencies_nothing_is_converted(settings_of_a_session):
    config = SessionConfig.load(settings_of_a_session())
    assert config.trading_config.currency == "USD"
    assert config.conversions() == {}


@pytest.mark.parametrize(
    ("account", "instruments", "found"),
    [
        ("USD", {"SAP": EUR, "EURUSD": EURUSD}, {"SAP": ("EUR", "EURUSD", False)}),
        # A pair may leave out the account's own currency, and be the one that needs a rate.
        ("USD", {"SAP": EUR, "EURUSD": {"base": "EUR"}}, {"SAP": ("EUR", "EURUSD", False)}),
        (
            "EUR",
            {"EURUSD": EURUSD, "GOLD": {"currency": "USD"}},
            {"EURUSD": ("USD", "EURUSD", True), "GOLD": ("USD", "EURUSD", True)},
        ),
        (
            "USD",
            {"USDJPY": {"base": "USD", **JPY}, "TM": JPY, "EURUSD": {"base": "EUR"}, "SAP": EUR},
            {
                "USDJPY": ("JPY", "USDJPY", True),
                "TM": ("JPY", "USDJPY", True),
                "SAP": ("EUR", "EURUSD", False),
            },
        ),
        # Of several the first of the symbols, and the straight one before one turned round.
        (
            "USD",
            {
                "A": EUR,
                "USDEUR": {"base": "USD", **EUR},
                "EURUSD": {"base": "EUR"},
                "EURUSD2": {"base": "EUR"},
            },
            {"A": ("EUR", "EURUSD", False), "USDEUR": ("EUR", "EURUSD", False)},
        ),
    ],
)
def test_a_pair_of_both_currencies_converts_either_way(
    settings_of_a_session, account: str, instruments: dict[str, Any], found: dict[str, Any]
):
    expected = {symbol: Conversion(*how, "value") for symbol, how in found.items()}
    assert conversions_of(settings_of_a_session(), account, instruments) == expected


@pytest.mark.parametrize(
    ("asset_class", "set_to", "converted"),
    [
        ("EQUITY", None, "value"),
        ("CRYPTO", None, "value"),
        ("FX", None, "profit"),
        ("FUTURES", None, "profit"),
        ("FX", "value", "value"),
        ("EQUITY", "profit", "profit"),
    ],
)
def test_what_is_converted_goes_by_the_asset_class_unless_it_is_set(
    settings_of_a_session, asset_class: str, set_to: str | None, converted: str
):
    instruments = {"SAP": EUR | {"converted": set_to}, "EURUSD": EURUSD}
    found = conversions_of(settings_of_a_session(), "USD", instruments, asset_class)
    assert found["SAP"].converted == converted


def by_name(
    settings: dict[str, Any], account: str, *symbols: str, **changes: Any
) -> dict[str, Conversion]:
    settings["trading_config"] = {"currency": account}
    settings["session_data_config"] = {"symbols": list(symbols)}
    return SessionConfig.load(settings | changes).conversions()


@pytest.mark.parametrize("kind", [{"asset_class": "FX"}, {"exchange_group": "FX"}])
@pytest.mark.parametrize(
    ("account", "symbols", "found"),
    [
        ("USD", ["EURUSD"], {}),
        ("USD", ["USDJPY"], {"USDJPY": ("JPY", "USDJPY", True)}),
        (
            "USD",
            ["EURJPY", "USDJPY"],
            {"EURJPY": ("JPY", "USDJPY", True), "USDJPY": ("JPY", "USDJPY", True)},
        ),
        ("EUR", ["EURUSD", "XAUUSD"], dict.fromkeys(["EURUSD", "XAUUSD"], ("USD", "EURUSD", True))),
        ("CHF", ["JPYCHF", "USD/JPY"], {"USD/JPY": ("JPY", "JPYCHF", False)}),
    ],
)
def test_pairs_are_known_by_their_names(
    settings_of_a_session,
    kind: dict[str, str],
    account: str,
    symbols: list[str],
    found: dict[str, Any],
):
    expected = {symbol: Conversion(*how, "profit") for symbol, how in found.items()}
    assert by_name(settings_of_a_session(), account, *symbols, **kind) == expected


def test_instruments_say_otherwise_than_a_name(settings_of_a_session):
    dollars = {"USDJPY": {"currency": "USD"}}
    settings = settings_of_a_session()
    assert by_name(settings, "USD", "USDJPY", asset_class="FX", instruments=dollars) == {}
    # What is quoted as `instruments` say is converted by the asset class.
    explicit = {"USDJPY": JPY}
    found = by_name(settings, "USD", "USDJPY", exchange_group="FX", instruments=explicit)
    assert found == {"USDJPY": Conversion("JPY", "USDJPY", True, "value")}
    value = {"USDJPY": {"converted": "value"}}
    found = by_name(settings, "USD", "USDJPY", asset_class="FX", instruments=value)
    assert found["USDJPY"].converted == "value"
    # Prices in dollars are no rate of the yen.
    with pytest.raises(ConfigError, match="USDJPY or JPYUSD beside EURJPY"):
        by_name(settings, "USD", "USDJPY", "EURJPY", asset_class="FX", instruments=dollars)


def test_a_coin_in_another_currency_needs_a_pair(settings_of_a_session):
    settings = settings_of_a_session()
    assert by_name(settings, "USD", "BTCUSD", "ETHUSDT", "AAA", asset_class="CRYPTO") == {}
    with pytest.raises(ConfigError) as caught:
        by_name(settings, "USD", "BTCEUR", asset_class="CRYPTO")
    assert str(caught.value) == (
        'session_data_config.symbols is "BTCEUR", expected USDEUR or EURUSD beside BTCEUR, which is'
        ' quoted in EUR while the account is in USD; instruments.BTCEUR.currency="USD" takes its'
        " prices as USD"
    )
    pair = {"EURUSD": {"base": "EUR"}}
    found = by_name(settings, "USD", "BTCEUR", "EURUSD", asset_class="CRYPTO", instruments=pair)
    assert found == {"BTCEUR": Conversion("EUR", "EURUSD", False, "value")}


@pytest.mark.parametrize(
    ("instruments", "message"),
    [
        (
            {"SAP": EUR, "USDJPY": {"base": "USD", **JPY}},
            (
                'instruments.SAP.currency is "EUR", expected the account\'s USD, or a pair of the'
                " two among the symbols: one with base EUR and currency USD, or base USD and"
                " currency EUR"
            ),
        ),
        (
            {"EURUSD": {"base": "USD"}},
            (
                'instruments.EURUSD.base is "USD", expected a currency other than USD, in which the'
                " symbol is quoted"
            ),
        ),
        (
            {"SAP": {"currency": "eur"}},
            (
                'instruments.SAP.currency is "eur", expected the code of a currency: 3 to 5 capital'
                " letters or digits, a letter first"
            ),
        ),
        (
            {"SAP": {"converted": "all"}},
            'instruments.SAP.converted is "all", expected one of "value", "profit" or null',
        ),
    ],
)
def test_what_cannot_be_converted_is_refused_by_name(
    settings_of_a_session, instruments: dict[str, Any], message: str
):
    with pytest.raises(ConfigError) as caught:
        conversions_of(settings_of_a_session(), "USD", instruments)
    assert str(caught.value) == message


@pytest.mark.parametrize("code", ["US", "DOLLAR", "U$D", "1INCH", 840, None])
def test_a_currency_is_a_code(settings_of_a_session, code: object):
    settings = settings_of_a_session(trading_config={"currency": code})
    with pytest.raises(ConfigError, match=r"^trading_config\.currency is "):
        SessionConfig.load(settings)
