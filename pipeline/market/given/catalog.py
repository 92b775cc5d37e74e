"""`given_catalog`: the catalog of data that a caller gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from pipeline.errors import ConfigError
from pipeline.market.catalog.account import Account
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.commit import MANIFEST
from pipeline.market.catalog.opening import kept_to_one_manifest
from pipeline.market.given.identity import identity_of
from pipeline.market.given.kept import KeptCatalogs, SeriesAccount, Use
from pipeline.market.importers.importing import (
    Found,
    is_path,
    read_series,
    sources_to_import,
    write,
)
from pipeline.market.importers.options import Options
from pipeline.market.importers.rows import Spool
from pipeline.native.address import Address, address_of, as_text

NO_NAME: Final = "DATA"
"""The symbol of rows that have none."""

IMPORT_OPTIONS: Final = tuple(
    one.name for one in fields(Options) if one.name not in ("nameless", "guess_clock")
)
"""The options that say how data are read."""


@dataclass(frozen=True, slots=True)
class GivenSeries:
    """One series of given data."""

    symbol: str
    interval: str
    first_ts: int
    """Open of the first bar, ns UTC."""
    last_ts: int
    """Open of the last bar, ns UTC."""
    account: Account | None
    """What was taken for true of it; None if that is not known."""


@dataclass(frozen=True, slots=True)
class GivenCatalog:
    """The catalog of given data."""

    place: str
    """Its path, or its address."""
    series: tuple[GivenSeries, ...]
    """Its series, by symbol and then by interval."""
    in_place: bool
    """Whether the data are a catalog themselves."""


@contextmanager
def given_catalog(
    data: Any,
    options: Mapping[str, Any],
    nameless: str = NO_NAME,
    tell: Callable[[str], None] = lambda words: None,
) -> Iterator[GivenCatalog]:
    """Yield the catalog of data, which is kept until the block ends at least.

    Args:
        data: a frame, a table or a stream of any library that gives Arrow, a dict of these by
            symbol, the path of a file or folder, several paths, or the path of a catalog.
        options: the options of an import, by name.
        nameless: the symbol of rows that have none.
        tell: is called with words on how far the import is, such as ``2,000,000 rows read``.

    Times that name no zone are refused without the option ``tz``, unless they are dates. Raises
    ConfigError for data of no such kind or an impossible option, DataError for data that cannot be
    taken.
    """
    asked = Options(**options, guess_clock=False)
    asked.check()
    if isinstance(data, list | tuple) and len(data) == 1 and is_path(data[0]):
        data = data[0]
    if is_catalog(data):
        if options:
            raise ConfigError(
                f"{next(iter(options))} says how data are imported, but {data} is a catalog: "
                "leave it out"
            )
        with kept_to_one_manifest(data):
            catalog = Catalog(data)
            yield GivenCatalog(as_text(data), _series(catalog, {}), in_place=True)
        return
    with _kept(data, asked, nameless, tell) as use:
        accounts = {(one.symbol, one.interval): one.account for one in use.accounts}
        yield GivenCatalog(str(use.path), _series(Catalog(use.path), accounts), in_place=False)


def is_catalog(data: Any) -> bool:
    """Return whether data are the path or the address of a catalog; an address is of nothing else.

    ConfigError for an address that is none.
    """
    if not is_path(data):
        return False
    found = address_of(data)
    return isinstance(found, Address) or (found / MANIFEST).exists()


def import_given(
    data: Any, options: Mapping[str, Any], place: str | os.PathLike[str], nameless: str
) -> None:
    """Import data into a catalog under the rules of `given_catalog`, which all arguments are of."""
    asked = Options(**options, guess_clock=False)
    asked.check()
    with sources_to_import(data) as found:
        _import(found, _with_name(asked, found, nameless), place, lambda words: None)


def _with_name(options: Options, found: Found, nameless: str) -> Options:
    """Return the options of an import by which the rows of a single source have a symbol."""
    return replace(options, nameless=nameless) if len(found.sources) == 1 else options


@contextmanager
def _kept(data: Any, options: Options, nameless: str, tell: Callable[[str], None]) -> Iterator[Use]:
    def rows_read(rows: int) -> None:
        tell(f"{rows:,} rows read")

    catalogs = KeptCatalogs()
    with sources_to_import(data, rows_read) as found:
        options = _with_name(options, found, nameless)
        identity = identity_of(found.sources, options, found.plugins, rows_read)
        use = catalogs.find(identity) or catalogs.make(
            identity, lambda path: _import(found, options, path, tell)
        )
    with use:
        yield use


def _import(
    found: Found, options: Options, place: str | os.PathLike[str], tell: Callable[[str], None]
) -> list[SeriesAccount]:
    def begun(_: str, number: int, count: int) -> None:
        tell(f"{number:,} of {count:,} {'table' if found.sources[0].given else 'file'}s")

    with Spool() as spool:
        series = read_series(found, options, spool, begun)
        tell(f"{len(series):,} series to write")
        written = write(series, Catalog(place))
    return [SeriesAccount(one.symbol, one.interval, one.account) for one in written]


def _series(
    catalog: Catalog, accounts: Mapping[tuple[str, str], Account]
) -> tuple[GivenSeries, ...]:
    return tuple(
        GivenSeries(
            one.symbol,
            one.interval,
            one.first_ts,
            one.last_ts,
            accounts.get((one.symbol, one.interval), next(iter(one.accounts[-1:]), None)),
        )
        for one in sorted(catalog.entries(), key=lambda one: (one.symbol, one.interval))
    )
