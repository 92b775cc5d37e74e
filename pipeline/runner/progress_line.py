"""The progress line of a run, on a terminal; elsewhere only what needs attention is written.

    2024-03-04 ━━━━━━━━━━━━╸━━━━━━━━━━━ session 12/30  24,180/58,500 bars 1.2M bars/s ETA 0:03

While the run waits for the compiler, as the first one does for half a minute, the line says so:

    compiling the lane loop (2 of 5) ━━━━━━━━━━━━━━━━━━━━━━━━

Before that, while files of a catalog that have changed are read to be verified, it says

    verifying the catalog: 3 of 40 series ━━━━━━━━━━━━━━━━━━━━━━━━

and while data that were given to it are imported,

    importing the data: 12,000,000 rows read ━━━━━━━━━━━━━━━━━━━━━━━━

A hook that does not return is named in a line below, and where there is no terminal, in a line of
its own:

    mine.py:12: Mine.on_bar has not returned for 8 s

So is a run that somebody has paused, for as long as it stands still:

    paused by ringtape control

The line is drawn when the run reports, about ten times a second, without a thread of its own. It
disappears when the run is over, so that the summary stands alone. A notebook shows the same, if it
is asked for (`notebook_line`).
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, TextIO, TypeAlias, cast

from pipeline.errors import ConfigError
from pipeline.runner.lasting_stream import LastingStream
from pipeline.runner.notebook_line import in_notebook, notebook_line

if TYPE_CHECKING:
    from rich.progress import Progress as Line

    from pipeline.runner.progress import Progress

#: Takes the progress of a run; None for nobody.
Report: TypeAlias = "Callable[[Progress], None] | None"

#: What is said of a run that stands still because somebody has paused it.
PAUSED = "paused by ringtape control"

_WIDTHS = {"session": 80, "bars": 60, "rate": 40, "eta": 0}
#: Columns of the shortest bar and of the blanks between the parts of a line.
_LEAST_BAR = 10
#: The least time between two lines where there is no terminal.
_AGAIN_SECONDS = 10.0


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

    def of(self, progress: Progress) -> float:
        """Note how far a run is; return bars/s, 0.0 if it is not known yet or stands still."""
        if progress.paused:
            self.rest()
            return 0.0
        return self.add(progress.seconds, progress.bars)

    def rest(self) -> None:
        """Forget what was seen, because time passes in which nothing is to be done."""
        self._seen.clear()


def reported(progress: Report | bool) -> AbstractContextManager[Report]:
    """Give what takes the progress of a run during the block, as a caller of `run` asks for it.

    True is the progress line on stderr, in the cell of a notebook, or a plain line now and then
    where there is neither. None is the line where stderr is a terminal, and nothing elsewhere.
    Raises ConfigError for anything but a bool, None and a function.
    """
    if progress is True and in_notebook():
        return cell_progress()
    if progress is True:
        return progress_line(sys.stderr, plain=True)
    if progress is None and on_terminal():
        return progress_line(sys.stderr)
    if progress is False or progress is None:
        return nullcontext(None)
    if not callable(progress):
        raise ConfigError(f"progress is {progress!r}, expected True or a function of a Progress")
    return nullcontext(progress)


def on_terminal() -> bool:
    """Return whether stderr is a terminal; a program without windows of text has no stderr."""
    stream: TextIO | None = sys.stderr
    return stream is not None and stream.isatty()


@contextmanager
def progress_line(stream: TextIO, *, plain: bool = False) -> Iterator[Callable[[Progress], None]]:
    """Give a function that a run may report to during the block.

    ``plain``: whether lines are written where ``stream`` is no terminal, too.
    """
    if not stream.isatty():
        yield PlainLines(stream, plain=plain).tell
        return
    with progress_bar(stream, _WIDTHS, first="date", below="stuck") as line:
        texts: dict[str, Any] = dict.fromkeys(("session", "bars", "rate", "eta", "stuck"), "")
        task = line.add_task("", total=None, date="starting", **texts)
        line.refresh()
        pace = Pace()

        def show(progress: Progress) -> None:
            rate = pace.of(progress)
            words: dict[str, Any] = {**describe(progress, rate)}
            if waits := waiting_text(progress, line.console.width):
                words = {**dict.fromkeys(words, ""), "date": waits}
            words["stuck"] = attention(progress)
            line.update(
                task,
                total=progress.bars_total or None,
                completed=progress.bars,
                **words,
            )
            line.refresh()

        yield show


@contextmanager
def cell_progress() -> Iterator[Callable[[Progress], None]]:
    """Give a function that a run may report to during the block, which a notebook's cell shows."""
    pace = Pace()
    with notebook_line("starting") as draw:

        def show(progress: Progress) -> None:
            words = [*describe(progress, pace.of(progress)).values()]
            waits = waiting_text(progress)
            share = progress.bars / progress.bars_total if progress.bars_total else None
            draw(share, [waits] if waits else words, attention(progress))

        yield show


