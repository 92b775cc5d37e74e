"""The account of the page: its equity, thinned out, its worst drawdowns, its returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.results.folder import RunFolder
from pipeline.results.report.html.content import Equity, Fall, Returns
from pipeline.results.statistics import sharpe_ratio, volatility
from pipeline.results.year import Year

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]

FALLS = 5
#: Into so many parts the equity is cut, of each of which the extremes are kept.
_PARTS = 700
_SHORTEST_WINDOW = 5


@dataclass
class _Falls:
    """Finds the worst drawdowns of an equity that comes piece by piece."""

    worst: list[Fall] = field(default_factory=list)
    peak: float = -np.inf
    _open: tuple[float, int, int] = (0.0, 0, 0)  # depth, peak and bottom of the one under way

    def absorb(self, ts: Instants, equity: Floats) -> Floats:
        """Take the next equities, and return their drawdowns."""
        before = np.maximum.accumulate(np.concatenate(([self.peak], equity)))
        peaks = before[1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            depth = np.where(peaks > 0, 1.0 - equity / peaks, 0.0)
        tops = np.flatnonzero(equity >= before[:-1])
        self._continue(ts, depth, int(tops[0]) if len(tops) else len(ts))
        if len(tops):
            self._keep(int(ts[tops[0]]))
            self._episodes(ts, depth, tops)
        self.peak = float(peaks[-1])
        return depth

    def finish(self) -> list[Fall]:
        """Return the worst drawdowns, the deepest first."""
        self._keep(None)
        return self.worst

    def _continue(self, ts: Instants, depth: Floats, stop: int) -> None:
        if stop:
            lowest = int(np.argmax(depth[:stop]))
            if depth[lowest] > self._open[0]:
                self._open = float(depth[lowest]), self._open[1], int(ts[lowest])

    def _episodes(self, ts: Instants, depth: Floats, tops: npt.NDArray[np.int64]) -> None:
        """Keep the drawdowns between tops, and begin the one after the last top."""
        deepest = np.maximum.reduceat(depth, tops)
        for at in np.argsort(-deepest[:-1], kind="stable")[:FALLS]:
            if deepest[at] > 0:
                begin, stop = int(tops[at]), int(tops[at + 1])
                lowest = begin + int(np.argmax(depth[begin:stop]))
                self._insert(
                    Fall(float(deepest[at]), int(ts[begin]), int(ts[lowest]), int(ts[stop]))
                )
        last = int(tops[-1])
        lowest = last + int(np.argmax(depth[last:]))
        self._open = float(depth[lowest]), int(ts[last]), int(ts[lowest])

    def _keep(self, recovery: int | None) -> None:
        depth, peak, bottom = self._open
        if depth > 0:
            self._insert(Fall(depth, peak, bottom, recovery))
        self._open = 0.0, 0, 0

    def _insert(self, fall: Fall) -> None:
        self.worst = sorted([*self.worst, fall], key=lambda one: (-one.depth, one.peak))[:FALLS]


def read_equity(folder: RunFolder, lane: int) -> Equity:
    """Return a lane's account. Its rows are read piece by piece. RunError if they cannot be."""
    falls = _Falls()
    kept: list[tuple[Instants, Floats, Floats, Floats]] = []
    step = max(1, -(-folder.rows("equity") // (_PARTS * max(1, _lanes(folder)))))
    for ts, equity, cash in _pieces(folder, lane):
        depth = falls.absorb(ts, equity)
        with np.errstate(invalid="ignore", divide="ignore"):
            held = np.where(equity > 0, (equity - cash) / equity, np.nan)
        rows = _telling(equity, depth, held, step)
        kept.append((ts[rows], equity[rows], depth[rows], held[rows]))
    if not kept:
        none = np.empty(0)
        return Equity(np.empty(0, np.int64), none, none, none, ())
    ts, equity, depth, held = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return Equity(ts, equity, depth, held, falls.finish())


def _lanes(folder: RunFolder) -> int:
    return len(folder.summary.get("lanes") or ())


def _pieces(folder: RunFolder, lane: int) -> Iterator[tuple[Instants, Floats, Floats]]:
    for batch in folder.batches("equity"):
        own = np.flatnonzero(batch["lane"].to_numpy() == lane)
        if len(own):
            ts, equity, cash = (
                batch[name].to_numpy(zero_copy_only=False)[own] for name in ("ts", "equity", "cash")
            )
            yield ts.astype("M8[ns]").view(np.int64), equity, cash


def _telling(equity: Floats, depth: Floats, held: Floats, step: int) -> npt.NDArray[np.int64]:
    """Return the rows that are kept: of each ``step`` rows the extremes, and the first and last."""
    if step == 1:
        return np.arange(len(equity))
    found = [np.array([0, len(equity) - 1])]
    for begin in range(0, len(equity), step):
        part = slice(begin, begin + step)
        lows = [np.argmin(equity[part]), np.argmax(equity[part]), np.argmax(depth[part])]
        lows.append(np.argmax(np.nan_to_num(np.abs(held[part]))))
        found.append(begin + np.array(lows))
    return np.unique(np.concatenate(found))


def read_returns(folder: RunFolder, lane: int, dates: Instants, year: Year) -> Returns:
    """Return a lane's returns by sessions, whose dates are given, ns UTC."""
    table = folder.table("sessions")
    own = np.flatnonzero(table["lane"].to_numpy() == lane)
    returns, benchmark = (
        table[name].to_numpy().astype(np.float64)[own] for name in ("return", "benchmark")
    )
    window = round(year.sessions / 4)
    if len(own) < 3 * window:
        window = max(_SHORTEST_WINDOW, len(own) // 5)
    excess = returns - year.riskless_returns(dates)
    sharpe, scatter = np.full(len(own), np.nan), np.full(len(own), np.nan)
    for end in range(window, len(own) + 1):
        part = slice(end - window, end)
        sharpe[end - 1] = sharpe_ratio(excess[part], year.sessions)
        scatter[end - 1] = volatility(returns[part], year.sessions)
    return Returns(returns, benchmark, sharpe, scatter, window)


def session_dates(folder: RunFolder, lane: int) -> Instants:
    """Return the dates of a lane's sessions at 00:00Z, ns UTC."""
    table = folder.table("sessions", ["lane", "date"])
    dates = table["date"].to_numpy().astype("M8[ns]").view(np.int64)
    return np.asarray(dates[table["lane"].to_numpy() == lane])
