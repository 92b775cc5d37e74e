"""Schedules on disk, so that only the first process that needs one imports the calendar library.

Each calendar has a file in the folder of `cache_folder`, with the arrays of its `Schedule` and the
days that the calendar can serve. The name of the file has a hash of everything that the content
depends on: the versions of the libraries and of the time zones, and the code that builds a
schedule. So a file is never out of date.
"""

import contextlib
import hashlib
import importlib.metadata
import io
import re
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import TZPATH

import numpy as np

from pipeline.market.time.schedule import Schedule
from pipeline.native.cache_folder import cache_folder
from pipeline.native.checked_file import read_checked, write_checked

#: Libraries on which a schedule depends. The last one need not be installed.
_LIBRARIES = ("exchange_calendars", "pandas", "tzdata")


class KeptSchedule(NamedTuple):
    """The content of a file."""

    schedule: Schedule
    """The sessions of the calendar that were built."""
    bounds: tuple[int, int]
    """First and last day, from 1970-01-01, that the calendar can serve."""


def find_schedule(code: str, extended: bool) -> KeptSchedule | None:
    """Return the kept schedule of a calendar; None if there is no file that is as it was written.

    The file of another code may have the same name: 24-7 is not the code 24/7.
    """
    content = read_checked(_path(code, extended))
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        values: dict[str, Any] = {name: file[name] for name in file.files}
    low, high = values.pop("bounds").tolist()
    plain = {one.name: values[one.name] for one in fields(Schedule)}
    if plain["code"].item() != code:
        return None
    single = {name: value.item() for name, value in plain.items() if value.ndim == 0}
    return KeptSchedule(Schedule(**{**plain, **single}), (low, high))


def keep_schedule(kept: KeptSchedule, extended: bool) -> None:
    """Keep a schedule on disk. If it cannot be written, nothing happens."""
    content = io.BytesIO()
    np.savez(content, bounds=np.array(kept.bounds), **asdict(kept.schedule))
    with contextlib.suppress(OSError):
        write_checked(_path(kept.schedule.code, extended), content.getvalue())


def _path(code: str, extended: bool) -> Path:
    name = re.sub(r"[^A-Za-z0-9]", "_", code) + ("-extended" if extended else "")
    return cache_folder("calendars") / f"{name}-{_basis()}.npz"


@cache
def _basis() -> str:
    """Return a hash, 16 hexadecimal digits, of everything that a built calendar depends on."""
    found: list[Any] = []
    for library in _LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append((library, importlib.metadata.version(library)))
    for folder in map(Path, TZPATH):
        with contextlib.suppress(OSError):
            zone = (folder / "America" / "New_York").stat()
            found.append((zone.st_size, zone.st_mtime_ns))
    found += [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]
