"""The frame around the job of every worker process of a run: join, report, leave.

supervisor --Process args--> member: attach to ring, control page and stats
                             get ready, say so; run; send facts; leave
A member that fails writes the error into its cell of the control page and exits with 1. One that is
told to stop, by an abort or because its parent is gone, exits with STOPPED.
"""

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar

import pyarrow as pa
from multiprocess import parent_process

from pipeline.errors import RingtapeError, text_of
from pipeline.stages.any_text import write_any_text
from pipeline.stages.ending_signals import OF_TERMINAL
from pipeline.stages.facts import MemberFacts, send_facts
from pipeline.stages.halving import BoardSide
from pipeline.stages.held import SAFE, SAFE_PATH
from pipeline.strategy.guard import become_member
from shm.command import CommandPage
from shm.control import ControlPage, Member
from shm.errors import Aborted, PeerDied
from shm.gate import Gate
from shm.ring import Producer, Reader, Ring
from shm.stats import StatsBlock

#: Exit code of a member that left because it was told to.
STOPPED = 3
#: Time between two looks at the memory of a member.
_PEAK_EVERY_NS = 1_000_000_000

F = TypeVar("F", bound=MemberFacts)
#: A job under way: it pauses when it is ready and after each slot that it has handed on, and
#: returns its facts.
Turns: TypeAlias = Generator[None, None, F]

#: Where a member stands at the ring: the coordinator as its Producer, the others as Readers.
Station = TypeVar("Station", Producer, Reader, contravariant=True)


@dataclass(frozen=True)
class Place:
    """A member's place in the run: its name, and everything shared that it gets."""

    #: Its number on the control page.
    index: int
    #: Its role, such as "engine 0"; also the name of its row of the stats block.
    role: str
    control: ControlPage
    stats: StatsBlock
    ring: Ring
    #: The gate by which the member says that it is ready; for the coordinator, the gates of all
    #: other members.
    ready: tuple[Gate, ...]
    #: The end of a pipe by which the member sends its facts, once, when it is done; None if it has
    #: no process of its own.
    facts: Any
    #: An engine's side of the scoreboard; None if lanes are not compared.
    board: BoardSide | None = None
    #: The coordinator's page by which the run is steered from outside; None if nobody can.
    command: CommandPage | None = None

    @property
    def alone(self) -> bool:
        """Whether the member has a process of its own."""
        return self.facts is not None


class Job(Protocol[Station]):
    """The work of one kind of member: `jobs.Coordination`, `jobs.Processing`, `jobs.Analysis`."""

    def turns(self, station: Station, place: Place, member: Member) -> Turns[MemberFacts]:
        """Do the job turn by turn, and return the facts to send home."""


def finish(turns: Turns[F], member: Member) -> F:
    """Take all turns of a job, each with a sign of life, and return its facts.

    A member for which there is always a slot never waits, and waits alone would give no sign.
    """
    told = 0
    while True:
        try:
            next(turns)
        except StopIteration as end:
            facts: F = end.value
            return facts
        member.beat()
        now = time.monotonic_ns()
        if now - told > _PEAK_EVERY_NS:
            told = now
            member.note_peak_memory()


def run_member(place: Place, job: Job[Station], station: Station) -> None:
    """Be one member of a run from start to exit."""
    become_member()
    write_any_text()
    # Ctrl-C and the end of a terminal reach every process of a run; the supervisor alone decides
    # what happens then.
    for number in OF_TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    if os.environ.get(SAFE_PATH) == SAFE:
        del os.environ[SAFE_PATH]
    # The libraries' objects live as long as the process: the collector need not look at them.
    gc.freeze()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    member = place.control.member(place.index)
    member.join()
    code = 0
    try:
        threading.Thread(target=_end_with_supervisor, daemon=True).start()
        with fork_refused():
            facts = finish(job.turns(station, place, member), member)
        send_facts(place.facts, facts)
        member.note_exit("done")
    except (Aborted, PeerDied) as error:
        member.note_exit(str(error))
        code = STOPPED
    except RingtapeError as error:
        if error.__cause__ is not None:
            error.behind(error.__cause__)
        trace = error.trace and f"\n{error.trace}"
        member.fail(f"{type(error).__name__}\n{text_of(error)}{trace}")
        code = 1
    except BaseException as error:  # noqa: BLE001 - the process ends here and reports any error
        line = f"{type(error).__name__}: {text_of(error)}"
        member.fail(f"RunError\n{line}\n{''.join(traceback.format_exception(error))}")
        code = 1
    finally:
        place.facts.close()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # a hook has closed or replaced it
            stream.flush()
    # The views of slots would keep the mapping from closing in an orderly interpreter exit.
    os._exit(code)


@contextmanager
def fork_refused() -> Iterator[None]:
    """Refuse `os.fork` while the block lasts.

    The child would be a second member that walks the same slots and writes the same files. Programs
    that a hook starts (`subprocess`) are no forks of this kind.
    """
    names = [name for name in ("fork", "forkpty") if hasattr(os, name)]
    before = {name: getattr(os, name) for name in names}
    for name in names:
        setattr(os, name, _refuse_fork)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(os, name, function)


def _refuse_fork() -> NoReturn:
    raise RuntimeError(
        "a process of a run cannot be forked, because it shares memory with the others; "
        "subprocess.run starts a program"
    )


def _end_with_supervisor() -> None:
    """End this process when the supervisor is gone, even in the middle of an endless hook.

    This works while compiled strategies run, too: the lane loop releases the interpreter's lock.
    """
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os._exit(STOPPED)
