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
    """On which terms one symbol is traded."""

    tick: float = 0.0
    """What prices are multiples of; 0: any price."""
    lot: float = 0.0
    """What quantities are multiples of; 0: any quantity."""
    multiplier: float = 1.0
    """Money, in the symbol's currency, per unit and 1 of price."""
    borrow_rate: float = 0.0
    """What a short position costs, a fraction of its value a year."""
    pair: int = 0
    """Which symbol converts the currency into the account's (see `execution.currency`).

    n: the close of symbol n - 1 does, -n: one by that close does, 0: it is the account's.
    """
    credit: int = 0
    """1 if the symbol is held on credit in its own currency."""
    funding_rate: float = 0.0
    """What a long position pays at a funding time, a fraction of its value."""
    funding_hours: int = 0
    """Bit h is set if h o'clock UTC is a funding time."""


#: A tier of the commission: traded in the month, then what a share costs, basis points, a maker's.
Tier = tuple[float, float, float, float]


@dataclass(frozen=True)
class Terms:
    """On which terms a lane trades: amounts in account currency, no limit where infinite."""

    initial_cash: float
    """Cash at the start."""
    instruments: tuple[Instrument, ...] = ()
    """One for each symbol, or none: then all have the defaults."""
    hours: tuple[tuple[int, int], ...] = ()
    """First and last instant, ns UTC, at which orders go out, by session; none: at any time."""
    zone: tuple[tuple[int, int], ...] = ((0, 0),)
    """Instants, ns UTC, from which on the exchange's clock is so many ns ahead of UTC."""
    actions: tuple[Action, ...] = ()
    """Splits and dividends by session, then symbol; none of the first session's."""
    per_share: float = 0.0
    """Commission per unit filled."""
    basis_points: float = 0.0
    """Commission in basis points of the value filled, added to it."""
    per_order: float = 0.0
    """Commission per order filled, added to these."""
    minimum: float = 0.0
    """Least commission of an order."""
    maximum: float = math.inf
    """Most commission of an order."""
    maker_points: float | None = None
    """In place of `basis_points` for what is filled as a maker; None: the same."""
    tiers: tuple[Tier, ...] = ()
    """Rates by what was traded in the month, in place of rates per unit and by value."""
    tiers_by_units: bool = False
    """Whether tiers count units, not value."""
    own_commission: bytes = b""
    """A function as `strategy.source.pack` gives it, in place of all these; empty without one."""
    slippage: float = 0.0
    """By how much prices are worse (see `execution.slippage` for all four)."""
    slippage_bps: float = 0.0
    """The same in basis points of the price."""
    slippage_range: float = 0.0
    """The same as a fraction of the bar's range."""
    impact: float = 0.0
    """The same by the squared share of the bar's volume."""
    volume_cap: float = math.inf
    """Fraction of a bar's volume that can be filled."""
    optimistic: bool = False
    """Whether the limit comes first where a bar touches a stop and a limit."""
    this_close: bool = False
    """Whether market orders fill at the close at which they are placed."""
    max_buying_power: float = math.inf
    """Most exposure (see `execution.limits` for all limits)."""
    max_per_trade: float = math.inf
    """Most value of one order."""
    max_per_symbol: float = math.inf
    """Most value of one symbol's position."""
    max_open_positions: float = math.inf
    """Most symbols that are held at once."""
    max_order_volume: float = math.inf
    """Most size of an order, as a fraction of the volume of the symbol's last base bar."""
    leverage: float = math.inf
    """Most exposure as a multiple of equity."""
    cash_only: bool = False
    """Whether nothing is sold short and nothing bought that cash does not pay for."""
    maintenance: float = 0.0
    """Equity as a fraction of exposure below which everything is closed."""
    credit_rate: float = 0.0
    """What cash earns, a fraction a year (see `execution.overnight`)."""
    debit_rate: float = 0.0
    """What debt costs, a fraction a year."""
    fifo: bool = False
    """Whether lots are closed first in, first out, not at average cost."""
    poor_below: float = 0.0
    """Per cent of its bars below which a session is of poor quality."""
    latency: int = 0
    """How long an order takes to the market, ns (see `execution.latency`)."""
    latency_bars: int = 0
    """How many base bars of the symbol it waits, counted from then on."""

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
    """One lane as it is sent to its engine."""

    number: int
    """Its number among the lanes of the run."""
    strategy: Strategy
    """The strategy with its parameters."""
    mode: str
    """How its hooks run: "compiled" or "interpreted"."""
    lookback: int
    """How many rows of the past it may ask for."""
    bindings: tuple[tuple[str, int, int], ...]
    """Name, index of the interval and index of the column of each of its indicators."""
    wanted: tuple[int, ...]
    """Indices of the intervals whose bars it is called for."""
    warmup: int | None = None
    """At which bar of a symbol and interval it is first called; None: when indicators are ready."""
    universe: tuple[int, ...] = ()
    """Indices of the symbols whose bars it sees; none: all."""
    random: tuple[int, ...] = (12345,) * 6
    """From where its random numbers begin (see `strategy.compiled.random_numbers.first_state`)."""


def bars_dtype(names: Sequence[str], symbols: int) -> np.dtype[Any]:
    """The record of all symbols' bars at one moment; every column is an array by symbol."""
    fixed: list[Any] = [(name, "i8") for name in ("ts", "interval", "count")]
    present = [("present", "i8", (symbols,))]
    return np.dtype(fixed + present + [(n, "f8", (symbols,)) for n in (*PRICE_COLUMNS, *names)])
