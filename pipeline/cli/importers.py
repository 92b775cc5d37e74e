"""`ringtape importers`: lists what reads files for an import, or shows one importer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import common_options, example
from pipeline.cli.output import format_table, paragraph, print_json, print_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.market.importers.registry.importer import Conventions
    from pipeline.market.importers.registry.listing import Listed

_HEADER = ("importer", "package", "clock", "stamped", "adjusted", "without trades", "endings")


@click.command(
    epilog=example("ringtape importers kraken"),
    short_help="List the importers of files, Ringtape's own and those of other packages.",
)
@click.argument("name", required=False)
@common_options
def importers(name: str | None, as_json: bool) -> None:
    """List all importers, with what holds for their files; with NAME, show one.

    `ringtape import` finds the importer of a file by itself; --layout takes the names that are
    listed. Importers of other packages are listed by what their packages declare: with NAME, one is
    imported, and its conventions are shown.
    """
    from pipeline.market.importers.registry.listing import describe_importer, list_importers

    if name is not None:
        one = describe_importer(name)
        if as_json:
            print_json(asdict(one))
        else:
            print_text(_described(one))
        return
    found = list_importers()
    if as_json:
        print_json({"importers": [asdict(one) for one in found]})
    else:
        print_text(_listed(found))


def _listed(found: Sequence[Listed]) -> str:
    """Return the table, with a line below it for each importer that cannot be used."""
    lines = [format_table(_HEADER, [_row(one) for one in found], right=())]
    lines += [
        paragraph(f"{one.name} of {_package(one)} cannot be used: {one.fault}.")
        for one in found
        if one.fault
    ]
    first = next((one.name for one in found if one.conventions is None and not one.fault), None)
    if first is not None:
        lines.append(paragraph(f"`ringtape importers {first}` imports one and shows the rest."))
    return "\n".join(lines)


def _row(one: Listed) -> tuple[str, ...]:
    facts = ("",) * 4 if one.conventions is None else _words(one.conventions)
    return (one.name, _package(one), *facts, " ".join(one.endings))


def _words(conventions: Conventions) -> tuple[str, str, str, str]:
    """Return clock, stamps, adjustment, and what there is for times without trades."""
    empty = {True: "bars", False: "no bars", None: "not known"}[conventions.empty_bars]
    return conventions.clock, conventions.stamped, conventions.adjusted, empty


def _package(one: Listed) -> str:
    return f"{one.package} {one.version}".strip()


def _described(one: Listed) -> str:
    rows = [("package", _package(one))]
    if one.target:
        rows.append(("object", one.target))
    if one.endings:
        rows.append(("endings", " ".join(one.endings)))
    if one.signs:
        rows.append(("known by", one.signs))
    if one.conventions is not None:
        rows += zip(_HEADER[2:6], _words(one.conventions), strict=True)
    if one.target:
        rows.append(("uses", ", ".join(f"--{name.replace('_', '-')}" for name in one.uses) or "-"))
    return format_table(("importer", one.name), rows, right=())
