"""The edge between two stages: a gate that knows who sets the pace.

::

    mode    depth   signal_ready                           wait_until_ready
    data    1       refused while a token is not taken     waits
    data    n       gives a token                          waits
    clock   any     counts an overrun if the consumer is   waits; times how late it took a token
                    late; gives a token all the same       that was an overrun
    live    any     the same                               the same, and gives up after `timeout`

A token is one slot of the ring, so no mode ever merges or drops a token: two signals are two waits.
An event that is set would lose a second signal. Here the second signal is refused on an edge of
depth 1 whose pace the data sets; if a clock or a feed sets the pace, it is counted as an overrun
and delivered. Only the free edge, which is always data-driven, holds the producer back: its tokens
are slots that every engine has released.

An *overrun* is a signal that finds an earlier token of the edge not taken yet: the consumer is
still busy with an earlier slot. The *lateness* of an overrun is the time from that signal until the
consumer takes the signal's token.

Data-driven edges touch no memory but the semaphore. The others have a segment of their own:

    producer   signalled | overruns                                      the producer's process
    consumer   taken | overruns at reset | late | latest | timeouts      the consumer's process
    stamps     when a token was signalled, ns; 0 if in time              the producer's process

The first two fill a cache line each. Token k is stamped in cell k % cells before it is given, so
that the semaphore orders the stamp. There are `depth` stamps, but at least 64. If more tokens than
that are not taken, the oldest of them are timed from a later signal. The producer reads `taken`
without an order: if the value is old, it only counts an overrun for a consumer that took its token
at that very moment.
"""

import time
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from shm.control import ControlPage
from shm.errors import Closed, OutOfTurn, WaitTimeout
from shm.gate import Gate
from shm.layout import Field, Layout
from shm.segment import Segment

Mode = Literal["data", "clock", "live"]

# The least number of stamps.
_STAMPS = 64
_SIGNALLED, _OVERRUNS = range(2)
_TAKEN, _OVERRUNS_AT_RESET, _LATE, _LATEST, _TIMEOUTS = range(5)


@dataclass(frozen=True, slots=True)
class SubscriptionStatistics:
    """What an edge has counted since it was made or reset: a copy, valid for ever.

    The counts of a data-driven edge are always 0.
    """

    #: Which edge of its run it is, such as "e3".
    kind: str
    #: The role that gives the tokens.
    producer: str
    #: The role that takes them.
    consumer: str
    #: What sets the pace: "data", "clock" or "live".
    mode: Mode
    #: The most slots that may be under way.
    depth: int
    #: Signals that found an earlier token not taken.
    overruns: int
    #: The lateness of all overruns together.
    overrun_seconds: float
    #: The greatest lateness of one overrun.
    max_overrun_seconds: float
    #: Waits that gave up.
    timeouts: int


