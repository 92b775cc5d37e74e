"""Holds a fork server that was started early, until it is told whether its work is wanted.

The fork server imports this module before all others, if the command that starts it has not yet
checked its configuration. By then it has started the interpreter. What it would import next keeps a
core busy for half a second, for which a command that is refused would wait on a busy machine.

The variable `HELD` is set for it, and standard input is the end of a pipe
(`runner.starting.start_early`). A byte means go on. Without one the command has ended. A command
that was started without standard input cannot hand one on, and its fork server does not wait.
"""

import os
from contextlib import suppress

#: A variable of the environment of a fork server that waits.
HELD = "RINGTAPE_HELD"
#: The variable by which Python does not look for modules in the working directory, and its value
#: where this package has set it. A member takes it away, so that what a hook starts is as usual.
SAFE_PATH, SAFE = "PYTHONSAFEPATH", "ringtape"

if os.environ.pop(HELD, ""):
    with suppress(OSError):
        if os.read(0, 1) == b"":
            os._exit(0)
