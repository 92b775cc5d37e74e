"""How the processes of a run are started: by a fork server that has imported everything already.

It imports little itself, so that a command can start the fork server first and import what it needs
while the server does the same.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from multiprocess import forkserver, get_context

from pipeline.native.code_cache import kernel_variables

#: What the fork server imports once for all its children.
_PRELOAD = ["pipeline.stages.preload"]

#: Libraries that start threads by the number of cores, each by its own variable.
_THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"),
)


def start_context(start_method: str) -> Any:
    """Return the `multiprocess` context; a fork server begins to import at once, meanwhile."""
    context = get_context(start_method)
    if start_method == "forkserver":
        context.set_forkserver_preload(_PRELOAD)
        with starting():
            forkserver.ensure_running()
    return context


def start_early() -> None:
    """Start the fork server, which most runs use, before this process imports what it needs."""
    start_context("forkserver")


@contextmanager
def starting() -> Iterator[None]:
    """Start processes so that they stay out of the way of this one.

    They get one library thread each and the compiled code of this version, do not import this
    program's main script again (what they need of it travels by value), and leave Ctrl-C to the
    supervisor from their first instant.
    """
    wanted = dict.fromkeys(_THREAD_VARIABLES, "1") | kernel_variables() | _allocator_variables()
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    main = sys.modules["__main__"]
    stand_in = ModuleType("__main__")
    stand_in.__spec__ = None
    sys.modules["__main__"] = stand_in
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
    try:
        yield
    finally:
        if in_main_thread:
            signal.signal(signal.SIGINT, handler)
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _allocator_variables() -> dict[str, str]:
    """Return what to set so that Arrow takes memory from jemalloc, where it was built with it.

    Its default gives pages back and gets them again, zeroed by the system, for every row group that
    is decoded or encoded: a tenth of a run's processor time. A pool set from Python would not do,
    the writers use the one that the library starts with. Arrow is not asked whether it has
    jemalloc, as its builds for Linux do: to import it takes longer than all else that has to be
    done before the fork server starts. A build without it says so and takes its default.
    """
    if "ARROW_DEFAULT_MEMORY_POOL" in os.environ or sys.platform != "linux":
        return {}
    return {"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"}
