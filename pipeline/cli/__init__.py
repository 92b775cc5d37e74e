"""The command line, ``ringtape``; no other room imports it.

::

    clock      when the command started
    app        the group of commands, their error messages and exit codes
    running    demo, run, schema          progress        progress line of a run
    sweeping   sweep                      sweep_progress  progress lines of a sweep
    ledger     ledger                     lane_table      lanes as a table
    data       import, catalog            output          text, tables and JSON on stdout
                                          exit_codes      how a failed command ends
    machine    clean, stats               options         options of several commands

To parse a command line and print help, only `click` is imported. A command imports everything else
when it runs, so that `ringtape --help` does not wait for Numba and Arrow. A command that starts the
processes of a run has the fork server started before all that, because everybody waits for it.
"""

import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

import pipeline.cli.clock  # noqa: F401  (first: it reads the clock)
from pipeline.cli.exit_codes import INTERRUPTED, TERMINATED
from pipeline.errors import RingtapeError

__all__ = ["main"]

_START_PROCESSES = {"demo", "run", "sweep"}


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line ``args`` (default: this process's) and exit with its code."""
    # SIGTERM raises SystemExit, so that everything that is open is freed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    words = sys.argv[1:] if args is None else args
    try:
        run_commands = _begun(words)
    except KeyboardInterrupt:
        sys.stderr.write("ringtape: interrupted\n")
        sys.exit(INTERRUPTED)
    run_commands(words)


def _begun(words: Sequence[str]) -> Callable[[Sequence[str]], NoReturn]:
    """Start the fork server if the command needs it, and return what runs the command."""
    if _START_PROCESSES.intersection(words[:1]) and not {"-h", "--help"}.intersection(words):
        from pipeline.runner.starting import start_early

        with suppress(RingtapeError, OSError):  # the command comes to it again, and says so
            start_early()
    from pipeline.cli.app import run_commands

    return run_commands
