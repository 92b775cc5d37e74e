"""The progress line of a run: on a terminal, and only there.

    2024-03-04 ━━━━━━━━━━━━╸━━━━━━━━━━━ session 12/30  24,180/58,500 bars 1.2M bars/s ETA 0:03

While the run waits for the compiler, as the first one does for half a minute, it says so instead:

    compiling the lane loop (2 of 5) ━━━━━━━━━━━━━━━━━━━━━━━━

It is drawn when the run reports, about ten times a second, without a thread of its own, and is gone
when the run is over, so that the summary stands alone.
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
    """How far a run is; `pipeline.runner.run` reports it.

    session_date: the session under way, None before the first. bars and sessions done so far, and
    in all (0: not known). seconds: since the run began. compiling: what is compiled before the tape
    can begin, as "the lane loop (2 of 5)", empty for nothing.
    """

    @property
    def session_date(self) -> date | None: ...  # noqa: D102
    @property
    def sessions(self) -> int: ...  # noqa: D102
    @property
    def sessions_total(self) -> int: ...  # noqa: D102
    @property
    def bars(self) -> int: ...  # noqa: D102
    @property
    def bars_total(self) -> int: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102
    @property
    def compiling(self) -> str: ...  # noqa: D102


class Pace:
    """Bars per second of the last few seconds.

    Compilation and loading make the beginning slow; an average over everything would carry that
    into the time left.
    """

    WINDOW_SECONDS = 5.0
    LEAST_SECONDS = 0.001

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, seconds: float, bars: int) -> float:
        """Note that `bars` are done after `seconds`; return bars/s, 0.0 while it is not known."""
        self._seen.append((seconds, bars))
        while len(self._seen) > 2 and self._seen[1][0] <= seconds - self.WINDOW_SECONDS:
            self._seen.popleft()
        first_seconds, first_bars = self._seen[0]
        passed = seconds - first_seconds
        return (bars - first_bars) / passed if passed >= self.LEAST_SECONDS else 0.0


@contextmanager
def progress_line(stream: TextIO) -> Iterator[Callable[[RunProgress], None] | None]:
    """Give what a run may report to while the block lasts: None unless `stream` is a terminal."""
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
    """Put a progress into the words of the line; `rate` in bars/s, 0.0 when not known."""
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
    """Put what is compiled into words that leave a terminal of ``width`` columns room for a bar.

    ``compiled``: as "the lane loop (2 of 5)". A narrow terminal gets the numbers alone.
    """
    text = f"compiling {compiled}"
    if len(text) + _LEAST_BAR > width:
        return f"compiling {compiled[compiled.rindex('(') :]}"
    return text


@contextmanager
def progress_bar(
    stream: TextIO, widths: Mapping[str, int], *, first: str, below: str | None = None
) -> Iterator[Line]:
    """Give a bar with texts around it, drawn when told to and gone after the block.

    ``widths``: the fields of its tasks, with the width of the terminal from which each is shown: a
    narrow one gets fewer words rather than cut ones. ``first``: the field before the bar;
    ``below``: that of a line of its own.
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
    """Give a number with a unit: 1.2M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"


def clock_text(seconds: float) -> str:
    """Give a time as 0:03 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
