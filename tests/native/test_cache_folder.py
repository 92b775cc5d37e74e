"""The cache folder: the user's own, or refused with the way on."""

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.native.cache_folder import cache_folder
from tests.reference.own_process import python
from tests.small_disk import small_file_system


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


OWN = """
import os
from pathlib import Path
from pipeline.native.cache_folder import cache_folder, why_nothing_is_kept

folder = cache_folder("code")
assert cache_folder("other").parent == folder.parent
assert folder.parent.stat().st_mode & 0o777 == 0o700
if os.fork() == 0:
    raise SystemExit  # a process that was forked leaves the folder
os.wait()
assert folder.is_dir()
print(folder.parent.name, os.getpid())
print(folder.parent)
print(why_nothing_is_kept())
"""


@pytest.mark.parametrize("planted", ["open", "file", "foreign", "link"])
def test_where_somebody_planted_a_folder_the_process_has_its_own(temporary: Path, planted: str):
    """What was planted is neither used nor touched, and the reason is known."""
    if planted in ("foreign", "link") and os.getuid() != 0:
        pytest.skip("only root can make a folder of another user")
    target = temporary.with_name("target")
    target.mkdir(mode=0o700)
    if planted == "link":  # its owner may set it to another folder at any moment
        temporary.symlink_to(target)
    elif planted == "file":
        temporary.write_text("")
    else:
        temporary.mkdir(mode=0o700)
        temporary.chmod(0o777 if planted == "open" else 0o700)
    if planted in ("foreign", "link"):
        os.lchown(temporary, 12345, 12345)
    done = python("-c", OWN, env=dict(os.environ, TMPDIR=str(temporary.parent)))
    name, path, reasons = done.stdout.splitlines()
    prefix, pid = name.split()[0].rsplit("-", 1)[0], name.split()[1]
    assert prefix == f"rt-{pid}"
    assert not Path(path).exists()
    assert str(temporary) in reasons
    assert list(target.iterdir()) == []


def test_where_the_disk_of_the_chosen_folder_is_full_the_process_has_its_own(tmp_path: Path):
    with small_file_system(tmp_path / "disk", "64k,nr_inodes=1") as disk:
        chosen = dict(os.environ, RINGTAPE_CACHE_DIR=str(disk / "cache"), TMPDIR=str(tmp_path))
        done = python("-c", OWN, env=chosen)
    name, path, reasons = done.stdout.splitlines()
    assert name.startswith("rt-")
    assert not Path(path).exists()
    assert reasons == f"{disk / 'cache'} cannot be used (No space left on device)"


def test_a_folder_that_cannot_be_written_does_not_serve(temporary: Path):
    """A cache that was filled at an installation which is read-only now."""
    if os.getuid() == 0:
        pytest.skip("root can write everywhere but on a disk that is read-only")
    temporary.mkdir(mode=0o500)
    done = python("-c", OWN, env=dict(os.environ, TMPDIR=str(temporary.parent)))
    assert "cannot be used (Permission denied)" in done.stdout
