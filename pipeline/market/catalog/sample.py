"""The sample market: seeded, realistic minute bars of five invented US stocks.

Thirty sessions of the New York Stock Exchange in the autumn of 2024, among them the end of daylight
saving (2024-11-03) and the half-day after Thanksgiving (2024-11-29). Sessions open with a gap,
volatility and volume are U-shaped over the session, and the stocks share a market factor. A few
bars are missing: those of a thinly traded stock, single minutes, and one halt.

The bars are the same on every platform. They are made of PCG64 integers and int64 arithmetic alone,
because the last bit of a logarithm, root or normal variate may depend on the C library. Prices are
whole ticks of 0.01 until the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.manifest import Entry
from pipeline.market.catalog.merge import Series
from pipeline.market.time.time_manager import TimeManager

FIRST_DATE, LAST_DATE = "2024-10-22", "2024-12-03"
"""Thirty sessions, both dates inclusive."""
INTERVAL = "1m"
_VERSION = 1
_MINUTE = 60_000_000_000
_POINTS = 9
"""Number of prices within a minute, of which open, high, low and close are taken."""
_UNIT = 10_000
"""Price units per dollar while prices are made. A tick has 100 of them."""

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Stock:
    """The character of one stock."""

    symbol: str
    """Its symbol."""
    price: int
    """Price at the start, in dollars."""
    volatility: int
    """Size of the moves from point to point, in ppm of the price."""
    shares: int
    """Shares traded in a usual minute."""
    beta: int
    """Share of the market factor in its moves, in percent."""
    missing: int
    """Missing bars in 10,000."""


_STOCKS = (
    _Stock("ALFA", 187, 190, 46_000, 70, 4),
    _Stock("BRVO", 62, 260, 21_000, 60, 10),
    _Stock("CHRL", 415, 230, 15_000, 75, 6),
    _Stock("DLTA", 28, 340, 33_000, 45, 12),
    _Stock("ECHO", 96, 300, 2_400, 35, 160),
)
SYMBOLS = tuple(stock.symbol for stock in _STOCKS)


def write_sample(catalog: Catalog, seed: int = 7) -> list[Entry]:
    """Write the sample market into a catalog and return its entries.

    Other bars of the same symbols in the catalog are overwritten.
    """
    table = TimeManager("US_EQUITY").session_table(FIRST_DATE, LAST_DATE)
    rng = np.random.Generator(np.random.PCG64(seed))
    lengths = (table.close_ns - table.open_ns) // _MINUTE
    market = [_bell(rng, (int(length), _POINTS)) for length in lengths]
    series = [
        Series(
            stock.symbol,
            INTERVAL,
            _bars(rng, stock, table.open_ns, market).to_table(),
            _source(seed),
        )
        for stock in _STOCKS
    ]
    catalog.write_all(series, overwrite=True)
    return [catalog.entry(symbol, INTERVAL) for symbol in SYMBOLS]


def sample_is_current(catalog: Catalog, seed: int = 7) -> bool:
    """Return whether a catalog has this version of the sample, complete and undamaged."""
    try:
        for symbol in SYMBOLS:
            if catalog.entry(symbol, INTERVAL).sources != (_source(seed),):
                return False
            catalog.reader(symbol, INTERVAL).close()
    except DataError:
        return False
    return True


def _source(seed: int) -> str:
    return f"sample market {_VERSION}, seed {seed}"


def _bars(
    rng: np.random.Generator, stock: _Stock, opens: Int64Array, market: list[Int64Array]
) -> BarColumns:
    price = stock.price * _UNIT
    halted = int(rng.integers(5, len(opens) - 5))
    columns: list[tuple[Int64Array, ...]] = []
    for session, (open_ns, factor) in enumerate(zip(opens, market, strict=True)):
        minutes = len(factor)
        price += price * _gap(rng) // 1_000_000
        path = price + _moves(rng, stock, price, factor)
        price = int(path[-1, -1])
        ticks = (path + 50) // 100
        volume = _volume(rng, stock, ticks, minutes)
        kept = rng.integers(0, 10_000, minutes) >= stock.missing
        kept[[0, -1]] = True  # auctions always trade
        if session == halted and stock.symbol == "BRVO":
            kept[minutes // 2 : minutes // 2 + 5] = False
        ts = open_ns + np.arange(minutes, dtype=np.int64) * _MINUTE
        columns.append(
            tuple(
                column[kept]
                for column in (
                    ts,
                    ticks[:, 0],
                    ticks.max(axis=1),
                    ticks.min(axis=1),
                    ticks[:, -1],
                    volume,
                )
            )
        )
    ts, *rest = (np.concatenate(column) for column in zip(*columns, strict=True))
    # One correctly rounded division: the double nearest to the decimal price.
    values = tuple(column / 100.0 for column in rest[:4])
    return BarColumns(ts, (*values, rest[4].astype(np.float64)))


def _bell(rng: np.random.Generator, shape: tuple[int, ...]) -> Int64Array:
    """Draw bell-shaped integers, mean 0 and deviation 1,000: sums of twelve uniform ones."""
    drawn: Int64Array = rng.integers(-1_000, 1_001, (*shape, 12), dtype=np.int64)
    bell: Int64Array = drawn.sum(axis=-1) // 2
    return bell


def _gap(rng: np.random.Generator) -> int:
    """Draw an overnight gap in ppm. Most are within 1 %, one in twelve is three times as large."""
    size = 18 if rng.integers(0, 12) == 0 else 6
    return int(_bell(rng, ())) * size


def _u_shape(minutes: int) -> Int64Array:
    """Return a factor for each minute: 1,000 in the middle of a session, 3,400 at its ends.

    It grows with the fourth power of the distance from the middle.
    """
    distance = np.abs(2 * np.arange(minutes, dtype=np.int64) + 1 - minutes) * 1_000 // minutes
    shape: Int64Array = 1_000 + 2_400 * (distance**4 // 1_000_000) // 1_000_000
    return shape


def _moves(rng: np.random.Generator, stock: _Stock, price: int, factor: Int64Array) -> Int64Array:
    """Draw the distance from the session's first price at each point, in price units."""
    own = _bell(rng, factor.shape)
    jump = np.where(rng.integers(0, 400, (len(factor), 1)) == 0, 3, 1)
    mixed = (factor * stock.beta + own * (100 - stock.beta) * jump) // 100
    scale = price * stock.volatility * _u_shape(len(factor))[:, None] // 1_000_000
    return np.cumsum((mixed * scale // 1_000_000).ravel()).reshape(factor.shape)


def _volume(rng: np.random.Generator, stock: _Stock, ticks: Int64Array, minutes: int) -> Int64Array:
    """Draw the shares of each minute: U-shaped, skewed, with more in wide bars and at the ends."""
    spread = (ticks.max(axis=1) - ticks.min(axis=1)) * 10_000 // ticks[:, 0]
    skew = rng.integers(20, 160, minutes) * rng.integers(20, 160, minutes) // 80
    shares = stock.shares * _u_shape(minutes) // 1_000 * skew // 100 * (10 + spread) // 14
    shares[0] *= 6
    shares[-1] *= 9
    traded: Int64Array = np.maximum(shares, 100)
    return traded
