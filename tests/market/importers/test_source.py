"""Archives, and files that are none."""

import bz2
import gzip
import io
import lzma
import os
import socket
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from tests.market.importers.written import HEADER, imported, minutes, write


def broken_zip(kind: str) -> bytes:
    """A zip with one file of bars that cannot be unpacked, for one reason or another."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "time,open,high,low,close,volume\n" * 9)
    data = bytearray(content.getvalue())
    directory = data.index(b"PK\x01\x02")
    if kind == "encrypted":
        data[6] |= 1
        data[directory + 8] |= 1
    elif kind == "method":
        data[8] = data[directory + 10] = 97
    elif kind == "checksum":
        data[directory + 16] ^= 1
    elif kind == "content":
        data[40] ^= 0xFF
    else:
        del data[-10:]
    return bytes(data)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("encrypted", "cannot be read: .*password.*; unpack the file, and import what is in it"),
        ("method", "cannot be read: .*compression method.*; unpack the file, and import"),
        ("checksum", "is damaged: Bad CRC-32 for file 'a.csv'; get the file again"),
        ("content", "is damaged: .*; get the file again"),
        ("cut", "is damaged: File is not a zip file; get the file again"),
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_refused_with_the_way_on(tmp_path, kind, words):
    (tmp_path / "a.zip").write_bytes(broken_zip(kind))
    with pytest.raises(DataError, match=rf"a\.zip(/a\.csv)? {words}"):
        import_bars([tmp_path / "a.zip"], Catalog(tmp_path / "c"), symbol="A", interval="1m")


@pytest.mark.parametrize("at", [12, 40, -20, -4])
def test_a_gzip_file_that_is_damaged_is_refused_with_the_way_on(tmp_path, at):
    content = gzip.compress(b"time,open,high,low,close,volume\n2024-01-02 09:30,1,1,1,1,1\n" * 9)
    changed = bytearray(content)
    changed[at] ^= 0x55
    (tmp_path / "a.csv.gz").write_bytes(changed)
    with pytest.raises(DataError, match=r"a\.csv\.gz is damaged: .*; get the file again"):
        import_bars([tmp_path / "a.csv.gz"], Catalog(tmp_path / "c"), symbol="A", interval="1m")


def test_a_program_of_windows_may_write_backslashes_into_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("data\\", "")
        for symbol, folder in (("SPY", "data\\"), ("QQQ", "data\\more\\")):
            text = "time,open,high,low,close,volume\n2024-01-02T14:30:00,5,6,4,5,1\n"
            archive.writestr(f"{folder}{symbol}.csv", text)
    found = import_bars([tmp_path / "a.zip"], Catalog(tmp_path / "c"), interval="1m")
    assert sorted(one.symbol for one in found) == ["QQQ", "SPY"]


BARS = "\n".join([HEADER, *minutes("09:30", "09:31")]) + "\n"
MORE = "\n".join([HEADER, *minutes("09:32", "09:33")]) + "\n"


def refusal(path: Path) -> str:
    """The words by which an import is refused, without its folder."""
    with pytest.raises(DataError) as raised:
        import_bars(path, path.parent / "catalog", tz="UTC")
    return str(raised.value).replace(f"{path.parent}/", "")


def test_two_members_of_one_name_are_both_read(tmp_path: Path):
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("A.csv", BARS)
        archive.writestr("A.csv", MORE)
    _, result = imported(tmp_path / "a.zip")
    assert (result.rows, result.files) == (4, 2)


def test_a_packed_member_of_an_archive_is_unpacked(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("A.csv.gz", gzip.compress(BARS.encode()))
        archive.writestr("more/A.csv.gz", gzip.compress(MORE.encode()))
    _, result = imported(tmp_path / "a.zip")
    assert (result.symbol, result.rows) == ("A", 4)


def test_an_archive_in_an_archive_is_refused_with_the_way_on(tmp_path: Path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("A.csv", BARS)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("b.zip", inner.getvalue())
    assert refusal(tmp_path / "a.zip") == (
        "a.zip/b.zip is an archive in an archive; unpack a.zip, and import it"
    )


def tar(mode: str) -> bytes:
    """A tar archive with one file of bars."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        member = tarfile.TarInfo("A.csv")
        member.size = len(BARS)
        archive.addfile(member, io.BytesIO(BARS.encode()))
    return content.getvalue()


