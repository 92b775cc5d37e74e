"""Imports of several files: refusals of all together, files that are not looked at."""

import zipfile
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.market.importers import import_bars
from tests.market.importers.written import GOOD, HEADER, minutes, write


def refusal(*sources: Path, **options) -> str:
    """The words by which an import of sources is refused, with their folder cut off."""
    with pytest.raises(DataError) as raised:
        import_bars(sources, sources[0].parent / "catalog", **options)
    assert not (sources[0].parent / "catalog").exists()
    return str(raised.value).replace(f"{sources[0].parent}/", "")


def test_all_files_that_cannot_be_imported_are_told_at_once(tmp_path: Path):
    good = write(tmp_path / "A.csv", minutes("09:30", "09:31"))
    broken = write(tmp_path / "B.csv", [f"09:30 or so,{GOOD}"])
    other = write(tmp_path / "c.csv", minutes("09:30", "09:31"))
    assert refusal(good, broken, other) == (
        "the 2 files that cannot be imported: B.csv, line 2: time must be a date or an epoch, was "
        "'09:30 or so'; and c.csv: neither its columns nor its name tell the symbol (as the name "
        "AAPL.csv would, in capitals); give it with --symbol"
    )


def test_what_is_wrong_with_several_files_is_told_once_and_of_many_the_first_are_told(
    tmp_path: Path,
):
    files = [
        write(tmp_path / f"{name}.csv", minutes("09:30", "09:31")) for name in "abcdefghijklmno"
    ]
    for _ in range(5):
        assert refusal(*files) == (
            "the first 10 files that cannot be imported: a.csv: neither its columns nor its name "
            "tell the symbol (as the name AAPL.csv would, in capitals); give it with --symbol; it "
            "is the same with b.csv, c.csv, d.csv and 6 more"
        )


def test_a_damaged_archive_is_one_of_the_files_that_cannot_be_imported(tmp_path: Path):
    broken = write(tmp_path / "B.csv", [f"09:30 or so,{GOOD}"])
    (tmp_path / "z.zip").write_bytes(b"PK\3\4 and no more")
    assert refusal(broken, tmp_path / "z.zip") == (
        "the 2 files that cannot be imported: B.csv, line 2: time must be a date or an epoch, was "
        "'09:30 or so'; and z.zip is damaged: File is not a zip file; get the file again"
    )


def test_files_that_are_not_looked_at_are_told(tmp_path: Path):
    folder = tmp_path / "bars"
    (folder / "factor_files").mkdir(parents=True)
    write(folder / "factor_files" / "spy.csv", ["20240101,1,1,1"])
    write(folder / "A.csv", minutes("09:30", "09:31"))
    for name in ("notes.md", "more.MD", "chart.png", ".hidden", "LICENSE"):
        (folder / name).write_text("no bars")
    (result,) = import_bars(folder, tmp_path / "first")
    assert (
        "Files that were not looked at: 2 .md, 1 .png, 1 in factor_files (--actions imports them), "
        "1 without an ending." in result.account.notes
    )
    (folder / "A.csv").unlink()
    assert refusal(folder).startswith("bars holds no file of bars, only others: 2 .md, 1 .png")


def test_members_of_an_archive_that_are_not_looked_at_are_told(tmp_path: Path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A.csv", "\n".join([HEADER, *minutes("09:30", "09:31")]))
        archive.writestr("about.pdf", "%PDF")
        archive.writestr("__MACOSX/._A.csv", "no bars")
    (result,) = import_bars(path, tmp_path / "catalog")
    assert "Files that were not looked at: 1 .pdf." in result.account.notes


def test_a_file_beside_a_missing_one_may_be_meant(tmp_path: Path):
    write(tmp_path / "AAPL.csv", minutes("09:30", "09:31"))
    assert refusal(tmp_path / "APPL.csv") == (
        "there is no file or folder APPL.csv; did you mean AAPL.csv?"
    )
    assert refusal(tmp_path / "elsewhere.parquet") == (
        "there is no file or folder elsewhere.parquet"
    )