def attention(progress: UnderWay) -> str:
    """Return what keeps a run or sweep from going on under way; "" for nothing."""
    return progress.stuck or (PAUSED if progress.paused else "")


class PlainLines:
    """Writes lines where there is no terminal.

    One is about a hook that does not return, and is written again when that lasts twice as long.
    One says that the run was paused, and one that it goes on. If ``plain``, another says every few
    seconds how far the run is.
    """

    def __init__(self, stream: TextIO, *, plain: bool) -> None:
        self._stream = LastingStream(stream)
        self._plain = plain
        self._next = time.monotonic() + _AGAIN_SECONDS
        self._stuck_since = self._stuck_next = 0.0
        self._paused = False
        self._pace = Pace()

    def tell(self, progress: Progress) -> None:
        """Write a line if there is something to say."""
        now = time.monotonic()
        if not progress.stuck:
            self._stuck_next = 0.0
        elif now >= self._stuck_next:
            self._stuck_since = self._stuck_since if self._stuck_next else now
            self._stuck_next = now + max(_AGAIN_SECONDS, now - self._stuck_since)
            self._write(progress.stuck)
        if progress.paused != self._paused:
            self._paused = progress.paused
            self._write(PAUSED if self._paused else "goes on")
        if self._plain and now >= self._next:
            self._next = now + _AGAIN_SECONDS
            words = [*describe(progress, self._pace.of(progress)).values()]
            words += [PAUSED] if progress.paused else []
            waits = waiting_text(progress)
            self._write(waits or ", ".join(word for word in words if word))

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def describe(progress: Progress, rate: float) -> dict[str, str]:
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


class UnderWay(Protocol):
    """The part of a progress that says what keeps a run or sweep from going on."""

    @property
    def stuck(self) -> str:
        """The hook that does not return."""

    @property
    def paused(self) -> bool:
        """Whether it stands still."""


class Waiting(Protocol):
    """The part of a progress that says for what a run or sweep waits before its tape begins."""

    @property
    def compiling(self) -> str:
        """The code that is compiled."""

    @property
    def verifying(self) -> str:
        """How many series have been verified."""

    @property
    def importing(self) -> str:
        """How far the import of given data is."""


def waiting_text(progress: Waiting, width: int | None = None) -> str:
    """Return what a run or sweep waits for before its tape begins; "" if that is nothing.

    What is returned leaves room for a bar beside it in ``width`` columns; None: there is no bar.
    """
    if progress.importing:
        return before_text("importing the data", progress.importing, width)
    if progress.verifying:
        return before_text("verifying the catalog", progress.verifying, width)
    return compiling_text(progress.compiling, width) if progress.compiling else ""


def compiling_text(compiled: str, width: int | None) -> str:
    """Return the text "compiling ...", short enough for a bar beside it in ``width`` columns.

    ``compiled`` names the code, such as "the lane loop (2 of 5)". A narrow terminal gets the
    numbers alone.
    """
    text = f"compiling {compiled}"
    if width is not None and len(text) + _LEAST_BAR > width:
        return f"compiling {compiled[compiled.rindex('(') :]}"
    return text


def before_text(work: str, words: str, width: int | None) -> str:
    """Return the text on work before a run, short enough for a bar beside it in ``width`` columns.

    ``words`` say how far it is, as "3 of 40 series", which is all that a narrow terminal gets.
    """
    text = f"{work}: {words}"
    return words if width is not None and len(text) + _LEAST_BAR > width else text


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
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column
    from rich.text import Text

    console = Console(file=cast("TextIO", LastingStream(stream)), highlight=False)

    def text(name: str) -> TextColumn:
        return TextColumn(f"{{task.fields[{name}]}}", table_column=Column(no_wrap=True))

    class Lines(RichProgress):
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
