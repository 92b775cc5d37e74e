"""Finds the runs and sweeps that are alive on this machine.

A run shows itself by the segments of its control page and its stats block. A sweep has a notice
page for its whole time. Its passes are runs of the same process, and are not listed beside it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from pipeline.errors import RingtapeError
from pipeline.watch.views import RunView, SweepView, View
from shm.errors import SegmentMismatch, SegmentMissing
from shm.names import LISTING, SharedName, is_of_this_space, list_segments
from shm.stale import lives

#: The kind of a sweep's page, of that by which either is steered, and of those that every run has.
NOTICE, COMMAND = "notice", "command"
_PAGES = ("control", "stats")


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run or a sweep whose supervisor was alive when it was found."""

    run_id: str
    #: Process id of the supervisor.
    pid: int
    #: The names of its segments by their kinds.
    segments: Mapping[str, str]

    @property
    def is_sweep(self) -> bool:
        """Whether it is a sweep, or a stress: a job of many runs with a page for all of them."""
        return NOTICE in self.segments

    def is_alive(self) -> bool:
        """Whether the supervisor is still alive and still has its pages."""
        return any((one.run_id, one.pid) == (self.run_id, self.pid) for one in live_runs())

    def attach(self) -> View:
        """Attach to its shared memory. ShmError if it has ended in the meantime."""
        command = self.segments.get(COMMAND)
        if self.is_sweep:
            return SweepView.attach(self.run_id, self.pid, self.segments[NOTICE], command)
        control, stats = (self.segments[kind] for kind in _PAGES)
        return RunView.attach(self.run_id, self.pid, control, stats, command)

    def describe(self) -> dict[str, Any]:
        """Return what it is and how far, as `views.View.about` does; "ending" if it has just gone.

        With the ids of the run and of its supervisor.
        """
        about: dict[str, Any] = {"kind": "run", "state": "ending", "processes": 0}
        about |= {"session_name": "", "run_dir": None, "began": None, "done": None}
        with suppress(SegmentMissing, SegmentMismatch), closing(self.attach()) as view:
            about = view.about()
        return {"run_id": self.run_id, "pid": self.pid, **about}


def live_runs() -> list[LiveRun]:
    """Return every run and sweep with a living supervisor that this user may look at, by id.

    There is none if the system lists no segments.
    """
    segments: dict[tuple[str, int], dict[str, str]] = {}
    for name in list_segments():
        if _may_look_at(name):
            segments.setdefault((name.run_id, name.owner_pid), {})[name.kind] = name.text
    sweeping = {pid for (_, pid), kinds in segments.items() if NOTICE in kinds}
    return [
        LiveRun(run_id, pid, kinds)
        for (run_id, pid), kinds in sorted(segments.items())
        if (NOTICE in kinds or (kinds.keys() >= set(_PAGES) and pid not in sweeping))
        and is_of_this_space(run_id)
        and lives(pid)
    ]


def _may_look_at(name: SharedName) -> bool:
    kinds = (*_PAGES, NOTICE, COMMAND)
    return name.kind in kinds and os.access(LISTING / name.text, os.R_OK, effective_ids=True)


def find_run(beginning: str | None) -> LiveRun:
    """Return the only run or sweep whose id begins so; None stands for any id.

    RingtapeError if there is no such run or several.
    """
    if not LISTING.is_dir():
        raise RingtapeError(
            f"runs cannot be looked up: this system does not list them in {LISTING}"
        )
    runs = live_runs()
    names = ", ".join(run.run_id for run in runs)
    there = f"alive are {names}" if runs else "no run is alive"
    if beginning == "":
        raise RingtapeError(f"the id of a run is empty, expected its beginning; {there}")
    found = [run for run in runs if run.run_id.startswith(beginning or "")]
    if len(found) == 1:
        return found[0]
    if beginning is None:
        raise RingtapeError(f"several runs are alive, name one of {names}" if runs else there)
    count = "several runs begin" if found else "no live run begins"
    raise RingtapeError(f"{count} with {beginning!r}; {there}")
