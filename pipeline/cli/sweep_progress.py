"""The progress of a sweep: a live line on a terminal, else a plain line now and then.

128/176 sets  ━━━━━━━━━━━━╸━━━━  41.2M evaluations/s  best 3.72 (fast 20, slow 40)  ETA 0:03
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.cli.progress import Pace, clock_text, progress_bar, short_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.sweep.progress import SweepProgress

#: Between two plain lines, and before the first.
_EVERY_SECONDS = 10.0
#: From which width of the terminal on each part of the line is shown.
_WIDTHS = {"sets": 0, "rate": 50, "best": 100, "eta": 40}


@contextmanager
def sweep_progress(stream: TextIO) -> Iterator[Callable[[SweepProgress], None]]:
    """Give what a sweep may report to while the block lasts."""
    pace = Pace()
    if not stream.isatty():
        yield _plain(stream, pace)
        return
    with progress_bar(stream, _WIDTHS) as line:
        task = line.add_task("", total=None, sets="starting", rate="", best="", eta="")
        line.refresh()

        def show(progress: SweepProgress) -> None:
            rate = pace.add(progress.seconds, progress.evaluations)
            words: dict[str, Any] = {**describe(progress, rate)}
            total = progress.evaluations_total or None
            line.update(task, total=total, completed=progress.evaluations, **words)
            line.refresh()

        yield show


def _plain(stream: TextIO, pace: Pace) -> Callable[[SweepProgress], None]:
    told = time.monotonic()

    def tell(progress: SweepProgress) -> None:
        nonlocal told
        rate = pace.add(progress.seconds, progress.evaluations)
        if time.monotonic() - told >= _EVERY_SECONDS:
            told = time.monotonic()
            words = describe(progress, rate)
            stream.write(", ".join(word for word in words.values() if word) + "\n")
            stream.flush()

    return tell


def describe(progress: SweepProgress, rate: float) -> dict[str, str]:
    """Put a progress into words; ``rate`` in evaluations/s, 0.0 when not known."""
    sets = f"{progress.lanes:,}"
    if progress.lanes_total is not None:
        sets += f"/{progress.lanes_total:,}"
    left = progress.evaluations_total - progress.evaluations
    best = ""
    if progress.best is not None:
        best = f"best {progress.best:.4g} ({progress.best_parameters})"
    return {
        "sets": f"{sets} sets",
        "rate": f"{short_number(rate)} evaluations/s" if rate else "",
        "best": best,
        "eta": f"ETA {clock_text(left / rate)}" if rate and left > 0 else "",
    }
