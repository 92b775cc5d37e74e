"""What every worker process of a run does around its own work: join, report, leave.

supervisor --Process args--> member: attach to ring, control page and stats
                             get ready, say so; run; send facts; leave
A member that fails writes what happened into its cell of the control page and exits with 1;
one that is told to stop (abort, or its parent gone) exits with STOPPED.
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
    """A member's place in the run: everything shared that it gets, and its name on the pages.

    ``ready``: the gate by which it says that it is ready, or, for the coordinator, those of all
    the others. ``facts``: the end of a pipe that takes what it found, once, when it is done.
    ``board``: an engine's side of the scoreboard, if there is one.
    """

    index: int
    role: str
    control: ControlPage
    stats: StatsBlock
    ring: Ring
    ready: tuple[Gate, ...]
    facts: Any
    board: BoardSide | None = None


class Job(Protocol[Station]):
    """What one kind of member does: `jobs.Coordination`, `jobs.Processing` or `jobs.Analysis`."""

    def run(self, station: Station, place: Place, member: Member) -> MemberFacts:
        """Do the whole of it, and return what to send home."""


def run_member(place: Place, job: Job[Station], station: Station) -> None:
    """Be one member of a run from start to exit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us all; the supervisor decides
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    # What the libraries made lives as long as the process: not worth a collector's walk.
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
    except BaseException as error:  # noqa: BLE001 - the process ends here, and tells why
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
    """End this process when the supervisor is gone, whatever it is doing, be it an endless hook.

    Works while compiled strategies run, too: the lane loop lets go of the interpreter's lock.
    """
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os._exit(STOPPED)
