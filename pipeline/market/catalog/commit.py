"""The commit of several files of a catalog and its manifest: all of them are written, or none.

Files are written beside their targets (`*.new`), and the new manifest as `manifest.json.commit`.
When that file appears, the write is decided. A crash before leaves the former state. After a crash
later on, the next process that opens the catalog finishes the write.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import DataError
from pipeline.market.catalog.manifest import Entry, Key, manifest_bytes, parse_manifest
from pipeline.market.threads import in_threads

MANIFEST = "manifest.json"
COMMIT = "manifest.json.commit"


class Change(NamedTuple):
    """The new content of a series."""

    file: str
    """Path of its file, relative to the catalog."""
    write: Callable[[Path], Entry]
    """Writes the content to a new file; returns the entry of the manifest that tells of it. Changes
    of one edit are written at the same time, in several threads."""


@dataclass(slots=True)
class Edit:
    """All that one write does to a catalog."""

    changes: list[Change] = field(default_factory=list)
    """Series whose files are written."""
    told: list[Entry] = field(default_factory=list)
    """Entries of series whose files stay as they are."""
    removed: list[Key] = field(default_factory=list)
    """Series that are not in the catalog any more."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.told or self.removed)


def commit(folder: Path, known: dict[Key, Entry], edit: Edit) -> list[Entry]:
    """Write the changed series and the manifest beside the old ones, then swap them in.

    The caller holds the lock. Returns the entries of what was written. Raises OSError if it cannot
    be written, and what a change raises; the catalog is then unchanged. Raises DataError if all is
    written but not yet in place.
    """
    entries = {key: entry for key, entry in known.items() if key not in set(edit.removed)}
    entries |= {(entry.interval, entry.symbol): entry for entry in edit.told}
    temporary = [folder / (file + ".new") for file, _ in edit.changes]
    created: list[Path] = []
    try:
        for path in temporary:
            created += make_folder(path.parent)
        written = in_threads(partial(_written, folder), edit.changes)
        entries |= {(entry.interval, entry.symbol): entry for entry in written}
        temporary.append(folder / (COMMIT + ".new"))
        temporary[-1].write_bytes(manifest_bytes(entries))
        _sync(temporary[-1])
        temporary[-1].replace(folder / COMMIT)
    except BaseException:
        for path in temporary:
            path.unlink(missing_ok=True)
        for path in created:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise
    try:
        recover(folder)
    except OSError as error:
        raise DataError(
            f"the write to {folder} is complete but not yet in place: {error}; "
            "the next use of the catalog finishes it"
        ) from error
    return written


def _written(folder: Path, change: Change) -> Entry:
    path = folder / (change.file + ".new")
    entry = change.write(path)
    _sync(path)
    return entry


def recover(folder: Path) -> None:
    """Finish an interrupted write if it was decided, else remove the files that it left.

    The caller holds the lock, so no write is under way.
    """
    pending = folder / COMMIT
    if pending.exists():
        files = [entry.file for entry in parse_manifest(pending).values()]
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                (folder / (file + ".new")).replace(folder / file)
        _remove_files(folder, files)
        pending.replace(folder / MANIFEST)
        sync_folder(folder)
    else:
        for leftover in (*folder.glob("*.new"), *folder.glob("*/*.parquet.new")):
            leftover.unlink()


def _remove_files(folder: Path, kept: Collection[str]) -> None:
    """Remove the files of the former manifest that are not among the ``kept`` ones.

    If that manifest is there and cannot be read, its files stay.
    """
    known, folded = set(kept), {file.lower(): file for file in kept}
    with contextlib.suppress(FileNotFoundError, DataError):
        for entry in parse_manifest(folder / MANIFEST).values():
            if entry.file in known or entry.file != f"{entry.interval}/{Path(entry.file).name}":
                continue  # the catalog has no files but <interval>/<symbol>.parquet
            path = folder / entry.file
            alike = folded.get(entry.file.lower())  # one file, where names have no case
            if alike is None or not path.exists() or not path.samefile(folder / alike):
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # it has other files
                    path.parent.rmdir()


def make_folder(path: Path) -> list[Path]:
    """Make a folder and its parents; return the ones that were made, innermost first."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {path}: {error.strerror}") from error
    return missing


def _sync(path: Path) -> None:
    """Wait until the content of a file is on disk, not only in a cache."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk, on systems that can do so."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
