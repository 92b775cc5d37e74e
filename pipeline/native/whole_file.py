"""Writing a file in one step: whoever opens it finds all of it, or what was there before."""

import contextlib
import errno
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

_UNFINISHED = ".part"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step, as `whole_file` does."""
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path beside that of a file, under a name of this process alone, to write to.

    It takes the file's name when the block has ended without error, and is removed otherwise. A
    symbolic link stays, and the file that it names is written. Nothing forces the file to the disk,
    so it may be lost when the machine stops. A file that a process has left which was killed while
    it wrote is removed by the next that writes the same one.

    Raises OSError if it cannot be written, or if something stands there that is no regular file, as
    a device or a pipe: it would be replaced.
    """
    path = path.resolve() if path.is_symlink() else path
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    _remove_unfinished(path)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{_UNFINISHED}")
    try:
        yield unfinished
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
