"""Knows when the command started; the command line imports this module before any other.

The start time of the process, as the system has it, would be wrong for two reasons. A shell that
replaces itself with its last command (`sh -c "sleep 5; ringtape demo"`) hands down its own start
time, and on Linux the time of day of that start is only known to the second. So the clock is read
here, as early as code of this package can. The start-up of the interpreter before that is added as
the processor time that it has used, which does not include reading files from a cold disk.
"""

import time

_START = time.perf_counter() - time.process_time()


def seconds_since_start() -> float:
    """Return the seconds since the command started, the interpreter's start-up included."""
    return time.perf_counter() - _START
