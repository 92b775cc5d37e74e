"""The options by which a command takes data and a strategy in place of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.cli.options import GivenPath, checked
from pipeline.cli.reading_options import reading_of, reading_options

F = TypeVar("F", bound=Callable[..., Any])

#: The options of an import that the help of a command shows, and those of data themselves.
_SHOWN = ("symbol", "interval", "tz", "columns")


def data_options(command: F) -> F:
    """Add CONFIG, which may be left out, `--data`, `--strategy` and the options of an import."""
    command = reading_options(shown=_SHOWN)(command)
    command = click.option(
        "--strategy",
        metavar="FILE:CLASS",
        help="Strategy, such as mine.py:SmaCross, in place of the configuration's.",
    )(command)
    command = click.option(
        "--data",
        metavar="PATH",
        multiple=True,
        type=GivenPath(),
        help="File, folder or catalog of bars in place of the configuration's catalog; may be"
        " repeated. All options of `ringtape import` say how it is read.",
    )(command)
    return click.argument("config", required=False, type=GivenPath(path_type=Path))(command)


def asked(
    config: Path | None,
    data: Sequence[str],
    strategy: str | None,
    overrides: Sequence[str],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the arguments of `run` or `sweep` that the options of a command stand for.

    A configuration without data is checked before anything heavy is imported. UsageError if there
    is neither.
    """
    reading = reading_of(options)
    if not data:
        if reading:
            name = next(iter(reading)).replace("_", "-")
            raise click.UsageError(f"--{name} says how data are read: give them with --data PATH")
        if config is None:
            raise click.UsageError(
                "there is neither a configuration nor data: give the path of a JSON or TOML file,"
                " or --data PATH with --strategy FILE:CLASS"
            )
        given = [] if strategy is None else [f"strategy.name={strategy}"]
        checked(config, [*given, *overrides])
        return {"config": config, "strategy": strategy, "overrides": overrides}
    if config is None and strategy is None:
        raise click.UsageError("there is no strategy: name one with --strategy FILE:CLASS")
    from pipeline.runner.given.opening import CommandData
    from pipeline.runner.starting import let_server_go_on

    let_server_go_on()
    return {
        "config": config,
        "data": CommandData(tuple(data)),
        "strategy": strategy,
        "overrides": overrides,
        **reading,
    }
