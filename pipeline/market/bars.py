"""Bars: which rows can be bars, and which session a bar belongs to.

A bar is labelled by its open ``ts`` and becomes known at ``close_ts``, which is ``ts`` plus the
interval, cut at the session's close. It belongs to a session if it overlaps the session. Base
daily bars are the exception: their ``ts`` is a label, 00:00Z of the session's date, or the instant
at which the vendor's day begins. On the tape it is the session's open (`tape.feed`).

Kernels write into the caller's arrays only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, DAY_NS, HIGH, LOW, OPEN, PRICE_COLUMNS, VOLUME, interval_ns
from pipeline.errors import DataError
from pipeline.native.kernel import kernel

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

DEFAULT_TOLERANCE: Final = 1e-9
"""Relative tolerance of ``check_bars``, which explains it."""

_FINITE: Final = np.finfo(np.float64).max
_PIECE: Final = 1 << 15
"""Rows that are checked at once, few enough to stay in the processor's cache."""

_UNSORTED: Final = 1
_OVERLAP: Final = 2
_NOT_FINITE: Final = 3
_NOT_POSITIVE: Final = 4
_HIGH_BELOW_LOW: Final = 5
_OUTSIDE: Final = 6
_VOLUME: Final = 7


# ---------------------------------------------------------------------------------- validity


def check_bars(
    symbol: str,
    interval: str,
    ts: Int64Array,
    open: Float64Array,  # noqa: A002 - the column's name
    high: Float64Array,
    low: Float64Array,
    close: Float64Array,
    volume: Float64Array,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
) -> None:
    """Raise DataError for the first row that cannot be a bar.

    All arrays have one dimension and one length; ``ts`` is int64 ns UTC, the others are float64.
    The rules for a row are: ``ts`` is at least one interval after the row before; prices are finite
    and above zero; high is not below low; open and close are within low and high; volume is finite
    and not negative. The message names symbol, interval, row, time, column, value and rule.

    ``tolerance`` is relative to the bound. Prices that went through an adjustment or a decimal
    rounding may be outside low and high by some units of the last binary place, which the default
    of 1e-9 allows. A larger one is no remedy for wrong records: of 26 public sets only two have
    violations, and these start at 0.14 % of the price (most of VIX in 1992-2006 are above 1 %), so
    no tolerance separates them from real errors.
    """
    columns = [np.asarray(column, dtype=np.float64) for column in (open, high, low, close, volume)]
    times = np.asarray(ts, dtype=np.int64)
    for name, column in zip(PRICE_COLUMNS, columns, strict=True):
        if column.shape != times.shape or times.ndim != 1:
            raise DataError(
                f"{symbol} {interval}: column {name} must have the {times.shape} rows of ts, "
                f"had {column.shape}"
            )
    with np.errstate(all="ignore"):
        found = _first_violation(times, columns, interval_ns(interval), tolerance)
    if found is not None:
        raise DataError(_describe(symbol, interval, *found, times, columns))


def _describe(
    symbol: str,
    interval: str,
    rule: int,
    row: int,
    at: int,
    ts: Int64Array,
    columns: list[Float64Array],
) -> str:
    value = float(columns[at][row]) if at >= 0 else 0.0
    name = PRICE_COLUMNS[at] if at >= 0 else "ts"
    low, high = float(columns[LOW][row]), float(columns[HIGH][row])
    if rule in (_UNSORTED, _OVERLAP):
        before = int(ts[row - 1])
        gap = (int(ts[row]) - before) / 1e9
        same = "is before" if gap < 0 else "duplicates"
        found = f"ts {same} that of the row before ({_iso(before)}); ts must ascend"
        if rule == _OVERLAP:
            found = f"ts is {gap:g} s after the row before; {interval} bars must not overlap"
    else:
        expected = {
            _NOT_FINITE: "must be a finite number",
            _NOT_POSITIVE: "must be above zero",
            _HIGH_BELOW_LOW: f"must not be below low {low!r}",
            _OUTSIDE: f"must be within low {low!r} to high {high!r}",
            _VOLUME: "must not be negative",
        }[rule]
        found = f"{name} {expected}, was {value!r}"
    return f"{symbol} {interval}: row {row} at {_iso(int(ts[row]))}: {found}"


def _iso(ns: int) -> str:
    seconds, fraction = divmod(ns, 1_000_000_000)
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{f'.{fraction:09d}' if fraction else ''}Z"


