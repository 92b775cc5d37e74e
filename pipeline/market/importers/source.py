"""The sources of an import: files, and members of archives."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn, Self, cast

from pipeline.errors import DataError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

DATA_ENDINGS: Final = {
    *(".csv", ".txt", ".tsv", ".json", ".jsonl", ".gz", ".zip"),
    *(".parquet", ".feather", ".arrow", ".arrows", ".ipc", ".dbn", ".zst"),
}
"""Endings of the files in a folder that are looked at."""
_PACKED: Final = (".gz", ".tgz", ".zip")
#: With each zip file of HistData comes a report on it, which is no table.
_STATUS_REPORT: Final = re.compile(r"DAT_[A-Z]+_\w+\.txt")
_NOT_BARS: Final = {
    "factor_files": " (--actions imports them)",
    "map_files": "",
    "market-hours": "",
    "symbol-properties": "",
    "tick": " (name a folder below to make bars of ticks)",
}
"""Folders of a LEAN tree that hold no bars, with the way to import them; left out when a whole tree
is imported."""


@dataclass(frozen=True, slots=True)
class Given:
    """Rows that a caller gives from Python, in place of a file."""

    tables: Callable[[], Iterator[pa.Table]]
    """Yields the rows in blocks, from the first one at each call."""
    at_ns: int
    """When they were given, ns UTC."""
    symbol: str | None = None
    """The symbol of all rows, by which their giver calls them; None if the rows have theirs."""
    notes: tuple[str, ...] = ()
    """Remarks on the rows, whole sentences."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The columns of fields that are known, such as that of the times."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, one member of an archive, or rows that a caller gives from Python."""

    label: str
    """Its name in messages."""
    name: str
    """Its own file name, without .gz."""
    path: Path
    """Absolute path of the file on disk; for a member, that of the archive; empty without one."""
    origin: str
    """The argument under which it was found, or what the rows are that a caller gives."""
    unpack: Callable[[], BinaryIO]
    """Opens the uncompressed content. DataError if that cannot be."""
    given: Given | None = None
    """The rows that a caller gives; None of a file."""

    @classmethod
    def of(cls, given: Given, label: str, kind: str) -> Self:
        """Return the source of rows that a caller gives; ``kind`` says what has them."""
        return cls(label, "", Path(), kind, io.BytesIO, given)

    @property
    def written_ns(self) -> int:
        """When the file was written, or the rows were given, ns UTC."""
        return self.path.stat().st_mtime_ns if self.given is None else self.given.at_ns

    @property
    def packed(self) -> bool:
        """Whether the content lies packed on the disk."""
        return self.path.suffix.lower() in _PACKED

    def read(self) -> bytes:
        """Return the uncompressed content. DataError if it cannot be read."""
        return b"".join(self.blocks(-1))

    def seekable(self) -> BinaryIO:
        """Open the content so that any place can be read: from the disk, or else from memory."""
        return io.BytesIO(self.read()) if self.packed else self.unpack()

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


def _nothing_else(name: str) -> bool:
    return False


def find_sources(
    path: Path, left: Counter[str] | None = None, takes: Callable[[str], bool] = _nothing_else
) -> Iterator[Source]:
    """Yield the data files at `path`: the file itself, or the sorted content of a folder or zip.

    In a folder or archive, files are data by their ending, or if ``takes`` says it of their name.
    Others are not yielded, and counted in ``left`` by their kind, but for those that are hidden. An
    archive that is damaged is a source that cannot be read. Raises DataError if there is nothing at
    `path`, or if a folder cannot be read.
    """
    left = Counter() if left is None else left
    try:
        if path.is_dir():
            yield from _in_folder(path, left, takes)
        elif path.is_file():
            yield from _open(path, str(path), left, takes)
        elif path.exists():
            raise DataError(f"{path} is no regular file; give a file or a folder")
        else:
            raise DataError(f"there is no file or folder {path}{_meant(path)}")
    except OSError as error:
        _cannot_read(error, path)


def _cannot_read(error: OSError, path: Path | None = None) -> NoReturn:
    where = path if error.filename is None else error.filename
    raise DataError(f"{where} cannot be read: {error.strerror or error}") from error


def _in_folder(path: Path, left: Counter[str], takes: Callable[[str], bool]) -> Iterator[Source]:
    """Yield the data files in a folder and in those below it."""
    files: list[Path] = []
    for place, folders, names in os.walk(path, onerror=_cannot_read):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = sum(Path(place, name).is_symlink() for name in folders)
        left.update({"links to folders": links} if links else {})
        files += [Path(place, name) for name in names if not name.startswith(".")]
    there = set(files)
    for file in sorted(files):
        of_lean = [part for part in file.relative_to(path).parts[:-1] if part in _NOT_BARS]
        if not file.is_file():
            left["that are no files"] += 1
        elif of_lean:
            left[f"in {of_lean[0]}{_NOT_BARS[of_lean[0]]}"] += 1
        elif _is_report(file, there):
            left["of HistData's status reports"] += 1
        elif (ending := ending_of(file.name)) in DATA_ENDINGS or takes(file.name):
            yield from _open(file, str(path), left, takes)
        else:
            left[ending or "without an ending"] += 1


def _is_report(file: Path, there: Container[Path]) -> bool:
    """Return whether a file is HistData's report on the one beside it that has the bars."""
    report = _STATUS_REPORT.fullmatch(file.name) is not None
    return report and file.with_suffix(".csv") in there


