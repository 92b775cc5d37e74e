"""The catalogs that were made of given data, in the user's cache.

::

    data/
        inputs/<identity>.json     the catalog of that input, and the account of its import
        catalogs/<content>/
            bars/                  the catalog; inputs with equal bars share it
            uses/                  a file for each process that uses it, which that process locks
        making/<name>/             a catalog that is being made

All together have a bounded size: the catalog that was not used for longest is removed, unless a
process uses it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from pipeline.errors import DataError
from pipeline.market.catalog.account import Account
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.commit import MANIFEST
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.uses import is_free, mark_use, remove_oldest
from pipeline.native.cache_folder import cache_folder
from pipeline.native.file_lock import lock_file, remove_lock
from pipeline.native.whole_file import write_whole

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MOST_BYTES: Final = 20 << 30
"""Bytes of all kept catalogs together, at most, but for those in use."""

_BARS: Final = "bars"
_USES: Final = "uses"
_LOCK: Final = "lock"
_NAME_LENGTH: Final = 32


class SeriesAccount(NamedTuple):
    """What an import took for true of one series."""

    symbol: str
    interval: str
    account: Account


@dataclass
class Use:
    """A kept catalog that is in use until the context ends."""

    path: Path
    """The folder of the catalog."""
    accounts: tuple[SeriesAccount, ...]
    """What was taken for true of the input."""
    _mark: Path
    _lock: int

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        remove_lock(self._mark, self._lock)


class KeptCatalogs:
    """The catalogs in the user's cache that were made of given data."""

    def __init__(self, folder: Path | None = None, most_bytes: int = MOST_BYTES) -> None:
        self._folder = cache_folder("data") if folder is None else folder
        self._most = most_bytes

    def find(self, identity: str) -> Use | None:
        """Return the catalog of an input, None if it is not there or is damaged."""
        with self._alone():
            use = self._known(identity)
        if use is not None and not _is_whole(use.path.parent):
            with use:
                return None
        return use

    def make(self, identity: str, write: Callable[[Path], Sequence[SeriesAccount]]) -> Use:
        """Make the catalog of an input; return it.

        ``write`` writes bars into the catalog at a path and returns the account of each series.
        Whatever it raises leaves nothing.
        """
        with self._alone():
            self._remove_unfinished()
            place = self._folder / "making" / secrets.token_hex(8)
            place.mkdir(parents=True)
            lock = lock_file(place / _LOCK)
        try:
            accounts = tuple(write(place / _BARS))
            name = _content(place / _BARS)
            with self._alone():
                home = self._catalogs / name
                if _is_whole(home):
                    shutil.rmtree(place)
                else:
                    shutil.rmtree(home, ignore_errors=True)
                    home.parent.mkdir(exist_ok=True)
                    place.rename(home)
                document = {
                    "catalog": name,
                    "accounts": _adapter().dump_python(accounts, mode="json"),
                }
                self._inputs.mkdir(exist_ok=True)
                write_whole(self._input(identity), json.dumps(document).encode())
                use = self._use(name, accounts)
                self._remove_oldest()
            return use
        finally:
            if lock is not None:
                os.close(lock)
            shutil.rmtree(place, ignore_errors=True)

    @property
    def _catalogs(self) -> Path:
        return self._folder / "catalogs"

    @property
    def _inputs(self) -> Path:
        return self._folder / "inputs"

    def _input(self, identity: str) -> Path:
        return self._inputs / f"{identity}.json"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the folder."""
        with catalog_lock(self._folder):
            yield

    def _known(self, identity: str) -> Use | None:
        try:
            document = json.loads(self._input(identity).read_bytes())
            name = str(document["catalog"])
            accounts = _adapter().validate_python(document["accounts"])
        except (OSError, ValueError, LookupError, TypeError):
            return None
        home = self._catalogs / name
        return self._use(name, accounts) if (home / _BARS / MANIFEST).is_file() else None

    def _use(self, name: str, accounts: tuple[SeriesAccount, ...]) -> Use:
        home = self._catalogs / name
        mark, lock = mark_use(home / _USES)
        os.utime(home)
        return Use(home / _BARS, accounts, mark, lock)

    def _remove_unfinished(self) -> None:
        """Remove what processes that were killed have left of catalogs that they made."""
        for place in (self._folder / "making").glob("*"):
            if is_free([place / _LOCK]):
                shutil.rmtree(place, ignore_errors=True)

    def _remove_oldest(self) -> None:
        """Remove catalogs until all together have at most so many bytes as there may be."""
        remove_oldest(
            list(self._catalogs.iterdir()),
            self._most,
            lambda home: is_free((home / _USES).glob("*")),
            lambda home: self._forget(home.name),
        )

    def _forget(self, name: str) -> None:
        """Remove the inputs of a catalog that is gone."""
        for one in self._inputs.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
                if json.loads(one.read_bytes())["catalog"] == name:
                    one.unlink()


def _is_whole(home: Path) -> bool:
    """Return whether a kept catalog has all its bars, as they were written."""
    if not (home / _BARS / MANIFEST).is_file():
        return False
    catalog = Catalog(home / _BARS)
    try:
        for entry in catalog.entries():
            if not (catalog.path / entry.file).is_file():
                return False
            catalog.verify(entry)
    except DataError:
        return False
    return True


def _content(path: Path) -> str:
    """Return the name of a catalog: a hash of its bars, which is the same for equal bars."""
    series = [(one.interval, one.symbol, one.sha256) for one in Catalog(path).entries()]
    return hashlib.sha256(json.dumps(sorted(series)).encode()).hexdigest()[:_NAME_LENGTH]


def _adapter() -> TypeAdapter[tuple[SeriesAccount, ...]]:
    """Return how accounts are kept as JSON, and checked when they are read."""
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[SeriesAccount, ...])
