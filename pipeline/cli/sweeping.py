"""`ringtape sweep`: runs every parameter set of a configuration, and prints the best."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.clock import seconds_since_start
from pipeline.cli.data_options import asked, data_options
from pipeline.cli.lane_table import cell, columns_of, lanes_text
from pipeline.cli.metrics_options import metrics_options, shown_metrics
from pipeline.cli.options import GivenPath, common_options, example, out_option, set_option
from pipeline.cli.output import print_json, print_text
from pipeline.errors import DataWarning, RunError
from pipeline.results.report.figures import signed_percent
from pipeline.sweeps.progress_line import sweep_progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.sweeps.ledger.ledger import LaneRow

_BEST_SHOWN, _ERRORS_SHOWN = 10, 5
_LABEL = 14


@click.command(
    epilog=example("ringtape sweep config/sweep.json --engines 2 --set sweep.best=3"),
    short_help="Run every parameter set of a configuration's sweep section.",
)
@data_options
@set_option
@click.option(
    "--engines",
    type=click.IntRange(1, 64),
    metavar="E",
    help="Analysis engine processes.  [default: pipeline.engines if set, else the cores]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Take lanes from the ledger that were run before, and run the rest.",
)
@click.option(
    "--ledger",
    "ledger_folder",
    metavar="DIR",
    type=GivenPath(file_okay=False, path_type=Path),
    help="Folder of the ledger, which sweeps can share.  [default: ledger in --out]",
)
@click.option(
    "--report/--no-report",
    "reported",
    default=None,
    help="Write the pages of the best sets' runs too.  [default: on a terminal]",
)
@out_option("sweep")
@metrics_options
@common_options
def sweep(
    config: Path | None,
    data: tuple[str, ...],
    strategy: str | None,
    overrides: tuple[str, ...],
    engines: int | None,
    resume: bool,
    ledger_folder: Path | None,
    reported: bool | None,
    out: Path,
    metrics: str | None,
    metrics_file: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Run every parameter set that the section "sweep" of the file CONFIG (JSON or TOML) describes.

    All sets see one pass of the market. Each gets a row in the ledger (`ringtape ledger`). The
    sweep's folder gets report.html, summary.json and a run folder for each of the best sets; with
    --report these have pages of their own, to which report.html links.

    With --data, what CONFIG and --set do not say is inferred, as `ringtape run` does; the space is
    given as --set sweep.space.fast=[5,10,20].

    With --json, `seconds` is the wall time since the command started, and `run_seconds` the time of
    the replays. The exit code is 1 if not a single set could be run to its end.
    """
    arguments = asked(config, data, strategy, overrides, options)
    from pipeline.sweeps.sweep import sweep as run_sweep

    with (
        shown_metrics(metrics, metrics_file),
        sweep_progress(sys.stderr) as progress,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", DataWarning)  # the summary says it
        result = run_sweep(
            **arguments,
            out=out,
            ledger=ledger_folder,
            engines=engines,
            resume=resume,
            progress=progress,
            reports=sys.stdout.isatty() and not as_json if reported is None else reported,
        )
    summary: dict[str, Any] = {**result.summary, "seconds": seconds_since_start()}
    if as_json:
        print_json(summary)
    else:
        print_text(_text(summary, result.rows))
    if summary["errors"] and summary["failed"] == summary["lanes"]:
        first = summary["errors"][0]["error"]
        raise RunError(f"all {summary['lanes']:,} sets failed, the first: {first}")


def _text(summary: Mapping[str, Any], rows: Sequence[LaneRow]) -> str:
    from pipeline.sweeps.ranking import best_rows

    inferred = [f"{name}: {text}" for name, text in summary.get("inferred", {}).items()]
    told = [_line("" if number else "inferred", text) for number, text in enumerate(inferred)]
    blocks = [[str(summary["session_name"])], told, _facts(summary)]
    score = summary["scores"][0]
    best = best_rows(rows, score, summary["min_round_trips"], _BEST_SHOWN)
    if best:
        table = lanes_text(best, columns_of(best, summary["scores"]))
        blocks.append([f"best by {score}", table])
    else:
        blocks.append([f"no set has a {score.removeprefix('-')}"])
    blocks.append([_line("note", note) for note in summary["notes"]])
    blocks.append([_line("ledger", summary["ledger"]), _line("report", summary["report"])])
    if summary["failed"]:
        blocks.append(_errors(summary))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _errors(summary: Mapping[str, Any]) -> list[str]:
    """Return a line for each of the first errors, and one that says where the others are."""
    from pipeline.sweeps.ranking import set_said

    errors = summary["errors"]
    lines = [
        f"failed: {set_said(e['parameters'])}: {cell(e['error'])}" for e in errors[:_ERRORS_SHOWN]
    ]
    if len(errors) > len(lines):
        lines.append(
            f"and {len(errors) - len(lines):,} more: ringtape ledger {summary['ledger']}"
            f' --sweep {summary["sweep"]} --where "state = failed"'
        )
    return lines


def _facts(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines on sets, bars, evaluations, time and memory."""
    apart = [f"{summary[name]:,} {name}" for name in ("failed", "pruned") if summary[name]]
    if summary["resumed"]:
        apart.append(f"{summary['resumed']:,} known before")
    lanes = f"{summary['lanes']:,} by {summary['method']}"
    lines = [_line("sets", ", ".join([lanes, *apart]))]
    if summary["first_session"]:
        dates = f"{summary['first_session']} to {summary['last_session']}"
        year = f"{summary['sessions_per_year']:,} sessions a year ({summary['calendar']})"
        outside = summary["bars_outside_sessions"]
        left = f"; {outside:,} outside sessions left out" if outside else ""
        lines.append(_line("bars", f"{summary['bars']:,}, {dates}; {year}{left}"))
    if summary["buy_and_hold"] is not None:
        lines.append(_line("buy and hold", signed_percent(summary["buy_and_hold"])))
    if summary["evaluations"]:
        speed = summary["evaluations_per_second"]
        passes = f"{summary['passes']} pass" + ("" if summary["passes"] == 1 else "es")
        engines = f"{summary['engines']} engine" + ("" if summary["engines"] == 1 else "s")
        rate = f"{summary['run_seconds']:.3f} s, {speed:,.0f}/s on {engines}"
        lines.append(_line("evaluations", f"{summary['evaluations']:,} in {passes}, {rate}"))
    if summary["verdict"]:
        lines.append(_line("bound", summary["verdict"]["said"]))
    memory = summary["peak_memory_bytes"] / 2**20
    lines.append(_line("whole time", f"{summary['seconds']:.1f} s, {memory:,.0f} MiB at most"))
    return lines


def _line(label: str, text: Any) -> str:
    return f"{label:<{_LABEL}}{text}"
