"""The commit of several files of a catalog and its manifest: all of them are written, or none.

Files are written beside their targets (`*.new`), and the new manifest as `manifest.json.commit`.
When that file appears, the write is decided. A crash before leaves the former state. After a crash
later on, the next process that opens the catalog finishes the write.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import DataError
from pipeline.market.catalog.manifest import Entry, Key, manifest_bytes, parse_manifest

MANIFEST = "manifest.json"
COMMIT = "manifest.json.commit"


class Change(NamedTuple):
    """The new content of a series."""

    file: str
    """Path of its file, relative to the catalog."""
    write: Callable[[Path], Entry]
    """Writes the content to a new file; returns the entry of the manifest that tells of it."""


def commit(folder: Path, known: dict[Key, Entry], changes: Sequence[Change]) -> list[Entry]:
    """Write the changed series and the manifest beside the old ones, then swap them in.

    The caller holds the lock. Returns the entries of what was written. Raises OSError if it cannot
    be written, and what a change raises; the catalog is then unchanged. Raises DataError if all is
    written but not yet in place.
    """
    entries = dict(known)
    written: list[Entry] = []
    temporary: list[Path] = []
    created: list[Path] = []
    try:
        for file, write in changes:
            created += make_folder((folder / file).parent)
            temporary.append(folder / (file + ".new"))
            entry = write(temporary[-1])
            _sync(temporary[-1])
            entries[entry.interval, entry.symbol] = entry
            written.append(entry)
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


def recover(folder: Path) -> None:
    """Finish an interrupted write if it was decided, else remove the files that it left.

    The caller holds the lock, so no write is under way.
    """
    pending = folder / COMMIT
    if pending.exists():
        for entry in parse_manifest(pending).values():
            with contextlib.suppress(FileNotFoundError):
                (folder / (entry.file + ".new")).replace(folder / entry.file)
        pending.replace(folder / MANIFEST)
        sync_folder(folder)
    else:
        for leftover in (*folder.glob("*.new"), *folder.glob("*/*.parquet.new")):
            leftover.unlink()


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
