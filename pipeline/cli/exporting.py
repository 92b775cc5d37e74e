"""`ringtape export`: writes series of a catalog to files for other tools, or for an import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.counting import counting
from pipeline.cli.options import GivenPath, common_options, example
from pipeline.cli.output import print_json, print_text
from pipeline.errors import DataError
from pipeline.results.report.figures import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.manifest import Entry, Key


@click.command(
    epilog=example("ringtape export catalog SPY:1m --out bars --format parquet"),
    short_help="Write series of a catalog to CSV or Parquet files.",
)
@click.argument("folder", metavar="DIR", type=GivenPath(file_okay=False))
@click.argument("series", metavar="[SYMBOL[:INTERVAL]]...", nargs=-1)
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    type=GivenPath(file_okay=False, path_type=Path),
    help="Folder for the files; made if it is not there.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Kind of the files.",
)
@common_options
def export(folder: str, series: tuple[str, ...], out: Path, form: str, as_json: bool) -> None:
    """Write the bars of the catalog DIR, or of some series of it, to a file for each series.

    Files have the columns symbol, interval, ts, open, high, low, close and volume, with times in
    UTC, so that `ringtape import` takes them back as they are without an option. Files of the same
    name are replaced. Splits and dividends are not exported.

    Files have the bars, and not what was taken for true of them, such as whether prices are
    adjusted or bids. After an import of the files this is not known.
    """
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.export import export_series

    there = Catalog(folder)
    entries = _entries_of(there, series) if series else there.entries()
    done = []
    with counting("exporting") as tell:
        for number, entry in enumerate(entries, start=1):
            tell(f"{entry.symbol} {entry.interval}", number, len(entries))
            done.append(export_series(there, entry, out, form))
    if as_json:
        print_json({"catalog": folder, "out": out, "files": [one._asdict() for one in done]})
    else:
        lines = [f"{one.file}, {many(one.rows, 'bar')}" for one in done]
        print_text("\n".join(lines) or f"there are no bars in {folder}")


def _entries_of(catalog: Catalog, series: Sequence[str]) -> list[Entry]:
    """Return the bars that words name, each once. DataError for a word that names none."""
    from pipeline.market.actions import ACTIONS
    from pipeline.market.catalog.upkeep import find_series

    known = catalog.manifest()
    keys: dict[Key, None] = {}
    for text in series:
        bars = [key for key in find_series(catalog, text) if key[0] != ACTIONS]
        if not bars:
            raise DataError(
                f"{text} has no bars in {catalog.place}: splits and dividends are not exported"
            )
        keys |= dict.fromkeys(bars)
    return [known[key] for key in keys]
