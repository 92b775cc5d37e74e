"""Archives that cannot be unpacked."""

import gzip
import io
import zipfile

import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars


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
