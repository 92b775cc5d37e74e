"""The cache folder: the user's own, or refused with the way on."""

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.native.cache_folder import cache_folder


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RINGTAPE_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in the temporary directory, where the user's cache folder cannot be made."""
    monkeypatch.delenv("RINGTAPE_CACHE_DIR", raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    return tmp_path / f"ringtape-{os.getuid()}"


def test_a_folder_is_made_for_its_user_alone(chosen: Path):
    assert cache_folder("calendars") == chosen / "calendars"
    for folder in (chosen, chosen / "calendars"):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_write_is_refused(chosen: Path, mode: int):
    chosen.mkdir()
    chosen.chmod(mode)
    with pytest.raises(ConfigError, match=rf"written by others \(mode {mode:o}\).*chmod 700"):
        cache_folder()


def test_a_folder_below_that_others_can_write_is_refused(chosen: Path):
    (chosen / "code").mkdir(parents=True)
    chosen.chmod(0o700)
    (chosen / "code").chmod(0o777)
    with pytest.raises(ConfigError, match="code can be written by others"):
        cache_folder("code")


def test_a_folder_of_somebody_else_is_refused(chosen: Path, monkeypatch: pytest.MonkeyPatch):
    chosen.mkdir(mode=0o700)
    owner = chosen.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(ConfigError, match=f"belongs to user {owner}, must belong to user"):
        cache_folder()


def test_a_chosen_folder_that_cannot_be_made_is_refused(chosen: Path):
    chosen.write_text("a file")
    with pytest.raises(ConfigError, match=r"RINGTAPE_CACHE_DIR is .* cannot be used"):
        cache_folder()


def test_without_a_cache_folder_the_temporary_one_serves(temporary: Path):
    assert cache_folder() == temporary


def test_a_temporary_folder_that_somebody_planted_is_refused(temporary: Path):
    temporary.mkdir()
    temporary.chmod(0o777)
    with pytest.raises(ConfigError, match="can be written by others"):
        cache_folder()
