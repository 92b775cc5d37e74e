"""The status of a sweep for onlookers: one page for all its passes, from its start to its end.

A stress has such a page for all its runs, too.

The page is a notice (`shm.notice`) with a JSON document of one level: what `SweepProgress` says,
with its ``share``, and

    kind            "sweep" or "stress"
    session_name    what the sweep is called
    run_dir         its folder
    began           ns since 1970
    state           "running", "done", "stopped" (by `ringtape control`) or "failed"
    pass_run_id     the run under way, whose own pages an onlooker may look at; null between two
    counters        by role and name, the counters of all passes that are over
    timed           by process and name, what their timers have timed (`StatsBlock.timed`)
    score           the figure that ranks the sets
    memory_bytes, memory_budget_bytes

``counters``, ``timed`` and ``pass_run_id`` change in one write. So the counts of the page and those
of the pass under way never add up to less than they did before.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, Final

from pipeline.errors import StoppedError
from pipeline.runner.crew import Crew
from pipeline.runner.lasting_page import lasting_page
from pipeline.sweeps.progress import SweepProgress
from shm.notice import NoticePage
from shm.role_sums import added, by_role
from shm.stats import StatsBlock

#: The least time between two writes of what changes all the time.
_EVERY_SECONDS: Final = 0.1
_LONGEST_ERROR: Final = 500


class SweepStatus:
    """Writes the page of one sweep; ``facts`` are what does not change."""

    def __init__(self, page: NoticePage, facts: Mapping[str, Any]) -> None:
        self._page = page
        self._said: dict[str, Any] = {
            "kind": "sweep",
            "began": time.time_ns(),
            "state": "running",
            "pass_run_id": None,
            "counters": {},
            "timed": {},
            **facts,
        }
        self._progress: SweepProgress | None = None
        self._memory: Callable[[], int] = lambda: 0
        self._write()

    def telling(
        self, report: Callable[[SweepProgress], None] | None, memory: Callable[[], int]
    ) -> Callable[[SweepProgress], None]:
        """Return what takes the progress of the sweep: writes it, and passes it on.

        ``memory`` says how many bytes the sweep took at most so far.
        """

        def tell(progress: SweepProgress) -> None:
            self._progress, self._memory = progress, memory
            if time.monotonic() - self._written >= _EVERY_SECONDS:
                self._write()
            if report is not None:
                report(progress)

        return tell

    def begin_pass(self, run_id: str) -> None:
        """Say which run is under way."""
        self._said["pass_run_id"] = run_id
        self._write()

    def end_pass(self, stats: StatsBlock) -> None:
        """Add the counts of a run that is over."""
        self._said["counters"] = added(self._said["counters"], by_role(stats.counters()))
        self._said["timed"] = added(self._said["timed"], stats.timed())
        self._said["pass_run_id"] = None
        self._write()

    @contextmanager
    def shown(self, crew: Crew) -> Iterator[None]:
        """Tell that a crew is at work during the block."""
        self.begin_pass(crew.run_id)
        try:
            yield
        finally:
            self.end_pass(crew.stats)

    def say(self, **facts: Any) -> None:
        """Change entries of the page."""
        self._said |= facts
        self._write()

    def end(self, state: str) -> None:
        """Say that the sweep is over."""
        self._said["state"] = state
        self._write()

    def _write(self) -> None:
        progress = self._progress
        if progress is not None:
            # Lanes that failed take their evaluations with them; a count must not go back.
            made = max(self._said.get("evaluations", 0), progress.evaluations)
            progress = replace(
                progress,
                evaluations=made,
                errors=tuple(error[:_LONGEST_ERROR] for error in progress.errors),
            )
            self._said |= {**asdict(progress), "share": progress.share}
            self._said["memory_bytes"] = self._memory()
        self._page.write(json.dumps(self._said))
        self._written = time.monotonic()


@contextmanager
def sweep_status(run_id: str, facts: Mapping[str, Any]) -> Iterator[SweepStatus]:
    """Give the status of a sweep while the block lasts."""
    with lasting_page(NoticePage.create, run_id) as page:
        status = SweepStatus(page, facts)
        try:
            yield status
        except StoppedError:
            status.end("stopped")
            raise
        except BaseException:
            status.end("failed")
            raise
        status.end("done")
