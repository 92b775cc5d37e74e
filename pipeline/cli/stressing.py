"""`ringtape stress`: what this machine can do, where it breaks, and which setting is best."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.config_text import with_entries
from pipeline.cli.metrics_options import metrics_options, shown_metrics
from pipeline.cli.options import GivenNumber, GivenPath, common_options, example, set_option
from pipeline.cli.output import print_json, print_text
from pipeline.errors import ConfigError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.checks.stress.comparison import Comparison
    from pipeline.checks.stress.result import Setting, StressResult
    from pipeline.checks.stress.stress import Progress

_PHASES = ("closed", "open", "breakpoint", "soak", "faults")


@click.command(
    epilog=example("ringtape stress config/stress.json --minutes 2 --phase closed"),
    short_help="Measure what this machine can do, and recommend a setting.",
)
@click.argument(
    "config",
    type=GivenPath(exists=True, dir_okay=False, path_type=Path),
    required=False,
)
@set_option
@click.option(
    "--minutes",
    type=GivenNumber(0.1, 24 * 60),
    default=5.0,
    show_default=True,
    help="About how long it may take; a phase takes 10 to 30 seconds at least.",
)
@click.option(
    "--phase",
    "phases",
    type=click.Choice(_PHASES),
    multiple=True,
    help="Run this phase alone; may be repeated.  [default: all]",
)
@click.option(
    "--p99",
    "target",
    type=GivenNumber(0.01, 1e6),
    default=10.0,
    show_default=True,
    metavar="MS",
    help="Latency that 99 % of the bars must keep, in milliseconds.",
)
@click.option(
    "--at-least",
    type=GivenNumber(0.0, min_open=True),
    metavar="RATE",
    help="Exit with 1 if the knee is below so many bars a second.",
)
@click.option(
    "--compare",
    "old",
    metavar="OLD",
    type=GivenPath(exists=True, path_type=Path),
    help="Say what differs from an older result (stress.json or its folder) beyond the noise.",
)
@click.option("--write", is_flag=True, help="Write the recommended setting into CONFIG.")
@click.option(
    "--out",
    metavar="DIR",
    type=GivenPath(file_okay=False, path_type=Path),
    default=Path("stress"),
    show_default=True,
    help="Folder in which the result's folder is made.",
)
@metrics_options
@common_options
def stress(
    config: Path | None,
    overrides: tuple[str, ...],
    minutes: float,
    phases: tuple[str, ...],
    target: float,
    at_least: float | None,
    old: Path | None,
    write: bool,
    out: Path,
    metrics: str | None,
    metrics_file: Path | None,
    as_json: bool,
) -> None:
    """Measure what this machine can do with the market and strategy of CONFIG (JSON or TOML).

    Without CONFIG it takes the sample market. The phases: closed (as fast as it goes, over
    processes, slots and loads; recommends a setting), open (bars offered at rates by a clock, and
    how long they wait), breakpoint (the highest rate that keeps --p99), soak (a long run at 70 % of
    it, and what grows), faults (each role stopped and killed). The result is written as stress.json
    and as the page stress.html.

    The exit code is 1 if the knee is below --at-least.
    """
    from pipeline.checks.stress.comparison import compare, read_result
    from pipeline.checks.stress.stress import Asked
    from pipeline.checks.stress.stress import stress as run_stress
    from pipeline.checks.stress.workload import read_workload

    asked = Asked(phases or _PHASES, minutes, target / 1e3)
    _check(config, asked.phases, at_least, write)
    before = None if old is None else read_result(old)
    settings, name = read_workload(config, overrides)
    _try_folder(out)
    with shown_metrics(metrics, metrics_file), _progress() as tell:
        result = run_stress(settings, name, asked, tell, lambda part: _keep(part, out))
    compared = None if before is None else compare(before, result)
    folder, failure = None, None
    try:
        folder = _write(result, out, compared)
        click.echo(f"result: {folder}", err=True)
    except RunError as error:  # what was measured can be shown yet
        failure = error
    written = None
    if write and config is not None and result.closed is not None:
        written = _write_setting(config, result.closed.recommendation.setting)
    if as_json:
        comparison = None if compared is None else compared.document()
        more = {"folder": folder, "comparison": comparison, "written": written}
        print_json({**json.loads(result.model_dump_json()), **more})
    else:
        _print(result, compared, folder, written)
    if failure is not None:
        raise failure
    _judge(result, at_least)


def _check(
    config: Path | None, phases: tuple[str, ...], at_least: float | None, write: bool
) -> None:
    """Refuse options that contradict each other."""
    if at_least is not None and "breakpoint" not in phases:
        raise click.UsageError("--at-least needs the knee: add --phase breakpoint")
    if write and "closed" not in phases:
        raise click.UsageError("--write needs a recommended setting: add --phase closed")
    if not write:
        return
    if config is None:
        raise click.UsageError("--write needs CONFIG, the file to write the setting into")
    from pipeline.checks.stress.result import Setting

    _text_with(config, Setting(processors=1, engines=1, slots=4, slot_rows=None))


def _try_folder(out: Path) -> None:
    """Refuse a folder in which no result could be written, before anything is measured."""
    place = next(one for one in (out.absolute(), *out.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryDirectory(dir=place):
            pass
    except OSError as error:
        raise ConfigError(
            f"--out {out}: nothing can be written in {place}: {error.strerror}; choose another"
            " folder"
        ) from None


def _judge(result: StressResult, at_least: float | None) -> None:
    """Raise RunError if the knee is too low."""
    if at_least is None or result.knee is None:
        return
    if result.knee.rate is None:
        raise RunError(f"there is no knee to compare with --at-least: {result.knee.said}")
    if result.knee.rate < at_least:
        raise RunError(
            f"the knee is at {result.knee.rate:,.0f} bars/s, expected at least {at_least:,.0f}"
        )


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows how far it is: a bar and lines on a terminal, else lines."""
    from pipeline.runner.progress_line import clock_text, progress_bar

    if not sys.stderr.isatty():

        def write(progress: Progress) -> None:
            if progress.line:
                click.echo(f"{progress.phase}: {progress.line}", err=True)

        yield write
        return
    widths = {"eta": 0}
    with progress_bar(sys.stderr, widths, first="phase") as bar:
        task = bar.add_task("", total=1.0, phase="preparing", eta="")

        def show(progress: Progress) -> None:
            if progress.line:
                bar.console.print(f"{progress.phase:<12}{progress.line}", markup=False)
            left = f"about {clock_text(progress.left)} left"
            bar.update(task, completed=progress.share, phase=progress.phase, eta=left)
            bar.refresh()

        yield show


