"""Rows as an engine hands them over."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.results.table_kinds import FILLS, ORDERS, ROUND_TRIPS

SYMBOLS = ["AAA", "BBB", "CCC"]


class Rows(NamedTuple):
    """What one lane produced, in the order of `Recorder.record`."""

    fills: NDArray[Any]
    orders: NDArray[Any]
    trips: NDArray[Any]
    ts: NDArray[np.int64]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]

    def cut(self, sizes: list[int]) -> list["Rows"]:
        """Return consecutive pieces; tables are cut independently of each other."""
        pieces, at = [], [0, 0, 0, 0]
        for i in range(len(sizes)):
            ends = [a + sizes[(i + k) % len(sizes)] for k, a in enumerate(at)]
            pieces.append(self._part([slice(a, end) for a, end in zip(at, ends, strict=True)]))
            at = ends
        pieces.append(self._part([slice(a, None) for a in at]))
        return pieces

    def _part(self, of: list[slice]) -> "Rows":
        tables = self.fills[of[0]], self.orders[of[1]], self.trips[of[2]]
        return Rows(*tables, self.ts[of[3]], self.equity[of[3]], self.cash[of[3]])


def _rows(count: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng([count, seed])
    ts = np.int64(1_700_000_000_000_000_000) + np.arange(count, dtype=np.int64) * 60_000_000_000
    fills = np.zeros(count, FILLS.received)
    fills["ts"] = ts
    fills["symbol"] = rng.integers(0, len(SYMBOLS), count)
    fills["quantity"] = rng.choice([-100.0, 50.0, 0.25], count)
    fills["price"] = rng.uniform(1, 500, count)
    fills["commission"] = rng.uniform(0, 2, count)
    fills["order_id"] = np.arange(count)
    orders = np.zeros(count, ORDERS.received)
    for name in ("order_id", "ts", "symbol", "quantity", "price"):
        orders[name] = fills[name]
    orders["state"] = rng.integers(0, 7, count)
    orders["until"] = rng.choice([0, -1, -2, -3, 7], count)
    orders["parent"] = rng.integers(0, 3, count)
    orders["found"] = np.where(rng.random(count) < 0.5, np.nan, 7.0)
    orders["limit"] = np.where(orders["until"] > 0, orders["price"], np.nan)
    done = orders["state"] == 2
    orders["filled"] = np.where(done, orders["quantity"], 0.0)
    orders["price"][~done] = np.nan
    orders["done_ts"] = np.where(orders["state"] > 0, ts + 1, 0)
    trips = np.zeros(count, ROUND_TRIPS.received)
    for name in ("symbol", "quantity"):
        trips[name] = fills[name]
    for name in ("entry_price", "exit_price", "profit", "max_adverse", "max_favourable"):
        trips[name] = rng.uniform(1, 500, count)
    trips["entry_ts"], trips["bars"] = ts, rng.integers(0, 90, count)
    trips["exit_ts"] = np.where(rng.random(count) < 0.9, ts + 5, 0)
    return Rows(
        fills, orders, trips, ts, 1e5 + rng.normal(0, 100, count).cumsum(), rng.uniform(0, 1, count)
    )


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., Rows]:
    """`make_rows(count, seed)` gives that many rows of each table."""
    return _rows


@pytest.fixture(scope="session")
def symbols() -> list[str]:
    return SYMBOLS
