"""How the process of a command ends when the command has."""

import atexit
import os
import signal
import sys

from pipeline.stages.ending_signals import ENDING


def leave(code: int) -> None:
    """End this process at once, unless somebody waits for the interpreter to end.

    The interpreter would take apart all that was imported, for which a short run would wait as long
    as for its results to be written. This function returns where a tracer or a profiler wants to be
    asked at the end, where a strategy of a run in one process has left a thread at work, and where
    the last output cannot be written, so that the interpreter says so.
    """
    import threading  # which takes long, and this module is imported first

    working = [one for one in threading.enumerate() if not one.daemon]
    if sys.gettrace() or sys.getprofile() or sys.flags.inspect or len(working) > 1:
        return
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)  # the command has ended, with this code
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return
    atexit._run_exitfuncs()
    os._exit(code)
