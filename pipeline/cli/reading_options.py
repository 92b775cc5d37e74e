"""The options that say how data are read: those of an import, and of a command with `--data`."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


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


_OPTIONS = (
    click.option(
        "--layout",
        metavar="NAME",
        help="Layout of the files, or their importer, which `ringtape importers` lists."
        "  [default: as recognised]",
    ),
    click.option("--symbol", help="Symbol of the bars.  [default: the source's]"),
    click.option(
        "--interval",
        help="Interval of the bars, such as 1m; makes bars of ticks.  [default: the data's]",
    ),
    click.option(
        "--tz",
        metavar="ZONE",
        help="Time zone of times that name none: America/New_York, EST or Etc/GMT+5 (fixed all"
        " year), America/New_York+7h (servers of MetaTrader).",
    ),
    click.option(
        "--columns",
        callback=_column_mapping,
        metavar="ts=Date,close=Last,...",
        help="The source's names of the columns ts, open, high, low, close and volume, or their"
        " numbers.",
    ),
    click.option(
        "--end-stamped/--open-stamped",
        default=None,
        help="Times are those of the bars' ends, and are shifted, or of their opens."
        "  [default: as the layout]",
    ),
    click.option(
        "--date-order",
        type=click.Choice(["mdy", "dmy", "ymd"]),
        help="How to read 3/4/2017 where the data do not show it.",
    ),
    click.option("--encoding", metavar="NAME", help="Encoding of text, such as latin-1."),
    click.option(
        "--decimal",
        type=click.Choice(["point", "comma"]),
        help="The sign before a fraction, where the data do not show it.",
    ),
    click.option(
        "--skip-rows",
        type=click.IntRange(min=0),
        metavar="N",
        help="Lines above the header.  [default: as they look]",
    ),
    click.option("--scale", type=float, metavar="X", help="Multiply prices by X, such as 1e-9."),
    click.option(
        "--bad-rows",
        type=click.Choice(["refuse", "drop", "widen"]),
        default="refuse",
        help="Rows that cannot be bars: refuse the import, leave them out, or widen high and low by"
        " up to 1 % of the price to hold open and close.  [default: refuse]",
    ),
    click.option(
        "--duplicates",
        type=click.Choice(["refuse", "first", "last", "same"]),
        default="refuse",
        help="Rows of one time: refuse the import, take the first or the last, or one if all are"
        " equal.  [default: refuse]",
    ),
    click.option("--sort", is_flag=True, help="Sort the rows of a file by their times."),
    click.option(
        "--off-grid",
        type=click.Choice(["refuse", "keep", "floor"]),
        default="keep",
        help="Rows at other times than bars: refuse the import, keep them where they do not"
        " overlap, or move them to the beginning of their bar.  [default: keep]",
    ),
    click.option(
        "--adjusted",
        type=click.Choice(["no", "splits", "splits-and-dividends"]),
        callback=lambda _ctx, _param, value: value and value.replace("-", " "),
        help="What prices are adjusted for.  [default: as the layout says]",
    ),
)


def reading_options(*, shown: Container[str] | None) -> Callable[[F], F]:
    """Add the options that say how data are read.

    The help of the command has those whose parameter is ``shown``, all if it is None.
    """

    def add(command: F) -> F:
        for option in reversed(_OPTIONS):
            command = option(command)
        for one in getattr(command, "__click_params__", [])[-len(_OPTIONS) :]:
            one.hidden = shown is not None and one.name not in shown
        return command

    return add


#: The values of options that are not None where a user does not give them.
_DEFAULTS = {
    "columns": {},
    "bad_rows": "refuse",
    "duplicates": "refuse",
    "sort": False,
    "off_grid": "keep",
}


def reading_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the options that a user gave, as `import_bars` takes them."""
    found = {
        name: value
        for name, value in options.items()
        if value is not None and value != _DEFAULTS.get(name)
    }
    if "end_stamped" in found:
        found["stamped"] = "close" if found.pop("end_stamped") else "open"
    return found
