"""The fork server of this process: whether it lives, and how it is ended.

`multiprocess` asks it for each process and waits for its answer, without an end if the server is
stopped, and with an EOFError if it dies. It also tells how its processes have ended.

This module imports little, because a command ends its fork server before it imports its own
modules.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from multiprocess import forkserver, resource_tracker

from pipeline.errors import RunError

#: The exit code that `multiprocess` gives to a process whose fork server is gone.
NO_SERVER = 255
#: Why a run ends with its fork server.
WITHOUT = "it starts the processes of a run, and no run goes on without it"
_DYING_SECONDS = 1.0


def start_process(process: Any, tick: Callable[[], None], seconds: float) -> None:
    """Start a process; call ``tick`` every so many seconds until the fork server has answered.

    What ``tick`` raises ends the wait, and with it the fork server. RunError if the fork server has
    died, or if its socket was removed.
    """
    failed: list[BaseException] = []

    def start() -> None:
        try:
            process.start()
        except BaseException as error:  # noqa: BLE001  # raised below
            failed.append(error)

    starting = threading.Thread(target=start, daemon=True)
    try:
        starting.start()
    except RuntimeError:  # this user may not start more threads, but perhaps the fork server may
        start()
    try:
        while starting.is_alive():
            starting.join(seconds)
            if starting.is_alive():
                tick()
    except BaseException:
        end_server()
        raise
    if failed:
        raise _in_words(failed[0]) from failed[0]


def _in_words(error: BaseException) -> BaseException:
    """Return an error that says why no process could be started, if the fork server is to blame."""
    if isinstance(error, EOFError | ConnectionError) and (told := dead_server()):
        return RunError(
            f"{told}; {WITHOUT}; if it could not make a process itself, as it says then, allow "
            "more processes (`ulimit -u`; in a container, its limit of processes)"
        )
    if isinstance(error, FileNotFoundError) and server_pid() is not None:
        address = forkserver._forkserver._forkserver_address
        end_server()
        return RunError(f"{address} was removed, by which the fork server is asked for processes")
    return error


def server_pid() -> int | None:
    """Return the number of the fork server's process; None if there is none."""
    found: int | None = forkserver._forkserver._forkserver_pid
    return found


def let_helpers_go_on() -> None:
    """Let the fork server and the tracker of resources go on if somebody has stopped them.

    They tell of the end of processes, and end when this process does.
    """
    for pid in (server_pid(), resource_tracker._resource_tracker._pid):
        if pid is not None and hasattr(signal, "SIGCONT"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def end_server() -> None:
    """End the fork server, if there is one, whatever it is doing; its processes have ended.

    By itself it ends with this process, but not before it has imported everything. Until then it
    would keep a core busy, and keep those waiting who read to the end of this process's output.
    """
    pid = server_pid()
    if pid is not None:
        # Somebody has waited for it, or removed its socket.
        with suppress(ProcessLookupError, ChildProcessError, FileNotFoundError):
            os.kill(pid, signal.SIGKILL)
            forkserver._forkserver._stop()


def dead_server() -> str | None:
    """Say that the fork server has died and how; None if it lives, or if there is none.

    Its end closes the pipes of its children a moment before the system tells of it, so this waits a
    little if it lives. `multiprocess` gives its children the exit code NO_SERVER then.
    """
    pid = server_pid()
    if pid is None or not hasattr(os, "waitid"):
        return None
    deadline = time.monotonic() + _DYING_SECONDS
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT  # `multiprocess` is to find it dead, too
    try:
        while (found := os.waitid(os.P_PID, pid, options)) is None:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
    except ChildProcessError:  # somebody has waited for it
        return f"the fork server (pid {pid}) is gone"
    if found.si_code == os.CLD_EXITED:
        return f"the fork server (pid {pid}) ended with exit code {found.si_status}"
    return f"the fork server (pid {pid}) was {ended_by(found.si_status)}"


def ended_by(number: int) -> str:
    """Return in words that a signal has ended a process."""
    names = {one.value: one.name for one in signal.Signals}
    name = names.get(number, f"signal {number}")  # those for free use have no names
    return f"ended by {name}{' (out of memory?)' if name == 'SIGKILL' else ''}"
