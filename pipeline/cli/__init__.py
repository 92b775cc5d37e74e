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
processes of a run has the fork server started before all else, because everybody waits for it. Then
the command checks the configuration, which needs little, so that a wrong one is refused as quickly.
Only then does the fork server import anything (`options.checked`), unless the same command line was
right before (`right`). However the command ends, the fork server ends with it.
"""

import gc
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

import pipeline.cli.clock  # noqa: F401  (first: it reads the clock)
from pipeline.cli.document import stdout_kept
from pipeline.cli.ending import leave
from pipeline.cli.exit_codes import INTERRUPTED, TERMINATED
from pipeline.errors import RingtapeError

__all__ = ["main"]

#: What is imported stays. To look for garbage in it after each 700 new objects, as Python does,
#: takes a tenth of the time that the imports take.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000

_START_PROCESSES = ("demo", "run", "sweep")


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line ``args`` (default: this process's) and exit with its code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # SIGTERM raises SystemExit, so that everything that is open is freed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        _run(sys.argv[1:] if args is None else args)
    except SystemExit as end:
        if args is None and isinstance(end.code, int):
            leave(end.code)
        raise


def _run(words: Sequence[str]) -> NoReturn:
    with stdout_kept("--json" in words):
        try:
            with _fork_server(words):
                from pipeline.cli.app import run_commands

                run_commands(words)
        except KeyboardInterrupt:
            sys.stderr.write("ringtape: interrupted\n")
            sys.exit(INTERRUPTED)


@contextmanager
def _fork_server(words: Sequence[str]) -> Iterator[None]:
    """Have a fork server while the block lasts, if the command will start processes."""
    command = next((word for word in words if not word.startswith("-")), None)
    if command not in _START_PROCESSES or {"-h", "--help", "--inline"}.intersection(words):
        yield
        return
    from pipeline.cli.right import mark_of
    from pipeline.runner.starting import end_server, start_early

    with suppress(RingtapeError, OSError):  # the command comes to it again, and says so
        start_early(mark_of(words))
    try:
        yield
    finally:
        end_server()
