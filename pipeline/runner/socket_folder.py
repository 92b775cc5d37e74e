"""The folder of the socket by which a fork server is told to start processes.

`multiprocess` makes one, `pymp-...`, in the temporary directory, and leaves it there if this
process is killed. And a socket's path may have 107 bytes only, which a temporary directory with a
long name does not leave. So the folder is made here, where its path is short enough:
`rt-<pid>-...`.
"""

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from multiprocess import process, util

from pipeline.errors import RunError

#: The longest path of a socket that Linux, macOS and the BSDs take, in bytes.
_LONGEST = 103
#: Bytes of what follows the directory's path: the folder's name and the socket's.
_OWN_BYTES = len("/rt-4194304-abcdefgh/listener-abcdefgh")
_NAME = re.compile(r"rt-(\d+)-[a-z0-9_]{8}")


def make_socket_folder() -> None:
    """Make the folder of this process, unless it has one; it is removed when the process ends.

    RunError if no temporary directory has a path that is short enough.
    """
    config = process.current_process()._config
    if os.name != "posix" or config.get("tempdir") is not None:
        return
    for directory in _directories():
        if len(os.fsencode(directory)) + _OWN_BYTES <= _LONGEST:
            folder = tempfile.mkdtemp(prefix=f"rt-{os.getpid()}-", dir=directory)
            break
    else:
        most = _LONGEST - _OWN_BYTES
        raise RunError(
            f"the temporary directory {tempfile.gettempdir()} has too long a path for a socket, "
            f"expected at most {most} bytes: set TMPDIR to another one"
        )
    util.Finalize(None, util._remove_temp_dir, args=(shutil.rmtree, folder), exitpriority=-100)
    config["tempdir"] = folder


def remove_stale_folders() -> list[str]:
    """Remove the folders of processes of this user that have ended; return their names, sorted."""
    from shm.stale import is_owned  # imports what takes long, and nobody waits for this

    removed = []
    for directory in _directories() if os.name == "posix" else ():
        for folder in directory.glob("rt-*"):
            name = _NAME.fullmatch(folder.name)
            with suppress(FileNotFoundError):  # its owner, or another run, was quicker
                if name is None or folder.lstat().st_uid != os.getuid() or folder.is_symlink():
                    continue
                if not is_owned(folder, int(name[1])):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder.name)
    return sorted(removed)


def _directories() -> list[Path]:
    """Return the directories for temporary files that this user can write, the usual one first."""
    others = os.environ.get("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp"
    found = dict.fromkeys(Path(one) for one in (tempfile.gettempdir(), *others) if one)
    return [one for one in found if one.is_dir() and os.access(one, os.W_OK | os.X_OK)]
