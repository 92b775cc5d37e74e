"""`ringtape import`: writes market data to a catalog, and says what it took for true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.counting import counting
from pipeline.cli.import_text import actions_report, import_report, with_times
from pipeline.cli.options import GivenPath, common_options, example, replace_option
from pipeline.cli.output import print_json, print_text
from pipeline.cli.reading_options import reading_of, reading_options

if TYPE_CHECKING:
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.importers.importing import Replace


#: Options that an import of splits and dividends does not use.
_OF_BARS = frozenset(
    (
        *("layout", "interval", "tz", "end_stamped", "decimal", "skip_rows", "scale", "bad_rows"),
        *("duplicates", "sort", "off_grid", "adjusted", "dry_run"),
    )
)


@click.command(
    "import",
    epilog=example(
        "ringtape import prices.csv --catalog catalog --symbol SPY --tz America/New_York"
    ),
    short_help="Check market data and write it to a catalog.",
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=GivenPath())
@click.option(
    "--catalog",
    "catalog_folder",
    required=True,
    metavar="DIR",
    type=GivenPath(file_okay=False),
    help="Catalog to import into; made if it is not there.",
)
@reading_options(shown=None)
@click.option(
    "--actions",
    is_flag=True,
    help="SOURCE are tables of splits and dividends, or LEAN's factor files.",
)
@replace_option
@click.option("--dry-run", is_flag=True, help="Say all, show the first bars, and write nothing.")
@common_options
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    sources: tuple[str, ...],
    catalog_folder: str,
    actions: bool,
    replace: Replace | None,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Check the bars in SOURCE... (files or folders) and write them to a catalog.

    Reads CSV, Parquet and Arrow files in the layouts of many vendors, ticks too. What the import
    took for true (clock, stamps, interval, columns) is printed with the reason; what rests on a
    guess names the option that says otherwise.

    Importing the same bars again changes nothing, new bars are merged, and bars that differ from
    those in the catalog are refused unless --replace is given. Either all of SOURCE is written or
    nothing.

    With --actions, SOURCE are tables with a date, a split (new shares per old share), a dividend
    (cash per share) and perhaps a symbol. The catalog must have bars of that symbol. Of the other
    options it takes --symbol, --columns, --date-order, --encoding and --replace.
    """
    import pyarrow as pa

    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.importers import import_bars

    # Arrow's own handler of Ctrl-C, while it reads a CSV file, may lose it.
    pa.enable_signal_handlers(False)
    there = Catalog(catalog_folder)
    if actions:
        _refuse_options_of_bars(ctx)
        if replace not in (None, "bars"):
            raise click.UsageError(f"--actions takes --replace without a word, was {replace}", ctx)
        taken = {name: options[name] for name in ("symbol", "date_order", "encoding", "columns")}
        _import_actions(sources, there, as_json, replace=bool(replace), **taken)
        return
    with counting("reading") as tell:
        results = import_bars(
            sources,
            there,
            replace=replace,
            dry_run=dry_run,
            progress=tell,
            **reading_of(options),
        )
    if as_json:
        documents = [with_times(one) for one in results]
        print_json({"catalog": catalog_folder, "written": not dry_run, "series": documents})
    else:
        print_text(import_report(results, dry_run=dry_run))


def _refuse_options_of_bars(ctx: click.Context) -> None:
    """Refuse the options that were given and that an import of actions does not use."""
    default = click.core.ParameterSource.DEFAULT
    for param in ctx.command.params:
        name = str(param.name)
        given = ctx.get_parameter_source(name) not in (None, default)
        if given and name in _OF_BARS:
            raise click.UsageError(f"{param.opts[0]} is not used with --actions; leave it out", ctx)


def _import_actions(
    sources: tuple[str, ...],
    catalog: Catalog,
    as_json: bool,
    **options: Any,
) -> None:
    from pipeline.market.importers.actions import import_actions

    results, left = import_actions(sources, catalog, **options)
    if as_json:
        document = [with_times(one) for one in results]
        print_json({"catalog": catalog.place, "actions": document, "notes": left})
        return
    print_text(actions_report(results, left))
