"""`ringtape init`: writes a commented configuration for data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.cli.options import GivenPath, common_options, example
from pipeline.cli.output import print_json, print_text
from pipeline.cli.reading_options import reading_of, reading_options

#: A strategy that comes with Ringtape and runs on any bars.
_EXAMPLE = "pipeline.strategy.examples:SmaCross"


@click.command(
    "init",
    epilog=example("ringtape init prices.csv --strategy mine.py:SmaCross"),
    short_help="Write a commented configuration for a file or a catalog.",
)
@click.argument("source", type=GivenPath(path_type=Path))
@click.option(
    "--strategy",
    metavar="FILE:CLASS",
    default=_EXAMPLE,
    show_default=True,
    help="Strategy that the configuration names.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=GivenPath(dir_okay=False, path_type=Path),
    default=Path("ringtape.toml"),
    show_default=True,
    help="File to write, .toml.",
)
@click.option(
    "--catalog",
    "catalog_folder",
    metavar="DIR",
    type=GivenPath(file_okay=False),
    help="Catalog into which a file or folder is imported.  [default: catalog/NAME]",
)
@reading_options(shown=("symbol", "interval", "tz", "columns"))
@common_options
def init(
    source: Path,
    strategy: str,
    out: Path,
    catalog_folder: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Write a configuration for SOURCE, a catalog or a file or folder of bars.

    A file or folder is imported into a catalog first. Symbols, interval, dates and calendar are
    inferred from the bars, and every other setting is there as a comment with its default.
    """
    from pipeline.config.session import SessionConfig
    from pipeline.config.template import commented
    from pipeline.config.values import with_slashes
    from pipeline.errors import ConfigError
    from pipeline.market.given.catalog import NO_NAME, given_catalog, import_given, is_catalog
    from pipeline.native.address import as_text
    from pipeline.runner.given.inferring import infer

    if out.suffix != ".toml":
        raise ConfigError(f"--out is {out}, expected a file that ends in .toml")
    if out.exists():
        raise ConfigError(f"{out} is there already; --out names another file")
    reading = reading_of(options)
    place = with_slashes(as_text(source))
    if not is_catalog(source):
        place = catalog_folder or f"catalog/{source.stem or 'bars'}"
        import_given(source, reading, place, NO_NAME)
        reading = {}
    known = {"strategy": {"name": strategy}}
    with given_catalog(place, reading) as given:
        inferred = infer(given, known, None, by_command=True)
    settings = {**inferred.settings, **known, "catalog": with_slashes(place)}
    SessionConfig.made(settings)
    text = commented(settings, f"Run it with: ringtape run {out}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"config": str(out), "catalog": place, "inferred": dict(inferred.told)})
        return
    told = [f"  {name}: {text}" for name, text in inferred.told.items()]
    print_text(
        "\n".join([f"wrote {out}, inferred from {place}:", *told, f"run it: ringtape run {out}"])
    )
