"""The same sets on other engines, each in a process of its own, as its documentation would have it.

bench/sweep.py starts this module as a `Rival`, in an interpreter that has it. A line of input asks
for one round, a line of output is its evaluations per second; the first line of output says what
was made ready. A rival so needs neither our interpreter nor our threads, and its memory is its own.
NumPy and the rival are all it imports. What is timed is said by each.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

try:
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover
except ImportError:  # the interpreter of another rival
    Strategy = object

Column = npt.NDArray[Any]
Sets = Sequence[tuple[int, int]]  # fast, slow
QUANTITY, CASH = 100, 10_000_000.0
QUIET = {
    "RAPTORBT_NO_VERSION_CHECK": "1",  # else it asks PyPI in a thread of its own
    "TQDM_DISABLE": "1",  # backtesting.py would draw a bar of progress
    "PYTHONWARNINGS": "ignore",
}
#: raptorbt's sets at a time, the fastest measured here: more of them wait for fresh pages.
_CHUNK = 200
#: What the rival's interpreter runs, with the folder of this file before the arguments of `main`.
RUN_IT = """
import sys
sys.path.insert(0, sys.argv[1])
from sweep_rivals import main
main(*sys.argv[2:])
"""
#: The exit code of a rival that is not installed. Any other is a failure.
_NOT_INSTALLED = 69


class NotInstalledError(Exception):
    """An interpreter does not have the rival that was looked for."""


class Rival:
    """A rival in its own process.

    `about` says which version it is and what it runs. Raises NotInstalledError where its
    interpreter or its package is missing, RuntimeError where it fails.
    """

    def __init__(self, name: str, python: str, bars: Path, sets: Path) -> None:
        self._name = name
        line = [python, "-c", RUN_IT, str(Path(__file__).parent), name, str(bars), str(sets)]
        try:
            self._process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | QUIET,
            )
        except OSError as error:
            raise NotInstalledError(f"no interpreter {python}: {error}") from error
        self.about = self._answer()

    def rate(self) -> float:
        """Run all its sets once; evaluations per second."""
        assert self._process.stdin is not None
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        if not answer:
            code = self._process.wait()
            if code == _NOT_INSTALLED:
                raise NotInstalledError(f"{self._process.args[0]} does not have it")
            raise RuntimeError(f"the process of {self._name} ended with {code}")
        return answer


class RaptorBatch:
    """raptorbt: `batch_single_backtest` alone is timed, on all cores.

    Averages, crosses and its items are made before. Long only, filled at the next bar's open,
    without fees; equity, returns and figures stay in memory.
    """

    def __init__(self, bars: Column, sets: Sets) -> None:
        import raptorbt

        self.about = f"{raptorbt.__version__}, {len(sets)} sets, signals made before"
        self._batch = raptorbt.batch_single_backtest
        self._bars = [bars[0].astype(np.int64), *np.ascontiguousarray(bars[1:])]
        close = self._bars[4]
        periods = {period: raptorbt.sma(close, period) for one in sets for period in one}
        items = []
        for number, (fast, slow) in enumerate(sets):
            above = periods[fast] > periods[slow]
            entries, exits = np.zeros((2, len(close)), np.bool_)
            entries[1:] = above[1:] & ~above[:-1]
            exits[1:] = ~above[1:] & above[:-1]
            items.append(raptorbt.BatchSingleItem(str(number), entries, exits))
        self._chunks = [items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK)]
        self._config = raptorbt.BacktestConfig(
            initial_capital=CASH, fees=0.0, fill_timing="next_bar_open"
        )
        self._batch(*self._bars, items[:2], config=self._config)

    def run(self) -> None:
        """Run all sets."""
        for items in self._chunks:
            self._batch(*self._bars, items, config=self._config)


class VectorBt:
    """vectorbt: `MA.run`, the crosses, `Portfolio.from_signals` and three figures are timed.

    Long and short, filled at the close, without fees: total return, Sharpe ratio and the greatest
    drawdown of each set. All sets at once, each a column, as its documentation sweeps.
    """

    at_once = True

    def __init__(self, bars: Column, sets: Sets) -> None:
        import pandas as pd
        import vectorbt

        self._vbt = vectorbt
        rust = "numba"
        try:
            import vectorbt_rust  # noqa: F401

            rust = "rust"  # which it then takes by itself
        except ImportError:
            pass
        self.about = f"{vectorbt.__version__} ({rust}), {len(sets)} of the sets"
        self._close = pd.Series(bars[4], index=pd.to_datetime(bars[0].astype(np.int64)))
        self._chunks = [sets] if self.at_once else [[one] for one in sets]
        self._chunk(sets[:2])

    def run(self) -> None:
        """Run all sets."""
        for sets in self._chunks:
            self._chunk(sets)

    def _chunk(self, sets: Sets) -> None:
        average = self._vbt.MA.run
        fast = average(self._close, [one[0] for one in sets], run_unique=True, short_name="fast")
        slow = average(self._close, [one[1] for one in sets], run_unique=True, short_name="slow")
        portfolio = self._vbt.Portfolio.from_signals(
            self._close,
            fast.ma_crossed_above(slow),
            fast.ma_crossed_below(slow),
            direction="both",
            size=QUANTITY,
            init_cash=CASH,
            freq="1min",
        )
        portfolio.total_return()
        portfolio.sharpe_ratio()
        portfolio.max_drawdown()


class VectorBtLoop(VectorBt):
    """The same, one set at a time in a loop: the fastest way to run vectorbt found here."""

    at_once = False


class SmaCross(Strategy):  # type: ignore[misc]  # at module level: its pool's workers look for it
    """The crossing averages of backtesting.py's quick start, long and short."""

    fast = 10
    slow = 30

    def init(self) -> None:
        """Name the averages."""
        self.averages = [
            self.I(_average, self.data.Close, period) for period in (self.fast, self.slow)
        ]

    def next(self) -> None:
        """Turn at a cross."""
        fast, slow = self.averages
        if crossover(fast, slow):
            self.position.close()
            self.buy(size=QUANTITY)
        elif crossover(slow, fast):
            self.position.close()
            self.sell(size=QUANTITY)


