"""The folder of the socket by which a fork server is told to start processes.

`multiprocess` makes one, `pymp-...`, in the temporary directory, and leaves it there if this
process is killed. And a socket's path may have 107 bytes only, which a temporary directory with a
long name does not leave. So the folder is made here, where its path is short enough.
"""

import os
import shutil
from pathlib import Path

from multiprocess import process, util

from pipeline.errors import RunError
from pipeline.native import temporary

#: The longest path of a socket that Linux, macOS and the BSDs take, in bytes, without its name.
_LONGEST = 103 - len("/listener-abcdefgh")


def make_socket_folder() -> None:
    """Make the folder of this process, unless it has one; it is removed when the process ends.

    RunError if no temporary directory has a path that is short enough.
    """
    config = process.current_process()._config
    if os.name != "posix" or config.get("tempdir") is not None:
        return
    folder = temporary.make_folder(_LONGEST)
    if folder is None:
        there = ", ".join(map(str, temporary.directories())) or "none that can be written"
        raise RunError(
            "a run needs a temporary directory whose path leaves room for a socket's, at most "
            f"{_LONGEST - temporary.NAME_BYTES} bytes; found: {there}: set TMPDIR to another one"
        )
    util.Finalize(None, _remove, args=(folder,), exitpriority=-100)
    config["tempdir"] = str(folder)


def _remove(folder: Path) -> None:
    """Remove the folder; a process that gets no memory for it leaves that to the next start."""
    shutil.rmtree(folder, ignore_errors=True)
    current = process.current_process()
    if current is not None:  # at the very end of a process
        current._config["tempdir"] = None
