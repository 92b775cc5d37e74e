"""Processes of a run that the system holds up: stopped by a signal, or waiting for a disk.

All others wait for such a member, which gives no sign of life and reports no error. Without the
fork server no member is started, and nobody learns that one has ended.
"""

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import psutil

from pipeline.errors import RunError
from pipeline.runner.fork_server import server_pid
from shm.control import MemberSnapshot

#: A member that has given no sign of life for so long is looked at. At work on a slot it gives none
#: either, so this alone says nothing.
_SILENT_SECONDS: Final = 3.0
_STATES: Final = {
    psutil.STATUS_STOPPED: "is stopped (`kill -CONT {pid}` lets it go on)",
    psutil.STATUS_TRACING_STOP: "is stopped by a debugger",
    psutil.STATUS_DISK_SLEEP: "waits for a disk or a network file system",
}


#: Since when the fork server is held up, by the number of its process.
_server_since: dict[int, float] = {}


class HeldUp(NamedTuple):
    """A process that is held up."""

    #: Its role and its process, and what holds it up, in words.
    words: str
    #: Since when it has given no sign of life.
    seconds: float

    def __str__(self) -> str:
        return f"{self.words}, silent for {self.seconds:.0f} s"


def held_up(members: Sequence[MemberSnapshot]) -> HeldUp | None:
    """Return the process that is held up, the longest silent one of several; None for none."""
    now = time.monotonic_ns()
    found = _held_up_server()
    for member in members:
        seconds = (now - member.heartbeat_ns) / 1e9
        if member.pid and not member.exit_note and seconds >= _SILENT_SECONDS:
            state = _STATES.get(_status(member.pid))
            if state is not None:
                words = f"{member.role} (process {member.pid}) {state.format(pid=member.pid)}"
                found.append(HeldUp(words, seconds))
    return max(found, key=lambda one: one.seconds, default=None)


def _held_up_server() -> list[HeldUp]:
    """Return the fork server if it is held up, and has been since an earlier call."""
    pid = server_pid()
    state = None if pid is None else _STATES.get(_status(pid))
    if pid is None or state is None:
        _server_since.clear()
        return []
    seconds = time.monotonic() - _server_since.setdefault(pid, time.monotonic())
    words = f"the fork server (process {pid}) {state.format(pid=pid)}"
    return [HeldUp(words, seconds)] if seconds >= _SILENT_SECONDS else []


def end_held_up(members: Sequence[MemberSnapshot], limit: float | None) -> None:
    """Raise RunError if a process has been held up for ``limit`` seconds; None: never."""
    if limit is None:
        return
    found = held_up(members)
    if found is not None and found.seconds >= limit:
        raise RunError(f"{found}; pipeline.held_up_seconds allows {limit:g} s")


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.Error:  # it has ended, which others notice
        return ""
