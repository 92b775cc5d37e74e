import contextlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LedgerError, RunError
from pipeline.sweeps.ledger import file as ledger_file
from pipeline.sweeps.ledger.ledger import FILE, Ledger
from tests.sweeps.ledgers import lane_row, recorded, sweep_row


def made(folder: Path) -> Path:
    with Ledger.open(folder) as ledger:
        ledger.begin(sweep_row())
        recorded(ledger, "demo", [1])
    return folder / FILE


def refused(folder: Path, message: str) -> None:
    """Refused with one line that names the file, and nothing has changed."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for create in (True, False):
        with pytest.raises(LedgerError, match=message) as caught:
            Ledger.open(folder, create=create)
        assert str(folder / FILE) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_ledger_of_another_version_is_refused_with_both_versions(tmp_path: Path):
    with sqlite3.connect(made(tmp_path)) as other:
        other.execute("PRAGMA user_version = 7")
    other.close()
    refused(tmp_path, "is a ledger of version 7, expected 2; move")


def test_an_sqlite_file_of_another_program_is_refused(tmp_path: Path):
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("CREATE TABLE sweeps (x)")
    other.close()
    refused(tmp_path, r"SQLite file of another program \(application id 0, expected 1381264487\)")


@pytest.mark.parametrize("content", [b"key,score\n", b"x" * 5000, b"SQLite format 3\0"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    refused(tmp_path, "is not a ledger: expected an SQLite file, it begins b'")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path):
    (tmp_path / FILE).mkdir()
    refused(tmp_path, "cannot read the ledger .*: Is a directory")


def test_a_ledger_that_is_only_read_must_be_there(tmp_path: Path):
    with pytest.raises(LedgerError, match=r"there is no ledger at .*ledger\.sqlite"):
        Ledger.open(tmp_path / "l", create=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_as_a_killed_maker_leaves_it_becomes_a_ledger(tmp_path: Path):
    (tmp_path / FILE).touch()
    with pytest.raises(LedgerError, match="there is no ledger at"):
        Ledger.open(tmp_path, create=False)
    with Ledger.open(tmp_path) as ledger:
        assert ledger.sweeps() == []


def test_a_damaged_ledger_is_named(tmp_path: Path):
    path = made(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(LedgerError, match=r"ledger\.sqlite is damaged: .*; move the ledger's "):
        Ledger.open(tmp_path).sweeps()


def test_a_row_that_was_edited_into_something_else_is_named(tmp_path: Path):
    with sqlite3.connect(made(tmp_path)) as connection:
        connection.execute("UPDATE lanes SET statistics = replace(statistics, '0.25', '2.5')")
    connection.close()
    with (
        Ledger.open(tmp_path) as ledger,
        pytest.raises(LedgerError, match=r"ledger\.sqlite is damaged: "),
    ):
        ledger.lanes()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*ledger\.sqlite"):
        Ledger.open(tmp_path / "file" / "l")


def test_a_ledger_that_another_process_holds_is_named(tmp_path: Path, monkeypatch):
    path = made(tmp_path)
    monkeypatch.setattr(ledger_file, "PATIENCE", 0.01)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with (
            Ledger.open(tmp_path) as ledger,
            pytest.raises(RunError, match=r"is being written by another process; waited 0\.01 s"),
        ):
            ledger.finish("demo", "done")
    finally:
        other.close()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger with a sweep of three lanes, and a copy of its file."""
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger.open(folder) as ledger:
        ledger.begin(sweep_row())
        recorded(ledger, "demo", range(3))
        ledger.finish("demo", "done")
    shutil.copy(folder / FILE, folder / "right")
    return folder


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_row_with_a_flipped_bit_is_believed(three: Path, place: float, bit: int):
    """A row may be lost where a bit of the tree of pages flips, and a sweep be "running" again."""
    damaged = bytearray((three / "right").read_bytes())
    damaged[int(place * len(damaged))] ^= 1 << bit
    (three / FILE).write_bytes(damaged)
    lanes = [lane_row(number) for number in range(3)]
    sweeps = []
    with contextlib.suppress(LedgerError, RunError), Ledger.open(three, create=False) as ledger:
        sweeps = ledger.sweeps()
        assert all(row in lanes for row in ledger.lanes())
    for row in sweeps:
        assert replace(row, state="done") == sweep_row(state="done")


@given(share=st.floats(0.1, 0.99))
def test_nothing_is_written_to_a_ledger_that_was_cut_short(three: Path, share: float):
    right = (three / "right").read_bytes()
    (three / FILE).write_bytes(right[: int(share * len(right))])
    with pytest.raises(LedgerError, match=r"ledger\.sqlite is "), Ledger.open(three) as ledger:
        ledger.lanes()
