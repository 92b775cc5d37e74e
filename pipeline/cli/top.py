"""`ringtape top`: watches a run or a sweep from another terminal."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.machine import check_end, show_once, show_runs
from pipeline.cli.options import GivenNumber, common_options, example
from pipeline.cli.output import print_json_line, print_text
from pipeline.cli.top_screen import SORTINGS, line, screen

if TYPE_CHECKING:
    from pipeline.watch.live_runs import LiveRun
    from pipeline.watch.views import View


@click.command(
    epilog=example("ringtape top --interval 0.5"),
    short_help="Watch a live run or sweep from another terminal.",
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--interval",
    type=GivenNumber(0.1, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks.",
)
@click.option("--once", is_flag=True, help="Show all figures once, and end.")
@common_options
def top(run_id: str | None, interval: float, once: bool, as_json: bool) -> None:
    """Watch the live run or sweep RUN: its stages, ring, speed, lanes, memory and time left.

    Without RUN it takes the only one. The beginning of an id is enough. Nothing of the run is
    changed or held up. On a terminal `q` ends it and `s` sorts the processes; elsewhere it writes a
    line at each look. With --json it writes a document at each look, in one line of its own.

    The exit code is 0 when the run has ended, and 1 if it was killed.
    """
    from pipeline.watch.live_runs import find_run, live_runs

    if run_id is None and once and len(live_runs()) != 1:
        show_runs(live_runs(), as_json)
        return
    run = find_run(run_id)
    if once:
        show_once(run, as_json)
        return
    with ExitStack() as attached:
        view = attached.enter_context(closing(run.attach()))
        if _on_screen() and not as_json:
            _watch_screen(run, view, interval)
        else:
            _watch_lines(run, view, interval, as_json)
        state = view.look()["state"]
    if not run.is_alive():
        check_end(run, state)


def _on_screen() -> bool:
    """Return whether stdout is a terminal on which a screen can be drawn."""
    if not sys.stdout.isatty():
        return False
    from rich.console import Console

    return not Console().is_dumb_terminal


def _watch_lines(run: LiveRun, view: View, interval: float, as_json: bool) -> None:
    """Write a line, or a document, at each look until the run is over."""
    from pipeline.watch.pace import Pace

    pace = Pace()
    while True:
        alive = run.is_alive()
        look = view.look()
        figures = pace.add(time.monotonic(), look)
        if as_json:
            print_json_line(look)
        else:
            print_text(line(look, figures))
        if not alive:
            return
        time.sleep(interval)


def _watch_screen(run: LiveRun, view: View, interval: float) -> None:
    """Draw the screen at each look until the run is over or a key ends it."""
    from rich.console import Console
    from rich.live import Live

    from pipeline.watch.pace import Pace

    console, pace, sorting = Console(highlight=False), Pace(), 0
    with _keys() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        while run.is_alive():
            look = view.look()
            figures = pace.add(time.monotonic(), look)
            live.update(screen(look, figures, SORTINGS[sorting], console.height), refresh=True)
            pressed = key(interval)
            if pressed == "q":
                return
            sorting = (sorting + (pressed == "s")) % len(SORTINGS)
    look = view.look()
    print_text(line(look, pace.add(time.monotonic(), look)))


@contextmanager
def _keys() -> Iterator[Any]:
    """Give a function that waits some seconds for a key and returns it; "" for none.

    The terminal is as before after the block.
    """
    if not sys.stdin.isatty():

        def wait(seconds: float) -> str:
            time.sleep(seconds)
            return ""

        yield wait
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        return sys.stdin.read(1) if ready else ""

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
