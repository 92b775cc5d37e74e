"""The control page: one per run, read by all of its processes.

::

    run       state | aborted | began | bars expected | slots          supervisor
    title     what the run is called                                   creator, before ready
    abort     version | who | why                                      supervisor
    roles     the name of each member                                  creator, before ready
    dismissed 1 for each member that the run goes on without           supervisor
    member i  version | pid | heartbeat | peak memory | failed         member i
              task | since                                             member i
              step | steps begun | steps known                         member i
              place where it is stuck | since                          member i
              exit note | error                                        member i

A member may have to prepare something before it can work. The user of the page numbers these steps
from 0 to 62; a set of steps is a word with one bit for each. A member that dies in a run that can
do without it is dismissed: members that wait for its tokens are told so, once all tokens that it
gave are taken.

A member may notice that it makes no progress, and writes where: a thread of its own may do that, so
the place has a version of its own.

A member that fails writes its own cell and leaves; the supervisor, which sees it leave, writes the
abort. So the abort flag has one writer, and all waits (`gate`) watch one flag. A number is a single
cell and always whole; texts are read under the version beside them (`seqlock`). The fence before
the store of `aborted` in `abort` pairs with the one after its load in `check`, and forbids that a
process which sees the flag reads older texts.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shm.closing import Closing
from shm.errors import Aborted, Closed
from shm.layout import Field, Layout
from shm.peak_memory import peak_memory_bytes
from shm.segment import Segment
from shm.seqlock import SeqLock, fence

WHO_BYTES = 64
WHY_BYTES = 1024
ROLE_BYTES = 64
TITLE_BYTES = 512
NOTE_BYTES = 256
STUCK_BYTES = 512
ERROR_BYTES = 4096

#: The task of a member that is at work on no task.
NO_TASK = -1
#: The step of a member that prepares nothing, and the highest number of a step.
NO_STEP, LAST_STEP = -1, 62


class RunState(IntEnum):
    """How far the run is."""

    STARTING = 0
    RUNNING = 1
    STOPPING = 2
    DONE = 3
    FAILED = 4


@dataclass(frozen=True, slots=True)
class MemberSnapshot:
    """The content of one member's cell: a copy, valid for ever."""

    #: The member's number, by the order of the roles.
    index: int
    #: Its role, such as "engine 0".
    role: str
    #: Its process; 0 until it has joined.
    pid: int
    #: Its last sign of life on `time.monotonic_ns`, a clock that all processes of a machine share;
    #: 0 until it has joined.
    heartbeat_ns: int
    #: Its peak resident memory in bytes, as last noted.
    peak_memory: int
    #: Whether it has written an error.
    failed: bool
    #: How it left; empty while it runs.
    exit_note: str
    #: Its last error, cut to 4096 bytes; empty without one.
    error: str
    #: False if it was killed while it wrote a text, so that a text may be cut or mixed.
    consistent: bool
    #: The task that it is at work on; NO_TASK: none.
    task: int
    #: When it began with the task, on the clock of ``heartbeat_ns``, less the time that it had
    #: spent on it before.
    since_ns: int
    #: The step that it prepares now; NO_STEP: none.
    step: int
    #: The steps that it has begun; bit k is step k.
    steps_begun: int
    #: The steps that it has begun or knows that it must do; bit k is step k.
    steps_known: int
    #: Where it has made no progress for a while, in words; empty if it is not stuck.
    stuck: str
    #: Since when, on the clock of ``heartbeat_ns``.
    stuck_since_ns: int


