"""The sources of an import: files that are found in folders and archives."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.errors import DataError, nearest

_DATA_ENDINGS = {
    *(".csv", ".txt", ".tsv", ".json", ".jsonl", ".gz", ".zip"),
    *(".parquet", ".feather", ".arrow", ".ipc", ".dbn", ".zst"),
}
_NOT_BARS = {
    "factor_files": " (--actions imports them)",
    "map_files": "",
    "market-hours": "",
    "symbol-properties": "",
    "tick": " (name a folder below to make bars of ticks)",
}
"""Folders of a LEAN tree that hold no bars, with the way to import them; left out when a whole tree
is imported."""


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
    """Opens the uncompressed content. DataError if that cannot be."""

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


def find_sources(path: Path, left: Counter[str] | None = None) -> Iterator[Source]:
    """Yield the data files at `path`: the file itself, or the sorted content of a folder or zip.

    Files that are no data by their ending or folder are not yielded, and counted in ``left`` by
    their kind, but for those that are hidden. An archive that is damaged is a source that cannot be
    read. Raises DataError if there is nothing at `path`.
    """
    left = Counter() if left is None else left
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            inside = file.relative_to(path).parts
            if any(part.startswith(".") for part in inside) or not file.is_file():
                continue
            of_lean = [part for part in inside[:-1] if part in _NOT_BARS]
            if of_lean:
                left[f"in {of_lean[0]}{_NOT_BARS[of_lean[0]]}"] += 1
            elif file.suffix.lower() in _DATA_ENDINGS:
                yield from _open(file, str(path), left)
            else:
                left[_ending(file.suffix)] += 1
    elif path.is_file():
        yield from _open(path, str(path), left)
    else:
        raise DataError(f"there is no file or folder {path}{_meant(path)}")


def _meant(path: Path) -> str:
    """Ask whether a file beside the missing one is meant."""
    with contextlib.suppress(OSError):
        if near := nearest(path.name, [one.name for one in path.parent.iterdir()]):
            return f"; did you mean {path.with_name(near[0])}?"
    return ""


def _ending(suffix: str) -> str:
    return suffix.lower() if suffix else "without an ending"


def _open(file: Path, origin: str, left: Counter[str]) -> Iterator[Source]:
    path = file.resolve()
    if file.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(file) as archive:
                names = sorted(archive.namelist())
        except (zipfile.BadZipFile, NotImplementedError) as error:
            yield Source(
                str(file), file.name, path, origin, partial(_refused, _damaged(str(file), error))
            )
            return
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror or error}") from error
        for member in names:
            if not _is_seen(member):
                continue
            name = _last_part(member)
            ending = Path(name).suffix.lower()
            if ending and ending not in _DATA_ENDINGS:
                left[_ending(ending)] += 1
            else:
                label = f"{file}/{member}"
                yield Source(label, name, path, origin, partial(_member, file, member))
    elif file.suffix.lower() == ".gz":
        yield Source(str(file), file.stem, path, origin, partial(_unzipped, file))
    else:
        yield Source(str(file), file.name, path, origin, partial(_opened, file))


def _is_seen(member: str) -> bool:
    """Return whether a member of an archive is a file that is not hidden, as a Mac's own are."""
    parts = member.replace("\\", "/").split("/")
    return bool(parts[-1]) and not any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _last_part(member: str) -> str:
    """Return the file name of a member of an archive; "" for a folder.

    Some programs of Windows write backslashes in place of slashes.
    """
    return member.replace("\\", "/").rpartition("/")[2]


def _damaged(label: str, error: Exception) -> DataError:
    return DataError(f"{label} is damaged: {error}; get the file again")


def _refused(error: DataError) -> BinaryIO:
    raise error


def _member(file: Path, member: str) -> BinaryIO:
    with zipfile.ZipFile(file) as archive:
        return cast("BinaryIO", archive.open(member))


def _unzipped(file: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file))


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")
