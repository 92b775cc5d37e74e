"""Marks of the bar files whose content was found to be what the manifest says.

The content of a file is hashed when it is opened for the first time, and again whenever the file
has changed since. A mark is a hash of a file's name, size, times of change, content and footer.
The marks of one catalog are the lines of a file in the folder of `cache_folder`, so that a catalog
which cannot be written has them too. Bits that flip without a trace in the file system are found by
the checksum of each page whenever it is read, and by the footer in the mark.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.errors import ConfigError
from pipeline.market.catalog.manifest import Entry
from pipeline.native.cache_folder import cache_folder
from pipeline.native.regular_file import check_regular

_LENGTH: Final = 8
"""A Parquet file ends with the length of its footer in 4 bytes, and 4 letters."""
_SPARE: Final = 1_000
"""So many lines more than twice those that a catalog needs make its marks begin anew."""


class Verified:
    """The verified files of one catalog, for this process and all later ones of this user."""

    def __init__(self, catalog: Path) -> None:
        self._catalog = catalog

    @staticmethod
    def mark(path: Path, entry: Entry) -> str:
        """Return the mark of the file at ``path`` as it is now, of a series. OSError without it."""
        check_regular(path)
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            footer = _footer(file, found.st_size)
        facts = entry.file, entry.sha256, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        return hashlib.sha256(repr(facts).encode() + footer).hexdigest()[:32]

    def __contains__(self, mark: str) -> bool:
        return mark in self._marks

    def add(self, mark: str, series: int) -> None:
        """Keep a mark of a catalog of so many series. If it cannot be written, nothing happens."""
        self._marks.add(mark)
        path = self._path
        if path is None:
            return
        anew = len(self._marks) > 2 * series + _SPARE
        if anew:
            self._marks = {mark}
        with contextlib.suppress(OSError), path.open("wb" if anew else "ab") as file:
            file.write(f"\n{mark}".encode())  # apart from a line that was cut short

    @cached_property
    def _marks(self) -> set[str]:
        if self._path is not None:
            with contextlib.suppress(OSError):
                return set(self._path.read_text("ascii", errors="replace").split())
        return set()

    @cached_property
    def _path(self) -> Path | None:
        """The file of the marks; None if there is no folder for it."""
        name = hashlib.sha256(os.fsencode(self._catalog.resolve())).hexdigest()[:32]
        try:
            return cache_folder("verified") / name
        except (OSError, ConfigError):
            return None


def _footer(file: BinaryIO, size: int) -> bytes:
    """Read the footer of a Parquet file, which has no checksum; all of a file that is not one."""
    file.seek(max(0, size - _LENGTH))
    length = int.from_bytes(file.read(4), "little") + _LENGTH
    file.seek(max(0, size - length))
    return file.read(size)
