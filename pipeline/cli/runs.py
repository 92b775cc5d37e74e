"""`ringtape runs`: lists, opens, compares and removes the runs of a folder, and shows them all."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.comparison import print_comparison
from pipeline.cli.options import GivenPath, common_options, example
from pipeline.cli.output import format_table, print_json, print_text, short_text
from pipeline.cli.reporting import open_option, open_page
from pipeline.errors import ConfigError, RingtapeError
from pipeline.results.report.figures import many, number, signed_percent
from pipeline.results.report.lines import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.results.folder import RunFolder
    from pipeline.runner.run_folders import RunEntry

_SHOWN = 20
#: Stands for a page that is not named.
_INDEX = ""

#: What is typed as a command of `ringtape runs`, which has none, and what to type.
_WORDS = {
    **dict.fromkeys(("compare", "diff"), "did you mean --compare?"),
    **dict.fromkeys(("remove", "delete", "rm"), "did you mean --remove?"),
    **dict.fromkeys(("open", "show", "view", "info"), "`ringtape runs RUN` opens one"),
    **dict.fromkeys(("list", "ls"), "`ringtape runs` lists them"),
}


@click.command(
    epilog=example("ringtape runs --compare latest demo-20261129T131257Z"),
    short_help="List, open, compare and remove runs.",
)
@click.argument("names", metavar="[RUN]...", nargs=-1)
@click.option("--compare", is_flag=True, help="Compare two runs: settings that differ, figures.")
@click.option("--remove", is_flag=True, help="Remove these run folders.")
@click.option(
    "--html",
    "page",
    is_flag=False,
    flag_value=_INDEX,
    metavar="[FILE]",
    help="Write a page of all runs and sweeps in the folder.  [default: index.html in it]",
)
@open_option
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"List at most N runs.  [default: {_SHOWN}; all with --json]",
)
@click.option(
    "--out",
    metavar="DIR",
    type=GivenPath(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder in which the runs' folders are.",
)
@common_options
def runs(
    names: tuple[str, ...],
    compare: bool,
    remove: bool,
    page: str | None,
    opened: bool,
    limit: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """List the runs in a folder, the newest first, or print what RUN came to.

    With --html a page is written that a browser opens without a network: all runs and sweeps of the
    folder in one table, with their equity, to be sorted, searched, laid over each other and
    compared.

    RUN is the path or the name of a run folder; the beginning or the end of a name is enough, and
    "latest" is the newest run. Sweeps are in the ledger (`ringtape ledger`).
    """
    from pipeline.runner.run_folders import find_run, list_runs, summary_of

    if compare and remove:
        raise click.UsageError("--compare and --remove exclude each other")
    if page is not None:
        if names or compare or remove or limit is not None:
            raise click.UsageError("--html is of the whole folder; leave out what else is given")
        _write_page(page, out, opened, as_json)
        return
    if opened:
        raise click.UsageError("--open is for the page that --html writes")
    if limit is not None and (names or compare or remove):
        raise click.UsageError("--limit is for the list of runs; leave out what else is given")
    if compare and len(names) != 2:
        raise click.UsageError(f"--compare takes two runs, was given {len(names)}")
    if remove and not names:
        raise click.UsageError("--remove takes the runs to remove, was given none")
    if not names:
        _list(list_runs(out), out, limit, as_json)
        return
    if names[0] in _WORDS and not list(out.glob(f"{names[0]}*")):
        raise click.UsageError(f"there is no run {names[0]}; {_WORDS[names[0]]}")
    folders = [find_run(name, out) for name in names]
    if remove:
        _remove(folders, as_json)
    elif compare:
        print_comparison(folders, as_json)
    elif as_json:
        documents = [summary_of(folder) for folder in folders]
        print_json(documents[0] if len(documents) == 1 else {"runs": documents})
    else:
        from pipeline.results.report.page import format_summary

        texts = [format_summary(summary_of(folder)).rstrip("\n") for folder in folders]
        print_text("\n\n".join(texts))


def _write_page(name: str, out: Path, opened: bool, as_json: bool) -> None:
    """Write the page of all runs in a folder."""
    from pipeline.runner.overview import write_overview

    path = out / "index.html" if name == _INDEX else Path(name)
    if path.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(f"--html takes the page, a file that ends with .html, was {name}")
    if not out.is_dir():
        raise ConfigError(f"{out} is not a folder; expected the folder of runs as --out")
    made = write_overview(out, path)
    if as_json:
        print_json(asdict(made))
    else:
        more = f"; {many(made.left_out, 'older one')} left out" if made.left_out else ""
        what = f"{many(made.runs, 'run')}, {many(made.sweeps, 'sweep')}{more}"
        print_text("\n".join(line("page", f"{made.path} ({what})", whole_words=True)))
    if opened:
        open_page(made.path)


def _list(entries: Sequence[RunEntry], out: Path, limit: int | None, as_json: bool) -> None:
    running = _running()
    states = {e.path: "running" if str(e.path.absolute()) in running else e.state for e in entries}
    if as_json:
        found = [{**asdict(entry), "state": states[entry.path]} for entry in entries[:limit]]
        print_json({"out": out, "runs": found})
        return
    if not entries:
        its = f"; it is one: `ringtape runs {out}` opens it"
        print_text(f"there is no run in {out}{its if (out / 'config.json').is_file() else ''}")
        return
    shown = entries[: limit or _SHOWN]
    header = ("run", "strategy", "first", "last", "return", "Sharpe", "state")
    rows = [
        (
            *(entry.path.name, short_text(entry.strategy), entry.first, entry.last),
            *(signed_percent(entry.total_return), number(entry.sharpe_ratio, ".2f")),
            short_text(f"{states[entry.path]}: {entry.reason}" if entry.state == "partial" else "")
            or states[entry.path],
        )
        for entry in shown
    ]
    text = format_table(header, rows, right=("return", "Sharpe"))
    if limit is None and len(shown) < len(entries):
        text += f"\nthe newest {_SHOWN} of {len(entries):,} runs; --limit N shows more"
    print_text(text)


def _running() -> set[str]:
    """Return the run folders of the runs that are alive on this machine."""
    from pipeline.watch.live_runs import live_runs

    return {str(run.describe()["run_dir"]) for run in live_runs()}


def _remove(folders: Sequence[RunFolder], as_json: bool) -> None:
    from pipeline.runner.run_folders import remove_run

    alive = _running()
    for folder in folders:
        if str(folder.path.absolute()) in alive:
            raise RingtapeError(f"{folder.path} is of a run that is alive; it is not removed")
    for folder in folders:
        remove_run(folder)
    if as_json:
        print_json({"removed": [folder.path for folder in folders]})
    else:
        print_text("\n".join(f"removed {folder.path}" for folder in folders))
