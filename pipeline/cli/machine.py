"""`ringtape clean` and `ringtape stats`: cleans up after runs of this machine, and watches them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, print_json, print_text, utc_texts
from pipeline.errors import RunError
from pipeline.results.report.figures import many

if TYPE_CHECKING:
    from pipeline.watch.live_runs import LiveRun

_WATCH_SECONDS = 1.0


@click.command(
    epilog=example("ringtape clean"), short_help="Remove what killed runs have left behind."
)
@common_options
def clean(as_json: bool) -> None:
    """Remove the shared memory and the folders of sockets that killed runs have left behind.

    Runs that are alive are not touched. Every run does the same when it starts.
    """
    from pipeline.runner.stale_folders import remove_stale_folders
    from shm.stale import remove_stale

    removed = remove_stale() + remove_stale_folders()
    if as_json:
        print_json({"removed": removed})
    elif removed:
        print_text("\n".join(f"removed {name}" for name in removed))
    else:
        print_text("nothing to remove")


@click.command(
    epilog=example("ringtape stats --watch"),
    short_help="Show the counters of a live run from outside.",
)
@click.argument("run_id", required=False)
@click.option("--watch", is_flag=True, help="Show it again every second until the run is over.")
@common_options
def stats(run_id: str | None, watch: bool, as_json: bool) -> None:
    """Show counters and timings of the live run RUN_ID, without disturbing it.

    Without RUN_ID it lists the runs that are alive; with --watch it shows the only one. The
    beginning of an id is enough.
    """
    from pipeline.watch.live_runs import find_run, live_runs

    if watch and as_json:
        raise click.UsageError("--watch and --json exclude each other: --json is one document")
    if run_id is None and not watch:
        show_runs(live_runs(), as_json)
        return
    run = find_run(run_id)
    if not watch:
        show_once(run, as_json)
        return
    with closing(run.attach()) as view:
        print_text(format_run(view.document()))
        while run.is_alive():
            time.sleep(_WATCH_SECONDS)
            click.clear()
            print_text(format_run(view.document()))
        state = view.look()["state"]
    check_end(run, state)


def show_once(run: LiveRun, as_json: bool) -> None:
    """Print all figures of a live run or sweep."""
    with closing(run.attach()) as view:
        document = view.document()
    if as_json:
        print_json(document)
    else:
        print_text(format_run(document))


def check_end(run: LiveRun, state: str) -> None:
    """Raise RunError if a run that is over was killed, with what remains of it."""
    from shm.names import list_segments
    from shm.stale import lives

    if lives(run.pid) or state in ("done", "stopped", "failed"):
        return
    left = [name.text for name in list_segments() if name.owner_pid == run.pid]
    remains = "nothing of it remains"
    if left:
        remains = f"{many(len(left), 'segment')} of it remain, which `ringtape clean` removes"
    raise RunError(
        f"{'sweep' if run.is_sweep else 'run'} {run.run_id} was killed: its supervisor, process"
        f" {run.pid}, is gone; {remains}"
    )


def show_runs(runs: list[LiveRun], as_json: bool) -> None:
    """Print which runs and sweeps are alive."""
    documents: list[dict[str, Any]] = [run.describe() for run in runs]
    if as_json:
        print_json({"runs": documents})
    elif not runs:
        print_text("no run is alive")
    else:
        header = ("run", "session", "began", "done", "state", "pid", "processes", "folder")
        rows = [
            (
                *(item["run_id"], item["session_name"] or "-", _began(item["began"])),
                *(_share(item["done"]), item["state"], str(item["pid"]), str(item["processes"])),
                item["run_dir"] or "-",
            )
            for item in documents
        ]
        print_text(format_table(header, rows, right=("done", "pid", "processes")))


def format_run(document: Mapping[str, Any]) -> str:
    """Return the document of a run as tables of processes, counters and timings of the whole run.

    ``document``: as `watch.views.View.document` makes it.
    """
    from pipeline.watch.views import TIMES

    rows = document["stats"].items()
    tables = [
        _heading(document),
        format_table(
            ("process", "pid", "heartbeat", "error"),
            [
                (
                    item["role"],
                    str(item["pid"] or "-"),
                    _duration(item["heartbeat_age"]),
                    item["error"] or "",
                )
                for item in document["processes"]
            ],
            right=("pid", "heartbeat"),
        ),
        format_table(
            ("row", "counter", "session", "run"),
            [
                (row, name, f"{value['session']['counters'][name]:,}", f"{total:,}")
                for row, value in rows
                for name, total in value["run"]["counters"].items()
            ],
            right=("session", "run"),
        ),
        format_table(
            ("row", "timing", "count", *TIMES),
            [
                (row, name, f"{timer['count']:,}", *(_duration(timer[key]) for key in TIMES))
                for row, value in rows
                for name, timer in value["run"]["timers"].items()
            ],
            right=("count", *TIMES),
        ),
    ]
    return "\n\n".join(tables)


def _heading(document: Mapping[str, Any]) -> str:
    """Return the lines that say which run it is, how far it is, and which hook is stuck."""
    facts = [f"run {document['run_id']}", document["session_name"], document["state"]]
    facts += [f"{_share(document['done'])} done", f"began {_began(document['began'])}"]
    facts.append(f"supervisor {document['pid']}")
    lines = [", ".join(fact for fact in facts if fact), document["run_dir"]]
    lines += [f"{one['stuck']} has not returned" for one in document["processes"] if one["stuck"]]
    return "\n".join(line for line in lines if line)


def _began(ns: int | None) -> str:
    return "-" if ns is None else utc_texts([ns])[0]


def _share(done: float | None) -> str:
    return "-" if done is None else f"{100 * done:.0f} %"


def _duration(seconds: float | None) -> str:
    if seconds is None or math.isnan(seconds):
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds:,.0f} s"
    return f"{seconds * 1e9:.0f} ns"
