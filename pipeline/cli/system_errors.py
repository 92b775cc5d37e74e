"""Errors of the system whose words do not say what the process lacks."""

import errno
from pathlib import Path

from pipeline.errors import text_of

try:
    import resource  # now, since a process without memory cannot import it
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

#: Words of the loader of libraries and of libraries that got no memory, or no thread.
_WITHOUT_MEMORY = (
    *("failed to map segment", "cannot map zero-fill pages", "cannot allocate memory"),
    "failed to launch worker thread",
)
#: Words that may be about something else, if nothing limits the process's memory.
_PERHAPS_WITHOUT_MEMORY = (
    "could not find/load shared object file",
    "error return without exception set",
)


def of_the_process(error: BaseException) -> str:
    """Say which limit of the process or of its user an error is about, and the way on.

    "" for any other error.
    """
    text = text_of(error).lower()
    limits = _limit("AS", " bytes, `ulimit -v`") or _limit("DATA", " bytes, `ulimit -d`")
    told = any(words in text for words in _WITHOUT_MEMORY)
    perhaps = bool(limits) and any(words in text for words in _PERHAPS_WITHOUT_MEMORY)
    if isinstance(error, MemoryError) or told or perhaps:
        return f"this process gets no more memory{limits}: end other programs, or allow more"
    return _of_the_system(error) if isinstance(error, OSError) else ""


def _of_the_system(error: OSError) -> str:
    if error.errno == errno.ENOENT and error.filename is None and not _has_directory():
        return "the working directory was removed: change to one that exists"
    if error.errno == errno.EMFILE:
        return f"this process may not open more files{_limit('NOFILE')}: allow more (`ulimit -n`)"
    if error.errno == errno.EFBIG:
        file = "a file" if error.filename is None else error.filename
        limit = _limit("FSIZE", " bytes")
        return f"this process may not write so much into {file}{limit}: allow more (`ulimit -f`)"
    if error.errno == errno.EAGAIN and error.filename is None:
        return (
            f"this user may not start more processes{_limit('NPROC')}: end some, or allow more "
            "(`ulimit -u`; in a container, its limit of processes)"
        )
    return ""


def _has_directory() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _limit(name: str, unit: str = "") -> str:
    """Return a limit of this process with its ``unit`` in brackets; "" where there is none."""
    if resource is None:
        return ""
    soft, _ = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
    return "" if soft == resource.RLIM_INFINITY else f" (its limit is {soft:,}{unit})"
