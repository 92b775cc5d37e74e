"""The progress of a sweep: two live lines on a terminal, elsewhere a plain line now and then.

    pass 1 ━━━━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━ 40 % of 176 sets 41.2M evaluations/s ETA 0:03
    best 3.72: fast 20, slow 40

All sets of a pass end at the same time, so the bar and the per cent count evaluations, which are
bars x sets; sets that the ledger knew count as done. While a pass waits for the compiler, the live
line says so, as that of a run does; a plain line says so once. A hook that does not return is named
in place of the best set, and a plain line names it at once. So it is said that the sweep is paused.
A notebook shows the two lines in the cell, if it is asked for.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.errors import ConfigError
from pipeline.results.report.figures import number
from pipeline.runner.lasting_stream import LastingStream
from pipeline.runner.notebook_line import in_notebook, notebook_line
from pipeline.runner.progress_line import (
    Pace,
    attention,
    clock_text,
    on_terminal,
    progress_bar,
    short_number,
    waiting_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from pipeline.sweeps.progress import SweepProgress

#: Seconds between two plain lines, and before the first.
_EVERY_SECONDS = 10.0
#: The least width of a terminal that shows each part of the first line.
_WIDTHS = {"sets": 48, "rate": 70, "eta": 0}


#: What takes the progress of a sweep; None for nobody.
Report: TypeAlias = "Callable[[SweepProgress], None] | None"


def reported(
    progress: Callable[[SweepProgress], None] | bool | None,
) -> AbstractContextManager[Callable[[SweepProgress], None] | None]:
    """Give what takes the progress of a sweep during the block, as a caller of `sweep` asks for it.

    True is the progress lines in the cell of a notebook, and elsewhere on stderr. None is those on
    stderr where that is a terminal. Raises ConfigError for anything but a bool, None and a
    function.
    """
    if progress is True and in_notebook():
        return cell_progress()
    if progress is True or (progress is None and on_terminal()):
        return sweep_progress(sys.stderr)
    if progress is False or progress is None:
        return nullcontext(None)
    if not callable(progress):
        raise ConfigError(f"progress is {progress!r}, expected True or a function of SweepProgress")
    return nullcontext(progress)


@contextmanager
def sweep_progress(stream: TextIO) -> Iterator[Callable[[SweepProgress], None]]:
    """Give a function that a sweep may report to during the block."""
    speed = Speed()
    if not stream.isatty():
        yield _plain(stream, speed)
        return
    with progress_bar(stream, _WIDTHS, first="phase", below="best") as line:
        task = line.add_task("", total=None, phase="starting", sets="", rate="", eta="", best="")
        line.refresh()

        def show(progress: SweepProgress) -> None:
            words: dict[str, Any] = {**describe(progress, *speed.of(progress, time.monotonic()))}
            if waits := waiting_text(progress, line.console.width):
                words = {**dict.fromkeys(words, ""), "phase": waits}
            words["best"] = attention(progress) or best_text(progress, line.console.width)
            share = progress.share
            line.update(task, total=None if share is None else 1.0, completed=share or 0.0, **words)
            line.refresh()

        yield show


@contextmanager
def cell_progress() -> Iterator[Callable[[SweepProgress], None]]:
    """Give a function that a sweep may report to, which a notebook's cell shows."""
    speed = Speed()
    with notebook_line("starting") as draw:

        def show(progress: SweepProgress) -> None:
            words = [*describe(progress, *speed.of(progress, time.monotonic())).values()]
            waits = waiting_text(progress)
            below = attention(progress) or best_text(progress)
            draw(progress.share, [waits] if waits else words, below)

        yield show


class Speed:
    """Estimates how fast a sweep is and how long it will take."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._began: tuple[float, int] | None = None
        self._paused: float | None = None

    def of(self, progress: SweepProgress, now: float) -> tuple[float, float | None]:
        """Return evaluations per second of replay (0.0: unknown) and seconds left (None: unknown).

        ``now`` is in seconds on any clock. The estimate is that the rest goes on at the mean speed
        so far, which includes time without replay, such as choosing the sets of the next pass, but
        none in which the sweep was paused.
        """
        if progress.paused:
            self._paused = now if self._paused is None else self._paused
            self._pace.rest()
            return 0.0, None
        if self._paused is not None:
            if self._began is not None:
                self._began = self._began[0] + now - self._paused, self._began[1]
            self._paused = None
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
    lines = LastingStream(stream)
    told = time.monotonic()
    told_compiling = told_stuck = told_paused = False

    def tell(progress: SweepProgress) -> None:
        nonlocal told, told_compiling, told_stuck, told_paused
        now = time.monotonic()
        words = describe(progress, *speed.of(progress, now))
        first_stuck, told_stuck = bool(progress.stuck) and not told_stuck, bool(progress.stuck)
        turned, told_paused = progress.paused != told_paused, progress.paused
        waits = now - told < _EVERY_SECONDS or (progress.compiling and told_compiling)
        if waits and not first_stuck and not turned:
            return
        told = now
        said = [*words.values(), best_text(progress)]
        if progress.compiling:
            told_compiling = True
        if before := waiting_text(progress):
            said = [before]
        if keeps := attention(progress):
            said = [keeps]
        lines.write(", ".join(word for word in said if word) + "\n")
        lines.flush()

    return tell


def describe(progress: SweepProgress, rate: float, left: float | None) -> dict[str, str]:
    """Return the texts of the line by field; ``rate`` and ``left`` are those of `Speed.of`."""
    sets = f"{progress.lanes:,} sets"
    if progress.lanes_total is not None:
        sets = f"{progress.lanes:,}/{progress.lanes_total:,} sets"
        if progress.evaluations and (share := progress.share) is not None:
            sets = f"{int(100 * share)} % of {progress.lanes_total:,} sets"
    phase = f"pass {progress.passes:,}" if progress.passes else "starting"
    if progress.lanes == progress.lanes_total:
        phase = "finishing"
    return {
        "phase": phase,
        "sets": sets,
        "rate": f"{short_number(rate)} evaluations/s" if rate else "",
        "eta": f"ETA {clock_text(left)}" if left else "",
    }


def best_text(progress: SweepProgress, width: int | None = None) -> str:
    """Return the best set so far as text, with as many parameters as fit into ``width``."""
    if progress.best is None:
        return ""
    text, join = f"best {number(progress.best, '.4g')}", ": "
    for one in progress.best_parameters.split(", "):
        longer = f"{text}{join}{one}"
        if width is not None and len(longer) > width:
            break
        text, join = longer, ", "
    return text
