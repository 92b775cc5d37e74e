"""What a run says when one of its processes is stopped for a second, or killed.

Each fault is done to a run of its own, in the middle of an open loop. Afterwards nothing may be
left of the run: no process, no segment, no semaphore.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psutil

from pipeline.checks.stress.result import Fault, OpenPoint
from pipeline.checks.stress.rig import Onlooker
from pipeline.errors import RingtapeError, text_of
from pipeline.runner.crew import Crew
from pipeline.runner.progress import stuck_words
from shm.names import LISTING

ROLES: Final = ("coordinator", "processor 0", "engine 0")
STOPPED: Final = "stopped for 1 s"
KILLED: Final = "killed"
#: Seconds after the start of the tape at which the fault comes, and for which a stop lasts.
_AFTER: Final = 0.5
_STOP_SECONDS: Final = 1.0


@dataclass
class _Culprit:
    """Does a fault to one process of a run, and notes what the run says of it."""

    role: str
    fault: str
    run_id: str = ""
    pids: list[int] = field(default_factory=list)
    struck: float = 0.0
    said: str = ""
    said_after: float | None = None
    _began: float = 0.0
    _pid: int = 0

    def look(self, crew: Crew) -> None:
        """Strike, or let go on, when it is time; note the first words on it."""
        now = time.monotonic()
        members = crew.members()
        self.run_id, self.pids = crew.run_id, [member.pid for member in members]
        if not self._began and crew.tape_began():
            self._began = now
        if not self.struck and self._began and now - self._began >= _AFTER:
            self._pid = next(member.pid for member in members if member.role == self.role)
            self._send(signal.SIGSTOP if self.fault == STOPPED else signal.SIGKILL)
            self.struck = now
        elif self.struck and self._pid and now - self.struck >= _STOP_SECONDS:
            self.go_on()
        if self.struck and not self.said:
            self._note(stuck_words(members))

    def go_on(self) -> None:
        """Let a stopped process go on."""
        if self.fault == STOPPED and self._pid:
            self._send(signal.SIGCONT)
            self._pid = 0

    def failed(self, error: RingtapeError) -> None:
        """Note the error with which the run ended."""
        self._note(text_of(error))

    def _note(self, words: str) -> None:
        if words:
            self.said, self.said_after = words, time.monotonic() - self.struck

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)


def do_faults(
    offer: Callable[[Onlooker], OpenPoint], tell: Callable[[Fault], None] = lambda fault: None
) -> tuple[Fault, ...]:
    """Stop, then kill each role; ``offer(onlooker)`` is one run of some seconds at a rate."""
    found = []
    for role in ROLES:
        for kind in (STOPPED, KILLED):
            found.append(_fault(offer, role, kind))
            tell(found[-1])
    return tuple(found)


def _fault(offer: Callable[[Onlooker], OpenPoint], role: str, kind: str) -> Fault:
    culprit = _Culprit(role, kind)
    went_on, latest = True, 0.0
    try:
        latest = offer(culprit.look).latency.maximum
    except RingtapeError as error:
        went_on = False
        culprit.failed(error)
    finally:
        culprit.go_on()
    said = culprit.said
    if not culprit.struck:
        said = "The run was over before the fault came."
    elif went_on and not said:
        said = f"The run went on; a bar waited for {latest:.2f} s at most."
    return Fault(
        role=role,
        fault=kind,
        said=said,
        seconds=culprit.said_after,
        went_on=went_on,
        left_behind=tuple(left_behind(culprit.run_id, culprit.pids)),
    )


def left_behind(run_id: str, pids: list[int]) -> Iterator[str]:
    """Give the names of all that is left of a run: processes, segments, semaphores."""
    for pid in pids:
        with suppress(psutil.Error):
            if pid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                yield f"process {pid}"
    if run_id and LISTING.is_dir():
        yield from (path.name for path in LISTING.iterdir() if f"rt-{run_id}-" in path.name)
