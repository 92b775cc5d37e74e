"""The mirror of a catalog in the user's cache: its snapshots, and the objects that they share."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from pipeline.codes import interval_name, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.actions import ACTIONS, read_actions
from pipeline.market.catalog.bar_file import damaged, file_hash, open_bars
from pipeline.market.catalog.commit import MANIFEST
from pipeline.market.catalog.home import MIRROR_OF, Folder, Make
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.manifest import Entry, Key, file_name, manifest_bytes, parsed
from pipeline.market.catalog.remote.store import Store, no_bucket
from pipeline.market.catalog.remote.writing import write
from pipeline.market.catalog.uses import is_free, mark_use, remove_oldest
from pipeline.market.catalog.verified import Verified
from pipeline.market.threads import in_threads
from pipeline.native.address import Address
from pipeline.native.cache_folder import cache_folder
from pipeline.native.whole_file import write_whole

MOST_BYTES: Final = 20 << 30
"""Bytes of all mirrors together, at most, but for those in use."""
READS: Final = 4
"""Times that a manifest is read anew because it has changed while objects were fetched."""
_ORIGIN: Final = "origin.json"
_LATEST: Final = "latest.json"
_USES: Final = "uses"
_PART: Final = ".part"
_NAME_LENGTH: Final = 32
#: The snapshots that this process uses until it ends, with their locks.
_used: dict[Path, int] = {}
#: The mirrors that are pinned where this code runs.
_pinned: ContextVar[tuple[Mirror, ...]] = ContextVar("pinned mirrors", default=())


def mirror_of(address: Address) -> Mirror:
    """Return the mirror of an address: the one that is pinned here, or another one."""
    return next((one for one in _pinned.get() if one.address == address), None) or Mirror(address)


@contextlib.contextmanager
def pinned(address: Address) -> Iterator[Mirror]:
    """Yield a mirror that all catalogs of the address share until the block ends.

    So they have one manifest, which is asked for once.
    """
    mirror = mirror_of(address)
    token = _pinned.set((*_pinned.get(), mirror))
    try:
        yield mirror
    finally:
        _pinned.reset(token)


class Mirror:
    """The home of a catalog on an object store. Making this object asks the store for nothing."""

    def __init__(
        self, address: Address, store: Store | None = None, most_bytes: int = MOST_BYTES
    ) -> None:
        self.address = address
        self.store = Store(address) if store is None else store
        self._most = most_bytes
        self._now: _Snapshot | None = None

    @property
    def place(self) -> str:
        """The address."""
        return str(self.address)

    @property
    def folder(self) -> Path:
        """The folder of the snapshot. DataError without a catalog."""
        return self._snapshot.folder

    @property
    def marks(self) -> Path:
        """The folder of all snapshots."""
        return self.base / "manifests"

    @cached_property
    def base(self) -> Path:
        """The folder of the mirror."""
        name = hashlib.sha256(self.place.encode()).hexdigest()[:_NAME_LENGTH]
        return cache_folder("remote", name)

    def exists(self) -> bool:
        """Return whether there is a manifest. DataError if there is no bucket."""
        return self._now is not None or self.read_again() is not None

    def manifest(self) -> dict[Key, Entry]:
        """Return all entries of the snapshot, whose files are objects of the mirror."""
        return self._snapshot.local.manifest()

    def size(self, entry: Entry) -> int | None:
        """Return the size of the object of an entry in bytes; None if it is lost."""
        found = self._snapshot.origin.get((entry.interval, entry.symbol))
        return None if found is None else self.store.size(found.file)

    def fetch(self, entry: Entry, anew: bool = False) -> None:
        """Download the object of an entry, unless it is here, verified, and not wanted ``anew``."""
        key = entry.interval, entry.symbol
        self.fetch_all([key], anew=anew)
        if self.manifest().get(key) != entry:
            raise DataError(f"{entry.symbol} {entry.interval} of {self.place} has changed")

    def fetch_all(self, keys: Sequence[Key], anew: bool = False) -> None:
        """Download what some keys name, at the same time, all of one manifest.

        Keys that are not in the manifest are left out. DataError, naming the object, if it is not
        there or has not the content of the manifest, unless the manifest has changed meanwhile:
        then all begins again.
        """
        for _ in range(READS):
            snapshot = self._snapshot
            known = snapshot.local.manifest()
            there = [known[key] for key in keys if key in known]
            try:
                fetched = in_threads(lambda one: self._fetch(snapshot, one, anew), there)  # noqa: B023
            except DataError:
                self.read_again()
                if self._now == snapshot:
                    raise
                continue
            if any(fetched):
                self._remove_oldest()
            return
        raise DataError(
            f"{self.place} has changed {READS} times while it was read; read it when nobody writes"
        )

    def edit(self, make: Make) -> list[Entry]:
        """Write into the store what ``make`` returns for the entries (`writing.write`)."""
        return write(self, make)

    def read_again(self) -> bytes | None:
        """Read the manifest of the store and take it for this mirror; return its bytes.

        None if there is none. DataError if it is damaged, or if there is no bucket.
        """
        found = self.store.read(MANIFEST)
        if found is None:
            self._now = None
            if not self.store.has_bucket():
                raise DataError(no_bucket(self.address))
            return None
        self.take(found.content, found.tag)
        return found.content

    def take(self, content: bytes, tag: str = "") -> None:
        """Make the snapshot of a manifest, and go on with it."""
        known = parsed(content, self.store.place_of(MANIFEST))
        for interval, symbol in known:
            if not _is_interval(interval):
                raise DataError(
                    f"{self.store.place_of(MANIFEST)} is damaged: {symbol} has the interval "
                    f"{interval!r}; import the data into a new one"
                )
        name = hashlib.sha256(content).hexdigest()[:_NAME_LENGTH]
        with catalog_lock(self.base):
            folder = self.marks / name
            if not (folder / MANIFEST).exists():
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(folder / MIRROR_OF, self.place.encode())
                write_whole(folder / _ORIGIN, content)
                local = {key: replace(one, file=_object(one)) for key, one in known.items()}
                write_whole(folder / MANIFEST, manifest_bytes(local))
            self._use(folder)
            document = {"tag": tag, "manifest": name}
            write_whole(self.base / _LATEST, json.dumps(document).encode())
            self._remove_former()

    def keep(self, entry: Entry, path: Path) -> None:
        """Make a file that was written here the object of an entry of the snapshot."""
        place = self.folder / entry.file
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)

    def origin(self) -> dict[Key, Entry]:
        """Return all entries of the snapshot as the store has them."""
        return self._snapshot.origin

    @property
    def _snapshot(self) -> _Snapshot:
        """The snapshot of this mirror; at first that of the manifest which the store has now."""
        if self._now is None and not self._take_known() and self.read_again() is None:
            raise DataError(
                f"no catalog at {self.place}: it has no manifest.json; `ringtape import` makes one"
            )
        assert self._now is not None
        return self._now

    def _take_known(self) -> bool:
        """Go on with the latest snapshot if the tag of the manifest has not changed since."""
        try:
            known = json.loads((self.base / _LATEST).read_bytes())
            tag, folder = str(known["tag"]), self.marks / str(known["manifest"])
        except (OSError, ValueError, LookupError, TypeError):
            return False
        if not tag or self.store.tag(MANIFEST) != tag:
            return False
        with catalog_lock(self.base):
            if not (folder / MANIFEST).is_file():
                return False
            self._use(folder)
        return True

    def _use(self, folder: Path) -> None:
        """Go on with a snapshot, which stays until this process ends. The caller has the lock."""
        if folder not in _used:
            _, _used[folder] = mark_use(folder / _USES)
        os.utime(self.base)
        self._now = _Snapshot(folder)

    def _fetch(self, snapshot: _Snapshot, entry: Entry, anew: bool) -> bool:
        """Download an object; return whether it was not here."""
        path = snapshot.folder / entry.file
        if not anew and path.exists():
            if self._is_whole(path, entry):
                return False
            path.unlink(missing_ok=True)
        name = snapshot.origin[entry.interval, entry.symbol].file
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_PART}")
        try:
            if not self.store.download(name, part):
                raise DataError(
                    f"{self.store.place_of(name)} is in the manifest but not in the store; import "
                    "it again with --replace"
                )
            try:
                _check(part, entry)
            except DataError as error:
                place = self.store.place_of(name)
                raise DataError(str(error).replace(str(part), place)) from None
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._mark(path, entry)
        return True

    def _is_whole(self, path: Path, entry: Entry) -> bool:
        """Return whether an object in the mirror has the content of its entry."""
        try:
            if entry.interval != ACTIONS and Verified.mark(path, entry) in self._verified:
                return True
            _check(path, entry)
        except (OSError, DataError):
            return False
        self._mark(path, entry)
        return True

    def _mark(self, path: Path, entry: Entry) -> None:
        if entry.interval != ACTIONS:
            self._verified.add(Verified.mark(path, entry), len(self.manifest()))

    @cached_property
    def _verified(self) -> Verified:
        return Verified(self.marks)

    def _remove_former(self) -> None:
        """Remove snapshots that nobody uses, and objects that no other one names."""
        kept = set()
        for folder in self.marks.iterdir():
            if is_free((folder / _USES).glob("*")):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            with contextlib.suppress(DataError):
                kept |= {Path(one.file).name for one in Folder(folder).manifest().values()}
        for path in (self.base / "objects").glob("*/*"):
            if path.name not in kept and not _is_being_fetched(path):
                path.unlink(missing_ok=True)

    def _remove_oldest(self) -> None:
        """Remove mirrors that were not used for longest until all have at most so many bytes."""
        remove_oldest(list(self.base.parent.iterdir()), self._most, _is_unused)


class _Snapshot:
    """The catalog of one manifest, in the cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.local = Folder(folder)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Snapshot) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    @cached_property
    def origin(self) -> dict[Key, Entry]:
        """The entries as the store has them."""
        path = self.folder / _ORIGIN
        return parsed(path.read_bytes(), str(path))


