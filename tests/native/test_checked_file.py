"""A file is read as it was written, or it is as if it were not there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.native.checked_file import read_checked, write_checked


@given(st.binary(max_size=100))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    path = tmp_path_factory.getbasetemp() / "checked"
    write_checked(path, content)
    assert read_checked(path) == content


def test_a_file_that_was_cut_short_or_changed_is_not_read(tmp_path: Path):
    path = tmp_path / "file"
    write_checked(path, b"some content")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read_checked(path) is None
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_checked(path) is None


def test_what_is_no_file_is_not_read(tmp_path: Path):
    assert read_checked(tmp_path / "none") is None
    assert read_checked(tmp_path) is None
