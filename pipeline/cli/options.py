"""Options that several commands share."""

import math
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.errors import nearest

_DEBUG = "ringtape.debug"
#: What --replace may name.
_REPLACED = ("bars", "source", "series")

F = TypeVar("F", bound=Callable[..., Any])


class GivenPath(click.Path):
    """The path of a file or folder that a user gives: an empty one is refused.

    To the system it would mean the folder one is in, which nobody means by an empty variable.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, of the type that was asked for."""
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class GivenNumber(click.FloatRange):
    """A number in a range; NaN is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, a float."""
        found = super().convert(value, param, ctx)
        if math.isnan(found):
            self.fail(f"{value!r} is no number", param, ctx)
        return found


def debug_option(*, hidden: bool) -> Callable[[F], F]:
    """Add `--debug`. Commands take it hidden, because it is mostly appended to a failed line."""

    def keep(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
        if wanted:
            ctx.meta[_DEBUG] = True

    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=keep,
        hidden=hidden,
        help="Show the traceback of an error.",
    )


def is_debug(ctx: click.Context) -> bool:
    """Whether `--debug` was given, before or after the command's name."""
    return bool(ctx.meta.get(_DEBUG))


def example(line: str) -> str:
    """Return the end of a command's help: an example of one line."""
    return f"\b\nExample:\n  {line}"


def checked(config: Path, overrides: Sequence[str]) -> None:
    """Refuse a configuration that is wrong, before any process imports anything heavy.

    A file that cannot be read is refused before the settings are imported. For a configuration that
    is right, the fork server goes on to import what the processes need, or ends if it is not
    wanted.
    """
    from pipeline.config.source import read_config

    read_config(config)
    from pipeline.config.session import SessionConfig
    from pipeline.runner.fork_server import end_server
    from pipeline.runner.starting import let_server_go_on

    settings = SessionConfig.load(config, overrides)
    if settings.pipeline.start_method == "forkserver":
        let_server_go_on()
    else:
        end_server()


set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Replace a setting; may be repeated. The value is JSON, else text.",
)


def out_option(kind: str) -> Callable[[F], F]:
    """Add `--out`: the folder in which a ``kind``, "run" or "sweep", gets its own folder."""
    return click.option(
        "--out",
        metavar="DIR",
        type=GivenPath(file_okay=False, path_type=Path),
        default=Path("runs"),
        show_default=True,
        help=f"Folder in which the {kind}'s folder is made.",
    )


def _replaced(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse a word that --replace does not know, which mostly is a SOURCE that follows it."""
    if value is None or value in _REPLACED:
        return value
    near = nearest(value, _REPLACED)
    way = (
        f"did you mean {near[0]!r}?"
        if near
        else f"write --replace at the end of the line, or --replace bars {shlex.quote(value)}"
    )
    raise click.BadParameter(f"{value!r} is not one of {', '.join(map(repr, _REPLACED))}; {way}")


replace_option = click.option(
    "--replace",
    is_flag=False,
    flag_value="bars",
    metavar=f"[{'|'.join(_REPLACED)}]",
    callback=_replaced,
    help="Replace bars in the catalog that differ; all bars that the same SOURCE gave before; or"
    " the whole series.  [without a word: bars]",
)


def common_options(command: F) -> F:
    """Add the options that every command takes: `--json` (parameter `as_json`) and `--debug`."""
    as_json = click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout, nothing else."
    )
    return debug_option(hidden=True)(as_json(command))
