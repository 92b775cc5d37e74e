"""Starts the processes of a run, by a fork server that has imported everything that they need.

This module imports little itself. So a command can start the fork server first, and import its own
modules while the fork server imports its.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from multiprocess import forkserver, get_all_start_methods, get_context, resource_tracker

from pipeline.native.code_cache import kernel_variables
from pipeline.runner.socket_folder import make_socket_folder
from pipeline.stages.ending_signals import OF_TERMINAL
from pipeline.stages.held import HELD, SAFE, SAFE_PATH

#: Modules that the fork server imports once for all its children.
_PRELOAD = ["pipeline.stages.preload"]

#: Variables of libraries that would start a thread for each core.
_THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"),
)

#: Where the fork server of `start_early` is told to go on, and the mark that it is then given;
#: None if it does not wait.
_go_on: tuple[int, Path] | None = None
#: So many marks are kept.
_MARKS = 100

#: Gives texts the same hashes in all processes of all runs, and with them sets the same order.
_HASH_SEED = {"PYTHONHASHSEED": "0"}


def start_context(start_method: str) -> Any:
    """Return the `multiprocess` context; if it has a fork server, start that and do not wait.

    Where the system has no fork server (Windows), the context is that of "spawn".
    """
    context = get_context(start_method if _has_fork_server() else "spawn")
    if context.get_start_method() == "forkserver":
        let_server_go_on()
        context.set_forkserver_preload(_PRELOAD)
        make_socket_folder()
        with starting():
            forkserver.ensure_running()
    return context


def _has_fork_server() -> bool:
    return "forkserver" in get_all_start_methods()


def start_early(mark: Path) -> None:
    """Start the fork server, which most runs use, before it is known whether there will be a run.

    It starts its interpreter and waits until `let_server_go_on` is called, which makes the file
    ``mark``. If there is that file, because what will be checked was right before, it does not
    wait. Nothing happens where the system has no fork server.
    """
    if not _has_fork_server():
        return
    if mark.exists():
        with _tracker_later():
            start_context("forkserver")
    else:
        _start_waiting(mark)


def _start_waiting(mark: Path) -> None:
    global _go_on
    waits, goes_on = os.pipe()
    own = os.dup(0)
    try:
        os.dup2(waits, 0)
        get_context("forkserver").set_forkserver_preload(["pipeline.stages.held", *_PRELOAD])
        make_socket_folder()
        os.environ[HELD] = "1"
        with _tracker_later(), starting():
            forkserver.ensure_running()
        _go_on = goes_on, mark
    except BaseException:
        os.close(goes_on)
        raise
    finally:
        os.environ.pop(HELD, None)
        os.dup2(own, 0)
        os.close(own)
        os.close(waits)


def let_server_go_on() -> None:
    """Let the fork server of `start_early`, if it waits, import what the processes need."""
    global _go_on
    if _go_on is None:
        return
    goes_on, mark = _go_on
    _go_on = None
    with suppress(BrokenPipeError):  # it has died, and is started anew when it is needed
        os.write(goes_on, b"1")
    os.close(goes_on)
    with suppress(OSError):  # the next one waits, too
        _make(mark)


def _make(mark: Path) -> None:
    """Make a mark, and remove all but the newest ones."""
    mark.touch()
    marks = sorted(mark.parent.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in marks[:-_MARKS]:
        old.unlink()


@contextmanager
def _tracker_later() -> Iterator[None]:
    """Keep `multiprocess` from starting its tracker of resources before the fork server.

    It starts when there is something to track. Here it would take a core from the fork server, for
    which everybody waits, and from this process.
    """
    ensure_running = resource_tracker.ensure_running
    resource_tracker.ensure_running = lambda: None
    try:
        yield
    finally:
        resource_tracker.ensure_running = ensure_running


@contextmanager
def starting() -> Iterator[None]:
    """Set up this process so that processes started in the block inherit the right environment.

    They get one library thread each, the compiled code of this version, and the same hashes of
    texts, because a strategy may go through a set of them. They do not import this program's main
    script again; whatever they need of it travels by value. They take this package from where it
    is installed, whatever lies in the working directory. From their first instant they leave Ctrl-C
    and the end of the terminal to the supervisor.
    """
    wanted = dict.fromkeys(_THREAD_VARIABLES, "1") | kernel_variables() | _allocator_variables()
    wanted |= _HASH_SEED | _path_variables()
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    main = sys.modules["__main__"]
    stand_in = ModuleType("__main__")
    stand_in.__spec__ = None
    sys.modules["__main__"] = stand_in
    in_main_thread = threading.current_thread() is threading.main_thread()
    handlers = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (OF_TERMINAL if in_main_thread else ())
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _path_variables() -> dict[str, str]:
    """Return variables by which processes find this package, and no other of its name.

    Python puts the working directory first where it looks for modules, and a user's may have a
    pipeline.py. A checkout that is not installed is found only there or beside the script.
    """
    wanted = {} if SAFE_PATH in os.environ else {SAFE_PATH: SAFE}
    home = str(Path(__file__).parents[2])
    if str(Path(sys.path[0]).resolve()) == home:
        paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
        wanted["PYTHONPATH"] = os.pathsep.join(paths)
    return wanted


def _allocator_variables() -> dict[str, str]:
    """Return the variable by which Arrow takes memory from jemalloc on Linux.

    Arrow's default allocator returns pages to the system and gets them again, zeroed, for every row
    group that is decoded or encoded. That takes a tenth of a run's processor time. Setting the pool
    from Python does not help, because the writers use the pool that the library starts with.

    Builds of Arrow for Linux have jemalloc. Arrow is not asked, because importing it takes longer
    than everything else before the fork server starts. A build without jemalloc says so and uses
    its default allocator.
    """
    if "ARROW_DEFAULT_MEMORY_POOL" in os.environ or sys.platform != "linux":
        return {}
    return {"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"}