def _meant(path: Path) -> str:
    """Ask whether a file beside the missing one is meant."""
    if path.is_symlink():
        return f": it is a link to {path.readlink()}"
    with contextlib.suppress(OSError):
        if near := nearest(path.name, [one.name for one in path.parent.iterdir()]):
            return f"; did you mean {path.with_name(near[0])}?"
    return ""


def ending_of(name: str) -> str:
    """Return the ending of a file name in small letters; "" without one."""
    ending = Path(name).suffix.lower()
    tar = ending == ".gz" and Path(Path(name).stem).suffix.lower() == ".tar"
    return ".tar.gz" if tar else ending


def _open(
    file: Path, origin: str, left: Counter[str], takes: Callable[[str], bool]
) -> Iterator[Source]:
    path = file.resolve()
    ending = file.suffix.lower()
    if ending == ".zip":
        try:
            with zipfile.ZipFile(file) as archive:
                members = sorted(archive.infolist(), key=lambda member: member.filename)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            damage = _damaged(str(file), error)
            yield Source(str(file), file.name, path, origin, partial(_refused, damage))
            return
        yield from _in_archive(file, members, origin, left, takes)
    elif ending in (".gz", ".tgz"):
        yield Source(str(file), file.stem, path, origin, partial(_unzipped, file))
    else:
        yield Source(str(file), file.name, path, origin, partial(_opened, file))


def _in_archive(
    file: Path,
    members: list[zipfile.ZipInfo],
    origin: str,
    left: Counter[str],
    takes: Callable[[str], bool],
) -> Iterator[Source]:
    """Yield the data files in a zip archive. Two of them may have the same name."""
    path = file.resolve()
    there = {Path(_slashed(member.filename)) for member in members}
    alike: Counter[str] = Counter()
    for member in members:
        if not _is_seen(member.filename):
            continue
        alike[member.filename] += 1
        inside = Path(_slashed(member.filename))
        label, ending = f"{file}/{member.filename}", ending_of(inside.name)
        if alike[member.filename] > 1:
            label += f" (no. {alike[member.filename]} of this name)"
        if _is_report(inside, there):
            left["of HistData's status reports"] += 1
        elif ending == ".zip":
            nested = DataError(f"{label} is an archive in an archive; unpack {file}, and import it")
            yield Source(label, inside.name, path, origin, partial(_refused, nested))
        elif ending == ".gz":
            yield Source(label, inside.stem, path, origin, partial(_unzipped_member, file, member))
        elif not ending or ending in DATA_ENDINGS or takes(inside.name):
            yield Source(label, inside.name, path, origin, partial(_member, file, member))
        else:
            left[ending] += 1


def _slashed(member: str) -> str:
    """Return the name of a member; some programs of Windows write backslashes for slashes."""
    return member.replace("\\", "/")


def _is_seen(member: str) -> bool:
    """Return whether a member of an archive is a file that is not hidden, as a Mac's own are."""
    parts = _slashed(member).split("/")
    return bool(parts[-1]) and not any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _damaged(label: str, error: Exception) -> DataError:
    return DataError(f"{label} is damaged: {error}; get the file again")


def _refused(error: DataError) -> BinaryIO:
    raise error


def _member(file: Path, member: zipfile.ZipInfo) -> BinaryIO:
    with zipfile.ZipFile(file) as archive:
        return cast("BinaryIO", archive.open(member))


class _UnzippedMember(gzip.GzipFile):
    """A .gz file in an archive, which closes the archive's file too."""

    def __init__(self, member: BinaryIO) -> None:
        super().__init__(fileobj=member)
        self._member = member

    def close(self) -> None:
        super().close()
        self._member.close()


def _unzipped_member(file: Path, member: zipfile.ZipInfo) -> BinaryIO:
    return cast("BinaryIO", _UnzippedMember(_member(file, member)))


def _unzipped(file: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file))


def _opened(file: Path) -> BinaryIO:
    return file.open("rb")
