"""The commit of several files of a catalog and its manifest: all of them are written, or none.

Files are written beside their targets (`*.new`), and the new manifest as `manifest.json.commit`.
When that file appears, the write is decided. A crash before leaves the former state. After a crash
later on, the next process that opens the catalog finishes the write.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pipeline.errors import DataError
from pipeline.market.catalog.manifest import Entry, Key, manifest_bytes, parse_manifest

MANIFEST = "manifest.json"
COMMIT = "manifest.json.commit"


class Change(NamedTuple):
    """The new content of a series."""

    entry: Entry
    """Its entry in the manifest."""
    write: Callable[[BinaryIO], None]
    """Writes its file."""


def commit(folder: Path, known: dict[Key, Entry], changes: Sequence[Change]) -> None:
    """Write the changed series and the manifest beside the old ones, then swap them in.

    The caller holds the lock. Raises OSError if they cannot be written; the catalog is then
    unchanged. Raises DataError if they are written but not yet in place.
    """
    entries = dict(known)
    temporary: list[Path] = []
    created: list[Path] = []
    try:
        for entry, write in changes:
            entries[entry.interval, entry.symbol] = entry
            created += make_folder((folder / entry.file).parent)
            temporary.append(folder / (entry.file + ".new"))
            with _durable(temporary[-1]) as sink:
                write(sink)
        temporary.append(folder / (COMMIT + ".new"))
        with _durable(temporary[-1]) as sink:
            sink.write(manifest_bytes(entries))
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


@contextlib.contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing. When the block ends, its content is on disk, not only in a cache."""
    with path.open("wb") as sink:
        yield sink
        sink.flush()
        os.fsync(sink.fileno())


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk, on systems that can do so."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
