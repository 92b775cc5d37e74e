"""The options `--metrics` and `--metrics-file` of the commands that run something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.cli.options import GivenPath

F = TypeVar("F", bound=Callable[..., Any])


def metrics_options(command: F) -> F:
    """Add `--metrics` and `--metrics-file`; `shown_metrics` takes what they say."""
    port = click.option(
        "--metrics",
        metavar="PORT",
        help="Serve metrics for Prometheus at this port of 127.0.0.1, or at HOST:PORT.",
    )
    file = click.option(
        "--metrics-file",
        metavar="PATH",
        type=GivenPath(dir_okay=False, path_type=Path),
        help="Write metrics for Prometheus to this file each second and at the end.",
    )
    return port(file(command))


@contextmanager
def shown_metrics(metrics: str | None, metrics_file: Path | None) -> Iterator[None]:
    """Show the metrics of what the block runs; nothing is imported if none are wanted."""
    if metrics is None and metrics_file is None:
        yield
        return
    from pipeline.watch.metrics import metrics_shown

    with metrics_shown(metrics, metrics_file, lambda text: click.echo(text, err=True)):
        yield
