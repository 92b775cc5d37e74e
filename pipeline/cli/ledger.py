"""`ringtape ledger`: lists, filters, compares and exports the lanes of all sweeps."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.lane_table import cell, columns_of, figure_text, lane_value, lanes_text
from pipeline.cli.options import GivenPath, common_options, example
from pipeline.cli.output import format_table, print_json, print_text
from pipeline.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.sweeps.ledger.ledger import ComparedSet, LaneRow, Ledger, SweepRow

_SHOWN = 20


def _names(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Parse `state,fast,sharpe_ratio` into names."""
    names = tuple(name.strip() for name in value.split(",")) if value is not None else ()
    if not all(names):
        raise click.BadParameter(f"{value!r} is not of the form fast,slow,sharpe_ratio")
    return names


@click.command(
    epilog=example('ringtape ledger --sweep demo --where "sharpe_ratio > 1" --order=-total_return'),
    short_help="List, filter, compare and export the lanes of sweeps.",
)
@click.argument(
    "folder",
    metavar="[DIR]",
    default=Path("runs/ledger"),
    type=GivenPath(file_okay=False, path_type=Path),
)
@click.option(
    "--sweep",
    "sweep_id",
    metavar="ID",
    help="Lanes of this sweep: its id, the beginning or the end of it, or latest.",
)
@click.option("--lanes", "all_lanes", is_flag=True, help="Lanes of all sweeps.")
@click.option(
    "--where",
    metavar="FILTER",
    multiple=True,
    help='Only lanes such as "sharpe_ratio > 1", "total_return > 0.05" (5 %) or "fast < 20"; may be'
    " repeated.",
)
@click.option("--order", metavar="NAME", help="Sort lanes by NAME; by -NAME the highest first.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"At most N lanes.  [default: {_SHOWN}; all with --json and --export]",
)
@click.option(
    "--columns",
    metavar="NAME,...",
    callback=_names,
    help="Columns to show, such as key,fast,seconds.",
)
@click.option(
    "--compare",
    nargs=2,
    metavar="A B",
    help="Sets that two sweeps have both tried, with their scores in each.",
)
@click.option(
    "--export",
    "target",
    metavar="FILE",
    type=GivenPath(dir_okay=False, path_type=Path),
    help="Write the lanes, with all columns, to a .csv or .parquet file.",
)
@common_options
def ledger(
    folder: Path,
    sweep_id: str | None,
    all_lanes: bool,
    where: tuple[str, ...],
    order: str | None,
    limit: int | None,
    columns: tuple[str, ...],
    compare: tuple[str, str] | None,
    target: Path | None,
    as_json: bool,
) -> None:
    """Show the sweeps or lanes of the ledger in DIR (default: runs/ledger).

    Without options it lists the sweeps, the newest last. With --sweep, --lanes, --where, --order,
    --limit or --columns it lists the lanes of one sweep or of all. A NAME is that of a parameter
    (parameters.NAME if a figure has the same name), of a figure of summary.json's lanes, or one of
    key, strategy, universe, state, error, digest and seconds. Filters, --json and --export take and
    give fractions; tables show them in per cent.
    """
    from pipeline.sweeps.ledger.ledger import Ledger

    choosing = bool(sweep_id or all_lanes or where or order or limit or columns)
    if compare is not None and (choosing or target is not None):
        raise click.UsageError("--compare takes two sweeps and no other option but --json")
    if target is not None and columns:
        raise click.UsageError("--columns and --export exclude each other: a file gets all columns")
    with Ledger.open(_found(folder), create=False) as opened:
        chosen = None if sweep_id is None else _identified(opened, sweep_id)
        if compare is not None:
            _compare(opened, [_identified(opened, one) for one in compare], as_json)
        elif target is not None:
            _export(opened, target, opened.lanes(chosen, where, order, limit), as_json)
        elif not choosing:
            _list_sweeps(opened, as_json)
        else:
            for name in columns:
                opened.lanes(order=name, limit=0)  # refuses a name that no lane has
            most = limit if as_json or limit is not None else _SHOWN + 1
            rows = opened.lanes(chosen, where, order, most)
            scores = _scores(opened, chosen, order)
            several = chosen is None and len(opened.sweeps()) > 1
            cut = most != limit
            _show(opened, rows, columns, scores, cut=cut, several=several, as_json=as_json)


