"""Writing a file in one step: whoever opens it finds all of it, or what was there before."""

import contextlib
import glob
import os
import re
from pathlib import Path

_UNFINISHED = ".part"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, under a name of this process alone, and rename it.

    Nothing forces it to the disk, so it may be lost when the machine stops. Raises OSError if it
    cannot be written; the unfinished file is then removed. One that a process has left which was
    killed while it wrote is removed by the next that writes the same file.
    """
    _remove_unfinished(path)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{_UNFINISHED}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _remove_unfinished(path: Path) -> None:
    """Remove what processes that have ended left of this file."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*{_UNFINISHED}"):
        writer = re.fullmatch(r"\d+", left.name[len(path.name) + 1 : -len(_UNFINISHED)])
        if writer is None:
            continue
        import psutil  # which takes long, and is hardly ever needed here

        if not psutil.pid_exists(int(writer[0])):
            with contextlib.suppress(OSError):  # another process was quicker
                left.unlink()
