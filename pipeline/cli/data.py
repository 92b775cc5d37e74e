"""`ringtape import`: writes market data to a catalog."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, iso_text, print_json, print_text, utc_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.importers import ImportResult
    from pipeline.market.importers.actions import ActionsResult


def _column_mapping(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> dict[str, str]:
    """Parse `ts=Date,close=Last` into the source's column name by ours."""
    columns: dict[str, str] = {}
    for pair in value.split(",") if value is not None else ():
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and equals and theirs):
            raise click.BadParameter(f"{pair!r} is not of the form ts=Date")
        if ours in columns:
            raise click.BadParameter(f"{ours} is given twice, as {columns[ours]} and {theirs}")
        columns[ours] = theirs
    return columns


@click.command(
    "import",
    epilog=example(
        "ringtape import prices.csv --catalog catalog --symbol SPY --tz America/New_York"
    ),
    short_help="Check market data and write it to a catalog.",
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--catalog",
    "catalog_folder",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Catalog to import into; made if it is not there.",
)
@click.option("--symbol", help="Symbol of the bars.  [default: the source's]")
@click.option("--interval", help="Interval of the bars, such as 1m.  [default: the data's]")
@click.option(
    "--tz",
    metavar="ZONE",
    help="Time zone of times that name none, such as America/New_York.",
)
@click.option(
    "--columns",
    callback=_column_mapping,
    metavar="ts=Date,close=Last,...",
    help="The source's names of the columns ts, open, high, low, close and volume.",
)
@click.option(
    "--end-stamped/--open-stamped",
    default=None,
    help="Times are those of the bars' ends, and are shifted, or of their opens."
    "  [default: as the vendor]",
)
@click.option(
    "--date-order",
    type=click.Choice(["mdy", "dmy"]),
    help="How to read 3/4/2017 where the data do not show it.",
)
@click.option(
    "--actions",
    is_flag=True,
    help="SOURCE are tables of splits and dividends, or LEAN's factor files.",
)
@click.option("--replace", is_flag=True, help="Replace bars in the catalog that differ.")
@common_options
def import_(
    sources: tuple[str, ...],
    catalog_folder: str,
    symbol: str | None,
    interval: str | None,
    tz: str | None,
    columns: dict[str, str],
    end_stamped: bool | None,
    date_order: str | None,
    actions: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Check the bars in SOURCE... (files or folders) and write them to a catalog.

    Reads CSV, Parquet and Arrow files, and the layouts of LEAN, NinjaTrader, Yahoo, MT5, Binance
    and others. Importing the same bars again changes nothing, new bars are merged, and bars that
    differ from those in the catalog are refused unless --replace is given. Either all of SOURCE is
    written or nothing.

    With --actions, SOURCE are tables with a date, a split (new shares per old share), a dividend
    (cash per share) and perhaps a symbol. The catalog must have bars of that symbol.
    """
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.importers import import_sources

    if actions:
        _import_actions(sources, Catalog(catalog_folder), symbol, columns, replace, as_json)
        return
    results = import_sources(
        sources,
        Catalog(catalog_folder),
        symbol=symbol,
        interval=interval,
        tz=tz,
        columns=columns or None,
        end_stamped=end_stamped,
        date_order=date_order,
        replace=replace,
    )
    if as_json:
        print_json({"catalog": catalog_folder, "series": [_as_document(one) for one in results]})
    else:
        print_text(_import_report(results))


def _import_actions(
    sources: tuple[str, ...],
    catalog: Catalog,
    symbol: str | None,
    columns: dict[str, str],
    replace: bool,
    as_json: bool,
) -> None:
    from pipeline.market.importers.actions import import_actions

    results, left = import_actions(
        sources, catalog, symbol=symbol, columns=columns, replace=replace
    )
    if as_json:
        document = [_as_document(one) for one in results]
        print_json({"catalog": str(catalog.path), "actions": document, "notes": left})
        return
    counts = ("added", "unchanged", "replaced", "splits", "dividends")
    rows = [
        (
            one.symbol,
            *(f"{getattr(one, name):,}" for name in counts),
            *span,
        )
        for one, span in zip(results, _spans(results), strict=True)
    ]
    notes = [f"{one.symbol}: {note}" for one in results for note in one.notes] + left
    table = format_table(("symbol", *counts, "first", "last"), rows, right=counts)
    print_text("\n".join((table, *notes)))


def _import_report(results: Sequence[ImportResult]) -> str:
    counts = ("files", "added", "unchanged", "replaced", "bars")
    rows = [
        (
            one.interval,
            one.symbol,
            "+".join(one.layouts),
            *(
                f"{count:,}"
                for count in (one.files, one.added, one.unchanged, one.replaced, one.rows)
            ),
            *span,
        )
        for one, span in zip(results, _spans(results), strict=True)
    ]
    header = ("interval", "symbol", "layout", *counts, "first", "last")
    notes = [f"{one.symbol} {one.interval}: {note}" for one in results for note in one.notes]
    return "\n".join((format_table(header, rows, right=counts), *notes))


def _spans(
    series: Sequence[ImportResult] | Sequence[ActionsResult],
) -> list[tuple[str, str]]:
    """Return the first and last time of each series, as text of one form for the whole table."""
    first, last = [one.first_ts for one in series], [one.last_ts for one in series]
    texts = utc_texts([*first, *last])
    return list(zip(texts[: len(series)], texts[len(series) :], strict=True))


def _as_document(result: ImportResult | ActionsResult) -> dict[str, Any]:
    return {**asdict(result), **_times(result)}


def _times(series: ImportResult | ActionsResult) -> dict[str, str]:
    return {"first": iso_text(series.first_ts), "last": iso_text(series.last_ts)}
