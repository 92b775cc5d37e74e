"""`ringtape catalog`: lists a catalog, shows, removes, renames and verifies its series."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.catalog_text import (
    actions_document,
    actions_table,
    full_document,
    full_lines,
    lost_files,
    series_document,
    series_notes,
    series_table,
)
from pipeline.cli.counting import counting
from pipeline.cli.exit_codes import BAD_INPUT
from pipeline.cli.options import GivenPath, common_options, example
from pipeline.cli.output import paragraph, print_json, print_text
from pipeline.errors import nearest
from pipeline.native.address import is_address
from pipeline.results.report.figures import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.market.catalog.manifest import Entry

#: What other commands do, by the word with which it is looked for here.
_ELSEWHERE = {
    "import": "`ringtape import` does that",
    "export": "`ringtape export` does that",
    "replace": "`ringtape import` with `--replace series` or `--replace source` does that",
}
_FOLDER = click.argument("folder", metavar="DIR", type=GivenPath(file_okay=False))


def _line(*words: str) -> str:
    """Return a command line as a message has it."""
    return f"`ringtape catalog {shlex.join(words)}`"


def _is_place(word: str) -> bool:
    return is_address(word) or Path(word).exists()


def _catalog_first(words: Sequence[str]) -> list[str]:
    """Return the words behind a command, with a catalog that is not the first one as the first."""
    if len(words) > 1 and not _is_place(words[0]):
        from pipeline.market.catalog.commit import MANIFEST

        for number, word in enumerate(words):
            if is_address(word) or (Path(word) / MANIFEST).exists():
                return [word, *words[:number], *words[number + 1 :]]
    return list(words)


class CatalogCommands(click.Group):
    """The commands on a catalog. Without one of their names, the catalog in DIR is listed.

    A catalog that is called like a command is named with its place: ``./remove``.
    """

    listing: click.Command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Begin the command that the arguments name, or the listing."""
        words = [word for word in args if not word.startswith("-")]
        ctx = click.Context(self, parent=parent, info_name=info_name)
        if words and words[0] in self.commands:
            if (ordered := _catalog_first(words[1:])) != words[1:]:
                way = _line(words[0], *ordered)
                raise click.UsageError(f"the catalog comes before the rest: {way}", ctx)
            args.remove(words[0])
            return super().make_context(info_name, [words[0], *args], parent, **extra)
        if {"-h", "--help"} & set(args):
            return super().make_context(info_name, ["--help"], parent, **extra)
        if len(words) > 1 and not _is_place(words[0]):
            told = f"{words[0]!r} is no folder and no command; {self._way_on(words[0])}"
            raise click.UsageError(told, ctx)
        if len(words) > 1 and words[1] in self.commands:
            way = _line(words[1], words[0], *words[2:])
            raise click.UsageError(f"the command comes before the catalog: {way}", ctx)
        if len(words) > 1:
            way = f"{_line('show', *words[:2])} shows a series"
            raise click.UsageError(f"a catalog is listed whole; {way}", ctx)
        return self.listing.make_context(info_name, args, parent, **extra)

    def _way_on(self, word: str) -> str:
        """Say what is meant by a word that is no command."""
        if word in _ELSEWHERE:
            return _ELSEWHERE[word]
        near = nearest(word, self.commands)
        return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self.commands)}"

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both forms of the command line."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] DIR")
        formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS] DIR [ARGS]...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the listing, and the commands."""
        self.listing.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.command("catalog", epilog=example("ringtape catalog catalog"))
@_FOLDER
@common_options
def listing(folder: str, as_json: bool) -> None:
    """List the series of a catalog."""
    from pipeline.market.catalog.catalog import Catalog

    there = Catalog(folder)
    series, tables = there.entries(), there.action_entries()
    if as_json:
        document = {
            "catalog": folder,
            "series": [series_document(there, entry) for entry in series],
            "actions": [actions_document(there, entry) for entry in tables],
        }
        print_json(document)
        return
    table = series_table(there, series) if series else f"there are no series in {folder}"
    notes = [*lost_files(there, series), *series_notes(there, series)]
    lines = [table, *map(paragraph, notes)]
    if tables:
        lines += ["", actions_table(there, tables)]
    print_text("\n".join(lines))


@click.group(
    "catalog",
    cls=CatalogCommands,
    epilog=example("ringtape catalog catalog"),
    short_help="List a catalog; show, remove, rename and verify its series.",
)
def catalog() -> None:
    """List the series in the catalog DIR, or do what COMMAND says with some of them.

    The list has the days with bars, the opens of the first and the last bar, UTC, the gaps, which
    are of more than 5 days without a bar, or of any day in a series of all the week, the clock of
    the source, and the quality: the share of the bars that its own usual days lead to expect, on
    every weekday from the first to the last day but for single holidays. What is wide follows in
    lines of its own. The tables of splits and dividends come last; their first and last are
    ex-dates.
    """


catalog.listing = listing


@catalog.command(
    epilog=example("ringtape catalog show catalog SPY:1m"),
    short_help="Show all that is known of a series.",
)
@_FOLDER
@click.argument("series", metavar="SYMBOL[:INTERVAL]")
@common_options
def show(folder: str, series: str, as_json: bool) -> None:
    """Show all that is known of a series: what its imports took for true, its gaps and jumps."""
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.upkeep import find_series

    there = Catalog(folder)
    known = there.manifest()
    entries = [known[key] for key in find_series(there, series)]
    if as_json:
        print_json({"catalog": folder, "series": [full_document(there, one) for one in entries]})
    else:
        print_text("\n\n".join("\n".join(full_lines(there, one)) for one in entries))


@catalog.command(
    epilog=example("ringtape catalog remove catalog SPY:1m BTC/USD"),
    short_help="Remove series.",
)
@_FOLDER
@click.argument("series", metavar="SYMBOL[:INTERVAL]...", nargs=-1, required=True)
@common_options
def remove(folder: str, series: tuple[str, ...], as_json: bool) -> None:
    """Remove series from a catalog: all of a symbol, or its bars of one interval.

    SYMBOL alone goes with its splits and dividends, which SYMBOL:actions removes alone. Either all
    that is named is removed or nothing.
    """
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.upkeep import find_series, remove_series

    there = Catalog(folder)
    keys = dict.fromkeys(key for text in series for key in find_series(there, text))
    removed = remove_series(there, list(keys))
    lines = [f"removed {one.symbol} {one.interval}" for one in removed]
    _print_done("removed", folder, removed, lines, as_json)


@catalog.command(
    epilog=example("ringtape catalog rename catalog XBTUSD BTC/USD"),
    short_help="Give all of a symbol another symbol.",
)
@_FOLDER
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@common_options
def rename(folder: str, old: str, new: str, as_json: bool) -> None:
    """Give all that symbol OLD has in a catalog, splits and dividends too, the symbol NEW."""
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.upkeep import rename_symbol

    renamed = rename_symbol(Catalog(folder), old, new)
    lines = [f"renamed {old} {one.interval} to {new}" for one in renamed]
    _print_done("renamed", folder, renamed, lines, as_json)


def _print_done(
    word: str, folder: str, entries: Sequence[Entry], lines: Sequence[str], as_json: bool
) -> None:
    """Print what was done to series: a line for each, with its rows, or JSON."""
    if as_json:
        names = ("symbol", "interval", "rows")
        documents = [{name: getattr(one, name) for name in names} for one in entries]
        print_json({"catalog": folder, word: documents})
        return
    told = [f"{line}, {many(one.rows, 'row')}" for line, one in zip(lines, entries, strict=True)]
    print_text("\n".join(told))


@catalog.command(
    epilog=example("ringtape catalog verify catalog"),
    short_help="Compare files with their hashes.",
)
@_FOLDER
@click.argument("series", metavar="[SYMBOL[:INTERVAL]]...", nargs=-1)
@common_options
@click.pass_context
def verify(ctx: click.Context, folder: str, series: tuple[str, ...], as_json: bool) -> None:
    """Compare every file of a catalog, or those of some series, with its hash.

    Each file that is damaged, missing or surplus is named with the way on; the exit code is then 2.
    """
    from pipeline.market.catalog.catalog import Catalog
    from pipeline.market.catalog.upkeep import verify as verified

    there = Catalog(folder)
    with counting("verifying") as tell:
        done = []

        def told(entry: Entry, number: int, count: int) -> None:
            done.append(entry)
            tell(f"{entry.symbol} {entry.interval}", number, count)

        findings = verified(there, series, told)
    if as_json:
        documents = [one._asdict() for one in findings]
        print_json({"catalog": folder, "files": len(done), "findings": documents})
    else:
        faults = Counter(one.fault for one in findings)
        counts = [f"{count:,} {fault}" for fault, count in faults.items()]
        lines = [f"{one.fault}: {one.words}" for one in findings]
        lines.append(f"{many(len(done), 'file')} verified: {', '.join(counts) or 'as written'}")
        print_text("\n".join(lines))
    if findings:
        ctx.exit(BAD_INPUT)
