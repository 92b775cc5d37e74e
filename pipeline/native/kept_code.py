"""Compiled code on disk: checked when it is loaded, and made by one process at a time.

    <name>.nbi          index: signature -> data file and the hash of its content
    <name>.<n>.nbc      machine code of one signature
    <name>.lock         held by the process that compiles the function

The index is a checked file (`checked_file`) and is written last. A file that is not what was
written is ignored: the function is compiled again and the file replaced. Where nothing can be
written, as on a full disk, a function is compiled for the process that needs it, and not kept.
"""

import ctypes
import hashlib
import itertools
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from llvmlite import binding as llvm
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    UserProvidedCacheLocator,
)
from numba.core.runtime import _nrt_python

from pipeline.native.checked_file import read_checked, write_checked
from pipeline.native.code_cache import hooks_directory, kernels_directory, source_hash
from pipeline.native.file_lock import wait_for_lock
from pipeline.native.users_code import numbas_key
from pipeline.native.whole_file import write_whole

#: The name by which compiled code calls the system's ``pow`` (`power`).
POWER = "ringtape_pow"


@cache
def provide_runtime() -> None:
    """Tell the loader of machine code where the functions are that compiled code calls by name.

    They are those of Numba that count references to arrays, and ``pow`` as `POWER`. Numba tells the
    former, too, and compiles the functions that compiled code takes in with them. Kept code has
    them in it.
    """
    llvm.add_symbol(POWER, ctypes.cast(_system().pow, ctypes.c_void_p).value)
    for name, address in _nrt_python.c_helpers.items():
        llvm.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def _system() -> ctypes.CDLL:
    """Return the library of which Python takes ``pow``."""
    try:
        return ctypes.CDLL(None)  # whatever libraries this process has loaded
    except TypeError:  # Windows looks a name up in one library only
        return ctypes.CDLL("ucrtbase")


class KeptCode(FunctionCache):  # type: ignore[misc]  # numba is untyped
    """Where one function's machine code is kept, in the folder of `code_cache`."""

    # The folder, and the name of a hook's module, tell what the code depends on.
    _index_key = numbas_key

    def __init__(self, py_func: Any) -> None:
        self._impl_class = _Reduction
        super().__init__(py_func)
        base = self._impl.filename_base
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _CheckedFiles(self._cache_path, base, stamp)
        self._lock = Path(self._cache_path) / f"{base}.lock"

    def is_empty(self) -> bool:
        """Whether no machine code of the function is on disk, for any signature."""
        return not self._cache_file._load_index()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load the machine code of a signature; None if it is not on disk.

        Numba would have its compiler made ready first, which takes a third of a second and which
        machine code does not need: only the functions that `provide_runtime` names.
        """
        provide_runtime()
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code of a signature. If it cannot be written, nothing happens."""
        with suppress(OSError):
            super().save_overload(sig, data)

    def signatures(self, codegen: Any) -> list[Any]:
        """Return the signatures of which there is machine code on disk for this processor."""
        known = self._cache_file._load_index()
        return [key[0] for key in known if key == self._index_key(key[0], codegen)]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one process that compiles this function, while the block lasts; others wait.

        The system releases the lock if the process ends, in whatever way. Where there is no lock,
        because of the file system, its lack of room or the file's owner, several processes may
        compile at once, each for itself.
        """
        try:
            descriptor = self._locked()
        except OSError:
            yield
            return
        try:
            yield
        finally:
            os.close(descriptor)

    def _locked(self) -> int:
        """Open the file of the lock, made if need be, and lock it if the system can."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(OSError):
            wait_for_lock(descriptor)
        return descriptor


_PACKAGE = Path(__file__).parents[1]


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]  # numba is untyped
    """Names the folder of a function's code, whatever folder Numba itself was told to use.

    Kernels of this package are kept by their place in the package. The folder above is named by the
    content of all its sources, so the same version installed elsewhere finds their code. The file
    of a hook's module is never written: its name tells all that it was made of, wherever the cache
    lies.
    """

    def __init__(self, py_func: Any, py_file: Any) -> None:
        super().__init__(py_func, py_file)
        file = Path(py_file)
        self._stamped_by_file = False
        if file.is_relative_to(_PACKAGE):
            below = str(file.relative_to(_PACKAGE).parent)
        elif file.parent == hooks_directory():
            below = "hooks"
        else:
            below = self.get_suitable_cache_subpath(py_file)
            self._stamped_by_file = True
        self._cache_path = str(kernels_directory() / below)

    def get_source_stamp(self) -> Any:
        """Return the stamp that kept code must have: our hash of sources, or Numba's of a file."""
        return super().get_source_stamp() if self._stamped_by_file else source_hash()

    @classmethod
    def from_function(cls, py_func: Any, py_file: Any) -> Any:
        """Return the locator of a function that was defined in a file, or in a hook's module."""
        found = Path(py_file).exists() or Path(py_file).parent == hooks_directory()
        return cls(py_func, py_file) if found else None


class _Reduction(CompileResultCacheImpl):  # type: ignore[misc]  # numba is untyped
    _locator_classes = [_Locator]  # noqa: RUF012  # as Numba declares it


class _CheckedFiles(IndexDataCacheFile):  # type: ignore[misc]  # numba is untyped
    """An index and its data files, which are what it says or are not used."""

    def save(self, key: Any, data: Any) -> None:
        """Keep machine code under a key. OSError if it cannot be written.

        The index, which has the hash of the data, is written last. So whoever finds a key finds its
        own code, also if a process was killed in between, or if two write at once without a lock.
        """
        known = self._load_index()
        taken = {name for name, _ in known.values()}
        free = (self._data_name(n) for n in itertools.count(1))
        name = known[key][0] if key in known else next(name for name in free if name not in taken)
        content = self._dump(data)
        write_whole(Path(self._data_path(name)), content)
        self._save_index({**known, key: (name, hashlib.sha256(content).digest())})

    def load(self, key: Any) -> Any:
        """Return the machine code of a key; None if it is not on disk, or not as it was written."""
        name, digest = self._load_index().get(key, (None, b""))
        try:
            content = b"" if name is None else Path(self._data_path(name)).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).digest() != digest:
            return None
        with suppress(ImportError):  # of a module of the user's that is not to be found here
            return pickle.loads(content)  # noqa: S301  # checked, in our folder
        return None

    def _load_index(self) -> Any:
        content = read_checked(Path(self._index_path))
        if content is None:
            return {}
        try:
            version, stamp, known = pickle.loads(content)  # noqa: S301  # checked, in our folder
        except Exception:  # noqa: BLE001  # another Numba wrote it, with types that this one lacks
            return {}
        return known if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: Any) -> None:
        content = self._dump((self._version, self._source_stamp, overloads))
        write_checked(Path(self._index_path), content)
