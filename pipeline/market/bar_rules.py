"""The rules that every row must keep to be a bar: order, finite prices above zero, high and low."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, HIGH, LOW, OPEN, PRICE_COLUMNS, VOLUME, interval_name, interval_ns
from pipeline.errors import DataError

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
HIGH_BELOW_LOW: Final = 5
OUTSIDE: Final = 6
_VOLUME: Final = 7


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
    fault = find_fault(times, columns, interval_ns(interval), tolerance)
    if fault is not None:
        raise DataError(f"{symbol} {interval}: row {fault.row} at {fault.time}: {fault.words}")


class BarCheck:
    """Checks the bars of one series that come block by block, as `check_bars` does."""

    def __init__(self, symbol: str, interval: str) -> None:
        self._series = f"{symbol} {interval}"
        self._step = interval_ns(interval)
        self._last: tuple[Int64Array, tuple[Float64Array, ...]] | None = None
        self.rows = 0

    def look_at(self, ts: Int64Array, columns: Sequence[Float64Array]) -> None:
        """Look at the next rows, int64[n] and five float64[n] with n > 0; count them in ``rows``.

        Raises DataError for the first row that cannot be a bar; rows are counted over all blocks.
        """
        last, first = self._last, self.rows
        self._last = ts[-1:].copy(), tuple(column[-1:].copy() for column in columns)
        self.rows += len(ts)
        apart = last is None or int(ts[0]) - int(last[0][0]) >= self._step
        if apart and look_right(ts, columns, self._step):
            return
        if last is not None:
            ts, first = np.concatenate((last[0], ts)), first - 1
            columns = tuple(map(np.concatenate, zip(last[1], columns, strict=True)))
        fault = find_fault(ts, columns, self._step)
        if fault is not None:
            raise DataError(
                f"{self._series}: row {first + fault.row} at {fault.time}: {fault.words}"
            )


class Fault(NamedTuple):
    """A row that cannot be a bar."""

    #: Its number, from 0.
    row: int
    #: Its ``ts`` in ISO 8601, UTC.
    time: str
    #: The column, the rule and the value that was found.
    words: str


def find_fault(
    ts: Int64Array, columns: Sequence[Float64Array], step: int, tolerance: float = DEFAULT_TOLERANCE
) -> Fault | None:
    """Return the first row that breaks a rule of `check_bars`; None if there is none.

    ``columns`` are the five float64[n] of the ``PRICE_COLUMNS``; ``step`` is the least distance of
    two rows in ns.
    """
    with np.errstate(all="ignore"):
        found = _first_violation(ts, columns, step, tolerance)
    if found is None:
        return None
    rule, row, at = found
    words = _words(rule, row, at, ts, columns, step)
    return Fault(row, iso_time(int(ts[row])), words)


def look_right(ts: Int64Array, columns: Sequence[Float64Array], step: int = 1) -> bool:
    """Return whether no row breaks a rule, at a tenth of the cost of `find_fault`.

    The arrays and the ``step`` are as there, and there is a row. There is no tolerance, so rows
    that `find_fault` forgives do not look right.
    """
    return bool(
        (ts[1:] > ts[:-1]).all()
        and (step == 1 or (_apart(ts[:-1], ts[1:]) >= np.uint64(step)).all())
        and values_look_right(columns)
    )


def values_look_right(columns: Sequence[Float64Array]) -> bool:
    """Return whether no row breaks a rule of values, as `look_right` has them, without ``ts``."""
    open_, high, low, close, volume = columns
    if len(volume) == 0:
        return True
    return bool(
        # NaN is the minimum and the maximum of all in which it is, and is never in order.
        (np.minimum(open_, close) >= low).all()
        and (np.maximum(open_, close) <= high).all()
        and low.min() > 0.0
        and high.max() <= _FINITE
        and volume.min() >= 0.0
        and volume.max() <= _FINITE
    )


def _apart(before: Int64Array, times: Int64Array) -> npt.NDArray[np.uint64]:
    """Return the distances, which are further than int64 can tell for different centuries."""
    return times.view(np.uint64) - before.view(np.uint64)


def _words(
    rule: int, row: int, at: int, ts: Int64Array, columns: Sequence[Float64Array], step: int
) -> str:
    """Say which value of a row breaks which rule. ``at`` is its column, -1 for ``ts``."""
    if rule in (_UNSORTED, _OVERLAP):
        return order_words(int(ts[row - 1]), int(ts[row]), step)
    return value_words(rule, row, at, columns)


def order_words(before: int, ts: int, step: int) -> str:
    """Say why a row at ``ts`` cannot follow one at ``before``, both ns UTC, in bars of ``step``."""
    gap = (ts - before) / 1e9
    if gap > 0:
        bars = f"{interval_name(step)} bars"
        return f"ts is {gap:g} s after the row before; {bars} must not overlap"
    same = "is before" if gap < 0 else "duplicates"
    return f"ts {same} that of the row before ({iso_time(before)}); ts must ascend"


def value_words(
    rule: int, row: int, at: int, columns: Sequence[Float64Array], name: str = ""
) -> str:
    """Say which value of a row breaks which rule of `broken_values`.

    ``name`` is that of the column ``at``; "" for its usual one.
    """
    low, high = float(columns[LOW][row]), float(columns[HIGH][row])
    expected = {
        _NOT_FINITE: "must be a finite number",
        _NOT_POSITIVE: "must be above zero",
        HIGH_BELOW_LOW: f"must not be below low {low!r}",
        OUTSIDE: f"must be within low {low!r} to high {high!r}",
        _VOLUME: "must not be negative",
    }[rule]
    value = float(columns[at][row])
    limit = " (negative prices are not supported)" if rule == _NOT_POSITIVE and value < 0 else ""
    return f"{name or PRICE_COLUMNS[at]} {expected}, was {value!r}{limit}"


def iso_time(ns: int) -> str:
    """Return an instant in ns UTC as ISO 8601."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{f'.{fraction:09d}' if fraction else ''}Z"


def _first_violation(
    ts: Int64Array, columns: Sequence[Float64Array], step: int, tolerance: float
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
    before, times = times[:-1], times[1:]
    rows = columns[VOLUME].size
    unsorted, overlap = np.zeros(rows, bool), np.zeros(rows, bool)
    unsorted[rows - times.size :] = times <= before
    overlap[rows - times.size :] = _apart(before, times) < np.uint64(step)
    yield _UNSORTED, -1, unsorted
    yield _OVERLAP, -1, overlap
    yield from broken_values(columns, tolerance)


def broken_values(
    columns: Sequence[Float64Array], tolerance: float = DEFAULT_TOLERANCE
) -> Iterator[tuple[int, int, npt.NDArray[np.bool_]]]:
    """Go through the rules of values: each with its column and whether each row breaks it.

    ``columns`` are the five float64[n] of the ``PRICE_COLUMNS``.
    """
    open_, high, low, close, volume = columns
    for at, column in enumerate(columns):
        yield _NOT_FINITE, at, ~(np.abs(column) <= _FINITE)
        if at != VOLUME:
            yield _NOT_POSITIVE, at, column <= 0.0
    top, bottom = high * (1.0 + tolerance), low * (1.0 - tolerance)
    yield HIGH_BELOW_LOW, HIGH, top < low
    yield OUTSIDE, OPEN, (open_ > top) | (open_ < bottom)
    yield OUTSIDE, CLOSE, (close > top) | (close < bottom)
    yield _VOLUME, VOLUME, volume < 0.0
