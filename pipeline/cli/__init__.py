"""The command line, ``ringtape``; no other room imports it.

::

    clock      when the command started
    app        the group of commands, their error messages and exit codes
    running    demo, run, schema          progress        progress line of a run
    sweeping   sweep                      sweep_progress  progress lines of a sweep
    ledger     ledger                     lane_table      lanes as a table
    data       import, catalog            output          text, tables and JSON on stdout
    machine    clean, stats               options         options of several commands

To parse a command line and print help, only `click` is imported. A command imports everything else
when it runs, so that `ringtape --help` does not wait for Numba and Arrow.
"""

import pipeline.cli.clock  # noqa: F401  (first: it reads the clock)
from pipeline.cli.app import main

__all__ = ["main"]
