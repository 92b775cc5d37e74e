"""Which resource tracker knows a name, so that no other is told that the name is removed.

The tracker of `multiprocess` removes names whose owner was killed. If it is killed itself, a new
one is started by the next name that is registered, and knows none of the older ones: to be told of
them it would answer with a traceback.
"""

import sys
import warnings
from contextlib import suppress

from multiprocess import resource_tracker

# A tracker that was killed is no reason to worry: what it knew is removed by its owner, or if that
# is killed, too, by the next start.
warnings.filterwarnings("ignore", "resource_tracker: process died", UserWarning)

_TRACKER = resource_tracker._resource_tracker
#: The number of the tracker that knows a name, by kind and name.
_known: dict[tuple[str, str], int | None] = {}


def start_tracker() -> None:
    """Start the tracker before any name is registered; nothing on Windows, which needs none."""
    if sys.platform != "win32":
        resource_tracker.ensure_running()


def track(name: str, kind: str) -> None:
    """Have the tracker remove a name if this process is killed; nothing on Windows.

    `kind`: "semaphore" or "shared_memory".
    """
    if sys.platform != "win32":
        resource_tracker.register(name, kind)
        note_tracked(name, kind)


def note_tracked(name: str, kind: str) -> None:
    """Remember that the tracker of this moment was told of a name."""
    _known[kind, name] = _TRACKER._pid


def forget(name: str, kind: str) -> None:
    """Tell the tracker that a name is removed, if it lives and is the one that knows it."""
    knows = _known.pop((kind, name), None)
    if sys.platform == "win32" or _TRACKER._fd is None or knows != _TRACKER._pid:
        return
    with suppress(OSError):  # it ends at this moment
        if _TRACKER._check_alive():
            resource_tracker.unregister(name, kind)
