"""`ringtape report`: writes the page of a run that a browser opens."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import GivenPath, common_options, example
from pipeline.cli.output import print_json, print_text
from pipeline.errors import RunError
from pipeline.results.report.lines import line

if TYPE_CHECKING:
    from pipeline.runner.reporting.report import Report

open_option = click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")


@click.command(
    epilog=example("ringtape report latest --open"),
    short_help="Write the page of a run that a browser opens.",
)
@click.argument("run", metavar="RUN")
@click.option(
    "--out",
    metavar="FILE",
    type=GivenPath(dir_okay=False, path_type=Path),
    help="The file.  [default: report.html in the run folder]",
)
@click.option(
    "--lane",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    show_default=True,
    help="Which lane the page is about.",
)
@click.option(
    "--runs",
    "folder",
    metavar="DIR",
    type=GivenPath(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder in which the runs' folders are.",
)
@open_option
@common_options
def report(
    run: str, out: Path | None, lane: int, folder: Path, opened: bool, as_json: bool
) -> None:
    """Write the page of RUN: one HTML file that needs no network.

    It has the figures, the prices with all entries and exits, the account and what the run was made
    from. RUN is the path or the name of a run folder; the beginning or the end of a name is enough,
    and "latest" is the newest run. Prices are read from the catalog that the run names; where that
    has other bars by now, the page says so and has none.
    """
    from pipeline.runner.reporting.report import write_report
    from pipeline.runner.run_folders import find_run

    made = write_report(find_run(run, folder), out, lane)
    if as_json:
        print_json(asdict(made))
    else:
        print_text(told(made))
    if opened:
        open_page(made.path)


def told(made: Report) -> str:
    """Return the line that says where a page is."""
    return "\n".join(line("report", made.path, whole_words=True))


def open_page(path: Path) -> None:
    """Show a page in the user's browser. RunError if there is none."""
    import webbrowser

    if not webbrowser.open(path.absolute().as_uri()):
        raise RunError(f"no browser was found to open {path}; open it in one yourself")
