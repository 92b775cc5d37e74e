"""Where compiled code is kept: one folder for each state of the sources that it depends on."""

import re
from pathlib import Path

import pytest

from pipeline.native import code_cache

PACKAGE = Path(code_cache.__file__).parents[1]


def test_rooms_that_are_left_out_have_no_kernel_and_are_imported_by_no_room_that_has():
    for name in code_cache._WITHOUT_KERNELS:
        assert (PACKAGE / name).is_dir()
    outside = "|".join(code_cache._WITHOUT_KERNELS)
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text()
        if path.relative_to(PACKAGE).parts[0] in code_cache._WITHOUT_KERNELS:
            assert not re.search(r"@kernel\(|\bnjit\b", source), path
        elif path != PACKAGE / "__init__.py":
            assert not re.search(rf"(from|import) pipeline\.({outside})\b", source), path


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        *(("execution/fields.py", True), ("codes.py", True), ("cli/app.py", False)),
        *(("../shm/histogram.py", True), ("../shm/gate.py", False)),
    ],
)
def test_an_edit_of_what_machine_code_depends_on_starts_a_new_folder(
    monkeypatch: pytest.MonkeyPatch, file: str, counts: bool
):
    read = Path.read_bytes

    def edited(path: Path) -> bytes:
        return read(path) + (b"\n" if path == (PACKAGE / file).resolve() else b"")

    before = code_cache.source_hash.__wrapped__()
    monkeypatch.setattr(Path, "read_bytes", edited)
    assert (code_cache.source_hash.__wrapped__() != before) == counts


@pytest.mark.parametrize(
    ("name", "counts"), [("NUMBA_BOUNDSCHECK", True), ("NUMBA_OPT", True), ("NUMBA_DEBUG", False)]
)
def test_so_does_a_variable_that_changes_what_numba_compiles(monkeypatch, name: str, counts: bool):
    monkeypatch.delenv(name, raising=False)
    before = code_cache.source_hash.__wrapped__()
    monkeypatch.setenv(name, "0")
    assert (code_cache.source_hash.__wrapped__() != before) == counts


def test_folders_of_the_latest_sources_are_kept_and_older_ones_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(tmp_path / "cache"))
    made = []
    for number in range(6):
        monkeypatch.setattr(code_cache, "source_hash", lambda number=number: f"{number:016x}")
        made.append(code_cache.cache_directory())
    kept = {path.name for path in (tmp_path / "cache").iterdir()}
    assert made[-1].name in kept
    assert len(kept) == code_cache._KEPT
