"""The folder in which Ringtape keeps what it can make again: compiled code, calendars, marks.

Files of this folder are loaded as code. So it must belong to this user, and no other user may write
to it.
"""

import os
import stat
import tempfile
from pathlib import Path

from pipeline.errors import ConfigError

_VARIABLE = "RINGTAPE_CACHE_DIR"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder(*below: str) -> Path:
    """Return a folder in Ringtape's cache, made if need be, that only this user can write.

    ``below``: names of folders, each in the one before. The cache is ``$RINGTAPE_CACHE_DIR``, or
    without that variable ``ringtape`` in the user's cache folder, or, if that cannot be written, a
    folder in the temporary directory. Raises ConfigError if the cache belongs to another user or
    others may write it, and if the folder of the variable cannot be made.
    """
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        return _made(Path(chosen), below, _VARIABLE)
    try:
        return _made(_user_cache() / "ringtape", below, "the cache folder")
    except (OSError, RuntimeError):
        return _made(
            Path(tempfile.gettempdir()) / f"ringtape-{os.getuid()}", below, "the cache folder"
        )


def _made(base: Path, below: tuple[str, ...], name: str) -> Path:
    """Make a folder and those ``below`` it; check the first and the last of them."""
    folder = base.joinpath(*below)
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(base, name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if name != _VARIABLE:
            raise
        raise ConfigError(
            f"{_VARIABLE} is {base}, which cannot be used: {error.strerror}"
        ) from error
    _check(folder, name)
    return folder


def _check(folder: Path, name: str) -> None:
    """Refuse a folder into which another user could put code that this one would run."""
    found = folder.stat()
    way_on = f"make it yours alone (chmod 700), or set {_VARIABLE} to another folder"
    if found.st_uid != os.getuid():
        raise ConfigError(
            f"{name} {folder} belongs to user {found.st_uid}, must belong to user {os.getuid()}, "
            f"because compiled code is loaded from it: set {_VARIABLE} to another folder"
        )
    if found.st_mode & _OTHERS_WRITE:
        raise ConfigError(
            f"{name} {folder} can be written by others (mode {stat.S_IMODE(found.st_mode):o}), and "
            f"compiled code is loaded from it: {way_on}"
        )


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
