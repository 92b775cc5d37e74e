"""What can be seen of a run or a sweep from outside: one document for both, read without a lock.

::

    kind             "run" or "sweep"
    run_id, pid      of the job; pid is its supervisor's
    session_name, run_dir, began, done, state, processes (how many: `View.about`)
    processes        of the run under way: role, pid, heartbeat_age, peak_rss_bytes, error, stuck
    stats            its stats block by row: consistent, session, run (counters and timers)
    counters         by role and name, over all passes of a sweep: they never go back
    timed            by row and name, counts and sums of timings (`StatsBlock.timed`); the same
    slots            of its ring, and how many of them are in use
    memory_bytes     of its processes now, without what they share
    shared_bytes     of its segments
    sweep            of a sweep: what its status page says (`pipeline/sweeps/status.py`)

Times are in seconds, sizes in bytes. Nothing is written, so a run cannot be disturbed. A view keeps
the memory of a run mapped, so its last figures can be read after the run has ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any, Protocol, Self

from shm.command import CommandPage
from shm.control import ControlPage, MemberSnapshot
from shm.errors import SegmentMismatch, SegmentMissing
from shm.histogram import Distribution
from shm.notice import NoticePage
from shm.role_sums import added, by_role
from shm.space import bytes_of_run, unshared_bytes
from shm.stats import Figures, StatsBlock

#: The stage of each role, in the order in which a slot passes them.
STAGES = {"coordinator": "decode", "processor": "derive", "engine": "engine"}
#: The statistics of a timing, each in seconds.
TIMES = ("min", "mean", "p50", "p99", "p999", "max")

Counters = dict[str, dict[str, int]]


class View(Protocol):
    """An open view of a run or a sweep, to be closed. It does not keep it from ending."""

    def about(self) -> dict[str, Any]:
        """Return what it is and how far.

        kind, session_name, run_dir, began (ns since 1970), done (the share of the tape, or of a
        sweep's lanes, 0 to 1; None if it is not known), state ("paused" while it stands still
        because `ringtape control` wants that), and the number of processes.
        """
        ...

    def look(self) -> dict[str, Any]:
        """Return the document without its stats: only what costs little to read."""
        ...

    def document(self) -> dict[str, Any]:
        """Return the whole document."""
        ...

    def close(self) -> None:
        """Detach."""
        ...


class RunView:
    """A view of one run."""

    def __init__(
        self,
        run_id: str,
        pid: int,
        control: ControlPage,
        stats: StatsBlock,
        command: CommandPage | None = None,
    ) -> None:
        self._run_id, self._pid = run_id, pid
        self._control = control
        self._stats = stats
        self._command = command

    @classmethod
    def attach(
        cls, run_id: str, pid: int, control: str, stats: str, command: str | None = None
    ) -> Self:
        """Attach to a run's pages. Raises what `ControlPage.attach` raises."""
        with ExitStack() as attached:
            page = attached.enter_context(ControlPage.attach(control))
            block = attached.enter_context(StatsBlock.attach(stats))
            steered = attached.enter_context(CommandPage.attach(command)) if command else None
            attached.pop_all()
        return cls(run_id, pid, page, block, steered)

    def close(self) -> None:
        """Detach."""
        if self._command is not None:
            self._command.close()
        self._stats.close()
        self._control.close()

    def about(self) -> dict[str, Any]:
        """Return what the run is and how far."""
        name, _, folder = self._control.title.partition("\n")
        rows = self._stats.counters()
        expected = self._control.bars
        return {
            "kind": "run",
            "session_name": name,
            "run_dir": folder or None,
            "began": self._control.began_ns,
            "done": min(1.0, _walked(rows) / expected) if expected else None,
            "state": _state(self._control.state.name.lower(), self._command),
            "processes": len(self._control.roles),
        }

    def counters(self) -> Counters:
        """Return the counters of the run by role."""
        return by_role(self._stats.counters())

    def look(self) -> dict[str, Any]:
        """Return the document without the stats of each process."""
        members = self._control.members()
        rows = self._stats.counters()
        return {
            "run_id": self._run_id,
            "pid": self._pid,
            **self.about(),
            "processes": [_process(member) for member in members],
            "rows": rows,
            "counters": by_role(rows),
            "slots": self._slots(rows),
            "memory_bytes": unshared_bytes([self._pid, *(member.pid for member in members)]),
            "shared_bytes": bytes_of_run(self._run_id),
        }

    def document(self) -> dict[str, Any]:
        """Return the whole document."""
        return {
            **self.look(),
            "timed": self._stats.timed(),
            "stats": {
                row.name: {
                    "consistent": row.consistent,
                    "session": _figures(row.session),
                    "run": _figures(row.full),
                }
                for row in self._stats.snapshot().values()
            },
        }

    def _slots(self, rows: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """Return the slots of the ring, and those that are published and not yet released."""
        published = rows.get("coordinator", {}).get("slots", 0)
        released = min(
            (row.get("slots", 0) for name, row in rows.items() if name.startswith("engine")),
            default=0,
        )
        return {"all": self._control.slots, "in_use": max(0, published - released)}


class SweepView:
    """A view of a sweep and of the run that is under way in it."""

    def __init__(
        self, run_id: str, pid: int, page: NoticePage, command: CommandPage | None = None
    ) -> None:
        self._run_id, self._pid = run_id, pid
        self._page = page
        self._command = command
        self._pass: RunView | None = None
        self._pass_id: str | None = None

    @classmethod
    def attach(cls, run_id: str, pid: int, notice: str, command: str | None = None) -> Self:
        """Attach to a sweep's pages. Raises what `NoticePage.attach` raises."""
        with ExitStack() as attached:
            page = attached.enter_context(NoticePage.attach(notice))
            steered = attached.enter_context(CommandPage.attach(command)) if command else None
            attached.pop_all()
        return cls(run_id, pid, page, steered)

    def close(self) -> None:
        """Detach."""
        self._leave()
        if self._command is not None:
            self._command.close()
        self._page.close()

    def about(self) -> dict[str, Any]:
        """Return what the sweep is and how far."""
        said = self._said()
        return self._about(said, self._follow(said))

    def _about(self, said: Mapping[str, Any], run: RunView | None) -> dict[str, Any]:
        return {
            "kind": said.get("kind", "sweep"),
            "session_name": said.get("session_name", ""),
            "run_dir": said.get("run_dir"),
            "began": said.get("began"),
            "done": None if (share := said.get("share")) is None else min(1.0, share),
            "state": _state(said.get("state", "running"), self._command),
            "processes": 0 if run is None else run.about()["processes"],
        }

    def look(self) -> dict[str, Any]:
        """Return the document without the stats of each process."""
        return self._document(whole=False)

    def document(self) -> dict[str, Any]:
        """Return the whole document."""
        return self._document(whole=True)

    def _document(self, *, whole: bool) -> dict[str, Any]:
        said = self._said()
        run = self._follow(said)
        base: dict[str, Any] = {
            "processes": [],
            "rows": {},
            "counters": {},
            "slots": {"all": 0, "in_use": 0},
            "memory_bytes": unshared_bytes([self._pid]),
            "shared_bytes": 0,
        }
        if whole:
            base |= {"stats": {}, "timed": {}}
        if run is not None:
            found = run.document() if whole else run.look()
            base = {name: found[name] for name in base}
        base["shared_bytes"] += bytes_of_run(self._run_id)
        # The page's counts are those of the passes before the one that it names.
        for counts in ("counters", "timed"):
            if counts in base:
                base[counts] = added(said.get(counts, {}), base[counts])
        about = self._about(said, None)
        about.pop("processes")
        return {
            "run_id": self._run_id,
            "pid": self._pid,
            **about,
            **base,
            "sweep": said,
        }

    def _said(self) -> dict[str, Any]:
        text, whole = self._page.read()
        if not text or not whole:
            return {}
        said: dict[str, Any] = json.loads(text)
        return said

    def _follow(self, said: Mapping[str, Any]) -> RunView | None:
        """Return the view of the run under way, None between two."""
        wanted = said.get("pass_run_id")
        if wanted != self._pass_id:
            self._leave()
            if wanted is not None:
                names = (f"rt-{wanted}-{self._pid}-{kind}" for kind in ("control", "stats"))
                with suppress(SegmentMissing, SegmentMismatch):
                    self._pass = RunView.attach(wanted, self._pid, *names)
                    self._pass_id = wanted
        return self._pass

    def _leave(self) -> None:
        if self._pass is not None:
            self._pass.close()
        self._pass = self._pass_id = None


def _state(state: str, command: CommandPage | None) -> str:
    """Return the state of a job, which may stand still."""
    stands = state == "running" and command is not None and command.paused
    return "paused" if stands else state


def _walked(rows: Mapping[str, Mapping[str, int]]) -> int:
    """Return the base bars that the slowest engine has walked."""
    walked = (row["bars"] for name, row in rows.items() if name.startswith("engine"))
    return min(walked, default=0)


def _process(member: MemberSnapshot) -> dict[str, Any]:
    now = time.monotonic_ns()
    return {
        "role": member.role,
        "pid": member.pid,
        "heartbeat_age": (now - member.heartbeat_ns) / 1e9 if member.heartbeat_ns else None,
        "peak_rss_bytes": member.peak_memory,
        "error": member.error if member.failed else None,
        "stuck": member.stuck or None,
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "counters": figures.counters,
        "timers": {name: _timer(values) for name, values in figures.timers.items()},
    }


def _timer(values: Distribution) -> dict[str, Any]:
    nanoseconds = (
        *(values.minimum, values.mean, values.p50, values.p99, values.p999),
        values.maximum,
    )
    seconds = [value / 1e9 if values.count else None for value in nanoseconds]
    return {"count": values.count, **dict(zip(TIMES, seconds, strict=True))}