class Member:
    """The writer's side of one member's cell; made by `ControlPage.member` in its process.

    Valid until the page is closed; its methods raise Closed after.
    """

    def __init__(self, page: "ControlPage", index: int) -> None:
        self._page = page
        self.index = index

    def join(self) -> None:
        """Write this process's pid and the first heartbeat."""
        self._page._cells(self.index)[_PID] = os.getpid()
        self.begin(NO_TASK)
        self.prepare(NO_STEP)
        self.beat()

    def beat(self) -> None:
        """Write a heartbeat. A wait at a gate with this page does so, too, once in 50 ms."""
        self._page._cells(self.index)[_HEARTBEAT] = time.monotonic_ns()

    def begin(self, task: int, spent_ns: int = 0) -> None:
        """Write that this member is at work on ``task`` from now on; NO_TASK: on none.

        ``spent_ns``: how long it was at work on the same task before.
        """
        cells = self._page._cells(self.index)
        # In this order a reader may see the earlier task with the later time, but never the
        # later task with the earlier time, which would make it look stuck.
        cells[_SINCE] = time.monotonic_ns() - spent_ns
        cells[_TASK] = task

    def desk(self) -> npt.NDArray[np.int64]:
        """Return the task and since when, i8[2], for code that does what `begin` does."""
        return np.asarray(self._page._cells(self.index))[_TASK : _SINCE + 1]

    def prepare(self, step: int, known: int = 0) -> None:
        """Write which step this member prepares from now on; NO_STEP: none.

        ``known``: the steps that it knows it must do, bit k for step k, added to those known
        before. Raises ValueError for a step that is neither NO_STEP nor 0 to LAST_STEP.
        """
        if not NO_STEP <= step <= LAST_STEP:
            raise ValueError(f"step must be {NO_STEP} to {LAST_STEP}, was {step}")
        cells = self._page._cells(self.index)
        bit = 0 if step == NO_STEP else 1 << step
        cells[_KNOWN] |= known | bit
        cells[_BEGUN] |= bit
        cells[_STEP] = step

    @property
    def prepares(self) -> bool:
        """Whether this member prepares a step."""
        return self._page._cells(self.index)[_STEP] != NO_STEP

    def note_stuck(self, place: str, since_ns: int) -> None:
        """Write where this member makes no progress (cut to 512 bytes) and since when; "": it does.

        Of all methods, one thread of the process calls this one, and another may call the others.
        """
        cells = self._page._cells(self.index)
        with SeqLock(cells[_STUCK_VERSION:]):
            _write_text(self._page._view("stuck")[self.index], place)
            cells[_STUCK_SINCE] = since_ns

    def note_peak_memory(self) -> None:
        """Write the peak resident memory this process has had so far."""
        self._page._cells(self.index)[_PEAK_MEMORY] = peak_memory_bytes()

    def note_exit(self, note: str) -> None:
        """Write how this member leaves (cut to 256 bytes), with its peak memory."""
        self.note_peak_memory()
        with self._page._version_of(self.index):
            _write_text(self._page._view("exit_note")[self.index], note)

    def fail(self, error: str) -> None:
        """Write the text of an error (cut to 4096 bytes), replacing an earlier one."""
        with self._page._version_of(self.index):
            _write_text(self._page._view("error")[self.index], error)
            self._page._cells(self.index)[_FAILED] = 1


