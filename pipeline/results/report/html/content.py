"""What the page of a run is given: arrays, tables and texts. Whoever gathers them knows the run.

Times are int64, ns UTC, unless a name says otherwise; fractions are fractions (0.25 is 25 %).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Instants = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator of the strategy."""

    name: str
    """Its name in the strategy."""
    label: str
    """What it is, such as "sma(10)"."""
    pane: int
    """0: it is drawn over the prices; from 1 on: in this pane below them."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The bars of a symbol."""

    symbol: str
    """Its name."""
    ts: Instants
    """int64[N], the opens of the bars."""
    prices: Floats
    """float64[5, N]: open, high, low, close, volume."""
    lines: Singles
    """float32[L, N], the indicators as they are known at a bar's close; NaN where they are not."""


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """The sessions of a run, int64[K] each."""

    date: Instants
    """Their dates, at 00:00Z."""
    open: Instants
    """When they open."""
    close: Instants
    """When they close."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """The bars that the page draws."""

    interval: str
    """The interval of the bars."""
    base: str
    """The interval of the run's bars, from which longer ones are made."""
    lines: Sequence[Line]
    """The indicators."""
    bars: Sequence[Bars]
    """The symbols' bars, which may be fewer than the run's symbols."""


@dataclass(frozen=True, slots=True, eq=False)
class Trips:
    """The round trips, N of them, in the order of their entries."""

    symbol: Indices
    """Place of the symbol among the run's."""
    long: npt.NDArray[np.bool_]
    """Whether it was long."""
    quantity: Floats
    """Units."""
    entry: Instants
    """The open of the bar in which it was entered."""
    entry_price: Floats
    """The mean price of the entry."""
    exit: Instants
    """The open of the bar in which it ended, 0 while it has not."""
    exit_price: Floats
    """The mean price of the exit, NaN while it has none."""
    profit: Floats
    """Profit after commission; of one that is held, that at the last close."""
    commission: Floats
    """Its commission."""
    adverse: Floats
    """How far the price went against it, zero or positive."""
    favourable: Floats
    """How far the price went in its favour, zero or positive."""
    bars: Indices
    """Base bars between entry and exit."""

    def __len__(self) -> int:
        return len(self.symbol)

    def part(self, rows: npt.NDArray[Any]) -> Trips:
        """Return some of them, by their places or by a mask."""
        return Trips(*(getattr(self, name)[rows] for name in Trips.__dataclass_fields__))

    @property
    def ended(self) -> npt.NDArray[np.bool_]:
        """Which of them have ended."""
        return self.exit != 0


@dataclass(frozen=True, slots=True, eq=False)
class Resting:
    """Prices of orders that waited in the market: stops, targets and other limits."""

    symbol: Indices
    """Place of the symbol among the run's."""
    begin: Instants
    """When the order was placed."""
    end: Instants
    """When it ended; at the run's end if it has not."""
    price: Floats
    """Its price."""
    stop: npt.NDArray[np.bool_]
    """Whether it is a stop; else it is a limit."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A drawdown, by the account's equity at every base bar."""

    depth: float
    """A fraction of the peak."""
    peak: int
    """When the equity was at the peak before, ns UTC."""
    bottom: int
    """When it was lowest."""
    recovery: int | None
    """When it was at the peak again; None if it was not."""


@dataclass(frozen=True, slots=True, eq=False)
class Equity:
    """The account over time, thinned out so that its highs and lows stay."""

    ts: Instants
    """int64[N], ascending."""
    equity: Floats
    """float64[N]."""
    drawdown: Floats
    """float64[N]: 1 - equity / highest so far, of all the account's equities."""
    held: Floats
    """float64[N]: value of what is held, long less short, by the equity; NaN where it is lost."""
    falls: Sequence[Fall]
    """The worst drawdowns, the deepest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """The account by sessions, float64[K]."""

    returns: Floats
    """Simple returns; NaN where there is none."""
    benchmark: Floats
    """Those of the benchmark; NaN where there is none."""
    sharpe: Floats
    """The Sharpe ratio of the last `window` sessions, NaN before there are so many."""
    volatility: Floats
    """Their volatility, to a year."""
    window: int
    """Sessions that the two look back on."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """All that the page shows."""

    title: str
    """Name of the session."""
    subtitle: str
    """Strategy, period and symbols in a line."""
    notes: Sequence[str]
    """What a reader has to know first."""
    summary: Mapping[str, Any]
    """The content of summary.json."""
    lane: int
    """Which of its lanes the page is about."""
    symbols: Sequence[str]
    """Names of the run's symbols."""
    zone: str
    """Name of the time zone of the exchange."""
    offsets: Sequence[tuple[int, int]]
    """How far its clock is ahead of UTC: from which instant on, and by how many ns."""
    sessions: Sessions | None
    """The sessions; None if nothing is known of them."""
    prices: Prices | None
    """The bars; None if they cannot be had."""
    missing: str
    """Why there are no bars, or which ones are left out; "" if all are there."""
    trips: Trips
    """The round trips."""
    resting: Resting
    """The stops and limits."""
    equity: Equity
    """The account."""
    returns: Returns
    """The account by sessions."""
    configuration: str
    """The configuration as JSON."""
    command: str
    """The command that repeats the run."""
