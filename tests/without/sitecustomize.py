"""Takes something away from every Python process that has this folder on its path.

Python imports this module when it starts. ``RINGTAPE_TEST_WITHOUT`` names what is taken away: what
macOS, Windows or a container lacks. Processes that this one starts inherit both variables.
"""

import os
import pathlib
import socket
import sys
import types


def _without_paths(*beginnings: str) -> None:
    """Have `pathlib` find nothing at paths that begin so."""
    for name in ("is_dir", "exists", "read_text", "read_bytes", "iterdir", "open"):
        kept = getattr(pathlib.Path, name)

        def changed(self, *args, _kept=kept, _asks=name in ("is_dir", "exists"), **named):
            if not str(self).startswith(beginnings):
                return _kept(self, *args, **named)
            if _asks:
                return False
            raise FileNotFoundError(2, "No such file or directory", str(self))

        setattr(pathlib.Path, name, changed)


def _without_fcntl() -> None:
    """Have Windows' locks of files in place of those of Unix."""
    import subprocess  # noqa: F401  # it would take the stand-in for Windows

    sys.modules["fcntl"] = None  # an import of it fails
    locks = types.ModuleType("msvcrt")
    locks.LK_NBLCK = 2

    def locking(descriptor: int, mode: int, count: int) -> None:
        try:
            os.lockf(descriptor, os.F_TLOCK, count)
        except BlockingIOError as error:
            raise PermissionError(*error.args) from None

    locks.locking = locking
    sys.modules["msvcrt"] = locks


def _without_posixshmem() -> None:
    """Leave it to the resource tracker of `multiprocess`, which cannot be imported without."""
    import multiprocess.resource_tracker  # noqa: F401

    sys.modules["_posixshmem"] = None


def _without_resource() -> None:
    """Leave it to `psutil`, which needs it on Linux alone."""
    import psutil  # noqa: F401

    sys.modules["resource"] = None


_TAKEN_AWAY = {
    "affinity": lambda: delattr(os, "sched_getaffinity"),
    "fcntl": _without_fcntl,
    "forkserver": lambda: delattr(socket, "CMSG_LEN"),  # `multiprocess` needs it for that
    "getuid": lambda: delattr(os, "getuid"),
    "listing": lambda: _without_paths("/dev/shm"),
    "posixshmem": _without_posixshmem,
    "proc": lambda: _without_paths("/proc", "/sys"),
    "reserving": lambda: delattr(os, "posix_fallocate"),
    "resource": _without_resource,
}

if "RINGTAPE_TEST_WITHOUT" in os.environ:
    _TAKEN_AWAY[os.environ["RINGTAPE_TEST_WITHOUT"]]()
