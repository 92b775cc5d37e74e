"""Where compiled code is kept on disk, and when it is too old to use.

When Numba loads a function from its cache, it checks the file of that function, but not the files
of the functions that it calls. So compiled code lies in a folder named by a hash of all sources
with kernels: an upgrade, a `git pull` or an edit starts a new folder and never runs old kernels.
So does one of Numba's environment variables that change what it compiles.
"""

import hashlib
import os
import re
import shutil
from functools import cache
from pathlib import Path

from pipeline.native.cache_folder import cache_folder

_KEPT = 4
#: Rooms without a kernel, and without a number that a kernel is compiled with.
_WITHOUT_KERNELS = ("checks", "cli", "config", "runner", "sweeps", "watch")
#: Sources beside the package from which kernels are made.
_BESIDE = ("shm/histogram.py", "shm/stats_row.py")
#: Variables of Numba's that shape machine code. Those of the processor are in its own keys.
_SHAPING = (
    *("NUMBA_BOUNDSCHECK", "NUMBA_DEBUGINFO", "NUMBA_DISABLE_INTEL_SVML", "NUMBA_OPT"),
    *("NUMBA_LOOP_VECTORIZE", "NUMBA_SLP_VECTORIZE", "NUMBA_LLVM_REFPRUNE_FLAGS"),
    *("NUMBA_LLVM_REFPRUNE_PASS", "NUMBA_PARFOR_MAX_TUPLE_SIZE"),
)


@cache
def source_hash() -> str:
    """Return a hash of all sources and variables that machine code may depend on: 16 hex digits."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in _sources(package):
        source = Path(path).read_bytes()
        digest.update(f"{path.removeprefix(str(package.parent))} {len(source)} ".encode() + source)
    for name in _SHAPING:
        if name in os.environ:
            digest.update(f"{name}={os.environ[name]} ".encode())
    return digest.hexdigest()[:16]


def _sources(package: Path) -> list[str]:
    """Return the paths of all sources on which machine code may depend, sorted.

    A run waits for them twice before its first process starts. So `Path.rglob`, which takes longer
    than reading the files, is not used.
    """
    found = []
    for folder, below, names in os.walk(package):
        if folder == str(package):
            below[:] = [name for name in below if name not in _WITHOUT_KERNELS]
        found += [f"{folder}{os.sep}{name}" for name in names if name.endswith(".py")]
    found += [f"{package.parent}{os.sep}{name}" for name in _BESIDE]
    return sorted(found)


def cache_directory() -> Path:
    """Return the folder for this version's compiled code, made if need be.

    It lies in the folder of `cache_folder`. Folders of older sources are removed, except the latest
    few.
    """
    base = cache_folder()
    made = not (base / source_hash()).exists()
    folder = cache_folder(source_hash())
    if made:
        ours = [path for path in base.iterdir() if re.fullmatch("[0-9a-f]{16}", path.name)]
        for old in sorted(ours, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def kernels_directory() -> Path:
    """Return the folder for the machine code of this version's kernels; it need not exist yet."""
    return cache_directory() / "kernels"


def hooks_directory() -> Path:
    """Return the folder in which modules of hooks would lie if they were written to files."""
    return cache_directory() / "hooks"


def kernel_variables() -> dict[str, str]:
    """Return environment variables that have Numba keep a user's own functions here, too.

    Numba's default is a folder beside the sources, where an edit of a function that a cached one
    calls goes unnoticed. The result is empty if the environment names another folder for Numba.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return {}
    return {"NUMBA_CACHE_DIR": str(cache_directory() / "users")}
