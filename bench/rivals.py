"""The same strategy on other engines, each as its own documentation would have it.

Bars are in memory already; what is timed is said by each.
"""

import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

os.environ["RAPTORBT_NO_VERSION_CHECK"] = "1"  # else it asks PyPI in a thread of its own
os.environ["TQDM_DISABLE"] = "1"  # backtesting.py would draw a bar of progress

Column = npt.NDArray[np.float64]
FAST, SLOW, QUANTITY, CASH = 10, 30, 100, 10_000_000.0


@dataclass(frozen=True, slots=True)
class Columns:
    """Bars of one symbol: `ts` int64 ns UTC, the others float64, all contiguous."""

    ts: npt.NDArray[np.int64]
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    @classmethod
    def from_table(cls, table: pa.Table) -> "Columns":
        """Take a catalog's table."""
        ts = table.column("ts").cast(pa.int64()).to_numpy()
        names = ("open", "high", "low", "close", "volume")
        return cls(ts, *(table.column(name).to_numpy() for name in names))

    def first(self, count: int) -> "Columns":
        """Return the first `count` bars."""
        return Columns(*(getattr(self, name)[:count] for name in self.__slots__))


class RaptorBt:
    """raptorbt: both averages and `run_single_backtest` are timed, finding the crosses is not.

    Long only, filled at the next bar's open, without fees. It keeps the trades it makes in memory
    and writes nothing.
    """

    def __init__(self, bars: Columns) -> None:
        import raptorbt

        self._raptorbt, self._bars = raptorbt, bars
        above = raptorbt.sma(bars.close, FAST) > raptorbt.sma(bars.close, SLOW)
        self._entries, self._exits = np.zeros((2, len(above)), np.bool_)
        self._entries[1:] = above[1:] & ~above[:-1]
        self._exits[1:] = ~above[1:] & above[:-1]
        self._config = raptorbt.BacktestConfig(
            initial_capital=CASH, fees=0.0, fill_timing="next_bar_open"
        )

    def rate(self) -> float:
        """Run once; bars per second."""
        raptorbt, bars = self._raptorbt, self._bars
        start = time.perf_counter()
        raptorbt.sma(bars.close, FAST)
        raptorbt.sma(bars.close, SLOW)
        raptorbt.run_single_backtest(
            bars.ts,
            bars.open,
            bars.high,
            bars.low,
            bars.close,
            bars.volume,
            self._entries,
            self._exits,
            config=self._config,
        )
        return len(bars.ts) / (time.perf_counter() - start)


class BacktestingPy:
    """backtesting.py: `Backtest.run` with a strategy that crosses in `next()`; statistics and all.

    The averages come from NumPy, as one array each, within the timed part.
    """

    def __init__(self, bars: Columns) -> None:
        import pandas as pd
        from backtesting import Backtest

        frame = pd.DataFrame(
            {
                "Open": bars.open,
                "High": bars.high,
                "Low": bars.low,
                "Close": bars.close,
                "Volume": bars.volume,
            },
            index=pd.to_datetime(bars.ts),
        )
        self._count = len(frame)
        self._backtest = Backtest(
            frame, _sma_cross(), cash=CASH, commission=0.0, finalize_trades=True
        )

    def rate(self) -> float:
        """Run once; bars per second."""
        start = time.perf_counter()
        self._backtest.run()
        return self._count / (time.perf_counter() - start)


def _sma_cross() -> Any:
    from backtesting import Strategy
    from backtesting.lib import crossover

    class SmaCross(Strategy):  # type: ignore[misc]  # has no types
        def init(self) -> None:
            self.fast = self.I(_average, self.data.Close, FAST)
            self.slow = self.I(_average, self.data.Close, SLOW)

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.position.close()
                self.buy(size=QUANTITY)
            elif crossover(self.slow, self.fast):
                self.position.close()
                self.sell(size=QUANTITY)

    return SmaCross


def _average(values: Any, period: int) -> Column:
    sums = np.cumsum(np.asarray(values, np.float64))
    average = np.full(len(sums), np.nan)
    average[period - 1] = sums[period - 1] / period
    average[period:] = (sums[period:] - sums[:-period]) / period
    return average
