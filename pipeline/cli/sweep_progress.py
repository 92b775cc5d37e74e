"""The progress of a sweep: two live lines on a terminal, else a plain line now and then.

    pass 1 ━━━━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━ 128/176 sets 41.2M evaluations/s ETA 0:03
    best 3.72: fast 20, slow 40

All sets of a pass are done at its end, so the bar goes by evaluations, which are bars x sets. While
a pass waits for the compiler, the line says so, as that of a run does; plain lines do so once.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.cli.progress import (
    Pace,
    clock_text,
    compiling_text,
    progress_bar,
    short_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.sweeps.progress import SweepProgress

#: Between two plain lines, and before the first.
_EVERY_SECONDS = 10.0
#: From which width of the terminal on each part of the first line is shown.
_WIDTHS = {"sets": 48, "rate": 70, "eta": 0}


@contextmanager
def sweep_progress(stream: TextIO) -> Iterator[Callable[[SweepProgress], None]]:
    """Give what a sweep may report to while the block lasts."""
    speed = Speed()
    if not stream.isatty():
        yield _plain(stream, speed)
        return
    with progress_bar(stream, _WIDTHS, first="phase", below="best") as line:
        task = line.add_task("", total=None, phase="starting", sets="", rate="", eta="", best="")
        line.refresh()

        def show(progress: SweepProgress) -> None:
            words: dict[str, Any] = {**describe(progress, *speed.of(progress, time.monotonic()))}
            if progress.compiling:
                said = compiling_text(progress.compiling, line.console.width)
                words = {**dict.fromkeys(words, ""), "phase": said}
            words["best"] = best_text(progress, line.console.width)
            total = progress.evaluations_total or None
            line.update(task, total=total, completed=progress.evaluations, **words)
            line.refresh()

        yield show


class Speed:
    """How fast a sweep is, and how long it will take."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._began: tuple[float, int] | None = None

    def of(self, progress: SweepProgress, now: float) -> tuple[float, float | None]:
        """Return evaluations/s while replaying, and the seconds left; 0.0 and None: not known.

        ``now``: seconds on any clock. What is left takes as long as what is done took, with all
        that is not replaying, such as to choose the sets of the next pass.
        """
        if not progress.evaluations:
            return 0.0, None
        rate = self._pace.add(progress.seconds, progress.evaluations)
        if self._began is None:
            self._began = now, progress.evaluations
        made = progress.evaluations - self._began[1]
        left = progress.evaluations_total - progress.evaluations
        if made <= 0 or progress.lanes_total is None:
            return max(0.0, rate), None
        return max(0.0, rate), (now - self._began[0]) / made * left


def _plain(stream: TextIO, speed: Speed) -> Callable[[SweepProgress], None]:
    told = time.monotonic()
    told_compiling = False

    def tell(progress: SweepProgress) -> None:
        nonlocal told, told_compiling
        now = time.monotonic()
        words = describe(progress, *speed.of(progress, now))
        if now - told < _EVERY_SECONDS or (progress.compiling and told_compiling):
            return
        told = now
        said = [*words.values(), best_text(progress)]
        if progress.compiling:
            told_compiling = True
            said = [f"compiling {progress.compiling}"]
        try:
            stream.write(", ".join(word for word in said if word) + "\n")
            stream.flush()
        except BrokenPipeError:  # nobody reads it, which is no reason to end
            told = float("inf")
            sys.stderr = None  # the interpreter would complain about it at exit

    return tell


def describe(progress: SweepProgress, rate: float, left: float | None) -> dict[str, str]:
    """Put a progress into words; ``rate`` in evaluations/s, ``left`` in seconds: see `Speed`."""
    sets = f"{progress.lanes:,}"
    if progress.lanes_total is not None:
        sets += f"/{progress.lanes_total:,}"
    phase = f"pass {progress.passes:,}" if progress.passes else "starting"
    if progress.lanes == progress.lanes_total:
        phase = "finishing"
    return {
        "phase": phase,
        "sets": f"{sets} sets",
        "rate": f"{short_number(rate)} evaluations/s" if rate else "",
        "eta": f"ETA {clock_text(left)}" if left else "",
    }


def best_text(progress: SweepProgress, width: int | None = None) -> str:
    """Put the best set so far into words, with as many parameters as ``width`` has room for."""
    if progress.best is None:
        return ""
    text, join = f"best {progress.best:.4g}", ": "
    for one in progress.best_parameters.split(", "):
        longer = f"{text}{join}{one}"
        if width is not None and len(longer) > width:
            break
        text, join = longer, ", "
    return text
