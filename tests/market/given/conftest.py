from pathlib import Path

import pytest


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder in which the catalogs of given data are kept, in place of the user's cache."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr("pipeline.market.given.kept.cache_folder", lambda *_: folder)
    return folder
