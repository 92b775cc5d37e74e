"""The sources of an import: files that are found in folders and archives."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.errors import DataError

_DATA_ENDINGS = {
    *(".csv", ".txt", ".tsv", ".json", ".jsonl", ".gz", ".zip"),
    *(".parquet", ".feather", ".arrow", ".ipc", ".dbn", ".zst"),
}
_NOT_BARS = {"factor_files", "map_files", "market-hours", "symbol-properties", "tick"}
"""Folders of a LEAN tree that hold no bars; left out when a whole tree is imported."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one member of an archive."""

    label: str
    """Its name in messages."""
    name: str
    """Its own file name, without .gz."""
    path: Path
    """Absolute path of the file on disk; for a member, that of the archive."""
    origin: str
    """The argument under which it was found."""
    unpack: Callable[[], BinaryIO]
    """Opens the uncompressed content."""

    def read(self) -> bytes:
        """Return the uncompressed content. DataError if it cannot be read."""
        return b"".join(self.blocks(-1))

    def seekable(self) -> BinaryIO:
        """Open the content so that any place can be read: from the disk, or else from memory."""
        packed = self.path.suffix.lower() in (".gz", ".zip")
        return io.BytesIO(self.read()) if packed else self.unpack()

    def begin(self, size: int) -> bytes:
        """Return the first ``size`` bytes. DataError if they cannot be read."""
        return next(self.blocks(size), b"")

    def blocks(self, size: int) -> Iterator[bytes]:
        """Yield the uncompressed content in blocks of ``size`` bytes, the last one shorter.

        With -1 it is one block. DataError if it cannot be read.
        """
        try:
            with self.unpack() as stream:
                while block := stream.read(size):
                    yield block
        except RuntimeError as error:  # it has a password, or is compressed in an unusual way
            raise DataError(
                f"{self.label} cannot be read: {error}; unpack the file, and import what is in it"
            ) from error
        except FileNotFoundError:
            raise DataError(f"{self.label} is not there any more") from None
        except OSError as error:
            if error.errno is not None:
                raise DataError(f"{self.label} cannot be read: {error.strerror}") from error
            raise _damaged(self.label, error) from error  # so says `gzip`
        except (EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
            raise _damaged(self.label, error) from error


def find_sources(path: Path) -> Iterator[Source]:
    """Yield the data files at `path`: the file itself, or the sorted content of a folder or zip.

    Raises DataError if there is nothing at `path`.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            inside = file.relative_to(path).parts
            known = file.suffix.lower() in _DATA_ENDINGS and not _NOT_BARS & set(inside)
            hidden = any(part.startswith(".") for part in inside)
            if known and not hidden and file.is_file():
                yield from _open(file, str(path))
    elif path.is_file():
        yield from _open(path, str(path))
    else:
        raise DataError(f"there is no file or folder {path}")


def _open(file: Path, origin: str) -> Iterator[Source]:
    path = file.resolve()
    if file.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(file) as archive:
                members = sorted(name for name in archive.namelist() if _may_be_data(name))
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise _damaged(str(file), error) from error
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror or error}") from error
        for member in members:
            yield Source(
                f"{file}/{member}", _last_part(member), path, origin, partial(_member, file, member)
            )
    elif file.suffix.lower() == ".gz":
        yield Source(str(file), file.stem, path, origin, partial(_unzipped, file))
    else:
        yield Source(str(file), file.name, path, origin, partial(_opened, file))


def _may_be_data(member: str) -> bool:
    """Return whether a member of an archive is looked at, as files of folders are.

    Files are not that are hidden, as those that a Mac adds, or end as no data do.
    """
    parts = member.replace("\\", "/").split("/")
    ending = Path(parts[-1]).suffix.lower()
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return bool(parts[-1]) and not hidden and ending in ("", *_DATA_ENDINGS)


def _last_part(member: str) -> str:
    """Return the file name of a member of an archive; "" for a folder.

    Some programs of Windows write backslashes in place of slashes.
    """
    return member.replace("\\", "/").rpartition("/")[2]


def _damaged(label: str, error: Exception) -> DataError:
    return DataError(f"{label} is damaged: {error}; get the file again")


def _member(file: Path, member: str) -> BinaryIO:
    with zipfile.ZipFile(file) as archive:
        return cast("BinaryIO", archive.open(member))


def _unzipped(file: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file))


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")