class StreamSubscription(Gate):
    """Tokens from the stage `producer` to the stage `consumer`: an edge of the ring.

    Made by `create`. It passes to children of "forkserver" and "spawn" contexts in the arguments of
    a Process, as a Gate does. The creator removes its names in `close()` or `with`.
    """

    __slots__ = ("_initial", "depth", "mode", "timeout")

    depth: int
    mode: Mode
    timeout: float | None
    _initial: int

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError(f"a {type(self).__name__} must be made by StreamSubscription.create()")

    @classmethod
    def create(
        cls,
        run_id: str,
        kind: str,
        *,
        producer: str,
        consumer: str,
        depth: int,
        mode: Mode,
        initial: int = 0,
        control: ControlPage | None = None,
        timeout: float | None = None,
    ) -> "StreamSubscription":
        """Create an edge.

        Args:
            run_id: the run's.
            kind: a name that is unique in the run.
            producer: the role that gives tokens.
            consumer: the role that takes them.
            depth: the most slots that may be under way.
            mode: what sets the pace.
            initial: tokens that are there from the start: the slots of a free edge.
            control: the page whose abort flag ends a wait.
            timeout: seconds after which a wait of a live edge gives up, unless the wait is given
                another number.

        Raises ValueError for a depth below 1, for more initial tokens than depth, for initial
        tokens on an edge that a clock or feed paces, and for a timeout that a live edge lacks or
        another edge has; besides, all that a Gate and `Segment.create` raise.
        """
        _check(kind, depth, mode, initial, timeout)
        edge = object.__new__(_class_of(mode, depth))
        Gate.__init__(
            edge,
            run_id,
            kind,
            producer=producer,
            consumer=consumer,
            initial=initial,
            control=control,
        )
        edge.depth, edge.mode, edge.timeout, edge._initial = depth, mode, timeout, initial
        try:
            edge._make_memory(run_id)
        except BaseException:
            Gate.close(edge)
            raise
        return edge

    def _make_memory(self, run_id: str) -> None:
        """Make the memory beside the semaphore. An edge of this class has none."""

    @property
    def overruns(self) -> int:
        """Signals since the last reset that found the consumer late. Anyone, at any time."""
        return self.statistics().overruns

    @property
    def overrun_seconds(self) -> float:
        """The lateness of all overruns together, in seconds. Anyone."""
        return self.statistics().overrun_seconds

    @property
    def max_overrun_seconds(self) -> float:
        """The greatest lateness of one overrun, in seconds. Anyone."""
        return self.statistics().max_overrun_seconds

    def statistics(self) -> SubscriptionStatistics:
        """Return a copy of what the edge has counted. Anyone, at any time, until `close`."""
        return self._statistics(0, 0, 0, 0)

    def reset(self) -> None:
        """Return to the state of a new edge: the initial tokens and no others, all figures 0.

        Consumer only, and only while the producer does not signal, as between two runs over the
        same edges: a token that comes in the middle may be lost or kept. It is there for users of
        single edges; a crew makes its edges anew for each run.
        """
        self.drain()
        for _ in range(self._initial):
            super().signal_ready()

    def _statistics(
        self, overruns: int, late: int, latest: int, timeouts: int
    ) -> SubscriptionStatistics:
        return SubscriptionStatistics(
            kind=self.kind,
            producer=self.producer,
            consumer=self.consumer,
            mode=self.mode,
            depth=self.depth,
            overruns=overruns,
            overrun_seconds=late / 1e9,
            max_overrun_seconds=latest / 1e9,
            timeouts=timeouts,
        )

    def __getstate__(self) -> tuple[object, ...]:
        own = (self.depth, self.mode, self.timeout, self._initial)
        return super().__getstate__(), own

    def __setstate__(self, state: tuple[object, ...]) -> None:
        gate, own = state
        super().__setstate__(gate)  # type: ignore[arg-type]  # as __getstate__ gave it
        self.depth, self.mode, self.timeout, self._initial = cast(
            "tuple[int, Mode, float | None, int]", own
        )

    def __repr__(self) -> str:
        return f"{self.mode} edge {self.kind!r} from {self.producer} to {self.consumer}"


class _OneShotSubscription(StreamSubscription):
    """A data-driven edge of depth 1: a token must be taken before the next is given."""

    __slots__ = ()

    def signal_ready(self) -> None:
        """Give one token. Raises OutOfTurn, and gives none, while the one before is not taken.

        A consumer that is dismissed takes no tokens: then nothing is raised.
        """
        # To take the token back is the only way to ask a semaphore that works on all systems.
        if self.poll():
            super().signal_ready()
            if self._control is not None and self._control.is_dismissed(self.consumer):
                return
            raise OutOfTurn(
                f"{self.producer} signalled {self} of depth 1 again before {self.consumer} took "
                "the token before"
            )
        super().signal_ready()


