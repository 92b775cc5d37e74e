"""The command line, ``ringtape``: nothing imports it.

::

    clock      when the command started
    app        the group of commands, and how any of them ends: messages and exit codes
    running    demo, run, schema          progress        the line on the terminal meanwhile
    sweeping   sweep                      sweep_progress  the lines of a sweep
    ledger     ledger                     lane_table      lanes as a table
    data       import, catalog            output          what goes to stdout
    machine    clean, stats               live_runs       runs, seen from outside

Only `click` is imported to parse a command line and print help; what a command needs is imported
when it runs, so that `ringtape --help` does not wait for Numba and Arrow.
"""

import pipeline.cli.clock  # noqa: F401  (first: it reads the clock)
from pipeline.cli.app import main

__all__ = ["main"]
