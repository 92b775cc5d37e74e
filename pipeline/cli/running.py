"""`ringtape demo`, `ringtape run` and `ringtape schema`: runs sessions, prints their schema."""

import json
import sys
import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from pipeline.cli.clock import seconds_since_start
from pipeline.cli.data_options import asked, data_options
from pipeline.cli.metrics_options import metrics_options, shown_metrics
from pipeline.cli.options import GivenPath, checked, common_options, example, out_option, set_option
from pipeline.cli.output import print_json, print_text
from pipeline.cli.reporting import open_option, open_page, told
from pipeline.runner.progress_line import progress_line


@click.command(
    epilog=example("ringtape demo"),
    short_help="Run the demonstration; needs no data and no network.",
)
@set_option
@out_option("run")
@click.option(
    "--catalog",
    "catalog_folder",
    type=GivenPath(file_okay=False),
    help="Catalog that holds the sample market.  [default: the configuration's]",
)
@common_options
def demo(overrides: tuple[str, ...], out: Path, catalog_folder: str | None, as_json: bool) -> None:
    """Run the demonstration: no data and no network needed.

    Writes a sample market (5 symbols, 30 sessions of 1-minute bars) into a catalog, unless the
    catalog has it, and runs the configuration demo.json on it. `ringtape run` with that
    configuration gives the same digest.
    """
    from pipeline.config.examples import example_path
    from pipeline.config.session import SessionConfig

    path = example_path("demo.json")
    if catalog_folder is not None:
        overrides = (*overrides, f"catalog={json.dumps(catalog_folder)}")
    # Before the sample is written, so that the fork server gets ready meanwhile.
    checked(path, overrides)
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.sample import sample_is_current, write_sample

    catalog = Catalog(SessionConfig.load(path, overrides=overrides).catalog)
    if not sample_is_current(catalog):
        if sys.stderr.isatty():
            click.echo(f"writing the sample market to {catalog.place}", err=True)
        write_sample(catalog)
    _run({"config": path, "overrides": overrides}, out, as_json)


@click.command(
    epilog=example("ringtape run --data prices.csv --strategy mine.py:SmaCross"),
    short_help="Run a session configuration, or a strategy on data.",
)
@data_options
@set_option
@out_option("run")
@click.option(
    "--inline",
    is_flag=True,
    help="Run in this process alone, interpreted, so that breakpoint() works in a hook.",
)
@click.option(
    "--report/--no-report",
    "reported",
    default=None,
    help="Write report.html, a page of the run, into its folder.  [default: on a terminal]",
)
@open_option
@metrics_options
@common_options
def run(
    config: Path | None,
    data: tuple[str, ...],
    strategy: str | None,
    overrides: tuple[str, ...],
    out: Path,
    inline: bool,
    reported: bool | None,
    opened: bool,
    metrics: str | None,
    metrics_file: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Run the session that the file CONFIG (JSON or TOML) describes, or a strategy on data.

    With --data, what CONFIG and --set do not say is inferred from the data and told: symbols,
    interval, dates, calendar. Times that name no zone need --tz, unless they are dates. The data
    are imported once into a catalog in the cache.

    Paths in the configuration are relative to the current directory. The run gets a folder with the
    resolved configuration, fills.parquet, orders.parquet, round_trips.parquet, equity.parquet,
    sessions.parquet, summary.json and performance.txt. With --json, `seconds` is the wall time
    since the command started, and `run_seconds` the time from the start of the tape to the last
    result.
    """
    if opened and reported is False:
        raise click.UsageError("--open and --no-report exclude each other")
    wanted = True if opened else reported
    arguments = asked(config, data, strategy, overrides, options)
    with shown_metrics(metrics, metrics_file):
        _run(arguments, out, as_json, inline=inline, reported=wanted, opened=opened)


@click.command(
    epilog=example("ringtape schema > ringtape.schema.json"),
    short_help="Print the JSON Schema of a configuration.",
)
@common_options
def schema(as_json: bool) -> None:
    """Print the JSON Schema of a session configuration, for editors and checkers.

    It is JSON with and without --json.
    """
    from pipeline.config.session import SessionConfig

    print_json(SessionConfig.json_schema())


def _run(
    arguments: Mapping[str, Any],
    out: Path,
    as_json: bool,
    *,
    inline: bool = False,
    reported: bool | None = None,
    opened: bool = False,
) -> None:
    from pipeline.errors import DataWarning
    from pipeline.runner.run import run as run_session

    # A debugger's prompt and a live line would write over each other.
    shown = nullcontext() if inline else progress_line(sys.stderr)
    with shown as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the summary says it
        result = run_session(**arguments, out=out, progress=progress, inline=inline)
    # The run measures its seconds from the call of `run`; a user waits since the command started.
    summary: dict[str, Any] = {**result.summary, "seconds": seconds_since_start()}
    if as_json:
        print_json(summary)
    else:
        from pipeline.results.report.page import format_summary

        print_text(format_summary(summary).rstrip("\n"))
    if reported or (reported is None and not as_json and sys.stdout.isatty()):
        _report(result.run_dir, as_json, wanted=bool(reported), opened=opened)


def _report(run_dir: Path, as_json: bool, *, wanted: bool, opened: bool) -> None:
    """Write the page of a run, and open it; one that nobody asked for may fail."""
    from pipeline.errors import RingtapeError
    from pipeline.results.folder import RunFolder
    from pipeline.runner.reporting.report import write_report

    try:
        made = write_report(RunFolder(run_dir))
    except RingtapeError as error:
        if wanted:
            raise
        click.echo(f"ringtape: there is no report: {error}", err=True)
        return
    if not as_json:
        print_text(told(made))
    if opened:
        open_page(made.path)
