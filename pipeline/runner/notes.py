"""The notes of a summary: sentences on what a reader of its figures has to know.

Each function gives the notes on one matter, none where there is nothing to say. A note is a whole
sentence in plain text, which names the thing, its numbers and the setting that decides it. Notes
stand in summary.json under "notes", in the text of a run and of a sweep, and in the sweep's report.
"""

from collections.abc import Sequence

from pipeline.codes import DAY_NS
from pipeline.runner.preparation import Preparation


def notes_of(preparation: Preparation) -> list[str]:
    """Return the notes on a run, or on the runs of a sweep's lanes, in the order of reading."""
    return [*_on_the_year(preparation.sessions.date_ns.tolist())]


def _on_the_year(dates: Sequence[int]) -> list[str]:
    """Say by which year figures are annual where the run is too short to tell it."""
    if (dates[-1] - dates[0]) / DAY_NS + 1 >= 28:
        return []
    return ["The run spans less than four weeks, so a year is taken as 252 sessions."]
