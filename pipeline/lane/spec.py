"""What a lane is made of, and the records through which its strategy sees bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.codes import PRICE_COLUMNS
from pipeline.market.actions import Action
from pipeline.strategy.strategy import Strategy


@dataclass(frozen=True)
class Instrument:
    """What a symbol's prices and quantities are multiples of; 0: anything goes.

    ``multiplier``: money, in the symbol's currency, per unit and 1 of price; ``borrow_rate``: what
    a short position costs, a fraction of its value a year; ``funding_rate``: what a long one pays
    at a funding time, a fraction of its value; ``funding_hours``: bit h set if h o'clock UTC is
    one. ``pair``: n if the close of symbol n - 1 converts the symbol's currency into the account's,
    -n if one by it does, 0 if it is the account's; ``credit``: 1 if it is held on credit in its own
    currency (see `execution.currency`).
    """

    tick: float = 0.0
    lot: float = 0.0
    multiplier: float = 1.0
    borrow_rate: float = 0.0
    pair: int = 0
    credit: int = 0
    funding_rate: float = 0.0
    funding_hours: int = 0


#: A tier of the commission: traded in the month, then what a share costs, basis points, a maker's.
Tier = tuple[float, float, float, float]


@dataclass(frozen=True)
class Terms:
    """On which terms a lane trades; all amounts in account currency, no limit where infinite.

    ``per_share``, ``basis_points`` (of the value), ``per_order``: commission, at least ``minimum``
    and at most ``maximum`` an order; ``maker_points``: basis points of a maker, None: the same;
    ``tiers``: rates by what was traded in the month (``tiers_by_units``: units, not value), in
    place of these; ``own_commission``: a function as `strategy.source.pack` gives it, in place of
    all these (see `execution.commission`); ``slippage`` (of the price), ``slippage_bps``,
    ``slippage_range`` (share of the bar's range), ``impact`` (see `slippage.slipped`): what prices
    are worse by; ``volume_cap``: share of a bar's volume that can be filled; ``optimistic``: where
    a bar touches a stop and a limit, the limit comes first; ``this_close``: market orders fill at
    the close at which they are placed. ``max_...``, ``leverage`` (exposure by equity),
    ``cash_only``: see `execution.limits`; ``maintenance``: equity by exposure below which the
    account is liquidated. ``credit_rate``, ``debit_rate``: see `execution.overnight`; ``fifo``:
    lots are closed first in, first out, not at average cost; ``poor_below``: per cent of its bars
    below which a session is poor; ``latency`` (ns), ``latency_bars``: see `execution.latency`.
    ``instruments``: one per symbol, or none. ``hours``: first and last instant, ns UTC, at which
    orders go out, one pair per session of the run, or none. ``actions``: splits and dividends by
    session, then symbol, none of the first session's.
    """

    initial_cash: float
    instruments: tuple[Instrument, ...] = ()
    hours: tuple[tuple[int, int], ...] = ()
    actions: tuple[Action, ...] = ()
    per_share: float = 0.0
    basis_points: float = 0.0
    per_order: float = 0.0
    minimum: float = 0.0
    maximum: float = math.inf
    maker_points: float | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_by_units: bool = False
    own_commission: bytes = b""
    slippage: float = 0.0
    slippage_bps: float = 0.0
    slippage_range: float = 0.0
    impact: float = 0.0
    volume_cap: float = math.inf
    optimistic: bool = False
    this_close: bool = False
    max_buying_power: float = math.inf
    max_per_trade: float = math.inf
    max_per_symbol: float = math.inf
    max_open_positions: float = math.inf
    max_order_volume: float = math.inf
    leverage: float = math.inf
    cash_only: bool = False
    maintenance: float = 0.0
    credit_rate: float = 0.0
    debit_rate: float = 0.0
    fifo: bool = False
    poor_below: float = 0.0
    latency: int = 0
    latency_bars: int = 0

    @property
    def delayed(self) -> bool:
        """Whether what a strategy decides takes its time to the market."""
        return self.latency > 0 or self.latency_bars > 0

    @property
    def limited(self) -> bool:
        """Whether any limit of money or of positions is set."""
        limits = (
            *(self.max_buying_power, self.max_per_trade, self.max_per_symbol),
            *(self.max_open_positions, self.leverage),
        )
        return self.cash_only or min(limits) < math.inf


@dataclass(frozen=True)
class LaneSpec:
    """One lane as it is sent to its engine.

    ``bindings``: (name, interval index, column index) of the strategy's indicators;
    ``wanted``: indices of the intervals whose bars it is called for; ``universe``: indices of the
    symbols whose bars it sees, none for all.
    """

    number: int
    strategy: Strategy
    mode: str
    lookback: int
    bindings: tuple[tuple[str, int, int], ...]
    wanted: tuple[int, ...]
    universe: tuple[int, ...] = ()


def bars_dtype(names: Sequence[str], symbols: int) -> np.dtype[Any]:
    """The record of all symbols' bars at one moment; every column is an array by symbol."""
    fixed: list[Any] = [(name, "i8") for name in ("ts", "interval", "count")]
    present = [("present", "i8", (symbols,))]
    return np.dtype(fixed + present + [(n, "f8", (symbols,)) for n in (*PRICE_COLUMNS, *names)])
