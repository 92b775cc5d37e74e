"""The best sets of a sweep, run again: each in full detail, in a run folder of its own."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import DataWarning, RingtapeError, RunError
from pipeline.results.folder import RunFolder
from pipeline.runner.run import run_steered
from pipeline.runner.settings import Asked
from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.roster import Entry, Roster
from shm.command import CommandPage


def run_best(
    roster: Roster,
    entries: Mapping[str, Entry],
    best: Sequence[LaneRow],
    folder: Path,
    command: CommandPage,
) -> list[str]:
    """Run the best sets again, in folders below ``folder``, steered by the sweep's page.

    Returns the folders. RunError if a lane comes to another result than it did in the sweep.
    """
    details = []
    for row in best:
        config, given, overrides = roster.alone(entries[row.key])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # the sweep has said it
            asked = Asked(config, strategy=given, overrides=overrides)
            result = run_steered(asked, folder / "best", command)
        found = result.statistics["digest"]
        if found != row.digest:
            raise RunError(
                f"{result.run_dir}: a lane of the sweep came to another result when run alone:"
                f" digest {found}, expected {row.digest}"
            )
        details.append(str(result.run_dir))
    return details


def write_pages(
    roster: Roster,
    entries: Mapping[str, Entry],
    best: Sequence[LaneRow],
    details: Sequence[str],
) -> list[str]:
    """Write the pages of the best sets' runs; return a note if that failed."""
    from pipeline.runner.reporting.report import write_report

    for row, run_dir in zip(best, details, strict=True):
        _, given, _ = roster.alone(entries[row.key])
        try:
            write_report(RunFolder(Path(run_dir)), strategy=given)
        except RingtapeError as error:
            return [f"Not all of the best sets have a page: {error}."]
    return []
