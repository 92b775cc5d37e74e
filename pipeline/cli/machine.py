"""`ringtape clean` and `ringtape stats`: the runs of this machine, seen from outside."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, print_json, print_text

if TYPE_CHECKING:
    from pipeline.cli.live_runs import LiveRun

_WATCH_SECONDS = 1.0


@click.command(
    epilog=example("ringtape clean"), short_help="Remove shared memory that killed runs have left."
)
@common_options
def clean(as_json: bool) -> None:
    """Remove the shared memory that killed runs have left behind.

    Runs that are alive are not touched. Every run does this when it starts.
    """
    from shm.stale import remove_stale

    removed = remove_stale()
    if as_json:
        print_json({"removed": removed})
    elif removed:
        print_text("\n".join(f"removed {name}" for name in removed))
    else:
        print_text("nothing to remove")


@click.command(
    epilog=example("ringtape stats --watch"), short_help="Look at a live run from outside."
)
@click.argument("run_id", required=False)
@click.option("--watch", is_flag=True, help="Show it again every second until the run is over.")
@common_options
def stats(run_id: str | None, watch: bool, as_json: bool) -> None:
    """Show counters and timings of the live run RUN_ID, without disturbing it.

    Without RUN_ID, lists the runs that are alive; --watch then takes the only one. The beginning of
    an id is enough.
    """
    from pipeline.cli.live_runs import find_run, live_runs

    if watch and as_json:
        raise click.UsageError("--watch and --json exclude each other: --json is one document")
    if run_id is None and not watch:
        _print_runs(live_runs(), as_json)
        return
    run = find_run(run_id)
    with ExitStack() as attached:
        view = attached.enter_context(closing(run.attach()))
        if as_json:
            print_json(view.document())
            return
        print_text(view.text())
        while watch and run.is_alive():
            time.sleep(_WATCH_SECONDS)
            click.clear()
            print_text(view.text())


def _print_runs(runs: list[LiveRun], as_json: bool) -> None:
    documents: list[dict[str, Any]] = [run.describe() for run in runs]
    if as_json:
        print_json({"runs": documents})
    elif not runs:
        print_text("no run is alive")
    else:
        header = ("run", "pid", "state", "processes")
        rows = [
            (item["run_id"], str(item["pid"]), item["state"], str(item["processes"]))
            for item in documents
        ]
        print_text(format_table(header, rows, right=("pid", "processes")))
