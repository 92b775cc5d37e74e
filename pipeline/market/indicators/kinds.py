"""The compiled function of each kind of built-in indicator: it hands the rows to the kernel."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from pipeline.codes import CLOSE, HIGH, LOW, VOLUME
from pipeline.market.indicators import layout
from pipeline.market.indicators.changes import roc
from pipeline.market.indicators.smoothed import atr, ema, macd, rsi
from pipeline.market.indicators.table import SIGNATURE, work_at
from pipeline.market.indicators.totals import obv, vwap
from pipeline.market.indicators.windows import deviation, extreme, sma, wma
from pipeline.native.call import code_address
from pipeline.native.compiler import compiled_for
from pipeline.native.kernel import kernel
from pipeline.native.memory import floats_at, integers_at


@cache
def code_of(kind: int) -> int:
    """Return the address of a kind's function, compiled or loaded from disk when first asked for.

    ``kind``: the number of one of `layout.BUILT_IN`.
    """
    return code_address(_entry(kind))


@cache  # an entry must live as long as its address is called
def _entry(kind: int) -> Any:
    return compiled_for(SIGNATURE, _FUNCTIONS[kind])


@kernel()
def _column(work: Any, column: int) -> Any:
    """Return the fresh rows of a column; no rows for column -1."""
    begin = work.rows + 8 * max(column, 0) * work.column_step
    return floats_at(begin, work.count if column >= 0 else 0)


@kernel()
def _source(work: Any) -> Any:
    return _column(work, work.source)


@kernel()
def _output(work: Any, place: int) -> Any:
    return _column(work, work.outputs[place])


@kernel()
def _period(work: Any) -> int:
    return int(work.params[0])


@kernel()
def _cells(work: Any) -> Any:
    return floats_at(work.cells, work.cell_count)


def compute_sma(at: int) -> None:
    """Compute ``sma``; ``at``: address of its record of `table.WORK`. All others are alike."""
    work = work_at(at)
    sma(_source(work), _output(work, 0), _period(work), _cells(work))


def compute_ema(at: int) -> None:
    """Compute ``ema``."""
    work = work_at(at)
    ema(_source(work), _output(work, 0), _period(work), _cells(work))


def compute_wma(at: int) -> None:
    """Compute ``wma``."""
    work = work_at(at)
    wma(_source(work), _output(work, 0), _period(work), _cells(work))


def compute_rsi(at: int) -> None:
    """Compute ``rsi``."""
    work = work_at(at)
    rsi(_source(work), _output(work, 0), _period(work), _cells(work))


def compute_roc(at: int) -> None:
    """Compute ``roc``."""
    work = work_at(at)
    roc(_source(work), _output(work, 0), _period(work), _cells(work))


def compute_highest(at: int) -> None:
    """Compute ``highest``."""
    work = work_at(at)
    extreme(_source(work), _output(work, 0), _period(work), 1.0, _cells(work))


def compute_lowest(at: int) -> None:
    """Compute ``lowest``."""
    work = work_at(at)
    extreme(_source(work), _output(work, 0), _period(work), -1.0, _cells(work))


def compute_stdev(at: int) -> None:
    """Compute ``stdev``."""
    work = work_at(at)
    none = _column(work, -1)
    out = _output(work, 0)
    deviation(_source(work), out, none, none, none, _period(work), 0.0, _cells(work))


def compute_bollinger(at: int) -> None:
    """Compute ``bollinger``."""
    work = work_at(at)
    upper, middle, lower = _output(work, 0), _output(work, 1), _output(work, 2)
    none, width = _column(work, -1), work.params[1]
    deviation(_source(work), none, upper, middle, lower, _period(work), width, _cells(work))


def compute_macd(at: int) -> None:
    """Compute ``macd``."""
    work = work_at(at)
    line, signal, histogram = _output(work, 0), _output(work, 1), _output(work, 2)
    macd(_source(work), line, signal, histogram, work.params, _cells(work))


def compute_atr(at: int) -> None:
    """Compute ``atr``."""
    work = work_at(at)
    high, low, close = _column(work, HIGH), _column(work, LOW), _column(work, CLOSE)
    atr(high, low, close, _output(work, 0), _period(work), _cells(work))


def compute_obv(at: int) -> None:
    """Compute ``obv``."""
    work = work_at(at)
    obv(_column(work, CLOSE), _column(work, VOLUME), _output(work, 0), _cells(work))


def compute_vwap(at: int) -> None:
    """Compute ``vwap``."""
    work = work_at(at)
    high, low, close = _column(work, HIGH), _column(work, LOW), _column(work, CLOSE)
    sessions = integers_at(work.sessions, work.count)
    vwap(high, low, close, _column(work, VOLUME), sessions, _output(work, 0), _cells(work))


_FUNCTIONS: dict[int, Callable[[int], None]] = {
    layout.SMA: compute_sma,
    layout.EMA: compute_ema,
    layout.WMA: compute_wma,
    layout.RSI: compute_rsi,
    layout.ROC: compute_roc,
    layout.HIGHEST: compute_highest,
    layout.LOWEST: compute_lowest,
    layout.STDEV: compute_stdev,
    layout.BOLLINGER: compute_bollinger,
    layout.MACD: compute_macd,
    layout.ATR: compute_atr,
    layout.OBV: compute_obv,
    layout.VWAP: compute_vwap,
}