def _first_violation(
    ts: Int64Array, columns: list[Float64Array], step: int, tolerance: float
) -> tuple[int, int, int] | None:
    """Find the first bad row: the rule that it breaks, its number, and the column (-1 for ``ts``).

    Of several broken rules it is the first in the order of `_violations`. It is NumPy and no
    kernel, so that an import need not wait for the compiler.
    """
    for begin in range(0, ts.size, _PIECE):
        piece = slice(begin, begin + _PIECE)
        times = ts[max(begin - 1, 0) : piece.stop]
        found = [
            (row, order, rule, column)
            for order, (rule, column, bad) in enumerate(
                _violations(times, [one[piece] for one in columns], step, tolerance)
            )
            if bad[row := int(bad.argmax())]
        ]
        if found:
            row, _, rule, column = min(found)
            return rule, begin + row, column
    return None


def _violations(
    times: Int64Array, columns: list[Float64Array], step: int, tolerance: float
) -> Iterator[tuple[int, int, npt.NDArray[np.bool_]]]:
    """Go through the rules: each with its column and whether a row breaks it.

    ``times`` begin with that of the row before, except for the first row of all.
    """
    open_, high, low, close, volume = columns
    before, times = times[:-1], times[1:]
    unsorted, overlap = np.zeros(open_.size, bool), np.zeros(open_.size, bool)
    unsorted[open_.size - times.size :] = times <= before
    # Unsigned, because times in different centuries are further apart than int64 can tell.
    apart = times.view(np.uint64) - before.view(np.uint64)
    overlap[open_.size - times.size :] = apart < np.uint64(step)
    yield _UNSORTED, -1, unsorted
    yield _OVERLAP, -1, overlap
    for at, column in enumerate(columns):
        yield _NOT_FINITE, at, ~(np.abs(column) <= _FINITE)
        if at != VOLUME:
            yield _NOT_POSITIVE, at, column <= 0.0
    top, bottom = high * (1.0 + tolerance), low * (1.0 - tolerance)
    yield _HIGH_BELOW_LOW, HIGH, top < low
    yield _OUTSIDE, OPEN, (open_ > top) | (open_ < bottom)
    yield _OUTSIDE, CLOSE, (close > top) | (close < bottom)
    yield _VOLUME, VOLUME, volume < 0.0


@kernel()
def place_of(moment, moments):  # type: ignore[no-untyped-def]
    """Return how many of ``moments``, int64[N] ascending, come before ``moment``.

    As ``numpy.searchsorted``, but code that has that in it imports SciPy when it is loaded.
    """
    begin, end = 0, moments.shape[0]
    while begin < end:
        middle = (begin + end) // 2
        if moments[middle] < moment:
            begin = middle + 1
        else:
            end = middle
    return begin


# ---------------------------------------------------------------------------------- sessions


@kernel()
def assign_sessions(  # type: ignore[no-untyped-def]
    ts, interval_ns, open_ns, close_ns, date_ns, out_session, out_close_ts
):
    """Find session and close of each bar of one symbol; return how many bars lie in a session.

    ``ts`` int64[N] is ascending. ``open_ns``, ``close_ns`` and ``date_ns`` int64[K] are those of a
    ``SessionTable``. ``out_session`` int64[N] gets the index of the session that the bar overlaps
    (the earlier one of two), or -1 if it overlaps none. ``out_close_ts`` int64[N] gets
    ``min(ts + interval, close of the session)``, or ``ts + interval`` outside of sessions.

    A daily bar (interval 1d) whose ``ts`` is 00:00Z belongs to the session of that date. Any other
    ``ts`` is the instant at which the vendor's day begins, 21:00Z of the day before for example;
    the bar then belongs to the session in which the middle of that day lies.
    """
    inside = 0
    sessions = open_ns.shape[0]
    s = 0
    daily = interval_ns >= DAY_NS
    middle = interval_ns // 2
    if ts.shape[0] > 0 and daily:
        labelled = ts[0] % DAY_NS == 0
        s = place_of(ts[0], date_ns) if labelled else place_of(ts[0] + middle + 1, close_ns)
    elif ts.shape[0] > 0:
        s = place_of(ts[0] + 1, close_ns)
    for i in range(ts.shape[0]):
        end = ts[i] + interval_ns
        out_session[i] = -1
        out_close_ts[i] = end
        if daily and ts[i] % DAY_NS != 0:
            while s < sessions and close_ns[s] <= ts[i] + middle:
                s += 1
            belongs = s < sessions and open_ns[s] <= ts[i] + middle
        elif daily:
            while s < sessions and date_ns[s] < ts[i]:
                s += 1
            belongs = s < sessions and date_ns[s] == ts[i]
        else:
            while s < sessions and close_ns[s] <= ts[i]:
                s += 1
            belongs = s < sessions and open_ns[s] < end
        if belongs:
            out_session[i] = s
            out_close_ts[i] = close_ns[s] if daily else min(end, close_ns[s])
            inside += 1
    return inside
