"""A command under way in a round: its processes, its end, and what it has left."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from shm.names import LISTING
from tests.chaos.place import MARK, Place

#: What the command's own process is called.
SUPERVISOR = "the supervisor"
#: Seconds after which a command counts as hanging.
WATCHDOG = 90.0
#: Seconds in which all processes should be gone once the command has ended.
SOON = 3.0


@dataclass
class Scene:
    """One command of a round; its output goes to files, so that no process holds a pipe."""

    place: Place
    process: subprocess.Popen[bytes]
    name: str
    began: float = field(default_factory=time.monotonic)

    def processes(self, *, others: bool = False) -> list[psutil.Process]:
        """All processes of the round that are alive, in the order of their start.

        With `others` the command's own is left out.
        """
        found = [one for one in psutil.process_iter() if _is_marked(one, self.place.mark)]
        found.sort(key=lambda one: (one.create_time(), one.pid))
        return [one for one in found if not (others and one.pid == self.process.pid)]

    def described(self, process: psutil.Process) -> str:
        """A process of the round in words, with its number."""
        try:
            words = " ".join(process.cmdline())
        except psutil.Error:
            words = ""
        if process.pid == self.process.pid:
            return f"{SUPERVISOR} ({process.pid})"
        names = {"forkserver": "fork server", "resource_tracker": "resource tracker"}
        found = [
            name for part, name in names.items() if f"from multiprocess.{part} import" in words
        ]
        member = found and process.ppid() != self.process.pid
        return f"{found[0] if found and not member else 'a member'} ({process.pid})"

    @property
    def over(self) -> bool:
        """Whether the command has ended."""
        return self.process.poll() is not None

    def output(self) -> str:
        """What the command has written to its standard output."""
        return (self.place.folder / f"{self.name}.out").read_text(errors="replace")

    def errors(self) -> str:
        """What the command has written to its standard error."""
        return (self.place.folder / f"{self.name}.err").read_text(errors="replace")

    def end(self) -> int | None:
        """Wait for the command's end and return its exit code; None if it hangs."""
        try:
            return self.process.wait(WATCHDOG)
        except subprocess.TimeoutExpired:
            return None

    def settle(self) -> tuple[float, list[str]]:
        """Wait for the end of all other processes: how long that took, and which live on."""
        began = time.monotonic()
        await_that(lambda: not self.processes(), 4 * SOON)
        left = [self.described(one) for one in self.processes()]
        return time.monotonic() - began, left

    def kill(self) -> None:
        """End whatever is left."""
        for one in self.processes():
            one.kill()
        self.process.kill()
        self.process.wait()


def start(place: Place, name: str, arguments: list[str], **more: str | None) -> Scene:
    """Start a command of `ringtape` in a session of its own; it writes to `name`.out and .err."""
    files = [place.folder / f"{name}.{end}" for end in ("out", "err")]
    with files[0].open("wb") as out, files[1].open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            cwd=place.folder,
            env=place.variables(**more),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    return Scene(place, process, name)


def await_that(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until something holds, at most so long; say whether it does."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def names_in_memory(own: bool, pid: int) -> list[str]:
    """Names in shared memory: all, where it is the rounds' `own`, or those of one supervisor."""
    names = sorted(path.name for path in LISTING.iterdir()) if LISTING.is_dir() else []
    names = [name for name in names if name != "filler"]
    return names if own else [name for name in names if "rt-" in name and f"-{pid}-" in name]


def entries(folder: Path) -> list[str]:
    """The names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