class ControlPage(Closing):
    """State and abort flag of a run, and a cell for each of its members.

    Made by `create` (supervisor) or `attach`; pickling passes the name. The creator owns the
    segment `rt-<run_id>-<pid>-control` and removes it in `close()` or `with`.
    """

    def __init__(self, segment: Segment, roles: tuple[str, ...], layout: Layout) -> None:
        self._segment = segment
        self.roles = roles
        self._views: dict[str, npt.NDArray[Any]] | None = layout.views(segment.payload)
        self._run = self._views["run"].data
        self._members: dict[int, Member] = {}

    @classmethod
    def create(cls, run_id: str, roles: Sequence[str], *, title: str = "", bars: int = 0) -> Self:
        """Create the page of a run whose members have these roles (at most 64 bytes each).

        ``title``: what the run is called, cut to 512 bytes. ``bars``: how many bars are expected;
        0: unknown.

        Raises ValueError for an empty or longer role, and all that `Segment.create` raises.
        """
        for role in roles:
            if not 0 < len(role.encode()) <= ROLE_BYTES:
                raise ValueError(f"role must have 1 to {ROLE_BYTES} bytes, was {role!r}")
        layout = _layout(len(roles))
        segment = Segment.create(run_id, "control", layout.size, layout_hash=layout.hash)
        page = cls(segment, tuple(roles), layout)
        # A member that has not joined is at work on no task, while 0 would be a task.
        page._view("members")[:, _TASK] = NO_TASK
        page._view("members")[:, _STEP] = NO_STEP
        for cell, role in zip(page._view("roles"), roles, strict=True):
            _write_text(cell, role)
        _write_text(page._view("title"), title)
        page._run[_BEGAN], page._run[_BARS] = time.time_ns(), bars
        segment.mark_ready()
        return page

    @classmethod
    def attach(cls, name: str) -> Self:
        """Attach to the page of this name. Raises what `Segment.attach` raises."""
        segment = Segment.attach(name)
        count = (segment.size - _layout(0).size) // (_layout(1).size - _layout(0).size)
        layout = _layout(max(0, count))
        segment.check_layout(layout)
        roles = tuple(_read_text(cell) for cell in layout.views(segment.payload)["roles"])
        return cls(segment, roles, layout)

    @property
    def name(self) -> str:
        """The segment's name, for `attach`."""
        return self._segment.name

    @property
    def state(self) -> RunState:
        """How far the run is."""
        return RunState(self._run_cells()[_STATE])

    @property
    def title(self) -> str:
        """What the run is called."""
        return _read_text(self._view("title"))

    @property
    def began_ns(self) -> int:
        """When the page was made, in ns since 1970."""
        return self._run_cells()[_BEGAN]

    @property
    def bars(self) -> int:
        """How many bars the run expects; 0: unknown."""
        return self._run_cells()[_BARS]

    @property
    def slots(self) -> int:
        """How many slots the run's ring has; 0 until it has a ring."""
        return self._run_cells()[_SLOTS]

    def set_slots(self, slots: int) -> None:
        """Write how many slots the run's ring has. Supervisor only."""
        self._run_cells()[_SLOTS] = slots

    def set_state(self, state: RunState) -> None:
        """Write the state. Supervisor only."""
        self._run_cells()[_STATE] = state

    def abort(self, who: str, why: str) -> None:
        """End every wait of the run with Aborted(who, why). Supervisor only; the first counts."""
        run = self._run_cells()
        if run[_ABORTED]:
            return
        with SeqLock(run[_ABORT_VERSION:]):
            _write_text(self._view("who"), who)
            _write_text(self._view("why"), why)
        fence()
        run[_ABORTED] = 1

    @property
    def aborted(self) -> bool:
        """Whether the run is being aborted. For onlookers; members call `check`."""
        return bool(self._run_cells()[_ABORTED])

    def check(self) -> None:
        """Write a heartbeat for the members that run here; raise Aborted if the run is aborted."""
        for member in self._members.values():
            member.beat()
        if self._run_cells()[_ABORTED]:
            fence()
            raise Aborted(*self._abort_texts())

    def dismiss(self, role: str) -> None:
        """Let the run go on without a member that is dead. Supervisor only."""
        self._view("dismissed")[self.roles.index(role), 0] = 1

    def is_dismissed(self, role: str) -> bool:
        """Whether the run goes on without this member. False for any other name. Anyone."""
        return role in self.roles and bool(self._view("dismissed")[self.roles.index(role), 0])

    def member(self, index: int) -> Member:
        """Return the writer's side of member `index`, for the process that is this member."""
        if not 0 <= index < len(self.roles):
            raise IndexError(f"member must be 0 to {len(self.roles) - 1}, was {index}")
        return self._members.setdefault(index, Member(self, index))

    def members(self) -> tuple[MemberSnapshot, ...]:
        """Return a copy of every member's cell, in the order of the roles. Anyone, at any time."""
        return tuple(self._snapshot(index) for index in range(len(self.roles)))

    def close(self) -> None:
        """Drop the views, remove the name (owner only) and unmap. Closing again does nothing."""
        self._views = None
        self._run = memoryview(b"")
        self._members.clear()
        self._segment.close()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).attach, (self.name,)

    def _snapshot(self, index: int) -> MemberSnapshot:
        def texts() -> tuple[str, str]:
            return (
                _read_text(self._view("exit_note")[index]),
                _read_text(self._view("error")[index]),
            )

        (exit_note, error), consistent = self._version_of(index).read(texts)
        cells = self._cells(index)
        stuck = SeqLock(cells[_STUCK_VERSION:])
        (place, since), _ = stuck.read(
            lambda: (_read_text(self._view("stuck")[index]), cells[_STUCK_SINCE])
        )
        return MemberSnapshot(
            index=index,
            role=self.roles[index],
            pid=cells[_PID],
            heartbeat_ns=cells[_HEARTBEAT],
            peak_memory=cells[_PEAK_MEMORY],
            failed=bool(cells[_FAILED]),
            exit_note=exit_note,
            error=error,
            consistent=consistent,
            task=cells[_TASK],
            since_ns=cells[_SINCE],
            step=cells[_STEP],
            steps_begun=cells[_BEGUN],
            steps_known=cells[_KNOWN],
            stuck=place,
            stuck_since_ns=since,
        )

    def _abort_texts(self) -> tuple[str, str]:
        def texts() -> tuple[str, str]:
            return _read_text(self._view("who")), _read_text(self._view("why"))

        return SeqLock(self._run_cells()[_ABORT_VERSION:]).read(texts)[0]

    def _view(self, name: str) -> npt.NDArray[Any]:
        if self._views is None:
            raise Closed(f"control page {self.name!r}")
        return self._views[name]

    def _run_cells(self) -> memoryview:
        if self._views is None:
            raise Closed(f"control page {self.name!r}")
        return self._run

    def _cells(self, index: int) -> memoryview:
        cells: npt.NDArray[np.int64] = self._view("members")[index]
        return cells.data

    def _version_of(self, index: int) -> SeqLock:
        return SeqLock(self._cells(index)[_VERSION:])


