"""Removal of the temporary folders of runs that were killed."""

import os
import shutil
from contextlib import suppress

from pipeline.native.temporary import FOLDER_NAME, directories, is_held
from shm.stale import is_owned


def remove_stale_folders() -> list[str]:
    """Remove the folders of processes of this user that have ended; return their names, sorted."""
    removed = []
    for directory in directories() if hasattr(os, "getuid") else ():
        for folder in directory.glob("rt-*"):
            name = FOLDER_NAME.fullmatch(folder.name)
            with suppress(FileNotFoundError):  # its owner, or another run, was quicker
                if name is None or folder.lstat().st_uid != os.getuid() or folder.is_symlink():
                    continue
                if not is_held(folder) and not is_owned(folder, int(name[1])):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder.name)
    return sorted(removed)
