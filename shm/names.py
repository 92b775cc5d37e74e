"""The names of segments and semaphores: `rt-<run id>-<owner pid>-<kind>`.

The owner's pid tells who removes a thing, and, when that process is dead, that anyone may. Names
are kept within 30 characters, because macOS allows 31 with the leading slash.
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

MAX_NAME = 30

# Where the system shows shared memory as files; semaphores are there too, as sem.<name>.
LISTING = Path("/dev/shm")

_RUN_ID = re.compile(r"[0-9a-f]{1,8}")
_KIND = re.compile(r"[a-z0-9._]+")
_NAME = re.compile(rf"rt-({_RUN_ID.pattern})-(\d+)-({_KIND.pattern})")


@dataclass(frozen=True, slots=True)
class SharedName:
    """A name taken apart: `run_id`, `owner_pid`, `kind`; `text` is the whole."""

    text: str
    run_id: str
    owner_pid: int
    kind: str


def new_run_id() -> str:
    """Return a fresh run id: 8 lowercase hexadecimal digits."""
    return secrets.token_hex(4)


def shared_name(run_id: str, kind: str) -> str:
    """Return the name of `kind` (a-z 0-9 . _) in the run `run_id`, owned by this process.

    Raises ValueError where `run_id` is not 1 to 8 hexadecimal digits, `kind` has other characters,
    or the name gets longer than 30 characters.
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
    """Take a name apart; None where it is not one of ours."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    return SharedName(text, match[1], int(match[2]), match[3])


def list_segments() -> list[SharedName]:
    """Return the names of all segments there are, of any run and owner, sorted.

    Empty where the system does not list its shared memory (macOS, Windows).
    """
    if not LISTING.is_dir():
        return []
    found = (parse_name(path.name) for path in LISTING.iterdir())
    return sorted((name for name in found if name is not None), key=lambda name: name.text)
