"""What an importer is: the contract that those of other packages keep.

An importer is an object with a `name`, its `conventions`, the options that it `uses`, and two
methods::

    sniff(path, head) -> score             whether a file is its own, by its name and first bytes
    read(path, options) -> record batches  the rows of such a file

It reads rows and says what they mean. Everything else is done for it, as for any other file: rows
are checked, times become opens in UTC, symbols and intervals become series of a catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from pipeline.errors import ConfigError
from pipeline.market.catalog.account import UNKNOWN
from pipeline.market.importers.options import DateOrder, Decimal, Options
from pipeline.market.importers.times.clock import Clock

if TYPE_CHECKING:
    import pyarrow as pa

CERTAIN: Final = 100
"""The score of a file whose first bytes, or whose place, leave no doubt."""
SIGNS: Final = 80
"""The score of a text with the signs of a vendor's layout, such as the names of its columns."""
PLAIN: Final = 10
"""The score of any table with the usual names of columns, which is Ringtape's own `csv`."""
HEAD_BYTES: Final = 1 << 16
"""So many first bytes of a file are shown to `sniff`; fewer of a shorter file."""
BATCH_ROWS: Final = 1 << 16
"""So many rows a batch has, unless the options ask for another number."""
INSTANTS: Final = "instants"
"""The clock of times that are instants: timestamps with a time zone."""
_STAMPED: Final = ("open", "close", UNKNOWN)
_ADJUSTED: Final = ("no", "splits", "splits and dividends", UNKNOWN)
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Conventions:
    """What holds for all files of an importer. Nothing has a default: each is said, or not known.

    The account of an import gives them as its facts, and options of the user come before them.
    """

    clock: str
    """The clock of timestamps without a zone, as ``--tz`` takes it, such as ``America/New_York``;
    ``instants`` if all timestamps have a zone; ``not known`` if only the user can say it."""
    stamped: str
    """Of which end of its bar a time is: ``open``, ``close`` or ``not known``."""
    adjusted: str
    """What prices are adjusted for: ``no``, ``splits``, ``splits and dividends``, ``not known``."""
    empty_bars: bool | None
    """Whether there are bars for times without trades; None if it is not known."""

    def check(self) -> None:
        """Raise ConfigError, with what is allowed, for a convention of another value."""
        for name, allowed in (("stamped", _STAMPED), ("adjusted", _ADJUSTED)):
            value = getattr(self, name)
            if value not in allowed:
                raise ConfigError(f"{name} must be one of {', '.join(allowed)}, was {value!r}")
        if self.empty_bars not in (True, False, None):
            raise ConfigError(f"empty_bars must be True, False or None, was {self.empty_bars!r}")
        if not isinstance(self.clock, str):
            raise ConfigError(f"clock must be text, such as {INSTANTS!r}, was {self.clock!r}")
        if self.clock not in (INSTANTS, UNKNOWN):
            try:
                Clock.parse(self.clock)
            except ConfigError as error:
                raise ConfigError(
                    f"clock must be {INSTANTS}, {UNKNOWN} or a zone: {error}"
                ) from None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user asks for that an importer itself may need, and the size of its batches.

    The symbol, the interval, the zone and the stamps that a user gives are applied to the rows of
    any importer. They are here for those that read another part of a file for them.
    """

    batch_rows: int = BATCH_ROWS
    """No batch has more rows."""
    symbol: str | None = None
    interval: str | None = None
    tz: str | None = None
    columns: Mapping[str, str] | None = None
    """Column name, or position from 1, of each field."""
    date_order: DateOrder | None = None
    """Order of dates like 3/4/2017: ``mdy``, ``dmy`` or ``ymd``."""
    encoding: str | None = None
    decimal: Decimal | None = None
    """Which sign stands before the fraction of a number: ``point`` or ``comma``."""
    skip_rows: int | None = None
    """Lines before the header."""

    @classmethod
    def of(cls, options: Options) -> ReadOptions:
        """Take over what the user asks for."""
        return cls(**{name: getattr(options, name) for name in _TAKEN})

    def unused(self, uses: tuple[str, ...], name: str) -> tuple[str, ...]:
        """Return the sentences that tell options of which the importer ``name`` has no use."""
        given = [one for one in OF_READING if getattr(self, one) is not None and one not in uses]
        return tuple(
            f"--{one.replace('_', '-')} is not used: the importer {name} does not take it."
            for one in given
        )


OF_READING: Final = ("columns", "date_order", "encoding", "decimal", "skip_rows")
"""The options that nobody but an importer can apply; it names those that it uses."""
_TAKEN: Final = tuple(field.name for field in fields(ReadOptions) if field.name != "batch_rows")


class Importer(Protocol):
    """An importer of one kind of file. Several threads may use it at once, for several files."""

    @property
    def name(self) -> str:
        """The name, for ``--layout`` and for accounts: small letters, digits, ``_`` and ``-``."""

    @property
    def conventions(self) -> Conventions:
        """What holds for all its files."""

    @property
    def uses(self) -> tuple[str, ...]:
        """The names of the options, of `OF_READING`, that `read` takes into account."""

    def sniff(self, path: Path, head: bytes) -> int:
        """Return how sure it is that a file is its own, from 0, not at all, to 100.

        It looks at the name of the ``path``, which need not be there, and at the ``head``, the
        first bytes of the file once it is unpacked. It opens nothing. The highest score wins.
        """

    def read(self, path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a file in its order, as record batches of one schema.

        ================================  ======================================================
        column                            type
        ================================  ======================================================
        ``ts``                            timestamp of any unit, with a zone or without; date32
        ``open high low close volume``    numbers; of trades ``price size``, of quotes ``bid ask``
        ``symbol``                        text, perhaps as a dictionary; may be left out
        ``interval``                      text such as ``1m``, in the same way
        ================================  ======================================================

        A missing value is null. The file is open only while rows are read, and closed when the
        iterator is. DataError, which names the file, if it is damaged.
        """


def fault_of(found: object, name: str | None = None) -> str:
    """Return why an object is no importer, the first reason; "" if it is one.

    ``name`` is the one under which a package declares it.
    """
    if isinstance(found, type):
        return f"{found.__name__} is a class; name an object of it"
    for part in ("name", "conventions", "uses", "sniff", "read"):
        if not hasattr(found, part):
            return f"it has no {part}"
    importer: Importer = found  # type: ignore[assignment]  # it has all parts
    if not isinstance(importer.name, str) or _NAME.fullmatch(importer.name) is None:
        return f"its name must be 1 to 40 small letters, digits, _ or -, was {importer.name!r}"
    if name is not None and importer.name != name:
        return f"its name is {importer.name!r}, and its package declares it as {name!r}"
    if not isinstance(importer.conventions, Conventions):
        return f"its conventions must be Conventions, were {importer.conventions!r}"
    try:
        importer.conventions.check()
    except ConfigError as error:
        return f"its conventions are wrong: {error}"
    others = [one for one in importer.uses if one not in OF_READING]
    if not isinstance(importer.uses, tuple) or others:
        return f"it must use some of {', '.join(OF_READING)}, as a tuple, was {importer.uses!r}"
    missing = [part for part in ("sniff", "read") if not callable(getattr(importer, part))]
    return f"{missing[0]} must be a method" if missing else ""
