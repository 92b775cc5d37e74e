"""`ringtape ledger`: what is known of all lanes of all sweeps."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, print_json, print_text
from pipeline.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.sweep.ledger import LaneRow, Ledger

_SHOWN = 20
_FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "round_trips")


@click.command(
    epilog=example('ringtape ledger --sweep demo --where "sharpe_ratio > 1" --order=-total_return'),
    short_help="List, filter, compare and export what sweeps have found.",
)
@click.argument(
    "folder",
    metavar="[DIR]",
    default=Path("runs/ledger"),
    type=click.Path(file_okay=False, path_type=Path),
)
@click.option("--sweep", "sweep_id", metavar="ID", help="Lanes of this sweep; a beginning will do.")
@click.option(
    "--where",
    metavar="FILTER",
    multiple=True,
    help='Only lanes such as "sharpe_ratio > 1" or "parameters.fast < 20"; may be repeated.',
)
@click.option("--order", metavar="NAME", help="Sort lanes by a figure; -NAME: the highest first.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"Show at most N lanes.  [default: {_SHOWN}; with --json and --export all]",
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
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the lanes to a .csv or .parquet file.",
)
@common_options
def ledger(
    folder: Path,
    sweep_id: str | None,
    where: tuple[str, ...],
    order: str | None,
    limit: int | None,
    compare: tuple[str, str] | None,
    target: Path | None,
    as_json: bool,
) -> None:
    """Show what the ledger in DIR (default: runs/ledger) knows.

    Without options the sweeps, newest last. With --sweep, --where, --order or --limit lanes: of one
    sweep or of all. Names are figures of summary.json's lanes, parameters.NAME, state, strategy,
    universe, digest, seconds and error.
    """
    from pipeline.sweep.ledger import Ledger

    with Ledger.open(folder, create=False) as book:
        chosen = None if sweep_id is None else _identify(book, sweep_id)
        if compare is not None:
            _compare(book, [_identify(book, one) for one in compare], as_json)
        elif target is not None:
            rows = book.lanes(chosen, where, order, limit)
            book.export(target, rows)
            if as_json:
                print_json({"lanes": len(rows), "file": target})
            else:
                print_text(f"{len(rows):,} lanes in {target}")
        elif chosen is None and not where and order is None and limit is None:
            _list_sweeps(book, as_json)
        else:
            shown = limit if as_json or limit is not None else _SHOWN
            rows = book.lanes(chosen, where, order, shown)
            if as_json:
                print_json([asdict(row) for row in rows])
            else:
                print_text(_lanes(rows, order, cut=limit is None and len(rows) == _SHOWN))


def _identify(book: Ledger, beginning: str) -> str:
    """Return the one sweep whose id begins so."""
    there = [row.sweep for row in book.sweeps()]
    found = [one for one in there if one.startswith(beginning)]
    if len(found) == 1 or beginning in there:
        return beginning if beginning in there else found[0]
    if found:
        raise LedgerError(
            f"{beginning} begins the ids of {len(found)} sweeps: {', '.join(found[:4])}"
        )
    near = difflib.get_close_matches(beginning, there, n=3, cutoff=0.4) or there[-3:]
    raise LedgerError(
        f"no sweep of {book.path} begins with {beginning}; there are {', '.join(near) or 'none'}"
    )


def _list_sweeps(book: Ledger, as_json: bool) -> None:
    sweeps = book.sweeps()
    if as_json:
        print_json([asdict(row) for row in sweeps])
        return
    header = ["sweep", "started", "state", "method", "lanes", "failed", "score", "best"]
    table = []
    for row in sweeps:
        lanes = book.lanes(row.sweep)
        score = row.scores[0]
        table.append(
            [
                *(row.sweep, row.started, row.state, row.method, f"{len(lanes):,}"),
                f"{sum(lane.state == 'failed' for lane in lanes):,}",
                *(score, _best(lanes, score)),
            ]
        )
    print_text(format_table(header, table, right=("lanes", "failed", "best")))


def _best(lanes: Sequence[LaneRow], score: str) -> str:
    from pipeline.sweep.ranking import best_rows, figure

    best = best_rows(lanes, score, 1)
    return _short(figure(best[0], score)) if best else "-"


def _lanes(rows: Sequence[LaneRow], order: str | None, *, cut: bool) -> str:
    if not rows:
        return "no lanes"
    names = list(dict.fromkeys(name for row in rows for name in row.parameters))
    figures = list(_FIGURES)
    if order is not None and order.removeprefix("-") in rows[0].statistics:
        figures = list(dict.fromkeys([order.removeprefix("-"), *figures]))
    apart = [name for name in ("universe", "error") if any(getattr(row, name) for row in rows)]
    header = ["key", "state", *apart[:1], *names, *figures, *apart[1:]]
    table = [
        [
            *(row.key[:8], row.state),
            *(getattr(row, name) for name in apart[:1]),
            *(_short(row.parameters.get(name)) for name in names),
            *(_short(row.statistics.get(name)) for name in figures),
            *(getattr(row, name) for name in apart[1:]),
        ]
        for row in rows
    ]
    text = format_table(header, table, right=(*names, *figures))
    return f"{text}\nthe first {_SHOWN}; --limit N shows more" if cut else text


def _compare(book: Ledger, sweeps: Sequence[str], as_json: bool) -> None:
    found = book.compare(sweeps)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        print_text("no set is in both sweeps")
        return
    names = list(dict.fromkeys(name for one in found for name in one.parameters))
    figures = list(found[0].figures[0])
    header = [*names, *(f"{name} {side}" for name in figures for side in ("A", "B"))]
    table = [
        [
            *(_short(one.parameters.get(name)) for name in names),
            *(_short(side.get(name)) for name in figures for side in one.figures),
        ]
        for one in found
    ]
    print_text(format_table(header, table, right=header))


def _short(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
