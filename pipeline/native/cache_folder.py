"""The folder in which Ringtape keeps what it can make again: compiled code, calendars, marks.

Files of this folder are loaded as code. So it must belong to this user, and no other user may write
to it. Where no such folder can be had, the process makes one of its own, which is removed when it
ends: the run goes on, and the next one compiles anew.
"""

import atexit
import errno
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.native.temporary import make_folder

_VARIABLE = "RINGTAPE_CACHE_DIR"
_FULL = errno.ENOSPC, errno.EDQUOT
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
#: Why each of the usual folders does not serve, if this process has one of its own.
_reasons: list[str] = []


def cache_folder(*below: str) -> Path:
    """Return a folder in Ringtape's cache, made if need be, that only this user can write.

    ``below``: names of folders, each in the one before. The cache is ``$RINGTAPE_CACHE_DIR``, or
    without that variable the first of these that serves: ``ringtape`` in the user's cache folder, a
    folder in the temporary directory, a folder of this process. The last one also serves if the
    folder of the variable cannot be made because its disk is full. ConfigError if that folder does
    not serve for another reason, or if there is none at all.
    """
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        try:
            return _made(Path(chosen), below)
        except OSError as error:
            if error.errno in _FULL:
                return _made(_own_folder([_cannot_be_used(Path(chosen), error)]), below)
            raise ConfigError(
                f"{_VARIABLE} is {chosen}, which cannot be used: {error.strerror}"
            ) from error
    reasons = []
    for base in _usual():
        try:
            return _made(base, below)
        except OSError as error:
            reasons.append(_cannot_be_used(base, error))
        except ConfigError as error:
            reasons.append(str(error))
    return _made(_own_folder(reasons), below)


def why_nothing_is_kept() -> str:
    """Say why this process has a cache of its own, which ends with it; "" if it has not."""
    return "; ".join(_reasons)


def _cannot_be_used(folder: Path, error: OSError) -> str:
    return f"{folder} cannot be used ({error.strerror})"


def _usual() -> list[Path]:
    """Return the folders that may be the cache where none is chosen, the best one first."""
    found = []
    with suppress(RuntimeError):  # there is no home
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        found.append(Path(cache).expanduser() / "ringtape")
    with suppress(FileNotFoundError):  # there is no directory for temporary files
        user = _user()
        name = "ringtape" if user is None else f"ringtape-{user}"
        found.append(Path(tempfile.gettempdir()) / name)
    return found


def _made(base: Path, below: tuple[str, ...]) -> Path:
    """Make a folder and those ``below`` it; check the first and the last of them."""
    folder = base.joinpath(*below)
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check(base)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check(folder)
    return folder


def _check(folder: Path) -> None:
    """Refuse a folder into which another user could put code that this one would run.

    Nor does a link serve, which another user may set to another folder after this check, or a
    folder in which nothing can be written. Raises ConfigError or OSError. Windows has no such
    modes: folders in a user's profile are that user's alone.
    """
    if _user() is None:
        return
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) and found.st_uid == _user():
        found = folder.stat()
    if found.st_uid != _user():
        raise ConfigError(
            f"the cache folder {folder} belongs to user {found.st_uid}, must belong to user "
            f"{_user()}, because compiled code is loaded from it: set {_VARIABLE} to another "
            "folder"
        )
    if found.st_mode & _OTHERS_WRITE:
        raise ConfigError(
            f"the cache folder {folder} can be written by others (mode "
            f"{stat.S_IMODE(found.st_mode):o}), and compiled code is loaded from it: make it yours "
            f"alone (chmod 700), or set {_VARIABLE} to another folder"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _user() -> int | None:
    """Return the number of this user; None on Windows, where there is none."""
    return os.getuid() if hasattr(os, "getuid") else None


def _own_folder(reasons: list[str]) -> Path:
    """Make the cache of this process and of those that it starts; it is removed at its end."""
    folder = make_folder()
    if folder is None:
        raise ConfigError(
            f"there is no folder for compiled code: {'; '.join(reasons)}; set {_VARIABLE} to a "
            "folder that you can write"
        )
    atexit.register(_remove_of, os.getpid(), folder)
    _reasons[:] = reasons
    os.environ[_VARIABLE] = str(folder)
    return folder


def _remove_of(maker: int, folder: Path) -> None:
    """Remove a folder if this is the process that made it, and not one that was forked from it."""
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)
