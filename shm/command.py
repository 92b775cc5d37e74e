"""The command page: what somebody outside wants of a run, and how far it obeys.

::

    wish      version | pid that has the page locked | paused | steps granted | speed f8 |
              speed given | pid that wants the run to end | number of the last command   controller
    answer    version | number of the command obeyed | paused | steps taken | speed f8 |
              close of the last moment, ns UTC | stage of the tape                       coordinator

Each is a cache line of eight words. The wish is a state, not a row of events: a coordinator that
comes later, as that of a sweep's next pass, finds all that holds. Its writer is the one process
that has the page's file locked, by `flock`; the system frees the lock when that process ends,
however it ends. Whoever finds the page locked is refused with the pid that the wish's second cell
names. That cell is written alone; all others change under the version beside them (`seqlock`).

The coordinator looks once per slot, at nothing but the version: one load. If it is even and another
one than before, it reads the wish, obeys, and writes the answer. A controller that is killed in the
middle of a change leaves an odd version: its wish is not obeyed, and the next controller's is.

A step is one moment handed on while the run is paused: there are as many as `steps granted` exceeds
`steps taken`. To go on ends those that are left.
"""

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from shm.closing import Closing
from shm.errors import Closed, SegmentMissing, Steered
from shm.layout import Field, Layout
from shm.names import LISTING
from shm.segment import Segment
from shm.seqlock import SeqLock
from shm.stale import lives

_Floats: TypeAlias = npt.NDArray[np.float64]

#: The close of the last moment of a tape that has handed on none.
NO_MOMENT = -(2**63)
#: How long a process that finds the page locked looks for the pid of the one that has it.
_NAMING_SECONDS = 0.5


class Stage(IntEnum):
    """How far the tape is that a page steers."""

    #: No coordinator has begun a tape.
    BEFORE = 0
    #: A tape is under way.
    UNDER_WAY = 1
    #: The tape has ended; another one may follow, as in a sweep.
    ENDED = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """What the last command wants: a copy, valid for ever."""

    #: The number of the command, from 1; 0: there was none.
    sequence: int
    #: Whether the run is to stand still.
    paused: bool
    #: Moments that it may hand on while it stands still, counted from the page's beginning.
    steps: int
    #: The multiple of real time; 0.0: as fast as it goes; None: as the run's settings say.
    speed: float | None
    #: The process that wants the run to end; 0: none does.
    stopped_by: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How far the coordinator has obeyed: a copy, valid for ever."""

    #: The number of the last command that it has obeyed; 0: none.
    sequence: int
    #: Whether the run stands still.
    paused: bool
    #: Moments that it has handed on while it stood still.
    steps: int
    #: The multiple of real time; 0.0: as fast as it goes.
    speed: float
    #: The close of the last moment that it had handed on by then, ns UTC; NO_MOMENT: none.
    close_ns: int
    #: How far the tape is.
    stage: Stage


class CommandPage(Closing):
    """The page of one run or sweep. Made by `create` or `attach`; pickling passes the name.

    The creator owns the segment `rt-<run_id>-<pid>-command` and removes it in `close()` or `with`.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        views = _LAYOUT.views(segment.payload)
        #: The words of the wish; the first is its version. None after `close`.
        self._wish: memoryview | None = views["wish"].data
        self._answer: memoryview = views["answer"].data
        # The same words as float64, for those that are speeds.
        self._wish_floats: _Floats = views["wish"].view(np.float64)
        self._answer_floats: _Floats = views["answer"].view(np.float64)

    @classmethod
    def create(cls, run_id: str) -> Self:
        """Create the page of a run that nobody has steered. Raises what `Segment.create` raises."""
        segment = Segment.create(run_id, "command", _LAYOUT.size, layout_hash=_LAYOUT.hash)
        page = cls(segment)
        page._answer[_CLOSE] = NO_MOMENT
        segment.mark_ready()
        return page

    @classmethod
    def attach(cls, name: str) -> Self:
        """Attach to the page of this name. Raises what `Segment.attach` raises."""
        return cls(Segment.attach(name, _LAYOUT))

    @property
    def name(self) -> str:
        """The segment's name, for `attach`."""
        return self._segment.name

    @property
    def version(self) -> int:
        """The version of the wish: odd while it changes. One load, for the coordinator's look."""
        return int(self._wish_cells()[_VERSION])

    @property
    def stopped_by(self) -> int:
        """The process that wants the run to end; 0: none does. One load, for the supervisor."""
        return int(self._wish_cells()[_STOPPED_BY])

    @property
    def paused(self) -> bool:
        """Whether the run stands still. One load, for who looks again and again."""
        self._wish_cells()
        return bool(self._answer[_PAUSED])

    def wish(self) -> Wish | None:
        """Return what the last command wants; None if its writer died. Anyone, at any time."""
        cells = self._wish_cells()

        def copy() -> Wish:
            return Wish(
                sequence=cells[_COMMAND],
                paused=bool(cells[_WISH_PAUSED]),
                steps=cells[_GRANTED],
                speed=float(self._wish_floats[_WISH_SPEED]) if cells[_SPEED_GIVEN] else None,
                stopped_by=cells[_STOPPED_BY],
            )

        found, consistent = SeqLock(cells).read(copy)
        return found if consistent else None

    def answer(self) -> Answer:
        """Return how far the coordinator has obeyed. Anyone, at any time."""
        self._wish_cells()
        cells = self._answer

        def copy() -> Answer:
            return Answer(
                sequence=cells[_OBEYED],
                paused=bool(cells[_PAUSED]),
                steps=cells[_TAKEN],
                speed=float(self._answer_floats[_SPEED]),
                close_ns=cells[_CLOSE],
                stage=Stage(cells[_STAGE]),
            )

        return SeqLock(cells).read(copy)[0]

    def write_answer(self, answer: Answer) -> None:
        """Write how far the run has obeyed. Coordinator only."""
        self._wish_cells()
        cells = self._answer
        with SeqLock(cells):
            cells[_OBEYED], cells[_PAUSED] = answer.sequence, answer.paused
            cells[_TAKEN], self._answer_floats[_SPEED] = answer.steps, answer.speed
            cells[_CLOSE], cells[_STAGE] = answer.close_ns, answer.stage

    @contextmanager
    def controller(self) -> Iterator["Controller"]:
        """Be the one process that steers, during the block.

        Raises Steered, with its pid, if another process does, and SegmentMissing if the page's name
        is gone, or if the system does not list its shared memory (macOS, Windows).
        """
        self._wish_cells()
        try:
            file = os.open(LISTING / self.name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            raise SegmentMissing(self.name) from None
        try:
            self._lock(file)
            self._wish_cells()[_PID] = os.getpid()
            try:
                yield Controller(self)
            finally:
                self._wish_cells()[_PID] = 0
        finally:
            os.close(file)  # which frees the lock

    def _lock(self, file: int) -> None:
        """Lock the page's file, or raise Steered.

        Between the lock and the pid that follows it, there is no pid on the page, or that of a
        controller that was killed: then this process looks again.
        """
        import fcntl  # Windows has no such module, and lists no shared memory

        deadline = time.monotonic() + _NAMING_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pid = int(self._wish_cells()[_PID])
                if (pid and lives(pid)) or time.monotonic() > deadline:
                    raise Steered(self.name, pid) from None
                time.sleep(0.001)
            else:
                return

    def close(self) -> None:
        """Drop the views, remove the name (owner only) and unmap. Closing again does nothing."""
        self._wish = None
        self._answer = memoryview(b"")
        self._wish_floats = self._answer_floats = np.zeros(0)
        self._segment.close()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).attach, (self.name,)

    def _wish_cells(self) -> memoryview:
        if self._wish is None:
            raise Closed(f"command page {self.name!r}")
        return self._wish


