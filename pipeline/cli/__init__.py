"""The command line, ``ringtape``; no other room imports it.

::

    clock      when the command started
    app        the group of commands, their error messages and exit codes
    running    demo, run, schema          lane_table      lanes as a table
    runs       runs                       document        keeps stdout for one document
    sweeping   sweep
    ledger     ledger
    settings   settings
    data       import, catalog            output          text, tables and JSON on stdout
                                          exit_codes      how a failed command ends
    machine    clean, stats               options         options of several commands

To parse a command line and print help, only `click` is imported. A command imports everything else
when it runs, so that `ringtape --help` does not wait for Numba and Arrow. A command that starts the
processes of a run checks the configuration first, which needs little, so that a wrong one is
refused as quickly. Then it has the fork server started before all else, because everybody waits for
it (`options.checked`).
"""

import gc
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import pipeline.cli.clock  # noqa: F401  (first: it reads the clock)
from pipeline.cli.document import stdout_kept
from pipeline.cli.exit_codes import INTERRUPTED, TERMINATED

__all__ = ["main"]

#: What is imported stays. To look for garbage in it after each 700 new objects, as Python does,
#: takes a tenth of the time that the imports take.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line ``args`` (default: this process's) and exit with its code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # SIGTERM raises SystemExit, so that everything that is open is freed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    words = sys.argv[1:] if args is None else args
    with stdout_kept("--json" in words):
        try:
            from pipeline.cli.app import run_commands
        except KeyboardInterrupt:
            sys.stderr.write("ringtape: interrupted\n")
            sys.exit(INTERRUPTED)
        run_commands(words)
