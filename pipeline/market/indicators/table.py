"""All built-in indicators of one bar table in one compiled call: the switch by kind."""

from __future__ import annotations

from typing import Any

from pipeline.market.indicators import layout
from pipeline.market.indicators.changes import roc
from pipeline.market.indicators.smoothed import atr, ema, macd, rsi
from pipeline.market.indicators.totals import obv, vwap
from pipeline.market.indicators.windows import deviation, extreme, sma, wma
from pipeline.native.kernel import kernel


@kernel()
def compute_plan(
    kinds: Any,
    params: Any,
    sources: Any,
    targets: Any,
    cells_of: Any,
    values: Any,
    column_step: int,
    symbol_step: int,
    first: int,
    counts: Any,
    sessions: Any,
    session_step: int,
    symbol_lo: int,
    symbol_hi: int,
    state: Any,
) -> None:
    """Compute the built-in indicators of one table for symbols lo to hi - 1.

    The first arguments describe the indicators, one row each: ``kinds`` int64[I] (see `layout`),
    ``params`` float64[I, 3], ``sources`` int64[I] (price columns), ``targets`` int64[I, 3] (columns
    of the outputs, -1 for one that is not wanted), ``cells_of`` int64[I, 2] (begin and end of the
    state).

    ``values`` is float64[:], the whole table: row r of symbol s in column c is at c * column_step
    + s * symbol_step + r. So one compiled form serves any distance between columns, and the
    compiler knows that rows are adjacent. ``sessions`` is int64[:], laid out likewise. ``first``
    and ``counts`` int64[S] are those of `runner.PlanRunner.compute`. ``state`` is
    float64[hi - lo, N]; its row 0 is that of symbol lo.

    The outer loop is over symbols, so that a symbol's rows stay in the processor's cache while all
    indicators read them.
    """
    for s in range(symbol_lo, symbol_hi):
        count = counts[s]
        if count <= 0:
            continue
        run = values[s * symbol_step + first :]
        for i in range(kinds.size):
            kind = kinds[i]
            cells = state[s - symbol_lo, cells_of[i, 0] : cells_of[i, 1]]
            if kind == layout.VWAP:
                begin = s * session_step + first
                session = sessions[begin : begin + count]
                high, low, close, volume = _prices(run, column_step, count)
                out = _rows(run, targets[i, 0], column_step, count)
                vwap(high, low, close, volume, session, out, cells)
            elif kind in (layout.ATR, layout.OBV):
                _of_bars(kind, params[i], targets[i], run, column_step, count, cells)
            else:
                x = _rows(run, sources[i], column_step, count)
                _of_column(kind, params[i], targets[i], x, run, column_step, cells)


@kernel()
def _of_column(
    kind: int, params: Any, targets: Any, x: Any, run: Any, column_step: int, cells: Any
) -> None:
    n = int(params[0])
    out = _rows(run, targets[0], column_step, x.size)
    if kind == layout.SMA:
        sma(x, out, n, cells)
    elif kind == layout.EMA:
        ema(x, out, n, cells)
    elif kind == layout.WMA:
        wma(x, out, n, cells)
    elif kind == layout.RSI:
        rsi(x, out, n, cells)
    elif kind == layout.ROC:
        roc(x, out, n, cells)
    elif kind == layout.HIGHEST:
        extreme(x, out, n, 1.0, cells)
    elif kind == layout.LOWEST:
        extreme(x, out, n, -1.0, cells)
    else:
        second = _rows(run, targets[1], column_step, x.size)
        third = _rows(run, targets[2], column_step, x.size)
        if kind == layout.MACD:
            macd(x, out, second, third, params, cells)
        elif kind == layout.STDEV:
            deviation(x, out, second, third, third, n, 0.0, cells)
        elif kind == layout.BOLLINGER:
            deviation(x, out[:0], out, second, third, n, params[1], cells)


@kernel()
def _of_bars(
    kind: int, params: Any, targets: Any, run: Any, column_step: int, count: int, cells: Any
) -> None:
    high, low, close, volume = _prices(run, column_step, count)
    out = _rows(run, targets[0], column_step, count)
    if kind == layout.ATR:
        atr(high, low, close, out, int(params[0]), cells)
    elif kind == layout.OBV:
        obv(close, volume, out, cells)


@kernel()
def _rows(run: Any, column: int, column_step: int, count: int) -> Any:
    """Return the fresh rows of a column; no rows if the column is not wanted (-1)."""
    begin = max(column, 0) * column_step
    return run[begin : begin + (count if column >= 0 else 0)]


@kernel()
def _prices(run: Any, column_step: int, count: int) -> Any:
    """Return the fresh rows of high, low, close and volume."""
    return (
        _rows(run, 1, column_step, count),
        _rows(run, 2, column_step, count),
        _rows(run, 3, column_step, count),
        _rows(run, 4, column_step, count),
    )