def _found(folder: Path) -> Path:
    """Return the folder; if it is the one that holds the ledger's folder, refuse it with a hint."""
    from pipeline.runner.run_folders import LEDGER
    from pipeline.sweeps.ledger.ledger import FILE

    inside = folder / LEDGER
    if not (folder / FILE).exists() and (inside / FILE).exists():
        raise LedgerError(f"there is no ledger at {folder / FILE}; did you mean {inside}?")
    return folder


def _identified(opened: Ledger, part: str) -> str:
    """Return the id of the only sweep whose id is ``part``, or begins or ends with it.

    "latest" is the sweep that began last.
    """
    from pipeline.results.folder import LATEST
    from pipeline.sweeps.ledger.ledger import no_sweep

    there = [row.sweep for row in opened.sweeps()]
    if part == LATEST and there:
        return there[-1]
    found = [one for one in there if one.startswith(part) or one.endswith(part)]
    if part in there or len(found) == 1:
        return part if part in there else found[0]
    if found:
        some = f"{', '.join(found[-3:])}{' and others' if len(found) > 3 else ''}"
        raise LedgerError(f"{part!r} may be any of {len(found)} sweeps of {opened.path}: {some}")
    raise LedgerError(no_sweep(opened.path, part, there))


def _list_sweeps(opened: Ledger, as_json: bool) -> None:
    sweeps = opened.sweeps()
    counts = opened.counts()
    rows = [(row, counts[row.sweep], _best(opened, row)) for row in sweeps]
    if as_json:
        documents = [
            {**asdict(row), "lanes": sum(count.values()), **count, "best": best}
            for row, count, best in rows
        ]
        print_json({"ledger": opened.folder, "sweeps": documents})
        return
    states = ("done", "failed", "pruned")
    header = ("sweep", "started", "state", "method", "lanes", *states[1:], "score", "best")
    table = [
        (
            *(row.sweep, row.started, row.state, row.method, f"{sum(count.values()):,}"),
            *(f"{count[state]:,}" for state in states[1:]),
            *(row.scores[0], figure_text(row.scores[0].removeprefix("-"), best)),
        )
        for row, count, best in rows
    ]
    print_text(format_table(header, table, right=("lanes", *states[1:], "best")))


def _best(opened: Ledger, row: SweepRow) -> float | None:
    """Return the best score of a sweep, None if no lane has one."""
    from pipeline.sweeps.ranking import figure

    score = row.scores[0]
    name = score.removeprefix("-")
    ranked = ["state = done"]
    if fewest := (json.loads(row.config).get("sweep") or {}).get("min_round_trips"):
        ranked.append(f"round_trips >= {fewest}")
    done = opened.lanes(row.sweep, "state = done", limit=1)
    if not done or name not in done[0].statistics:
        return None
    order = name if score.startswith("-") else f"-{name}"
    best = opened.lanes(row.sweep, ranked, order, 1)
    return figure(best[0], score) if best else None


def _scores(opened: Ledger, chosen: str | None, order: str | None) -> list[str]:
    """Return the figures that are shown first: the one to sort by, then the sweeps' scores."""
    scores = [name for row in opened.sweeps() if chosen in (None, row.sweep) for name in row.scores]
    return [*([order] if order is not None else []), *scores]


