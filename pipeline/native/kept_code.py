"""Compiled code on disk: checked when it is loaded, and made by one process at a time.

    <name>.nbi          index: signature -> data file, written by Numba
    <name>.<n>.nbc      machine code of one signature
    <name>.lock         held by the process that compiles the function

The last 32 bytes of the first two are a hash of all bytes before. A file that was cut short or
changed is ignored: the function is compiled again and the file replaced.
"""

import ctypes
import hashlib
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

from pipeline.native.code_cache import kernels_directory, source_hash
from pipeline.native.file_lock import wait_for_lock
from pipeline.native.users_code import numbas_key

_HASH_SIZE = hashlib.sha256().digest_size


#: The name by which compiled code calls the system's ``pow`` (`power`).
POWER = "ringtape_pow"


@cache
def provide_runtime() -> None:
    """Tell the loader of machine code where the functions are that compiled code calls by name.

    They are those of Numba that count references to arrays, and ``pow`` as `POWER`. Numba tells the
    former, too, and compiles the functions that compiled code takes in with them. Kept code has
    them in it.
    """
    system = ctypes.CDLL(None)  # whatever libraries this process has loaded
    llvm.add_symbol(POWER, ctypes.cast(system.pow, ctypes.c_void_p).value)
    for name, address in _nrt_python.c_helpers.items():
        llvm.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


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

    def signatures(self, codegen: Any) -> list[Any]:
        """Return the signatures of which there is machine code on disk for this processor."""
        known = self._cache_file._load_index()
        return [key[0] for key in known if key == self._index_key(key[0], codegen)]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one process that compiles this function, while the block lasts; others wait.

        The system releases the lock if the process ends, in whatever way. Where it has no locks,
        several processes may compile at once, each for itself.
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with suppress(OSError):
                wait_for_lock(descriptor)
            yield
        finally:
            os.close(descriptor)


_PACKAGE = Path(__file__).parents[1]


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]  # numba is untyped
    """Names the folder of a function's code, whatever folder Numba itself was told to use.

    Kernels of this package are kept by their place in the package. The folder above is named by the
    content of all its sources, so the same version installed elsewhere finds their code.
    """

    def __init__(self, py_func: Any, py_file: Any) -> None:
        super().__init__(py_func, py_file)
        file = Path(py_file)
        self._ours = file.is_relative_to(_PACKAGE)
        below = (
            file.relative_to(_PACKAGE).parent
            if self._ours
            else self.get_suitable_cache_subpath(py_file)
        )
        self._cache_path = str(kernels_directory() / below)

    def get_source_stamp(self) -> Any:
        """Return the stamp that kept code must have: our hash of sources, or Numba's of a file."""
        return source_hash() if self._ours else super().get_source_stamp()

    @classmethod
    def from_function(cls, py_func: Any, py_file: Any) -> Any:
        """Return the locator of a function that was defined in a file."""
        return cls(py_func, py_file) if Path(py_file).exists() else None


class _Reduction(CompileResultCacheImpl):  # type: ignore[misc]  # numba is untyped
    _locator_classes = [_Locator]  # noqa: RUF012  # as Numba declares it


class _CheckedFiles(IndexDataCacheFile):  # type: ignore[misc]  # numba is untyped
    """An index and its data files, each followed by the hash of its content."""

    def _load_index(self) -> Any:
        data = _read(Path(self._index_path))
        if data is None:
            return {}
        try:
            version, stamp, overloads = pickle.loads(data)  # noqa: S301  # checked, in our folder
        except Exception:  # noqa: BLE001  # another Numba wrote it, with types that this one lacks
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: Any) -> None:
        self._write(self._index_path, (self._version, self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        data = _read(Path(self._data_path(name)))
        with suppress(ImportError):  # of a module of the user's that is not to be found here
            return None if data is None else pickle.loads(data)  # noqa: S301
        return None

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, content: Any) -> None:
        data = self._dump(content)
        with self._open_for_write(path) as file:
            file.write(data + hashlib.sha256(data).digest())


def _read(path: Path) -> bytes | None:
    """Return the content of a file; None if there is no file or it was changed."""
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return None
    data, digest = whole[:-_HASH_SIZE], whole[-_HASH_SIZE:]
    return data if hashlib.sha256(data).digest() == digest else None
