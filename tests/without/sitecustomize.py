"""Takes things away from every Python process that has this folder on its path.

Python imports this module when it starts. ``RINGTAPE_TEST_WITHOUT`` names what is taken away, with
commas between: what macOS, Windows or a container lacks. Processes that this one starts inherit
both variables.
"""

import builtins
import contextlib
import ctypes
import errno
import importlib
import io
import locale
import os
import pathlib
import signal
import socket
import struct
import sys
import types
from collections.abc import Iterator

#: The longest name of shared memory on macOS, with its slash.
_LONGEST_NAME = 31
#: F_OFD_SETLK of Linux.
_LOCK_OF_OPEN_FILE = 37

#: What the Python of Windows has not, of what the standard library for Linux can do without once it
#: is imported. `multiprocess` itself needs SIGKILL here, and `os.waitpid`.
_OF_UNIX = {
    os: (
        *("fork", "forkpty", "register_at_fork", "posix_spawn", "posix_spawnp", "pidfd_open"),
        *("killpg", "getpgid", "getpgrp", "setpgid", "setpgrp", "setsid", "getsid", "nice"),
        *("waitid", "P_PID", "P_PIDFD", "WEXITED", "WNOWAIT", "CLD_EXITED", "CLD_KILLED"),
        *("getuid", "geteuid", "getgid", "getegid", "getresuid", "getgroups", "getpriority"),
        *("sched_getaffinity", "sched_setaffinity", "sched_yield", "getloadavg"),
        *("posix_fallocate", "posix_fadvise", "statvfs", "fstatvfs", "fdatasync", "sync"),
        *("fchmod", "fchown", "chown", "lchown", "mkfifo", "mknod", "openpty", "ttyname"),
        *("pread", "pwrite", "preadv", "pwritev", "sendfile", "sysconf", "confstr", "pathconf"),
    ),
    signal: (
        *("SIGHUP", "SIGQUIT", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGCONT", "SIGSTOP"),
        *("SIGTSTP", "SIGWINCH", "SIGPIPE", "alarm", "setitimer", "getitimer", "pause"),
        *("pthread_kill", "sigwait", "sigpending", "sigtimedwait", "sigwaitinfo", "siginterrupt"),
    ),
}


def _without_affinity() -> None:
    del os.sched_getaffinity


def _without_code_page() -> None:
    """Have a code page of Windows: files, and what is printed, are in it unless they are told."""
    opened = io.open

    def cp1252_open(file, mode="r", buffering=-1, encoding=None, *rest, **named):
        if "b" not in mode and encoding in (None, "locale"):
            encoding = "cp1252"
        return opened(file, mode, buffering, encoding, *rest, **named)

    builtins.open = io.open = cp1252_open
    locale.getpreferredencoding = lambda do_setlocale=True: "cp1252"
    locale.getencoding = lambda: "cp1252"
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="cp1252", errors="strict")


def _without_fcntl() -> None:
    """Have Windows' locks of files in place of those of Unix: of bytes, by whoever opened it."""
    import fcntl
    import subprocess  # noqa: F401  # it would take the stand-in for Windows

    sys.modules["fcntl"] = None  # an import of it fails
    locks = types.ModuleType("msvcrt")
    locks.LK_NBLCK = 2

    def locking(descriptor: int, mode: int, count: int) -> None:
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, at, count, 0)
        try:
            fcntl.fcntl(descriptor, _LOCK_OF_OPEN_FILE, asked)
        except BlockingIOError as error:
            raise PermissionError(*error.args) from None

    locks.locking = locking
    sys.modules["msvcrt"] = locks


def _without_forkserver() -> None:
    del socket.CMSG_LEN  # `multiprocess` needs it for that


def _without_listing() -> None:
    _without_paths("/dev/shm")