# Words of the run's row, a cache line of eight, and of a member's row, two such lines.
_STATE, _ABORTED, _ABORT_VERSION, _BEGAN, _BARS, _SLOTS = range(6)
_VERSION, _PID, _HEARTBEAT, _PEAK_MEMORY, _FAILED, _TASK, _SINCE = range(7)
_STEP, _BEGUN, _KNOWN, _STUCK_VERSION, _STUCK_SINCE = range(8, 13)


def _layout(members: int) -> Layout:
    return Layout(
        [
            Field("run", np.int64, (8,)),
            Field("title", np.uint8, (TITLE_BYTES,)),
            Field("who", np.uint8, (WHO_BYTES,)),
            Field("why", np.uint8, (WHY_BYTES,)),
            Field("roles", np.uint8, (members, ROLE_BYTES)),
            Field("dismissed", np.int64, (members, 8)),  # a cache line each, as the others
            Field("members", np.int64, (members, 16)),
            Field("stuck", np.uint8, (members, STUCK_BYTES)),
            Field("exit_note", np.uint8, (members, NOTE_BYTES)),
            Field("error", np.uint8, (members, ERROR_BYTES)),
        ]
    )


def _write_text(cell: npt.NDArray[Any], text: str) -> None:
    """Write `text` as UTF-8, cut between characters where it is too long, padded with zeros."""
    data = text.encode("utf-8", "replace")[: len(cell)]
    data = data.decode("utf-8", "ignore").encode()
    cell[:] = np.frombuffer(data.ljust(len(cell), b"\0"), np.uint8)


def _read_text(cell: npt.NDArray[Any]) -> str:
    return cell.tobytes().rstrip(b"\0").decode("utf-8", "replace")