class Controller:
    """The writer's side of a wish; `CommandPage.controller` gives it, for its block.

    Each method returns the number of its command, which an Answer has once it is obeyed.
    """

    def __init__(self, page: CommandPage) -> None:
        self._page = page

    def pause(self) -> int:
        """Have the run stand still; steps that are left end."""
        return self._change({_WISH_PAUSED: 1, _GRANTED: self._page.answer().steps})

    def resume(self) -> int:
        """Let the run go on."""
        return self._change({_WISH_PAUSED: 0})

    def step(self, moments: int = 1) -> int:
        """Have the run hand on so many moments more, and stand still. ValueError below 1."""
        if moments < 1:
            raise ValueError(f"moments must be at least 1, was {moments}")
        cells, taken = self._page._wish_cells(), self._page.answer().steps
        # Of a run that goes on no step is left, whatever was granted before.
        granted = max(cells[_GRANTED], taken) if cells[_WISH_PAUSED] else taken
        return self._change({_WISH_PAUSED: 1, _GRANTED: granted + moments})

    def speed(self, multiple: float) -> int:
        """Have the tape go at a multiple of real time, 0: as fast as it goes.

        ValueError for a number below 0, infinity and NaN.
        """
        if not 0 <= multiple < math.inf:
            raise ValueError(f"speed must be a number from 0, was {multiple:g}")
        return self._change({_SPEED_GIVEN: 1}, multiple)

    def stop(self) -> int:
        """Have the run end."""
        return self._change({_STOPPED_BY: os.getpid()})

    def _change(self, words: Mapping[int, int], speed: float | None = None) -> int:
        cells = self._page._wish_cells()
        with SeqLock(cells):
            for word, value in words.items():
                cells[word] = value
            if speed is not None:
                self._page._wish_floats[_WISH_SPEED] = speed
            cells[_COMMAND] += 1
        return int(cells[_COMMAND])


# Words of the wish and of the answer.
_VERSION, _PID, _WISH_PAUSED, _GRANTED, _WISH_SPEED, _SPEED_GIVEN, _STOPPED_BY, _COMMAND = range(8)
_OBEYED, _PAUSED, _TAKEN, _SPEED, _CLOSE, _STAGE = range(1, 7)
_LAYOUT = Layout([Field("wish", np.int64, (8,)), Field("answer", np.int64, (8,))])
