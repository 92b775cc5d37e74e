"""One row of the stats block: the meaning of its words, and the side of its writer.

A timing is first put into a small buffer of the writer's process. `RowWriter.flush` folds the
buffers into shared memory: many values with NumPy, a few in Python, which is faster for these.
`stats` has the drawing and the order of stores.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from shm.errors import Closed
from shm.histogram import BUCKETS, bucket_of, buckets_of
from shm.seqlock import SeqLock

# Words of a row before its figures: the version, alone in its cache line.
VERSION_WORDS = 8
# Words of a timer: four figures, then the buckets.
COUNT, TOTAL, MINIMUM, MAXIMUM, FIRST_BUCKET = range(5)
TIMER_WORDS = FIRST_BUCKET + BUCKETS

# A buffer of so many values is folded at once. It is large enough to make the NumPy calls cheap per
# value, and small enough to stay in the nearest cache.
BUFFERED = 1024
# For so many values or fewer, a loop in Python beats the fixed cost of NumPy calls.
FEW = 24


@dataclass(frozen=True, slots=True)
class RowSpec:
    """The name of a row and of the figures in it."""

    #: The row's name.
    name: str
    #: The names of its counters.
    counters: tuple[str, ...] = ()
    #: The names of its timers.
    timers: tuple[str, ...] = ()

    @property
    def scope_words(self) -> int:
        """The words of one scope (session, before): the counters, then the timers."""
        return len(self.counters) + len(self.timers) * TIMER_WORDS

    @property
    def words(self) -> int:
        """The words of the whole row."""
        return VERSION_WORDS + 2 * self.scope_words

    def first_word(self, index: int) -> int:
        """Return where the words of timer `index` begin within those of a scope."""
        return len(self.counters) + index * TIMER_WORDS

    def timer_words(self, scope: npt.NDArray[np.int64], index: int) -> npt.NDArray[np.int64]:
        """Return the words of timer `index` within those of a scope, without a copy."""
        start = self.first_word(index)
        return scope[start : start + TIMER_WORDS]


class Timer:
    """The writer's side of one timer, made by `RowWriter.timer`. Values are ns, or of any unit."""

    __slots__ = ("_append", "_figures", "_pending", "_row", "_words", "name")

    def __init__(self, name: str, row: "RowWriter", figures: npt.NDArray[np.int64]) -> None:
        self.name = name
        self._row = row
        self._figures = figures
        self._words: memoryview | _ClosedCells = figures.data
        self._pending = array("q")
        self._append: Callable[[int], None] = self._pending.append

    def record(self, value: int) -> None:
        """Record one whole number, 0 or more; others see it after the next `RowWriter.flush`.

        Raises TypeError for a float. A negative value makes the flush raise ValueError.
        """
        self._append(value)
        if len(self._pending) >= BUFFERED:
            self._row.flush()

    def record_all(
        self,
        values: npt.NDArray[np.int64],
        count: Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], None],
    ) -> None:
        """Record many values, int64[n] of 0 or more, visible at once.

        ``count(values, words)`` adds them to the words of the timer, int64[`TIMER_WORDS`]. It may
        be compiled, as it is for values by the thousand.
        """
        with self._row._seqlock:
            count(values, self._figures)

    def _fold(self) -> None:
        """Move the buffered values into shared memory; the caller holds the row's version."""
        pending = self._pending
        if len(pending) <= FEW:
            self._check(min(pending))
            words = self._words
            for value in pending:
                words[FIRST_BUCKET + bucket_of(value)] += 1
            self._add(len(pending), sum(pending), min(pending), max(pending))
        else:
            values = np.frombuffer(pending, np.int64).copy()
            lowest = int(values.min())
            self._check(lowest)
            self._figures[FIRST_BUCKET:] += np.bincount(buckets_of(values), minlength=BUCKETS)
            self._add(len(values), int(values.sum()), lowest, int(values.max()))
        del pending[:]

    def _add(self, count: int, total: int, minimum: int, maximum: int) -> None:
        words = self._words
        if words[COUNT]:
            minimum = min(minimum, words[MINIMUM])
            maximum = max(maximum, words[MAXIMUM])
        words[COUNT] += count
        words[TOTAL] += total
        words[MINIMUM] = minimum
        words[MAXIMUM] = maximum

    def _check(self, lowest: int) -> None:
        if lowest < 0:
            del self._pending[:]
            raise ValueError(
                f"timer {self.name!r} of row {self._row.spec.name!r} must get values of 0 or more, "
                f"was {lowest}"
            )


