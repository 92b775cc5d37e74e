"""Writing a file in one step: whoever opens it finds all of it, or what was there before."""

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, under a name of this process alone, and rename it.

    Nothing forces it to the disk, so it may be lost when the machine stops. Raises OSError if it
    cannot be written; the unfinished file is then removed.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
