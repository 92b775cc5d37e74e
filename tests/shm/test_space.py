import shutil
from pathlib import Path

import pytest

from shm import space
from shm.names import LISTING
from shm.space import available_shared_memory


@pytest.mark.skipif(not LISTING.is_dir(), reason="no shared memory file system")
def test_there_is_no_more_than_the_file_system_holds() -> None:
    assert 0 < available_shared_memory() <= shutil.disk_usage(LISTING).total


@pytest.mark.parametrize(
    ("limit", "left"), [("1000000", 1_000_000 - 900_000 + 200_000 + 100_000), ("100", 0)]
)
def test_the_limit_of_a_container_counts_and_its_file_cache_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, left: int
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 200000\nactive_file 100000\n")
    monkeypatch.setattr(space, "_CGROUP", tmp_path)
    assert available_shared_memory() == left


def test_a_container_without_limit_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    monkeypatch.setattr(space, "_CGROUP", tmp_path)
    assert available_shared_memory() > 0
