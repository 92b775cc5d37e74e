"""How far a run is: what its caller is told while it goes on, and what is known when it ends."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from pipeline.market.time.time_manager import SessionTable
from pipeline.runner.crew import COORDINATOR, Crew
from pipeline.runner.held_up import end_held_up, held_up
from pipeline.runner.steered import stands_still
from pipeline.stages import compiling
from shm.command import CommandPage
from shm.control import MemberSnapshot
from shm.stats import StatsBlock


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, by its slowest engine."""

    #: Date of the session under way; None until the tape begins.
    session_date: date | None
    #: Sessions that are over.
    sessions: int
    sessions_total: int
    #: Base bars walked so far.
    bars: int
    #: All base bars of the run.
    bars_total: int
    #: Seconds since the tape began; 0.0 until then.
    seconds: float
    #: Name of the code that is compiled before the tape begins, and how far that is, such as "the
    #: lane loop (2 of 5)"; "" for none.
    compiling: str = ""
    #: How many series of a catalog have been verified before the tape begins, such as "3 of 40
    #: series"; "" if none are at present.
    verifying: str = ""
    #: How far the import of given data is, such as "12,000,000 rows read"; "" if there is none.
    importing: str = ""
    #: The hook that does not return, such as "mine.py:12: Mine.on_bar has not returned for 9 s", or
    #: the process that is held up; "" for none.
    stuck: str = ""
    #: Whether ``ringtape control`` has paused the run, which stands still.
    paused: bool = False


class Follower:
    """Makes Progress of the counters of a run and of the cells of its members.

    ``progress`` is called with it; None for nobody. ``bars``: all base bars of the run. ``limit``:
    seconds for which a member may be held up, None for any; after that `tick` raises RunError.
    """

    def __init__(
        self,
        progress: Callable[[Progress], None] | None,
        sessions: SessionTable,
        bars: int,
        limit: float | None = None,
    ) -> None:
        self._limit = limit
        self._progress = progress
        self._sessions = sessions
        self._bars = bars
        self._began = 0.0
        self._members: Callable[[], Sequence[MemberSnapshot]] = tuple
        self._command: CommandPage | None = None
        #: Whether a slot was published, once the crew is no longer followed.
        self.tape_began = False
        #: The hook that did not return when an error ended the run; "" for none.
        self.stuck = ""

    @contextmanager
    def following(self, crew: Crew) -> Iterator[None]:
        """Follow a crew while the block lasts; note how far it was if an error ends the block."""
        self._members, self._command = crew.members, crew.command
        try:
            yield
        except BaseException:
            self.stuck = stuck_words(crew.members())
            raise
        finally:
            self.tape_began = crew.tape_began()

    def tick(self, stats: StatsBlock) -> None:
        """Tell the caller of the run how far it is."""
        end_held_up(self._members(), self._limit)
        if self._progress is None:
            return
        rows = stats.counters()
        if rows[COORDINATOR]["slots"] and not self._began:
            self._began = time.perf_counter()
        engines = [row for name, row in rows.items() if name.startswith("engine")]
        counters = min(engines, key=lambda counted: counted["slots"])
        done, sessions = counters["sessions"], self._sessions
        day = sessions.date_ns[min(done, len(sessions) - 1)] if self._began else None
        members = self._members()
        self._progress(
            Progress(
                None if day is None else day.astype("M8[ns]").astype("M8[D]").item(),
                done,
                len(sessions),
                counters["bars"],
                self._bars,
                time.perf_counter() - self._began if self._began else 0.0,
                "" if self._began else compiling.words(members),
                stuck=stuck_words(members),
                paused=stands_still(self._command),
            )
        )


def stuck_words(members: Sequence[MemberSnapshot]) -> str:
    """Say which hook has not returned, or which process is held up, and since when; "" for none.

    Of several hooks it is that of the first member.
    """
    for member in members:
        if member.stuck:
            seconds = (time.monotonic_ns() - member.stuck_since_ns) / 1e9
            return f"{member.stuck} has not returned for {seconds:.0f} s"
    found = held_up(members)
    return "" if found is None else str(found)
