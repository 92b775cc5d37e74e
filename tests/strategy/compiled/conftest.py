"""A cache of compiled code for processes of their own."""

import re
import shutil
from pathlib import Path

import pytest

from pipeline.native.code_cache import cache_directory, source_hash


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with the kernels that there are, and without a hook: those alone are compiled."""
    folder = tmp_path / "cache"
    kept = cache_directory() / "kernels"
    kernels = folder / source_hash() / "kernels"
    for made in (folder, kernels.parent, kernels):
        made.mkdir(mode=0o700)
    for room in kept.iterdir() if kept.is_dir() else ():
        # Code of users' kernels lies in folders that end with a hash of their place.
        if re.fullmatch(r"hooks|.*_[0-9a-f]{40}", room.name) is None:
            shutil.copytree(room, kernels / room.name, ignore=shutil.ignore_patterns("tmp*"))
    return folder