class RowWriter:
    """The writer's side of one row, for one process and thread; made by `stats.StatsBlock.row`."""

    def __init__(self, spec: RowSpec, cells: npt.NDArray[np.int64]) -> None:
        self.spec = spec
        self._seqlock = SeqLock(cells.data)
        self._session = cells[VERSION_WORDS:][: spec.scope_words]
        self._before = cells[VERSION_WORDS + spec.scope_words :]
        self._counters: memoryview | _ClosedCells = self._session.data
        self._counter_index = {name: i for i, name in enumerate(spec.counters)}
        self._timers = {
            name: Timer(name, self, spec.timer_words(self._session, index))
            for index, name in enumerate(spec.timers)
        }

    def count(self, name: str, n: int = 1) -> None:
        """Add `n` to a counter, visible at once. Raises KeyError for an unknown name."""
        self._counters[self._counter_index[name]] += n

    def timer(self, name: str) -> Timer:
        """Return a timer, the same object every time. Raises KeyError for an unknown name."""
        return self._timers[name]

    def flush(self) -> None:
        """Make all recorded timings visible; call it once per slot or so.

        Raises ValueError if a timer was given a negative value; all values that this timer was
        given since the last flush are dropped.
        """
        waiting = [timer for timer in self._timers.values() if timer._pending]
        if waiting:
            with self._seqlock:
                for timer in waiting:
                    timer._fold()

    def reset_session(self) -> None:
        """Begin a session: its figures become 0, after they were added to those of the run."""
        self.flush()
        with self._seqlock:
            add_scope(self.spec, self._before, self._session)
            _clear(self.spec, self._session)

    def reset(self) -> None:
        """Begin all over: every figure becomes 0, and values not flushed are dropped."""
        for timer in self._timers.values():
            del timer._pending[:]
        with self._seqlock:
            self._session[:] = 0
            self._before[:] = 0

    def _close(self) -> None:
        """Flush, and let go of the shared memory: any further use raises Closed."""
        if isinstance(self._counters, _ClosedCells):
            return
        self.flush()
        closed = _ClosedCells(f"stats row {self.spec.name!r}")
        for timer in self._timers.values():
            timer._figures = self._session[:0].copy()
            timer._words = closed
            timer._append = closed.append
        self._session = self._before = self._session[:0].copy()
        self._counters = closed
        self._seqlock = SeqLock(closed)


class _ClosedCells:
    """Takes the place of a closed row's cells, so that the hot path needs no test for it."""

    def __init__(self, what: str) -> None:
        self._what = what

    def append(self, value: int) -> NoReturn:
        raise Closed(self._what)

    def __getitem__(self, index: int) -> NoReturn:
        raise Closed(self._what)

    def __setitem__(self, index: int, value: int) -> NoReturn:
        raise Closed(self._what)


def add_scope(spec: RowSpec, into: npt.NDArray[np.int64], scope: npt.NDArray[np.int64]) -> None:
    """Add the figures of `scope` to those of `into`, both laid out as one scope of `spec`."""
    counters = slice(0, len(spec.counters))
    into[counters] += scope[counters]
    for index in range(len(spec.timers)):
        total, part = spec.timer_words(into, index), spec.timer_words(scope, index)
        if not part[COUNT]:
            continue
        if total[COUNT]:
            total[MINIMUM] = min(total[MINIMUM], part[MINIMUM])
            total[MAXIMUM] = max(total[MAXIMUM], part[MAXIMUM])
        else:
            total[MINIMUM], total[MAXIMUM] = part[MINIMUM], part[MAXIMUM]
        total[COUNT] += part[COUNT]
        total[TOTAL] += part[TOTAL]
        used = _used_words(part)
        total[used] += part[used]


def _clear(spec: RowSpec, scope: npt.NDArray[np.int64]) -> None:
    """Set all figures of a scope to 0."""
    scope[: len(spec.counters)] = 0
    for index in range(len(spec.timers)):
        words = spec.timer_words(scope, index)
        if words[COUNT]:
            words[_used_words(words)] = 0
            words[:FIRST_BUCKET] = 0


def _used_words(words: npt.NDArray[np.int64]) -> slice:
    """Return which words of a timer with values hold buckets that may not be 0.

    They are few, as a timer's values are of a size, while all buckets together are 57 KiB.
    """
    lowest, highest = bucket_of(int(words[MINIMUM])), bucket_of(int(words[MAXIMUM]))
    return slice(FIRST_BUCKET + lowest, FIRST_BUCKET + highest + 1)