class _PacedSubscription(StreamSubscription):
    """An edge paced by a clock or a feed: it counts and times a late consumer."""

    __slots__ = ("_consumer", "_producer", "_segment", "_stamps")

    def _make_memory(self, run_id: str) -> None:
        layout = _layout(self.depth)
        segment = Segment.create(run_id, self.kind, layout.size, layout_hash=layout.hash)
        self._map(segment)
        segment.mark_ready()

    def _map(self, segment: Segment) -> None:
        self._segment = segment
        views = _layout(self.depth).views(segment.payload)
        # Memoryviews: reading and writing one cell costs a third of what it does in an array.
        self._producer: memoryview = views["producer"].data
        self._consumer: memoryview = views["consumer"].data
        self._stamps: memoryview = views["stamps"].data

    def signal_ready(self) -> None:
        """Give one token; count an overrun if the one before is not taken. Producer only."""
        cells, stamps = self._producer, self._stamps
        signalled = cells[_SIGNALLED]
        late = signalled > self._consumer[_TAKEN]
        if late:
            cells[_OVERRUNS] += 1
        stamps[signalled % len(stamps)] = time.monotonic_ns() if late else 0
        cells[_SIGNALLED] = signalled + 1
        super().signal_ready()

    def wait_until_ready(self, timeout: float | None = None) -> None:
        """Take one token, waiting at most `timeout` seconds for it; None: as `create` was told.

        Consumer only. Raises WaitTimeout (the wait may be repeated), Aborted and PeerDied.
        """
        try:
            super().wait_until_ready(self.timeout if timeout is None else timeout)
        except WaitTimeout:
            self._consumer[_TIMEOUTS] += 1
            raise
        self._took()

    def poll(self) -> bool:
        """Take one token if there is one, and say whether there was. Never waits. Consumer only."""
        taken = super().poll()
        if taken:
            self._took()
        return taken

    def drain(self) -> int:
        """Take all tokens there are and return how many there were. Never waits. Consumer only.

        They count as taken in time: no process was waiting for their slots.
        """
        count = super().drain()
        self._consumer[_TAKEN] += count
        return count

    def _took(self) -> None:
        cells, stamps = self._consumer, self._stamps
        taken = cells[_TAKEN]
        stamp = stamps[taken % len(stamps)]
        cells[_TAKEN] = taken + 1
        if stamp:
            late = time.monotonic_ns() - stamp
            cells[_LATE] += late
            cells[_LATEST] = max(cells[_LATEST], late)

    def reset(self) -> None:
        """Return to the state of a new edge: no token, all figures 0.

        Consumer only, and only while the producer does not signal, as between two runs over the
        same edges: a token that comes in the middle may be lost or kept.
        """
        super().reset()
        cells = self._consumer
        cells[_OVERRUNS_AT_RESET] = self._producer[_OVERRUNS]
        cells[_LATE] = cells[_LATEST] = cells[_TIMEOUTS] = 0

    def statistics(self) -> SubscriptionStatistics:
        """Return a copy of what the edge has counted. Anyone, at any time, until `close`."""
        cells = self._consumer
        overruns = self._producer[_OVERRUNS] - cells[_OVERRUNS_AT_RESET]
        return self._statistics(overruns, cells[_LATE], cells[_LATEST], cells[_TIMEOUTS])

    def close(self) -> None:
        """Remove the names (owner only) and let go of the memory. Closing again does nothing."""
        super().close()
        self._producer = self._consumer = self._stamps = cast("memoryview", _ClosedCells(str(self)))
        self._segment.close()

    def __getstate__(self) -> tuple[object, ...]:
        return super().__getstate__(), self._segment

    def __setstate__(self, state: tuple[object, ...]) -> None:
        edge, segment = cast("tuple[tuple[object, ...], Segment]", state)
        super().__setstate__(edge)
        self._map(segment)


class _ClosedCells:
    """Takes the place of a closed edge's cells, so that the hot path needs no test for it."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getitem__(self, index: int) -> int:
        raise Closed(self._what)


def _class_of(mode: Mode, depth: int) -> type[StreamSubscription]:
    if mode != "data":
        return _PacedSubscription
    return _OneShotSubscription if depth == 1 else StreamSubscription


def _check(kind: str, depth: int, mode: Mode, initial: int, timeout: float | None) -> None:
    """Raise ValueError if the settings of an edge are wrong or contradict each other."""
    if mode not in ("data", "clock", "live"):
        raise ValueError(f"mode of edge {kind!r} must be data, clock or live, was {mode!r}")
    if depth < 1:
        raise ValueError(f"depth of edge {kind!r} must be at least 1, was {depth}")
    if initial > depth:
        raise ValueError(f"edge {kind!r} of depth {depth} cannot start with {initial} tokens")
    if initial and mode != "data":
        raise ValueError(
            f"edge {kind!r} starts with {initial} tokens: it is a free edge, whose mode must be "
            f"data, was {mode}"
        )
    if (timeout is None) == (mode == "live"):
        raise ValueError(
            f"a live edge has a timeout and no other has, edge {kind!r} is of mode {mode} and "
            f"timeout {timeout}"
        )


def _layout(depth: int) -> Layout:
    return Layout(
        [
            Field("producer", np.int64, (8,)),
            Field("consumer", np.int64, (8,)),
            Field("stamps", np.int64, (max(depth, _STAMPS),)),
        ]
    )
