"""Markets to measure on: seeded, written once into a catalog, and found there the next time."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.time.time_manager import TimeManager

MINUTE = 60_000_000_000
CRYPTO_START = date(2005, 1, 1)
EQUITY_START, EQUITY_END = date(2024, 10, 22), date(2024, 11, 18)  # twenty sessions
_VOLATILITY = 5e-4  # of a minute's logarithmic return: 36 % a year


@dataclass(frozen=True, slots=True)
class Market:
    """Symbols of one catalog with 1-minute bars, first to last date inclusive."""

    catalog: Path
    exchange_group: str
    asset_class: str
    symbols: tuple[str, ...]
    first: date
    last: date
    bars: int

    def settings(self, last: date | None = None) -> dict[str, Any]:
        """Return the settings of a session over it, or over its beginning, that name the market."""
        return {
            "session_name": "bench",
            "exchange_group": self.exchange_group,
            "asset_class": self.asset_class,
            "backtest_config": {
                "start_date": str(self.first),
                "end_date": str(min(last or self.last, self.last)),
            },
            "catalog": str(self.catalog),
        }


def crypto_market(folder: Path, symbols: int, bars: int) -> Market:
    """Have `symbols` symbols of `bars` 1-minute bars each, around the clock from 2005 on."""
    catalog = Catalog(folder / f"crypto-{symbols}x{bars}")
    names = tuple(f"C{number:02}" for number in range(symbols))
    begin = int(np.datetime64(CRYPTO_START, "ns").astype(np.int64))
    ts = begin + MINUTE * np.arange(bars, dtype=np.int64)
    for number, name in enumerate(names):  # one at a time: each is large
        _write(catalog, [(name, number)], ts)
    last = np.datetime64(int(ts[-1]), "ns").astype("M8[D]").item()
    return Market(catalog.path, "CRYPTO", "CRYPTO", names, CRYPTO_START, last, symbols * bars)


def equity_market(folder: Path, symbols: int) -> Market:
    """Have `symbols` symbols of 1-minute bars in 20 regular sessions of New York."""
    catalog = Catalog(folder / f"equity-{symbols}")
    names = tuple(f"E{number:03}" for number in range(symbols))
    table = TimeManager("US_EQUITY").session_table(EQUITY_START, EQUITY_END)
    ts = np.concatenate(
        [np.arange(*span, MINUTE) for span in zip(table.open_ns, table.close_ns, strict=True)]
    )
    _write(catalog, [(name, number) for number, name in enumerate(names)], ts)
    return Market(
        catalog.path,
        "US_EQUITY",
        "EQUITY",
        names,
        EQUITY_START,
        EQUITY_END,
        symbols * len(ts),
    )


def _write(catalog: Catalog, wanted: list[tuple[str, int]], ts: npt.NDArray[np.int64]) -> None:
    """Write the symbols (name, seed) that are not there yet; what made them is their source."""
    missing = []
    for name, seed in wanted:
        source = f"bench/market.py 1, seed {seed}, {len(ts)} bars"
        try:
            known = catalog.entry(name, "1m").sources == (source,)
        except DataError:
            known = False
        if not known:
            missing.append(Series(name, "1m", random_walk(ts, seed), source))
    if missing:
        catalog.write_all(missing, overwrite=True)


def random_walk(ts: npt.NDArray[np.int64], seed: int) -> pa.Table:
    """Return bars at `ts`: a geometric random walk from 100, in ticks of 0.01.

    A bar opens at the close before. Volume is in whole units, log-normal around 2,000 and higher in
    bars with a wide range.
    """
    rng = np.random.default_rng(seed)
    count = len(ts)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, _VOLATILITY, count))), 2)
    close = np.maximum(close, 0.01)
    opened = np.concatenate(([100.0], close[:-1]))
    reach = np.abs(rng.normal(0, _VOLATILITY / 2, (2, count))) * close
    high = np.round(np.maximum(opened, close) + reach[0], 2)
    low = np.maximum(np.round(np.minimum(opened, close) - reach[1], 2), 0.01)
    wide = 1 + (high - low) / close / _VOLATILITY
    volume = np.ceil(rng.lognormal(7.0, 0.8, count) * wide)
    stamps = pa.array(ts).view(pa.timestamp("ns", "UTC"))
    columns = [pa.array(column) for column in (opened, high, low, close, volume)]
    return pa.table([stamps, *columns], ["ts", "open", "high", "low", "close", "volume"])
