"""Temporary folders of one process: `rt-<pid>-...`.

They lie in the first directory for temporary files that serves, or in shared memory. A process
holds a lock on its folders as long as it lives. So those of a process that was killed can be told
from others, also where containers share a directory, and are removed (`runner.stale_folders`).
"""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from pipeline.native.file_lock import fcntl

#: The name of such a folder, with the number of its process.
FOLDER_NAME = re.compile(r"rt-(\d+)-[a-z0-9_]{8}")
#: The locks on this process's folders, which end with it.
_locks: list[int] = []
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
                folder = Path(tempfile.mkdtemp(prefix=f"rt-{os.getpid()}-", dir=directory))
                _hold(folder)
                return folder
    return None


def is_held(folder: Path) -> bool:
    """Return whether a process that lives holds a folder; False where folders cannot be locked.

    FileNotFoundError if there is no such folder.
    """
    if fcntl is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _hold(folder: Path) -> None:
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks
            _locks.append(os.open(folder, os.O_RDONLY))
            fcntl.flock(_locks[-1], fcntl.LOCK_EX)


def directories() -> list[Path]:
    """Return the directories for temporary files that this user can write, the usual one first."""
    usual = []
    with suppress(FileNotFoundError):  # there is none, and the working directory cannot be written
        usual.append(tempfile.gettempdir())
    others = os.environ.get("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp", "/dev/shm"
    found = dict.fromkeys(Path(one) for one in (*usual, *others) if one)
    return [one for one in found if one.is_dir() and os.access(one, os.W_OK | os.X_OK)]
