"""Currencies: what a foreign symbol's money is worth in the account's, by a quoted pair of the run.

The account keeps one balance, in its own currency. Everything is worth units x price x
`multiplier`, and the multiplier of a foreign symbol is its own (`point`) times the rate: the last
close of the pair, or one by it. Rates change when the closes of a moment are known, so what the
bars of a moment fill is converted at the rates of the moment before.

What a foreign symbol costs is paid with converted money and held at the rate of the day, as shares
are. Or it is held on credit in its own currency, as contracts and pairs on margin are: then what
was paid for the lots still open is owed in it and revalued with the rate, so that only their profit
is exposed to it. The profit of what is closed is in the account's currency from then on.
"""

from typing import Any

import numpy as np

from pipeline.execution.lots import revalue
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8, load_i8, store_f8


@kernel()
def _rate_now(account: Any, pair: int) -> float:
    """Return the rate by a pair: n is symbol n - 1, -n the same turned round; NaN if none."""
    close = load_f8(account.last_price, abs(pair) - 1)
    if not close > 0.0:
        return np.nan
    return close if pair > 0 else 1.0 / close


@kernel()
def convert(account: Any) -> None:
    """Take over the rates of the closes just noted; revalue with them what lots on credit owe."""
    for symbol in range(account.symbols):
        pair = load_i8(account.pair, symbol)
        if pair == 0:
            continue
        rate, before = _rate_now(account, pair), load_f8(account.rate, symbol)
        if np.isnan(rate) or rate == before:
            continue
        if load_i8(account.credit, symbol) != 0:
            revalue(account, symbol, load_f8(account.point, symbol) * (rate - before))
        store_f8(account.rate, symbol, rate)
        store_f8(account.multiplier, symbol, load_f8(account.point, symbol) * rate)
