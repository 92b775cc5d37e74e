"""Files of a catalog that are not as they were written."""

import contextlib
import os
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.catalog import catalog as catalog_module
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.verified import Verified
from tests.market.catalogs import bars, read_all


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A catalog of one series, its file, and the bytes that were written."""
    folder = tmp_path_factory.mktemp("verified")
    catalog = Catalog(folder)
    catalog.write("A", "1m", bars(60), "s")
    file = folder / catalog.entry("A", "1m").file
    return catalog, file, file.read_bytes()


def values(catalog):
    blocks = read_all(catalog.reader("A", "1m"))
    return [column.tobytes() for ts, columns in blocks for column in (ts, *columns)]


@given(st.data(), st.booleans())
def test_a_flipped_bit_is_refused_or_changes_nothing(written, data, silent):
    """Anywhere in a file, whether the file system knows of the change or not."""
    catalog, file, content = written
    file.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        if silent:
            same = SimpleNamespace(st_size=len(content), st_mtime_ns=1, st_ctime_ns=1)
            patch.setattr(os, "fstat", lambda _: same)
        right = values(catalog)
        place = data.draw(st.integers(0, len(content) - 1))
        changed = bytearray(content)
        changed[place] ^= 1 << data.draw(st.integers(0, 7))
        file.write_bytes(changed)
        found = None
        with contextlib.suppress(DataError):
            found = values(catalog)
        assert found in (None, right)


def test_a_file_is_read_whole_once_and_again_when_it_has_changed(tmp_path, monkeypatch):
    whole = []
    kept = catalog_module.file_hash
    monkeypatch.setattr(catalog_module, "file_hash", lambda *args: whole.append(1) or kept(*args))
    Catalog(tmp_path / "c").write("A", "1m", bars(60), "s")
    values(Catalog(tmp_path / "c"))
    assert whole == []  # the process that wrote it has marked it
    shutil.copytree(tmp_path / "c", tmp_path / "copy")
    for _ in range(2):  # another catalog object knows what the first has verified
        values(Catalog(tmp_path / "copy"))
        assert whole == [1]
    file = tmp_path / "copy" / "1m" / "A.parquet"
    os.utime(file, ns=(1, 1))
    values(Catalog(tmp_path / "copy"))
    assert whole == [1, 1]


def test_without_a_folder_for_marks_a_process_verifies_for_itself(tmp_path, monkeypatch):
    Catalog(tmp_path / "c").write("A", "1m", bars(60), "s")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "file"))
    catalog = Catalog(tmp_path / "c")
    assert values(catalog) == values(catalog)
    file = tmp_path / "c" / "1m" / "A.parquet"
    Catalog(tmp_path / "other").write("A", "1m", bars(60, seed=2), "s")
    shutil.copy(tmp_path / "other" / "1m" / "A.parquet", file)
    with pytest.raises(DataError, match=r"A\.parquet .*--replace"):
        values(Catalog(tmp_path / "c"))


def test_marks_begin_anew_when_there_are_many_more_than_series(tmp_path):
    marks = Verified(tmp_path)
    for number in range(1_005):
        marks.add(f"{number:032x}", 1)
    again = Verified(tmp_path)
    assert f"{1_004:032x}" in again
    assert f"{1:032x}" not in again
