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


@pytest.mark.skipif(sys.platform == "win32", reason="links there need a right of their own")
def test_a_link_stays_and_its_file_is_written(tmp_path: Path):
    (tmp_path / "link").symlink_to("file")
    write_whole(tmp_path / "link", b"one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"one"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="it is no regular file"):
            write_whole(place, b"one")
    assert (tmp_path / "pipe").is_fifo()
