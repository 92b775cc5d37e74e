"""`ringtape fetch`: fetches bars from vendors, keeps their replies, and imports them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.counting import counting
from pipeline.cli.import_text import actions_report, import_report, with_times
from pipeline.cli.options import GivenPath, common_options, example, replace_option
from pipeline.cli.output import format_table, paragraph, print_json, print_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.fetch.fetching import FetchResult
    from pipeline.fetch.sources.table import Source
    from pipeline.market.importers.importing import Replace


@click.command(
    epilog=example(
        "ringtape fetch binance-archive BTCUSDT ETHUSDT --interval 1m --start 2024-01-01"
        " --end 2024-02-01"
    ),
    short_help="Fetch bars from a vendor and import them.",
)
@click.argument("source", required=False)
@click.argument("symbols", metavar="SYMBOL...", nargs=-1)
@click.option("--interval", help="Interval of the bars, such as 1m.")
@click.option("--start", metavar="DAY", help="First day, such as 2024-01-31.")
@click.option("--end", metavar="DAY", help="Day after the last one.  [default: today]")
@click.option(
    "--catalog",
    metavar="DIR",
    type=GivenPath(file_okay=False),
    default="catalog/fetched",
    show_default=True,
    help="Catalog to import into; made if it is not there.",
)
@click.option(
    "--raw",
    metavar="DIR",
    type=GivenPath(file_okay=False, path_type=Path),
    default=Path("raw"),
    show_default=True,
    help="Folder of the replies as they came; what is there is not fetched again.",
)
@click.option(
    "--address",
    metavar="URL",
    help="Ask this address, such as that of a mirror, in place of the source's own.",
)
@replace_option
@click.option("--list", "listed", is_flag=True, help="List the sources, and fetch nothing.")
@common_options
@click.pass_context
def fetch(
    ctx: click.Context,
    source: str | None,
    symbols: tuple[str, ...],
    interval: str | None,
    start: str | None,
    end: str | None,
    catalog: str,
    raw: Path,
    address: str | None,
    replace: Replace | None,
    listed: bool,
    as_json: bool,
) -> None:
    """Fetch the bars of SYMBOL... from SOURCE, keep the replies, and import them into a catalog.

    `--list` says which sources there are. Each is asked through its vendor's own client, which an
    extra of Ringtape installs. A source that is busy is waited for. A fetch that was interrupted
    goes on where it stopped if the same command is given again. Keys come from the environment
    alone, and are never written.

    Days are those of UTC. A bar that has not ended is left out. The catalog is changed when all
    symbols are complete, and bars that differ from those in it are refused unless --replace is
    given.
    """
    if listed:
        _list_sources(as_json)
        return
    if source is None:
        raise click.UsageError("Missing argument 'SOURCE'; --list says which there are", ctx)
    if not symbols:
        raise click.UsageError("Missing argument 'SYMBOL...'", ctx)
    if interval is None or start is None:
        lacks = "--interval" if interval is None else "--start"
        raise click.UsageError(f"Missing option '{lacks}'", ctx)
    from pipeline.fetch.fetching import fetch_bars

    with counting("fetching day") as tell:
        result = fetch_bars(
            source,
            symbols,
            interval=interval,
            start=start,
            end=end,
            catalog=catalog,
            raw=raw,
            address=address,
            replace=replace,
            progress=tell,
        )
    if as_json:
        print_json(_as_document(result, catalog))
    else:
        print_text(fetch_report(result))


def fetch_report(result: FetchResult) -> str:
    """Return the tables of series and of dividends, and what is to be known of the source."""
    parts = [import_report(result.series, dry_run=False)]
    if result.actions:
        parts += ["", actions_report(result.actions, ())]
    was = f", {result.reused:,} of them from before" if result.reused else ""
    count = result.fetched + result.reused
    replies = f"{count:,} {'reply' if count == 1 else 'replies'}"
    source = result.source
    lines = [
        f"{source.name}: {source.conventions}.",
        *result.notes,
        f"{replies} in {result.raw}{was}.",
    ]
    return "\n".join([*parts, *map(paragraph, lines)])


def _as_document(result: FetchResult, catalog: str) -> dict[str, Any]:
    request = result.request
    return {
        "source": result.source.name,
        "symbols": request.symbols,
        "interval": request.interval,
        "start": request.start,
        "end": request.end,
        "catalog": catalog,
        "raw": result.raw,
        "replies": {"fetched": result.fetched, "reused": result.reused},
        "conventions": result.source.conventions,
        "notes": result.notes,
        "series": [with_times(one) for one in result.series],
        "actions": [with_times(one) for one in result.actions],
    }


def _list_sources(as_json: bool) -> None:
    from pipeline.fetch.sources.table import SOURCES

    if as_json:
        print_json({"sources": [_source_document(one) for one in SOURCES.values()]})
    else:
        print_text(sources_text(list(SOURCES.values())))


def _source_document(source: Source) -> dict[str, Any]:
    names = ("name", "intervals", "needs", "conventions", "package", "installed", "install")
    return {name: getattr(source, name) for name in (*names, "parts")}


def sources_text(sources: Sequence[Source]) -> str:
    """Return the table of sources, with what each needs and what its bars are in lines below it."""
    rows = [(one.name, _client(one), one.needs) for one in sources]
    lines = []
    for one in sources:
        behind = f" Behind a colon: {one.parts}." if one.parts else ""
        intervals = f"Intervals: {', '.join(one.intervals)}."
        lines.append(paragraph(f"{one.name}: {one.conventions}. {intervals}{behind}"))
    return "\n".join([format_table(("source", "client", "needs"), rows, ()), *lines])


def _client(source: Source) -> str:
    if source.installed is None:
        return source.install
    return f"{source.package} {source.installed}".strip() or "none"
