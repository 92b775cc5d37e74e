"""Removal of segments and named semaphores that dead runs have left.

Normally the owner removes its names. If it is killed, the resource tracker, which outlives it,
removes them. A name is left only if both were killed, or if the tracker never heard of it.
"""

from pathlib import Path

import psutil

from shm.names import LISTING, is_of_this_space, parse_name

_SEMAPHORE_PREFIX = "sem."

# Some systems give their boot time, and so the start of a process, only to the second.
_CLOCK_SLACK_SECONDS = 2.0


def remove_stale() -> list[str]:
    """Remove the segments and semaphores `rt-...` whose owner is dead; return their names, sorted.

    Semaphores are named as the system lists them, `sem.rt-...`. Segments and semaphores of living
    processes, of other users and of other containers (`shm.names`) are never touched. On a system
    that does not list its shared memory (macOS, Windows) nothing is removed and the result is
    empty: there the resource tracker or the end of the last process frees the memory.
    """
    if not LISTING.is_dir():
        return []
    removed = []
    for path in LISTING.iterdir():
        name = parse_name(path.name.removeprefix(_SEMAPHORE_PREFIX))
        if name is None or not is_of_this_space(name.run_id) or is_owned(path, name.owner_pid):
            continue
        try:
            path.unlink()
        except (FileNotFoundError, PermissionError):
            continue  # the tracker was quicker, or it is another user's
        removed.append(path.name)
    return sorted(removed)


def lives(pid: int) -> bool:
    """Return whether there is a process of this number that has not ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_owned(path: Path, pid: int) -> bool:
    """Return whether process `pid` lives and is the one that created the file or folder.

    A process that started after the file was made is another one with the same number. Because
    clocks can be set, it counts as another one only if it does not have the file mapped either.
    """
    try:
        status = path.stat()
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.create_time() <= status.st_mtime + _CLOCK_SLACK_SECONDS:
            return True
        return status.st_ino in _mapped_inodes(pid)
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return False
    except (psutil.AccessDenied, PermissionError):
        return True


def _mapped_inodes(pid: int) -> set[int]:
    """Return the inodes of the files that a process has mapped.

    Paths would not do: a named semaphore is created under another name, and its mapping shows that
    name.
    """
    lines = Path(f"/proc/{pid}/maps").read_bytes().splitlines()
    return {int(line.split(maxsplit=5)[4]) for line in lines}
