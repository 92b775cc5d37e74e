"""Removal of what dead runs left: segments and named semaphores whose owner is gone.

Normally the owner removes its names, and if it is killed, the resource tracker, which outlives it,
does. Something is left only where both were killed, or the machine's tracker never saw the name.
"""

from pathlib import Path

import psutil

from shm.names import LISTING, parse_name

_SEMAPHORE_PREFIX = "sem."

# Process create times are known to the second where the system gives its boot time in seconds.
_CLOCK_SLACK_SECONDS = 2.0


def remove_stale() -> list[str]:
    """Remove the segments and semaphores `rt-...` whose owner is dead; return their names, sorted.

    Semaphores are named as the system lists them, `sem.rt-...`. What a living process owns is never
    touched, nor what another user owns. Where the system has no listing of its shared memory
    (macOS, Windows) there is nothing to go by, and the result is empty: there the resource tracker,
    or the last process that goes, is what removes. Processes are looked up on this machine: do not
    share /dev/shm between containers that cannot see each other's processes.
    """
    if not LISTING.is_dir():
        return []
    removed = []
    for path in LISTING.iterdir():
        name = parse_name(path.name.removeprefix(_SEMAPHORE_PREFIX))
        if name is None or _is_owned(path, name.owner_pid):
            continue
        try:
            path.unlink()
        except (FileNotFoundError, PermissionError):
            continue  # the tracker was quicker, or it is another user's
        removed.append(path.name)
    return sorted(removed)


def _is_owned(path: Path, pid: int) -> bool:
    """Return whether process `pid` lives and is the one that created the file.

    A process that was created after the file merely has its owner's number. Clocks can be set, so
    it must also not have the file mapped before that is believed.
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
    """Return the inodes of the files a process has mapped.

    Not their paths: a named semaphore is made under another name, which is what its mapping shows.
    """
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {int(line.split(maxsplit=5)[4]) for line in lines}