class BacktestingOptimize:
    """backtesting.py: a grid by `Backtest.optimize` is timed, on its pool of all cores."""

    def __init__(self, bars: Column, sets: Sets) -> None:
        import backtesting
        import pandas as pd

        self.about = f"{backtesting.__version__}, {len(sets)} sets x {bars.shape[1]:,} bars"
        names = ("Open", "High", "Low", "Close", "Volume")
        frame = pd.DataFrame(
            dict(zip(names, bars[1:], strict=True)),
            index=pd.to_datetime(bars[0].astype(np.int64)),
        )
        self._grid = [sorted({one[place] for one in sets}) for place in (0, 1)]
        if list(itertools.product(*self._grid)) != [tuple(one) for one in sets]:
            raise ValueError("the sets of optimize are a grid")
        self._backtest = Backtest(frame, SmaCross, cash=CASH, commission=0.0, finalize_trades=True)
        self._backtest.run()

    def run(self) -> None:
        """Run the grid."""
        fast, slow = self._grid
        self._backtest.optimize(fast=fast, slow=slow, maximize="Sharpe Ratio")


def _average(values: Any, period: int) -> Column:
    sums = np.cumsum(np.asarray(values, np.float64))
    average = np.full(len(sums), np.nan)
    average[period - 1] = sums[period - 1] / period
    average[period:] = (sums[period:] - sums[:-period]) / period
    return average


RIVALS = {
    "raptorbt": RaptorBatch,
    "vectorbt": VectorBt,
    "vectorbt-loop": VectorBtLoop,
    "backtesting": BacktestingOptimize,
}


def main(name: str, bars_path: str, sets_path: str) -> None:
    """Answer to every line of input with the rate of one round."""
    if find_spec(name.partition("-")[0]) is None:
        sys.exit(_NOT_INSTALLED)
    bars = np.load(bars_path)
    sets = [tuple(one) for one in json.loads(Path(sets_path).read_text(encoding="utf-8"))]
    rival = RIVALS[name](bars, sets)
    print(f"{name} {rival.about}", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        rival.run()
        seconds = time.perf_counter() - start
        print(len(sets) * bars.shape[1] / seconds, flush=True)
