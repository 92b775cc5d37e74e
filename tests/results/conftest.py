"""Rows as an engine hands them over."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.results.tables import FILLS, ORDERS

SYMBOLS = ["AAA", "BBB", "CCC"]


class Rows(NamedTuple):
    """What one lane produced, in the order of `Recorder.record`."""

    fills: NDArray[Any]
    orders: NDArray[Any]
    ts: NDArray[np.int64]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]

    def cut(self, sizes: list[int]) -> list["Rows"]:
        """Return consecutive pieces; tables are cut independently of each other."""
        pieces, at = [], [0, 0, 0]
        for i, size in enumerate(sizes):
            takes = [size, sizes[(i + 1) % len(sizes)], sizes[(i + 2) % len(sizes)]]
            f, o, e = (slice(a, a + n) for a, n in zip(at, takes, strict=True))
            pieces.append(
                Rows(self.fills[f], self.orders[o], self.ts[e], self.equity[e], self.cash[e])
            )
            at = [a + n for a, n in zip(at, takes, strict=True)]
        f, o, e = (slice(a, None) for a in at)
        pieces.append(Rows(self.fills[f], self.orders[o], self.ts[e], self.equity[e], self.cash[e]))
        return pieces


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
    return Rows(
        fills, orders, ts, 1e5 + rng.normal(0, 100, count).cumsum(), rng.uniform(0, 1, count)
    )


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., Rows]:
    """`make_rows(count, seed)` gives that many rows of each table."""
    return _rows


@pytest.fixture(scope="session")
def symbols() -> list[str]:
    return SYMBOLS
