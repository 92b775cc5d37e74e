"""Errors of the system whose words do not say what the process lacks."""

import errno
from pathlib import Path


def of_the_process(error: OSError) -> str:
    """Say which of its limits the process has met, and the way on; "" for any other error."""
    if error.errno == errno.ENOENT and error.filename is None and not _has_directory():
        return "the working directory was removed: change to one that exists"
    if error.errno == errno.EMFILE:
        return f"this process may not open more files{_limit('NOFILE')}: allow more (`ulimit -n`)"
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


def _limit(name: str) -> str:
    """Return a limit of this process in brackets; "" where the system has none."""
    try:
        import resource
    except ImportError:
        return ""
    soft, _ = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
    return "" if soft == resource.RLIM_INFINITY else f" (its limit is {soft:,})"
