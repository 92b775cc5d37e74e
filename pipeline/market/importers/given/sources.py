"""Data that a caller gives, as the sources of an import."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.market.importers.given.streams import Streams
from pipeline.market.importers.given.table import GivenTable
from pipeline.market.importers.given.tables import tables_of
from pipeline.market.importers.source import Given, Source


@contextmanager
def given_tables(
    data: Any, tell: Callable[[int], None] = lambda rows: None
) -> Iterator[list[GivenTable]]:
    """Yield the tables of data that a caller gives, which can be read until the block ends.

    ``tell`` is called with the rows of a stream that were read so far. ConfigError if the data are
    of no kind that has rows, DataError if they cannot be read.
    """
    with Streams(tell) as streams:
        yield tables_of(data, streams)


def sources_of(tables: Sequence[GivenTable]) -> list[Source]:
    """Return the sources of tables."""
    now = time.time_ns()
    sources = []
    for table in tables:
        given = Given(table.blocks, now, table.symbol, table.notes, table.known)
        sources.append(Source.of(given, table.label, table.kind))
    return sources
