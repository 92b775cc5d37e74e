"""What the tests of sweeps share: a disk that gets full."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_disk import small_file_system


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB; needs to be root, and to be let mount."""
    with small_file_system(tmp_path / "disk", "512k") as folder:
        yield folder