def _write(result: StressResult, out: Path, compared: Comparison | None) -> Path:
    """Write stress.json and stress.html into a folder of their own; return it.

    Raises RunError if they cannot be written, and leaves no folder then.
    """
    from pipeline.checks.stress.comparison import NAME
    from pipeline.checks.stress.report.report import write_page
    from pipeline.native.whole_file import write_whole
    from pipeline.results.tables import writing

    stamp = re.sub(r"[-:]", "", result.began)
    folder = out / f"stress-{stamp}"
    number = 1
    while folder.exists():
        number += 1
        folder = out / f"stress-{stamp}-{number}"
    with writing(folder):
        folder.mkdir(parents=True)
    document = result.model_dump_json(indent=1).encode()
    try:
        with writing(folder / NAME, len(document)):
            write_whole(folder / NAME, document)
        write_page(result, folder / "stress.html", compared)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _keep(part: StressResult, out: Path) -> None:
    """Write what an interrupted stress has found, and say where."""
    try:
        click.echo(f"what was measured is in {_write(part, out, None)}", err=True)
    except RunError as error:
        click.echo(str(error), err=True)


def _write_setting(config: Path, setting: Setting) -> str:
    """Write the recommended section into a configuration; return what was done, in words."""
    from pipeline.native.whole_file import write_whole

    write_whole(config, _text_with(config, setting).encode())
    return f"{config}: pipeline {json.dumps(setting.section())}"


def _text_with(config: Path, setting: Setting) -> str:
    """Return the text of a configuration with the recommended section; ConfigError if it cannot."""
    try:
        text = config.read_text(encoding="utf-8")
        return with_entries(text, config.suffix == ".toml", "pipeline", setting.section())
    except ValueError as error:
        raise ConfigError(f"--write: {config} cannot be changed: {error}") from None


def _print(
    result: StressResult, compared: Comparison | None, folder: Path | None, written: str | None
) -> None:
    from pipeline.cli.stress_text import result_text

    print_text(result_text(result, compared))
    ends = [] if folder is None else [f"results         {folder}"]
    if written is not None:
        ends.insert(0, f"written         {written}")
    if ends:
        print_text("\n" + "\n".join(ends))
