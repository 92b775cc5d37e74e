"""The state of each kind of indicator: the float64 cells that it keeps for a symbol between calls.

One symbol's state is one row of float64, with the indicators of an interval's table one after
another in the order of the plan. All cells are zero before the symbol's first bar. Counts are whole
numbers, exact to 2**53. Only the kernel of an indicator reads or writes its cells.

::

    sma                place anchor total last | tail sums [n+1]
    wma                place anchor total rising last | weighted tail sums [n+1]
    stdev, bollinger   place anchor total mean square last | tail sums, means, squares [3 x n+1]
    highest, lowest    place best | tail extremes [n+1]
    ema                seen first sum-or-average
    rsi                seen previous gain loss
    atr                seen previous sum-or-average
    macd               seen anchor fast slow smooth
    roc                seen place | last values [n]
    vwap               begun session anchor turnover traded
    obv                seen previous total rest
    custom             seen | the user's own cells [memory]
    window             place | last values [2 x n]
"""

from __future__ import annotations

SMA, EMA, WMA, RSI, ATR, STDEV, BOLLINGER, MACD, HIGHEST, LOWEST, ROC, VWAP, OBV = range(13)
CUSTOM, WINDOW = 13, 14

KINDS = {
    "sma": SMA,
    "ema": EMA,
    "wma": WMA,
    "rsi": RSI,
    "atr": ATR,
    "stdev": STDEV,
    "bollinger": BOLLINGER,
    "macd": MACD,
    "highest": HIGHEST,
    "lowest": LOWEST,
    "roc": ROC,
    "vwap": VWAP,
    "obv": OBV,
    "custom": CUSTOM,
    "window": WINDOW,
}
"""The number of each kind."""
BUILT_IN = tuple(name for name, kind in KINDS.items() if kind < CUSTOM)
"""The kinds that call no user's function."""

MOST_PARAMS = 3
MOST_OUTPUTS = 3


def state_cells(kind: int, period: int, memory: int) -> int:
    """Return how many float64 cells of state one indicator keeps per symbol.

    ``period`` is its first parameter (0 if it has none), ``memory`` the number of cells that a
    user's own function asked for.
    """
    if kind == CUSTOM:
        return 1 + memory
    # Every row of the period adds as many cells, which are counted without a list of them all.
    least, with_a_row = (len(state_powers(kind, rows, 1)) for rows in (0, 1))
    return least + period * (with_a_row - least)


def state_powers(kind: int, period: int, source: int) -> list[int]:
    """Return by which power of the price each cell scales when a share is split; 0 for counts.

    The cells are in the order of the drawing above. ``source`` is the power of the column that the
    indicator reads. CUSTOM is no kind for this function: its user states the powers.
    """
    tail = [source] * (period + 1)
    if kind == SMA:
        return [0, source, source, source, *tail]
    if kind == WMA:
        return [0, source, source, source, source, *tail]
    if kind in (STDEV, BOLLINGER):
        squares = [2 * source] * (period + 1)
        return [0, source, source, source, 2 * source, source, *tail, *tail, *squares]
    if kind in (HIGHEST, LOWEST):
        return [0, source, *tail]
    if kind == ROC:
        return [0, 0, *[source] * period]
    if kind == WINDOW:
        return [0, *[source] * (2 * period)]
    return {
        EMA: [0, source, source],
        RSI: [0, source, source, source],
        ATR: [0, 1, 1],
        MACD: [0, source, source, source, source],
        VWAP: [0, 0, 1, 0, -1],
        OBV: [0, 1, -1, -1],
    }[kind]