def _without_long_names() -> None:
    """Refuse names of shared memory and of semaphores that macOS refuses."""
    import _posixshmem

    import _multiprocess

    def check(name: str) -> None:
        if len(name) > _LONGEST_NAME:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), name)

    shm_open, semaphore = _posixshmem.shm_open, _multiprocess.SemLock

    def checked_open(name, flags, mode=0o777):
        check(name)
        return shm_open(name, flags, mode=mode)

    class SemLock(semaphore):
        def __new__(cls, kind, value, maxvalue, name, unlink):
            check(name)
            return super().__new__(cls, kind, value, maxvalue, name, unlink)

    _posixshmem.shm_open = checked_open
    _multiprocess.SemLock = SemLock


def _without_one_library() -> None:
    """Have no library of all that the process has loaded, but the C library of Windows."""

    class CDLL(ctypes.CDLL):
        def __init__(self, name, *rest, **named):
            if name is None:
                raise TypeError("argument of type 'NoneType' is not iterable")
            super().__init__("libm.so.6" if name == "ucrtbase" else name, *rest, **named)

    ctypes.CDLL = CDLL


def _held(process: pathlib.Path) -> Iterator[str]:
    """Give the paths that a process, a folder of /proc, has open or mapped."""
    with contextlib.suppress(OSError):  # it may have ended, or closed a file
        for line in (process / "maps").read_text("utf-8", "replace").splitlines():
            yield line.split(maxsplit=5)[-1]
        for file in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield str(file.readlink())


def _without_open_removed() -> None:
    """Refuse to remove or to replace files that any process has open or mapped."""

    def check(path) -> None:
        real = os.path.realpath(path)
        for process in pathlib.Path("/proc").iterdir():
            if process.name.isdigit() and real in _held(process):
                text = f"process {process.name} has the file open"
                raise PermissionError(errno.EACCES, text, str(path))

    def checking(function):
        def checked(*paths, dir_fd=None, **named):
            for path in paths:
                check(path if dir_fd is None else f"/proc/self/fd/{dir_fd}/{os.fspath(path)}")
            return function(*paths, **named, **({} if dir_fd is None else {"dir_fd": dir_fd}))

        return checked

    for name in ("remove", "rename", "replace", "unlink"):
        setattr(os, name, checking(getattr(os, name)))


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


def _without_posixshmem() -> None:
    """Leave it to the resource tracker of `multiprocess`, which cannot be imported without."""
    import multiprocess.resource_tracker  # noqa: F401

    sys.modules["_posixshmem"] = None


def _without_proc() -> None:
    _without_paths("/proc", "/sys")


def _without_reserving() -> None:
    del os.posix_fallocate


def _without_resource() -> None:
    """Leave it to `psutil`, which needs it on Linux alone."""
    import psutil  # noqa: F401

    sys.modules["resource"] = None


def _without_timed_waits() -> None:
    """Refuse to wait for a semaphore for a limited time, and to tell how many tokens it has."""
    import _multiprocess

    class SemLock(_multiprocess.SemLock):
        def acquire(self, block=True, timeout=None):
            if block and timeout is not None:
                raise NotImplementedError("sem_timedwait")
            return super().acquire(block)

        def _get_value(self):
            raise NotImplementedError("sem_getvalue")

    _multiprocess.SemLock = SemLock
    del _multiprocess.flags["HAVE_SEM_TIMEDWAIT"]


def _without_unix() -> None:
    """Take the names of `_OF_UNIX` away from code that is not the standard library's."""
    for library in ("multiprocess.spawn", "psutil", "subprocess", "tempfile"):
        importlib.import_module(library)  # they need some of these on Linux
    for module, names in _OF_UNIX.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)


def _without_zones() -> None:
    """Have no time zones of the system, but those of the package ``tzdata``."""
    import zoneinfo

    zoneinfo.reset_tzpath(())


#: A name here begins with the words after `_without_`.
for _name in filter(None, os.environ.get("RINGTAPE_TEST_WITHOUT", "").split(",")):
    globals()[f"_without_{_name}"]()
