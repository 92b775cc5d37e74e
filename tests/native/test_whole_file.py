"""A file is written as a whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.native.whole_file import write_whole


def test_a_file_is_written_and_nothing_lies_beside_it(tmp_path: Path):
    write_whole(tmp_path / "file.npz", b"one")
    write_whole(tmp_path / "file.npz", b"two")
    assert (tmp_path / "file.npz").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["file.npz"]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch):
    write_whole(tmp_path / "file", b"before")

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:2])
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path / "file", b"after")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_in_a_folder_that_is_not_there_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no" / "file", b"")


def test_what_a_process_left_that_was_killed_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path,
):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    parent = os.getppid()
    names = [f"file.{ended.pid}.part", f"file.{parent}.part", f"other.{ended.pid}.part"]
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    write_whole(tmp_path / "file", b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"file", *names[1:]}
