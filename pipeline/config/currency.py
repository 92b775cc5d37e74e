"""Conversion between currencies: the pair that converts each symbol's money into the account's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.config.execution.instruments import InstrumentConfig
from pipeline.config.refusal import expectation


@dataclass(frozen=True)
class Conversion:
    """How the money of a symbol in another currency is converted into the account's."""

    currency: str
    """Currency of the symbol."""
    pair: str
    """Symbol of the run whose last close is the rate."""
    inverse: bool
    """True if the rate is 1 / close, because the account's currency is the base of the pair."""
    converted: str
    """The part of a position that is converted, "value" or "profit": see `InstrumentConfig`."""


def find_conversions(
    account: str,
    symbols: Sequence[str],
    instruments: Mapping[str, InstrumentConfig],
    asset_class: str,
) -> dict[str, Conversion]:
    """Return the conversion of each symbol that is not quoted in the currency of the account.

    Of several pairs, the one that comes first among the symbols is taken. Raises, as a validator
    does, for a currency that no symbol of the run converts and for a pair of equal currencies.
    """
    quoted = {s: one.currency or account for s, one in instruments.items()}
    pairs: dict[tuple[str, str], str] = {}
    for symbol in symbols:
        base = instruments[symbol].base if symbol in instruments else None
        if base is None:
            continue
        if base == quoted[symbol]:
            raise expectation(
                f"a currency other than {base}, in which the symbol is quoted",
                field=f"instruments.{symbol}.base",
                value=base,
            )
        pairs.setdefault((base, quoted[symbol]), symbol)
    found = {}
    usual = "profit" if asset_class in ("FX", "FUTURES") else "value"
    for symbol in symbols:
        currency = quoted.get(symbol, account)
        if currency == account:
            continue
        straight, inverse = pairs.get((currency, account)), pairs.get((account, currency))
        pair = straight or inverse
        if pair is None:
            raise expectation(
                f"the account's {account}, or a pair of the two among the symbols: one with base"
                f" {currency} and currency {account}, or base {account} and currency {currency}",
                field=f"instruments.{symbol}.currency",
                value=currency,
            )
        converted = instruments[symbol].converted or usual
        found[symbol] = Conversion(currency, pair, straight is None, converted)
    return found
