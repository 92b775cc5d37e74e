"""Files that are no files: whoever reads a pipe waits for a writer, and a device has no end."""

import errno
import stat
from pathlib import Path


def check_regular(path: Path) -> None:
    """Raise OSError if there is something else than a file at a path; also if there is nothing."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
