"""Where a catalog is: a folder, or an object store that is mirrored into one.

A `Catalog` reads the files of a folder, whatever its home is. Its home says which folder that is,
what the manifest has, brings files that are not there yet, and commits what is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from pipeline.errors import DataError, nearest
from pipeline.market.catalog.commit import COMMIT, MANIFEST, Edit, commit, make_folder, recover
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.manifest import Entry, Key, parse_manifest
from pipeline.native.regular_file import check_regular

MIRROR_OF: Final = "mirror-of"
"""The file that says of which address a folder in the cache is a mirror."""

Make = Callable[[dict[Key, Entry]], Edit]
"""Returns the edit of a catalog that has some entries. It may be called again with others."""


class Home(Protocol):
    """Where a catalog is."""

    @property
    def place(self) -> str:
        """The path or address, as messages name it."""

    @property
    def folder(self) -> Path:
        """The folder in which the files of the manifest's entries are."""

    @property
    def marks(self) -> Path:
        """The folder by whose name the marks of verified files are kept."""

    def exists(self) -> bool:
        """Return whether there is a manifest."""

    def manifest(self) -> dict[Key, Entry]:
        """Return all entries. DataError without a catalog."""

    def fetch(self, entry: Entry, anew: bool = False) -> None:
        """Bring the file of an entry into the folder if it is not there, or ``anew`` in any case.

        DataError if it cannot be had; the manifest may then have changed.
        """

    def fetch_all(self, keys: Sequence[Key]) -> None:
        """Bring the files of those keys that are in the manifest, all of one manifest."""

    def size(self, entry: Entry) -> int | None:
        """Return the size of the file of an entry in bytes; None if it is lost."""

    def edit(self, make: Make) -> list[Entry]:
        """Commit what ``make`` returns for the entries, while nobody else writes.

        Returns the entries of the files that were written. DataError if it cannot be written; then
        nothing is changed.
        """


class Folder:
    """A catalog that is a folder, or one that is a snapshot of another one elsewhere."""

    def __init__(self, path: Path) -> None:
        self.folder = path
        self._cached: tuple[tuple[int, int, int], dict[Key, Entry]] | None = None
        self._origin = self._read_origin()

    def _read_origin(self) -> str:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self.folder / MIRROR_OF).read_text("utf-8").strip()
        return ""

    @property
    def place(self) -> str:
        """The path; of a snapshot the address."""
        return self._origin or str(self.folder)

    @property
    def marks(self) -> Path:
        """The folder itself; of a snapshot that of all snapshots of its address."""
        return self.folder.parent if self._origin else self.folder

    def exists(self) -> bool:
        """Return whether there is a manifest."""
        return (self.folder / MANIFEST).exists()

    def manifest(self) -> dict[Key, Entry]:
        """Return all entries, after a write that was interrupted is finished."""
        path = self.folder / MANIFEST
        if (self.folder / COMMIT).exists():
            try:
                with catalog_lock(self.folder):
                    recover(self.folder)
            except OSError as error:
                raise DataError(
                    f"an interrupted write to {self.folder} has to be finished: {error}"
                ) from error
        try:
            state = path.stat()
            key = (state.st_ino, state.st_mtime_ns, state.st_size)
            if self._cached is None or self._cached[0] != key:
                check_regular(path)
                self._cached = (key, parse_manifest(path))
            return self._cached[1]
        except (FileNotFoundError, NotADirectoryError):
            raise DataError(_no_catalog(self.folder)) from None
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error

    def fetch(self, entry: Entry, anew: bool = False) -> None:
        """Do nothing: files are there, or opening them says that they are lost."""

    def fetch_all(self, keys: Sequence[Key]) -> None:
        """Do nothing, as `fetch`."""

    def size(self, entry: Entry) -> int | None:
        """Return the size of the file of an entry in bytes; None if it is lost."""
        try:
            return (self.folder / entry.file).stat().st_size
        except OSError:
            return None

    def edit(self, make: Make) -> list[Entry]:
        """Commit what ``make`` returns; folders that are made for nothing are removed again."""
        written: Sequence[Entry] = ()
        created = make_folder(self.folder)
        try:
            with catalog_lock(self.folder):
                recover(self.folder)
                known = dict(self.manifest()) if self.exists() else {}
                edit = make(known)
                if edit:
                    written = commit(self.folder, known, edit)
        except OSError as error:
            raise DataError(
                f"cannot write to the catalog {self.folder}: {error.strerror or error}; "
                "it is unchanged"
            ) from error
        finally:
            for folder in created:  # a folder is removed only if it is empty
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return list(written)


def _no_catalog(path: Path) -> str:
    """Say that a folder is no catalog, and which may be meant: one in it, or one beside it."""
    there = path.is_dir()
    fault = "has no manifest.json" if there else "does not exist"
    known = sorted(
        str(one.parent) for one in (path if there else path.parent).glob(f"*/{MANIFEST}")
    )
    meant = known[:3] if there else nearest(str(path), known)
    way = f"did you mean {' or '.join(meant)}?" if meant else "`ringtape import` makes one"
    return f"no catalog at {path}: the folder {fault}; {way}"
