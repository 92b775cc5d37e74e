"""Delimited text with any header: the engine that all CSV vendors share.

::

    text, block by block
      -> cells           by pyarrow; lines with another number of cells are counted
      -> times, numbers  by the form of the first rows; rows that have none are counted
      -> rows of each symbol, to the spool

Each vendor has a `DelimitedLayout`, which recognises its header and knows the facts that the header
does not name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pipeline.market.importers.header import Header
from pipeline.market.importers.magnitude import Scale
from pipeline.market.importers.options import DateOrder, Options
from pipeline.market.importers.reading import Reading
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source
from pipeline.market.importers.text import Text

_DURATION: Final = r"\d+ ?(?:s|sec|m|min|h|hour|d|day)"
_PLAIN_NAME: Final = re.compile(rf"((?:[^\W_]|[\^.$=-]){{1,15}})(?:[_ ]{_DURATION})?")


def plain_symbol(name: str) -> str | None:
    """Return "AAPL" for "AAPL.csv" or "AAPL_1min.csv", None for a name of another form.

    A symbol has no small letters of any alphabet.
    """
    match = _PLAIN_NAME.fullmatch(name.rpartition(".")[0] or name)
    return match[1] if match and match[1] == match[1].upper() else None


@dataclass(frozen=True, slots=True)
class DelimitedLayout:
    """A kind of delimited file."""

    name: str
    """Name of the layout, for reports and for ``--layout``."""
    recognises: Callable[[Header, Source], bool]
    """Returns whether a file has this layout."""
    signs: str = ""
    """By which signs it is recognised, for the reference."""
    skip: Callable[[Sequence[str]], int] = lambda lines: 0
    """Returns the lines before the header, from the first lines of a file; 0: the first line that
    looks like a header."""
    names: Callable[[Header], tuple[str, ...]] | None = None
    """Returns the names of the columns, where they do not stand in one line."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Fields by the names or positions of their columns; others are found by their usual names."""
    columns_of: Callable[[Header, Source], Mapping[str, str]] | None = None
    """Returns fields as `columns` has them, where they depend on the file."""
    tickers: Callable[[Header], Mapping[str, Mapping[str, str]]] | None = None
    """Returns the columns of each symbol, where each has its own: by fields, others by any name."""
    symbol: Callable[[str], str | None] = plain_symbol
    """Returns the symbol in a file name, None if there is none."""
    interval: Callable[[str], str | None] = lambda name: None
    """Returns the interval in a file name, None if there is none."""
    zone: ZoneInfo | None = None
    """Zone of times without a zone, None if the layout does not say it."""
    server: bool = False
    """Whether times are on the clock of a broker's server, of which there are several."""
    asks: str = ""
    """Why the zone must be given if neither layout, file nor rows tell it; "" if it may be UTC."""
    stamped: Literal["open", "close"] | None = None
    """Of which end of its bar a time is, None if the layout does not say it."""
    date_order: DateOrder | None = None
    """Order of dates like 3/4/2017, None if the layout does not say it."""
    adjusted: str | None = None
    """What prices are adjusted for: ``no``, ``splits``, ``splits and dividends``; None if it is not
    known."""
    empty_bars: bool | None = None
    """Whether there are bars for times without trades, None if it is not known."""
    no_volume: float | None = None
    """The number that stands for no volume; such a volume is 0."""
    doubt: str = ""
    """Why a file may be of another layout than the user says, as a sentence."""
    own: bool = False
    """Whether the files have bars of a catalog, in which nothing is to be found out."""
    scale: Scale | None = None
    """Returns the divisor of the prices, from the symbol and the four price columns."""

    def read(
        self, source: Source, text: Text, header: Header, options: Options, spool: Spool
    ) -> list[Reading]:
        """Read one file: a reading for each symbol. DataError if it cannot be read."""
        from pipeline.market.importers.table import TableReader

        return TableReader(self, source, text, header, options, spool).read()


GENERIC: Final = DelimitedLayout(
    "csv",
    recognises=lambda header, source: header.is_header,
    signs="a header with the usual names, in any order and spelling",
)
"""The layout of any other file with a header, or with columns that the user names."""
