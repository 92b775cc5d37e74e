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
import traceback
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from multiprocess import parent_process

from pipeline.errors import RingtapeError
from pipeline.stages.facts import MemberFacts, send_facts
from pipeline.stages.halving import BoardSide
from shm.control import ControlPage, Member
from shm.errors import Aborted, PeerDied
from shm.gate import Gate
from shm.ring import Producer, Reader, Ring
from shm.stats import StatsBlock

#: Exit code of a member that left because it was told to.
STOPPED = 3

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
    #: The end of a pipe by which the member sends its facts, once, when it is done.
    facts: Any
    #: An engine's side of the scoreboard; None if lanes are not compared.
    board: BoardSide | None = None


class Job(Protocol[Station]):
    """The work of one kind of member: `jobs.Coordination`, `jobs.Processing`, `jobs.Analysis`."""

    def run(self, station: Station, place: Place, member: Member) -> MemberFacts:
        """Do the whole job, and return the facts to send home."""


def run_member(place: Place, job: Job[Station], station: Station) -> None:
    """Be one member of a run from start to exit."""
    # Ctrl-C reaches every process of a run; the supervisor alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    # The libraries' objects live as long as the process: the collector need not look at them.
    gc.freeze()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    member = place.control.member(place.index)
    member.join()
    code = 0
    try:
        send_facts(place.facts, job.run(station, place, member))
        member.note_exit("done")
    except (Aborted, PeerDied) as error:
        member.note_exit(str(error))
        code = STOPPED
    except RingtapeError as error:
        member.fail(f"{type(error).__name__}\n{error}")
        code = 1
    except BaseException as error:  # noqa: BLE001 - the process ends here and reports any error
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        member.fail(f"RunError\n{line}\n{traceback.format_exc()}")
        code = 1
    finally:
        place.facts.close()
    sys.stdout.flush()
    sys.stderr.flush()
    # The views of slots would keep the mapping from closing in an orderly interpreter exit.
    os._exit(code)


def _end_with_supervisor() -> None:
    """End this process when the supervisor is gone, even in the middle of an endless hook.

    This works while compiled strategies run, too: the lane loop releases the interpreter's lock.
    """
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os._exit(STOPPED)
