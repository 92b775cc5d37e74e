"""Waiting for any of many processes and pipes, of which Windows takes 63 at once."""

import sys
from collections.abc import Sequence
from typing import Any

from multiprocess import connection

_MOST = 63 if sys.platform == "win32" else sys.maxsize


def any_ready(objects: Sequence[Any], seconds: float, most: int = _MOST) -> list[Any]:
    """Wait at most so long until a pipe or a sentinel of a process is ready; return all that are.

    Of more than ``most`` objects the others are looked at only after the wait for the first ones.
    """
    parts = [objects[first : first + most] for first in range(0, len(objects), most)]
    found: list[Any] = connection.wait(parts[0], seconds) if parts else []
    for part in parts[1:]:
        found += connection.wait(part, 0)
    return found
