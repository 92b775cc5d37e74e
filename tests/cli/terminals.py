"""Commands in a terminal of their own."""

import os
import pty
import sys


def in_a_terminal(*arguments: object) -> tuple[int, str]:
    """Run a command; return its exit code and all that it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "pipeline.cli", *map(str, arguments)])
    text = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        text += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode()