def _show(
    opened: Ledger,
    rows: Sequence[LaneRow],
    columns: Sequence[str],
    scores: Sequence[str],
    *,
    cut: bool,
    several: bool,
    as_json: bool,
) -> None:
    """Print lanes; with ``cut`` at most `_SHOWN` of them, and how to see more.

    ``several``: the lanes are those of several sweeps, which are named.
    """
    sweeps = opened.sweeps_of([row.key for row in rows])
    if as_json:
        lanes = [
            {name: lane_value(row, name) for name in columns}
            if columns
            else {**asdict(row), "sweeps": sweeps[row.key]}
            for row in rows
        ]
        print_json({"ledger": opened.folder, "lanes": lanes})
        return
    if not rows:
        print_text("no lanes")
        return
    shown = rows[:_SHOWN] if cut else rows
    names = columns or list(dict.fromkeys(["key", "state", *columns_of(shown, scores)]))
    named = [_sweeps_text(sweeps[row.key]) for row in shown] if several and not columns else None
    text = lanes_text(shown, names, named)
    more = f"\nthe first {_SHOWN} lanes; --limit N shows more" if len(shown) < len(rows) else ""
    print_text(text + more)


def _sweeps_text(sweeps: Sequence[str]) -> str:
    """Return the newest sweep of a lane, and how many others have it, too."""
    more = f" and {len(sweeps) - 1} more" if len(sweeps) > 1 else ""
    return f"{sweeps[-1]}{more}" if sweeps else "-"


def _export(opened: Ledger, target: Path, rows: Sequence[LaneRow], as_json: bool) -> None:
    opened.export(target, rows)
    if as_json:
        print_json({"ledger": opened.folder, "lanes": len(rows), "file": target})
    else:
        print_text(f"{len(rows):,} lanes in {target}")


def _compare(opened: Ledger, sweeps: Sequence[str], as_json: bool) -> None:
    found = opened.compare(sweeps)
    if as_json:
        document = {"ledger": opened.folder, "sweeps": sweeps, "sets": [asdict(s) for s in found]}
        print_json(document)
        return
    head = [f"{side}  {sweep}" for side, sweep in zip("AB", sweeps, strict=True)]
    if not found:
        print_text("\n".join([*head, f"no set is in both{_why_none(opened, sweeps)}"]))
        return
    same = sum(one.figures[0] == one.figures[1] for one in found)
    head.append(f"{len(found):,} sets in both, {same:,} of them with equal scores")
    print_text("\n".join([*head, "", _comparison(found)]))


def _why_none(opened: Ledger, sweeps: Sequence[str]) -> str:
    """Say how many sets are equal but for the name of their strategy; "" if none are."""
    first, second = (opened.lanes(sweep) for sweep in sweeps)
    known = {json.dumps([one.universe, one.parameters], sort_keys=True) for one in first}
    equal = [
        one for one in second if json.dumps([one.universe, one.parameters], sort_keys=True) in known
    ]
    if not equal:
        return ""
    names = (", ".join(sorted({one.strategy for one in lanes})) for lanes in (first, equal))
    return f"; {len(equal):,} have equal parameters, of strategies {' and '.join(names)}"


def _comparison(found: Sequence[ComparedSet]) -> str:
    """Return a table of sets with each figure in both sweeps and the difference."""
    names = list(dict.fromkeys(name for one in found for name in one.parameters))
    figures = list(found[0].figures[0])
    apart = [
        name for name in ("strategy", "universe") if len({getattr(s, name) for s in found}) > 1
    ]
    right = [*names, *(f"{name} {side}" for name in figures for side in ("A", "B", "B-A"))]
    table = [
        [
            *(getattr(one, name) for name in apart),
            *(cell(one.parameters.get(name)) for name in names),
            *(text for name in figures for text in _both(one.figures, name)),
        ]
        for one in found
    ]
    return format_table([*apart, *right], table, right=right)


def _both(figures: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    first, second = (one.get(name) for one in figures)
    change = None if first is None or second is None else float(second - first)
    return [figure_text(name, value) for value in (first, second, change)]