OTHER_ARCHIVES = {
    "A.tar": (tar("w"), "a tar archive (unpack it)"),
    "A.tar.gz": (tar("w:gz"), "a tar archive (unpack it)"),
    "A.tgz": (tar("w:gz"), "a tar archive (unpack it)"),
    "A.csv.bz2": (bz2.compress(BARS.encode()), "packed by bzip2 (unpack it)"),
    "A.csv.xz": (lzma.compress(BARS.encode()), "packed by xz (unpack it)"),
    "A.7z": (b"7z\xbc\xaf\x27\x1c\0\4", "a 7-Zip archive (unpack it)"),
    "A.csv": (gzip.compress(BARS.encode()), "packed by gzip (unpack it, or name it .gz)"),
}


@pytest.mark.parametrize("name", OTHER_ARCHIVES)
def test_another_kind_of_archive_is_named(tmp_path: Path, name: str):
    content, words = OTHER_ARCHIVES[name]
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name).startswith(f"{name} is {words}, not market data")


@pytest.mark.parametrize("packed", [True, False])
def test_the_report_beside_a_file_of_histdata_is_left_out(tmp_path: Path, packed: bool):
    folder = tmp_path / "bars"
    folder.mkdir()
    name = "DAT_ASCII_EURUSD_M1_202401"
    (folder / f"{name}.csv").write_text(
        "20240102 000000;1.1;1.2;1.0;1.1;0\n20240102 000100;1.1;1.2;1.0;1.1;0\n"
    )
    (folder / f"{name}.txt").write_text("HistData.com (c) 2012\nFile: DAT_ASCII_EURUSD_M1\n")
    path = folder
    if packed:
        path = tmp_path / "bars.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.iterdir():
                archive.write(file, file.name)
    _, result = imported(path)
    assert (result.symbol, result.account.layout) == ("EURUSD", "histdata")
    note = "Files that were not looked at: 1 of HistData's status reports."
    assert note in result.account.notes


def test_what_a_folder_has_beside_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder, other = tmp_path / "bars", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    write(folder / "A.csv", minutes("09:30", "09:31"))
    (folder / "linked.csv").symlink_to(tmp_path / "nowhere.csv")
    (folder / "more").symlink_to(other)
    (folder / "older.tar.gz").write_bytes(tar("w:gz"))
    os.mkfifo(folder / "pipe.csv")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s.csv")
        _, result = imported(folder)
    told = "Files that were not looked at: 1 .tar.gz, 1 links to folders, 3 that are no files."
    assert told in result.account.notes


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inner = tmp_path / "bars" / "locked"
    inner.mkdir(parents=True)
    write(tmp_path / "bars" / "A.csv", minutes("09:30", "09:31"))
    real = os.scandir

    def scandir(path):
        if Path(path) == inner:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert refusal(tmp_path / "bars") == "bars/locked cannot be read: Permission denied"
    assert refusal(inner) == f"{inner.name} cannot be read: Permission denied"


def test_what_is_no_regular_file_is_refused_as_such(tmp_path: Path):
    os.mkfifo(tmp_path / "D.csv")
    assert refusal(tmp_path / "D.csv") == "D.csv is no regular file; give a file or a folder"
    (tmp_path / "E.csv").symlink_to("nowhere.csv")
    assert refusal(tmp_path / "E.csv") == (
        "there is no file or folder E.csv: it is a link to nowhere.csv"
    )
