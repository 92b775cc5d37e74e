"""Temporary folders of one process: `rt-<pid>-...`.

They lie in the first directory for temporary files that serves, or in shared memory. Those of a
process that was killed are removed like its segments (`runner.stale_folders`).
"""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

#: The name of such a folder, with the number of its process.
FOLDER_NAME = re.compile(r"rt-(\d+)-[a-z0-9_]{8}")
#: Bytes of a folder's name with a slash before it, at most.
NAME_BYTES = len("/rt-4194304-abcdefgh")


def make_folder(most_bytes: int | None = None) -> Path | None:
    """Make a folder that this user alone can read and write, whose name nobody can guess.

    Its path has at most ``most_bytes`` bytes. The caller removes it. None if no directory serves.
    """
    for directory in directories():
        length = len(os.fsencode(directory)) + NAME_BYTES
        if most_bytes is None or length <= most_bytes:
            with suppress(OSError):
                return Path(tempfile.mkdtemp(prefix=f"rt-{os.getpid()}-", dir=directory))
    return None


def directories() -> list[Path]:
    """Return the directories for temporary files that this user can write, the usual one first."""
    usual = []
    with suppress(FileNotFoundError):  # there is none, and the working directory cannot be written
        usual.append(tempfile.gettempdir())
    others = os.environ.get("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp", "/dev/shm"
    found = dict.fromkeys(Path(one) for one in (*usual, *others) if one)
    return [one for one in found if one.is_dir() and os.access(one, os.W_OK | os.X_OK)]
