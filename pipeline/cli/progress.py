"""The progress line of a run, which is shown on a terminal only.

    2024-03-04 ━━━━━━━━━━━━╸━━━━━━━━━━━ session 12/30  24,180/58,500 bars 1.2M bars/s ETA 0:03

While the run waits for the compiler, as the first one does for half a minute, the line says so:

    compiling the lane loop (2 of 5) ━━━━━━━━━━━━━━━━━━━━━━━━

The line is drawn when the run reports, about ten times a second, without a thread of its own. It
disappears when the run is over, so that the summary stands alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Line


_WIDTHS = {"session": 80, "bars": 60, "rate": 40, "eta": 0}
#: Columns of the shortest bar and of the blanks between the parts of a line.
_LEAST_BAR = 10


class RunProgress(Protocol):
    """How far a run is, as `pipeline.runner.run.Progress` reports it."""

    @property
    def session_date(self) -> date | None:
        """Date of the session under way, None before the first."""
        ...

    @property
    def sessions(self) -> int:
        """Sessions that are over."""
        ...

    @property
    def sessions_total(self) -> int:
        """Sessions of the run; 0 if that is not known."""
        ...

    @property
    def bars(self) -> int:
        """Bars so far."""
        ...

    @property
    def bars_total(self) -> int:
        """Bars of the run; 0 if that is not known."""
        ...

    @property
    def seconds(self) -> float:
        """Seconds since the tape began."""
        ...

    @property
    def compiling(self) -> str:
        """Name of the code that is compiled before the tape begins, "" for none.

        It says how far that is, such as "the lane loop (2 of 5)".
        """
        ...


class Pace:
    """Bars per second, over the last few seconds.

    The beginning is slow, because code is compiled and loaded. An average over the whole time would
    make the estimate of the time left too long.
    """

    WINDOW_SECONDS = 5.0
    LEAST_SECONDS = 0.001

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, seconds: float, bars: int) -> float:
        """Note that `bars` are done after `seconds`; return bars/s, 0.0 if it is not known yet."""
        self._seen.append((seconds, bars))
        while len(self._seen) > 2 and self._seen[1][0] <= seconds - self.WINDOW_SECONDS:
            self._seen.popleft()
        first_seconds, first_bars = self._seen[0]
        passed = seconds - first_seconds
        return (bars - first_bars) / passed if passed >= self.LEAST_SECONDS else 0.0


@contextmanager
def progress_line(stream: TextIO) -> Iterator[Callable[[RunProgress], None] | None]:
    """Give a function that a run may report to during the block; None if there is no terminal."""
    if not stream.isatty():
        yield None
        return
    with progress_bar(stream, _WIDTHS, first="date") as line:
        task = line.add_task("", total=None, date="starting", session="", bars="", rate="", eta="")
        line.refresh()
        pace = Pace()

        def show(progress: RunProgress) -> None:
            rate = pace.add(progress.seconds, progress.bars)
            words: dict[str, Any] = {**describe(progress, rate)}
            if progress.compiling:
                said = compiling_text(progress.compiling, line.console.width)
                words = {**dict.fromkeys(words, ""), "date": said}
            line.update(
                task,
                total=progress.bars_total or None,
                completed=progress.bars,
                **words,
            )
            line.refresh()

        yield show


def describe(progress: RunProgress, rate: float) -> dict[str, str]:
    """Return the texts of the line by field; `rate` is in bars/s, 0.0 if it is not known."""
    left = progress.bars_total - progress.bars
    session = f"session {progress.sessions:,}"
    if progress.sessions_total:
        session += f"/{progress.sessions_total:,}"
    count = short_number if max(progress.bars, progress.bars_total) >= 10_000_000 else "{:,}".format
    bars = count(progress.bars)
    known = rate and left >= 0 and progress.bars_total
    if progress.bars_total:
        bars += f"/{count(progress.bars_total)}"
    return {
        "date": "starting" if progress.session_date is None else progress.session_date.isoformat(),
        "session": session,
        "bars": f"{bars} bars",
        "rate": f"{short_number(rate)} bars/s" if rate else "",
        "eta": f"ETA {clock_text(left / rate)}" if known else "",
    }


def compiling_text(compiled: str, width: int) -> str:
    """Return the text "compiling ...", short enough for a bar beside it in ``width`` columns.

    ``compiled`` names the code, such as "the lane loop (2 of 5)". A narrow terminal gets the
    numbers alone.
    """
    text = f"compiling {compiled}"
    if len(text) + _LEAST_BAR > width:
        return f"compiling {compiled[compiled.rindex('(') :]}"
    return text


@contextmanager
def progress_bar(
    stream: TextIO, widths: Mapping[str, int], *, first: str, below: str | None = None
) -> Iterator[Line]:
    """Give a progress bar with texts around it, drawn on demand and removed after the block.

    ``widths`` are the fields of its tasks, each with the least width of a terminal that shows it,
    so that a narrow terminal shows fewer texts instead of cut ones. The field ``first`` stands
    before the bar, the field ``below`` in a line of its own.
    """
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column
    from rich.text import Text

    console = Console(file=stream, highlight=False)

    def text(name: str) -> TextColumn:
        return TextColumn(f"{{task.fields[{name}]}}", table_column=Column(no_wrap=True))

    class Lines(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            yield from super().get_renderables()
            for task in self.tasks:
                if below is not None and task.fields[below]:
                    yield Text(task.fields[below], no_wrap=True)

    with Lines(
        text(first),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4)),
        *(text(name) for name, width in widths.items() if console.width >= width),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        expand=True,
    ) as line:
        yield line


def short_number(number: float) -> str:
    """Return a number with a unit, such as 1.2M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"


def clock_text(seconds: float) -> str:
    """Return a time as 0:03 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
