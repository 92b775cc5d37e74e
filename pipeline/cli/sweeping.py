"""`ringtape sweep`: every parameter set of a configuration in one pass, and the best of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.clock import seconds_since_start
from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, print_json, print_text
from pipeline.cli.sweep_progress import sweep_progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.sweep.ledger import LaneRow

_FAILED = 1
_BEST_SHOWN, _ERRORS_SHOWN = 10, 5
#: Figures that stand in the table of the best sets beside the scores.
_FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "round_trips")
_LABEL = 14


@click.command(
    epilog=example("ringtape sweep config/sweep.json --engines 2 --set sweep.best=3"),
    short_help="Run every parameter set of a configuration's sweep section.",
)
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Replace a setting; may be repeated. The value is JSON, else text.",
)
@click.option(
    "--engines",
    type=click.IntRange(1, 64),
    metavar="E",
    help="Analysis engine processes.  [default: pipeline.engines if set, else the cores]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Take from the ledger what it knows of these very lanes, and run the rest.",
)
@click.option(
    "--ledger",
    "ledger_folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the ledger, which sweeps can share.  [default: ledger in --out]",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder that gets the sweep's folder.",
)
@common_options
@click.pass_context
def sweep(
    ctx: click.Context,
    config: Path,
    overrides: tuple[str, ...],
    engines: int | None,
    resume: bool,
    ledger_folder: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Run every parameter set that the section "sweep" of the file CONFIG (JSON or TOML) describes.

    All sets see one pass of the market. Each has a row in the ledger (`ringtape ledger`); the
    sweep's folder gets report.html, summary.json and a run folder for each of the best sets.

    With --json, `seconds` is wall time since the command started, and `run_seconds` is what was
    spent replaying. Exit code 1 if no set at all could be run to its end.
    """
    from pipeline.sweep.sweep import sweep as run_sweep

    with sweep_progress(sys.stderr) as progress:
        result = run_sweep(
            config,
            overrides=overrides,
            out=out,
            ledger=ledger_folder,
            engines=engines,
            resume=resume,
            progress=progress,
        )
    summary: dict[str, Any] = {**result.summary, "seconds": seconds_since_start()}
    if as_json:
        print_json(summary)
    else:
        print_text(_text(summary, result.rows))
    if summary["failed"] == summary["lanes"]:
        ctx.exit(_FAILED)


def _text(summary: Mapping[str, Any], rows: Sequence[LaneRow]) -> str:
    blocks = [[str(summary["session_name"])], _facts(summary)]
    table = _best(summary, rows)
    if table:
        blocks.append([table])
    errors = summary["errors"]
    if errors:
        blocks.append(
            [
                f"failed: {_said(one['parameters'])}: {one['error']}"
                for one in errors[:_ERRORS_SHOWN]
            ]
        )
        if len(errors) > _ERRORS_SHOWN:
            blocks[-1].append(f"and {len(errors) - _ERRORS_SHOWN:,} more, in the report")
    blocks.append([_line("ledger", summary["ledger"]), _line("report", summary["report"])])
    return "\n\n".join("\n".join(block) for block in blocks)


def _facts(summary: Mapping[str, Any]) -> list[str]:
    """Return what was run and how fast."""
    apart = [f"{summary[name]:,} {name}" for name in ("failed", "pruned") if summary[name]]
    if summary["resumed"]:
        apart.append(f"{summary['resumed']:,} known before")
    lanes = f"{summary['lanes']:,} by {summary['method']}"
    lines = [_line("sets", ", ".join([lanes, *apart]))]
    if summary["first_session"]:
        dates = f"{summary['first_session']} to {summary['last_session']}"
        lines.append(_line("bars", f"{summary['bars']:,}, {dates}"))
    if summary["evaluations"]:
        speed = summary["evaluations_per_second"]
        passes = f"{summary['passes']} pass" + ("" if summary["passes"] == 1 else "es")
        engines = f"{summary['engines']} engine" + ("" if summary["engines"] == 1 else "s")
        rate = f"{summary['run_seconds']:.3f} s, {speed:,.0f}/s on {engines}"
        lines.append(_line("evaluations", f"{summary['evaluations']:,} in {passes}, {rate}"))
    memory = summary["peak_memory_bytes"] / 2**20
    lines.append(_line("whole time", f"{summary['seconds']:.1f} s, {memory:,.0f} MiB at most"))
    return lines


def _best(summary: Mapping[str, Any], rows: Sequence[LaneRow]) -> str:
    """Return the table of the best sets; "" if none has a score."""
    from pipeline.sweep.ranking import best_rows, figure

    best = best_rows(rows, summary["scores"][0], _BEST_SHOWN)
    if not best:
        return ""
    names = list(dict.fromkeys(name for row in best for name in row.parameters))
    figures = [name.removeprefix("-") for name in summary["scores"]]
    figures += [name for name in _FIGURES if name not in figures]
    header = ["", *names, *figures]
    if any(row.universe for row in best):
        header.insert(1, "universe")
    table = []
    for place, row in enumerate(best, 1):
        cells = [str(place)]
        if "universe" in header:
            cells.append(row.universe)
        cells += [_short(row.parameters.get(name, "")) for name in names]
        cells += [_short(figure(row, name)) for name in figures]
        table.append(cells)
    return format_table(header, table, right=header)


def _said(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_short(value)}" for name, value in parameters.items())


def _short(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _line(label: str, text: Any) -> str:
    return f"{label:<{_LABEL}}{text}"
