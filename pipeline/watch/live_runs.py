"""Finds the runs that are alive on this machine, and reads their shared memory without writing."""

from __future__ import annotations

import os
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from pipeline.errors import RingtapeError
from shm.control import ControlPage
from shm.errors import SegmentMismatch, SegmentMissing
from shm.histogram import Distribution
from shm.names import LISTING, SharedName, is_of_this_space, list_segments
from shm.stale import lives
from shm.stats import Figures, StatsBlock


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run whose supervisor was alive when the run was found."""

    run_id: str
    #: Process id of the supervisor.
    pid: int
    #: Name of the segment with the control page.
    control: str
    #: Name of the segment with the stats block.
    stats: str

    def is_alive(self) -> bool:
        """Whether the supervisor is still alive."""
        return self in live_runs()

    def attach(self) -> RunView:
        """Attach to the run's shared memory. ShmError if the run has ended in the meantime."""
        control = ControlPage.attach(self.control)
        try:
            return RunView(self, control, StatsBlock.attach(self.stats))
        except BaseException:
            control.close()
            raise

    def describe(self) -> dict[str, Any]:
        """Return what the run is and how far; a run that has just gone is "ending".

        session_name, run_dir (None for a pass of a sweep), began (ns since 1970), done (the share
        of the tape that every engine has walked, 0 to 1; None if it is not known), state, number of
        processes, and the ids of the run and of its supervisor.
        """
        about: dict[str, Any] = {"state": "ending", "processes": 0, "session_name": ""}
        about |= {"run_dir": None, "began": None, "done": None}
        with suppress(SegmentMissing, SegmentMismatch), closing(self.attach()) as view:
            about = view.about()
        return {"run_id": self.run_id, "pid": self.pid, **about}


def live_runs() -> list[LiveRun]:
    """Return every run with a living supervisor that this user may look at, by id.

    There is none if the system lists no segments.
    """
    segments: dict[tuple[str, int], dict[str, SharedName]] = {}
    for name in list_segments():
        segments.setdefault((name.run_id, name.owner_pid), {})[name.kind] = name
    return [
        LiveRun(run_id, pid, kinds["control"].text, kinds["stats"].text)
        for (run_id, pid), kinds in sorted(segments.items())
        if {"control", "stats"} <= kinds.keys() and is_of_this_space(run_id) and lives(pid)
        if all(
            os.access(LISTING / kinds[kind].text, os.R_OK, effective_ids=True)
            for kind in ("control", "stats")
        )
    ]


def find_run(beginning: str | None) -> LiveRun:
    """Return the only run whose id begins so; None stands for any id.

    RingtapeError if there is no such run or several.
    """
    if not LISTING.is_dir():
        raise RingtapeError(
            f"runs cannot be looked up: this system does not list them in {LISTING}"
        )
    runs = live_runs()
    found = [run for run in runs if run.run_id.startswith(beginning or "")]
    if len(found) == 1:
        return found[0]
    names = ", ".join(run.run_id for run in runs)
    there = f"alive are {names}" if runs else "no run is alive"
    if beginning is None:
        raise RingtapeError(f"several runs are alive, name one of {names}" if runs else there)
    count = "several runs begin" if found else "no live run begins"
    raise RingtapeError(f"{count} with {beginning!r}; {there}")


class RunView:
    """An open view of one run, to be closed. It does not keep the run from ending."""

    def __init__(self, run: LiveRun, control: ControlPage, stats: StatsBlock) -> None:
        self._run = run
        self._control = control
        self._stats = stats

    def close(self) -> None:
        """Detach."""
        self._stats.close()
        self._control.close()

    def about(self) -> dict[str, Any]:
        """Return what the run is and how far, as `LiveRun.describe` says it, without ids."""
        name, _, folder = self._control.title.partition("\n")
        rows = self._stats.counters()
        walked = [row["bars"] for name, row in rows.items() if name.startswith("engine")]
        expected = self._control.bars
        return {
            "session_name": name,
            "run_dir": folder or None,
            "began": self._control.began_ns,
            "done": min(1.0, min(walked, default=0) / expected) if expected else None,
            "state": self._control.state.name.lower(),
            "processes": len(self._control.roles),
        }

    def document(self) -> dict[str, Any]:
        """Return what the run is, its processes and their stats as a JSON document.

        Times are in seconds, memory is in bytes.
        """
        now = time.monotonic_ns()
        return {
            "run_id": self._run.run_id,
            "pid": self._run.pid,
            **self.about(),
            "processes": [
                {
                    "role": member.role,
                    "pid": member.pid,
                    "heartbeat_age": (
                        (now - member.heartbeat_ns) / 1e9 if member.heartbeat_ns else None
                    ),
                    "peak_rss_bytes": member.peak_memory,
                    "error": member.error if member.failed else None,
                    "stuck": member.stuck or None,
                }
                for member in self._control.members()
            ],
            "stats": {
                row.name: {
                    "consistent": row.consistent,
                    "session": _figures(row.session),
                    "run": _figures(row.full),
                }
                for row in self._stats.snapshot().values()
            },
        }


#: The statistics of a timing, each in seconds.
TIMES = ("min", "mean", "p50", "p99", "max")


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "counters": figures.counters,
        "timers": {name: _timer(values) for name, values in figures.timers.items()},
    }


def _timer(values: Distribution) -> dict[str, Any]:
    nanoseconds = (values.minimum, values.mean, values.p50, values.p99, values.maximum)
    seconds = [value / 1e9 if values.count else None for value in nanoseconds]
    return {"count": values.count, **dict(zip(TIMES, seconds, strict=True))}
