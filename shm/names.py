"""The names of segments and semaphores: `rt-<run id>-<owner pid>-<kind>`.

The pid is that of the process that removes the name. Once that process is dead, any process of the
same space may. A space is what numbers processes: a machine, or a container on it; containers may
share their shared memory. A run id begins with the space that the run is in.
Names have at most 30 characters, because macOS allows 31 with the leading slash.
"""

import hashlib
import os
import platform
import re
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MAX_NAME = 30

# The folder in which the system shows shared memory as files, and semaphores as sem.<name>.
LISTING = Path("/dev/shm")

_RUN_ID = re.compile(r"[0-9a-f]{1,8}")
_KIND = re.compile(r"[a-z0-9._]+")
_NAME = re.compile(rf"rt-({_RUN_ID.pattern})-(\d+)-({_KIND.pattern})")


@dataclass(frozen=True, slots=True)
class SharedName:
    """The name of a segment or semaphore, with its parts."""

    #: The whole name.
    text: str
    #: The run that it belongs to, 1 to 8 hexadecimal digits.
    run_id: str
    #: The process that created it and removes it.
    owner_pid: int
    #: Which one of its run it is, such as "ring".
    kind: str


def new_run_id() -> str:
    """Return a fresh run id: 8 lowercase hexadecimal digits, of which the first 3 are the space."""
    return _space() + secrets.token_hex(3)[1:]


def is_of_this_space(run_id: str) -> bool:
    """Return whether the processes of a run have their numbers where this process has its own."""
    return run_id.startswith(_space())


@cache
def _space() -> str:
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116  # a link to no file
    except OSError:
        namespace = 0
    return hashlib.sha256(f"{platform.node()} {namespace}".encode()).hexdigest()[:3]


def shared_name(run_id: str, kind: str) -> str:
    """Return the name of `kind` (a-z 0-9 . _) in the run `run_id`, owned by this process.

    Raises ValueError if `run_id` is not 1 to 8 hexadecimal digits, if `kind` has other characters,
    or if the name gets longer than 30 characters.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise ValueError(f"run_id must be 1 to 8 lowercase hexadecimal digits, was {run_id!r}")
    if not _KIND.fullmatch(kind):
        raise ValueError(f"kind must consist of a-z 0-9 . _ and not be empty, was {kind!r}")
    name = f"rt-{run_id}-{os.getpid()}-{kind}"
    if len(name) > MAX_NAME:
        raise ValueError(f"name {name!r} must have at most {MAX_NAME} characters, has {len(name)}")
    return name


def parse_name(text: str) -> SharedName | None:
    """Return a name with its parts; None for text that is no such name."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    return SharedName(text, match[1], int(match[2]), match[3])


def list_segments() -> list[SharedName]:
    """Return the names of all segments there are, of any run and owner, sorted.

    The list is empty if the system does not show its shared memory as files (macOS, Windows).
    """
    if not LISTING.is_dir():
        return []
    found = (parse_name(path.name) for path in LISTING.iterdir())
    return sorted((name for name in found if name is not None), key=lambda name: name.text)
