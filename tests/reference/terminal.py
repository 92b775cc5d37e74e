"""A terminal, as those of Unix are."""

import os
import subprocess
import sys

import pytest

from tests.reference.own_process import environment


def open_terminal() -> tuple[int, int]:
    """Open a terminal: the ends of who looks at it and of what runs in it. Skips on Windows."""
    pty = pytest.importorskip("pty", reason="Windows has no such terminals")
    main, terminal = pty.openpty()
    return main, terminal


def on_a_terminal(code: str, *, encoding: str = "utf-8", **variables: str) -> str:
    """Everything that `code` writes, in an encoding, to a terminal of 100 columns."""
    main, terminal = open_terminal()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(**{"TERM": "xterm-256color", "COLUMNS": "100", **variables}),
    )
    os.close(terminal)
    written = b""
    try:
        while chunk := os.read(main, 65536):
            written += chunk
    except OSError:  # Linux says so when the last writer has closed a terminal
        pass
    finally:
        os.close(main)
    assert process.wait() == 0
    return written.decode(encoding)
