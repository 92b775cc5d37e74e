"""Conversion between currencies: the pair that converts each symbol's money into the account's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from pipeline.config.execution.instruments import InstrumentConfig
from pipeline.config.pair_names import Named, named_pair
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
    exchange_group: str,
) -> dict[str, Conversion]:
    """Return the conversion of each symbol that is not quoted in the currency of the account.

    A currency that ``instruments`` do not give is that of the symbol's name (`named_pair`), or else
    that of the account. Of several pairs, the one that comes first among the symbols is taken.
    Raises, as a validator does, for a currency that no symbol of the run converts and for a pair of
    equal currencies.
    """
    none = InstrumentConfig()
    named: dict[str, Named] = {}
    quoted, bases = dict.fromkeys(symbols, account), {}
    for symbol in symbols:
        one, name = instruments.get(symbol, none), named_pair(symbol, asset_class, exchange_group)
        if name is not None and one.currency in (None, name.quote):
            named[symbol] = name
        quoted[symbol] = one.currency or (named[symbol].quote if symbol in named else account)
        bases[symbol] = one.base or (named[symbol].base if symbol in named else None)
    pairs: dict[tuple[str, str], str] = {}
    for symbol, base in bases.items():
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
    for symbol, currency in quoted.items():
        if currency == account:
            continue
        straight, inverse = pairs.get((currency, account)), pairs.get((account, currency))
        pair = straight or inverse
        if pair is None:
            raise _no_pair(account, symbol, currency, by_name=symbol in named)
        one = instruments.get(symbol, none)
        by_name = one.currency is None and symbol in named and named[symbol].base is not None
        converted = one.converted or ("profit" if by_name else usual)
        found[symbol] = Conversion(currency, pair, straight is None, converted)
    return found


def _no_pair(account: str, symbol: str, currency: str, *, by_name: bool) -> PydanticCustomError:
    """Return the refusal of a symbol that no pair of the run converts."""
    if by_name:
        return expectation(
            f"{account}{currency} or {currency}{account} beside {symbol}, which is quoted in"
            f" {currency} while the account is in {account}; instruments.{symbol}.currency="
            f'"{account}" takes its prices as {account}',
            field="session_data_config.symbols",
            value=symbol,
        )
    return expectation(
        f"the account's {account}, or a pair of the two among the symbols: one with base"
        f" {currency} and currency {account}, or base {account} and currency {currency}",
        field=f"instruments.{symbol}.currency",
        value=currency,
    )
