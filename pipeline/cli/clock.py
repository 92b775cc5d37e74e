"""When the command started; the command line imports this module before any other.

The system's start time of the process would be the wrong answer twice. A shell that replaces itself
with its last command (`sh -c "sleep 5; ringtape demo"`) hands down its own start time, and on Linux
the time of day of that start is only known to the second. So the clock is read here, as early as
Python code of this package can, and the interpreter's own start-up before that is added as the
processor time it has used, which counts everything but the first reading of files from a cold disk.
"""

import time

_START = time.perf_counter() - time.process_time()


def seconds_since_start() -> float:
    """Wall time since the command started, in seconds, the interpreter's start-up included."""
    return time.perf_counter() - _START
