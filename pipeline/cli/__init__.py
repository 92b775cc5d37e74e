"""The command line, ``ringtape``; no other room imports it.

::

    clock      when the command started
    texts      names, texts and streams of any system
    system_errors  limits of the process in words
    signals    Ctrl-C and SIGTERM
    process    what the process of a command has around the command
    ending     how it ends
    app        the group of commands, their error messages and exit codes
    running    demo, run, schema          lane_table      lanes as a table
    runs       runs                       document        keeps stdout for one document
    comparison runs --compare          made_otherwise  code and data of two runs
    sweeping   sweep
    ledger     ledger
    settings   settings
    importing  import                     output          text, tables and JSON on stdout
    catalog    catalog                    catalog_text    what is said of series
    exporting  export                     counting        how many files are done
                                          exit_codes      how a failed command ends
    machine    clean, stats               options         options of several commands
    usage      settings as options      reading_options  how data are read
                                        data_options     data in place of a configuration

To parse a command line and print help, only `click` is imported. A command imports everything else
when it runs, so that `ringtape --help` does not wait for Numba and Arrow. A command that starts the
processes of a run has the fork server started before all else, because everybody waits for it. Then
the command checks the configuration, which needs little, so that a wrong one is refused as quickly.
Only then does the fork server import anything (`options.checked`), unless the same command line was
right before (`right`). However the command ends, the fork server ends with it.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import pipeline.cli.clock  # noqa: F401  (first: it reads the clock)
from pipeline.cli.ending import leave
from pipeline.cli.exit_codes import FAILED
from pipeline.cli.signals import ending_with, listen, signal_behind
from pipeline.cli.system_errors import of_the_process
from pipeline.cli.texts import open_closed_streams, read_names_as_utf8
from pipeline.stages.any_text import write_any_text

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line ``args`` (default: this process's) and exit with its code."""
    if args is None:
        open_closed_streams()
        read_names_as_utf8()
    write_any_text()
    listen()
    try:
        from pipeline.cli.process import run_process

        code = run_process(sys.argv[1:] if args is None else args)
        if args is None:
            leave(code)
    except (Exception, KeyboardInterrupt) as error:
        told, lacking = signal_behind(error), of_the_process(error)
        if told is None and (not lacking or "--debug" in sys.argv):
            raise
        word, code = (f"error: {lacking}", FAILED) if told is None else ending_with(told)
        with suppress(OSError):  # the terminal was closed
            sys.stderr.write(f"ringtape: {word}\n")
        if args is None:
            leave(code)
    sys.exit(code)
