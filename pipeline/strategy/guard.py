"""Refuses a run that begins inside of another one: in a file that has no guard, or in a hook.

To find a strategy, a run imports the user's files, and each of its processes does so again. A file
that calls `run` whenever it is imported would begin a run in the midst of each of them.
"""

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

from pipeline.dependencies.origin import is_users_file
from pipeline.errors import UnguardedError

#: Whether this thread imports a file to find a strategy in it.
_importing: ContextVar[bool] = ContextVar("importing", default=False)
_is_member = False


def become_member() -> None:
    """Note that this process is one of a run, and begins none itself."""
    global _is_member
    _is_member = True


@contextmanager
def importing() -> Iterator[None]:
    """Let no run begin while the block lasts, which imports a file of the user's."""
    token = _importing.set(True)
    try:
        yield
    finally:
        _importing.reset(token)


def refuse_inside(function: str) -> None:
    """Refuse a call of ``function``, `run` or `sweep`, inside of a run.

    Raises UnguardedError if a file is being imported, which names the line of the file and the
    guard that it needs, and RuntimeError if the call is that of a hook.
    """
    if not (_is_member or _importing.get()):
        return
    frame = _frame_of_import(sys._getframe(1))
    if frame is None:
        raise RuntimeError(
            f"{function}() is called in a process of a run, which begins no run of its own; call "
            "it in the script that begins the run"
        )
    file, line = frame.f_code.co_filename, frame.f_lineno
    called = linecache.getline(file, line).strip() or f"{function}()"
    name = Path(file).name
    raise UnguardedError(
        f"{file}:{line}: `{called}` is done whenever {name} is imported, and a run imports it, "
        'also in each of its processes; put the line below `if __name__ == "__main__":`'
    )


def _frame_of_import(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of a file of the user's that is being imported."""
    while frame is not None:
        code, name = frame.f_code, frame.f_globals.get("__name__")
        if code.co_name == "<module>" and name != "__main__" and is_users_file(code.co_filename):
            return frame
        frame = frame.f_back
    return None
