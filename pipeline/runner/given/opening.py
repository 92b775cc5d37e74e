"""The catalog of data that a caller gives to a run, and the options that say how they are read."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from pipeline.market.given.catalog import IMPORT_OPTIONS, NO_NAME, GivenCatalog, given_catalog
from pipeline.market.importers.option_words import told_in_python


@dataclass(frozen=True, slots=True)
class CommandData:
    """Paths of data that a command names; refusals name options as the command has them."""

    paths: tuple[str, ...]


@contextmanager
def catalog_of(
    data: Any, options: Mapping[str, Any], symbols: Sequence[str], tell: Callable[[str], None]
) -> Iterator[GivenCatalog]:
    """Yield the catalog of data that a caller gives.

    ``options`` are those of an import. If ``symbols``, those that the caller names, are only one,
    it is that of rows that have none. ``tell`` is called with words on how far the import is.
    ConfigError and DataError as `given_catalog`.
    """
    nameless = symbols[0] if len(symbols) == 1 else NO_NAME
    by_command = isinstance(data, CommandData)
    with ExitStack() as stack:
        with nullcontext() if by_command else told_in_python():
            given = list(data.paths) if by_command else data
            found = stack.enter_context(given_catalog(given, options, nameless, tell))
        yield found


def split_options(keywords: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the keywords that are options of an import, and the others.

    A zone may be one of Python's objects.
    """
    options = {name: value for name, value in keywords.items() if name in IMPORT_OPTIONS}
    zone = options.get("tz")
    if isinstance(zone, dt.tzinfo):
        options["tz"] = getattr(zone, "key", None) or str(zone)
    return options, {name: keywords[name] for name in keywords if name not in options}