def _object(entry: Entry) -> str:
    """Return the path of the object of an entry in the mirror, relative to a snapshot."""
    name = file_name(entry.symbol).removesuffix(".parquet")
    return f"../../objects/{entry.interval}/{name}.{entry.sha256[:_NAME_LENGTH]}.parquet"


def _is_interval(name: str) -> bool:
    try:
        return name == ACTIONS or interval_name(interval_ns(name)) == name
    except ConfigError:
        return False


def _check(path: Path, entry: Entry) -> None:
    """Raise DataError, naming the file, unless it has the content of an entry."""
    if entry.interval == ACTIONS:
        read_actions(path, symbol=entry.symbol, sha256=entry.sha256)
        return
    with open_bars(
        path,
        symbol=entry.symbol,
        interval=entry.interval,
        sha256=entry.sha256,
        rows=entry.rows,
    ) as file:
        if (found := file_hash(path, file)) != entry.sha256:
            raise damaged(
                path, f"its content has the hash {found}, the manifest says {entry.sha256}"
            )


def _is_being_fetched(path: Path) -> bool:
    """Return whether a file is one that a living process is downloading."""
    if not path.name.endswith(_PART):
        return False
    import psutil  # which takes long, and is hardly ever needed here

    owner = path.name.removesuffix(_PART).rpartition(".")[2].partition("-")[0]
    return owner.isdigit() and bool(psutil.pid_exists(int(owner)))


def _is_unused(base: Path) -> bool:
    """Return whether no process uses a mirror."""
    try:
        with catalog_lock(base, timeout=0):
            return is_free(base.glob(f"manifests/*/{_USES}/*"))
    except (OSError, DataError):
        return False
