"""Where compiled code is kept on disk, and when it is too old to use.

Numba looks at the file of the function it loads from its cache, not at the files of the functions
that one calls. So compiled code lies in a folder named by a hash of all sources that hold any:
an upgrade, a `git pull` or an edit starts a new folder and never runs old kernels.
"""

import hashlib
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

_KEPT = 4


@cache
def source_hash() -> str:
    """16 hex digits over the sources of this package that hold compiled code."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if b"numba" in source:
            digest.update(f"{path.relative_to(package)} {len(source)} ".encode() + source)
    return digest.hexdigest()[:16]


def cache_directory() -> Path:
    """Return the folder for this version's compiled code, made if need be.

    In ``$RINGTAPE_CACHE_DIR``, else the user's cache folder, else the temporary one. The folders
    of older sources are removed but for the latest few.
    """
    chosen = os.environ.get("RINGTAPE_CACHE_DIR")
    try:
        base = Path(chosen) if chosen else _user_cache() / "ringtape"
        folder = base / source_hash()
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        base = Path(tempfile.gettempdir()) / f"ringtape-{os.getuid()}"
        folder = base / source_hash()
        made = not folder.exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if made:
        ours = [path for path in base.iterdir() if re.fullmatch("[0-9a-f]{16}", path.name)]
        for old in sorted(ours, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def kernel_variables() -> dict[str, str]:
    """Return what to set in the environment so that Numba keeps its code in `cache_directory`.

    Before anything imports Numba: its own folders, beside the sources, do not see an edit in a
    function that a cached one calls. Nothing where Numba was told another folder.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return {}
    return {"NUMBA_CACHE_DIR": str(cache_directory() / "kernels")}


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
