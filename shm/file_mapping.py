"""Segments as files that several processes map, for systems of which Python knows no shared memory.

They lie where the system shows its shared memory, if it does, else among the temporary files.
"""

import mmap
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from shm.names import LISTING


class FileMapping:
    """A mapped segment, with the interface of `mapping.Mapping`."""

    def __init__(self, name: str, create_size: int | None = None, *, writable: bool = True) -> None:
        self.name = name
        self._path = _folder() / name
        if create_size is not None:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        else:
            flags = os.O_RDWR if writable else os.O_RDONLY
        self._fd = os.open(self._path, flags, 0o600)
        self._mmap: mmap.mmap | None = None
        self._buf: memoryview | None = None
        try:
            if create_size is not None:
                os.ftruncate(self._fd, create_size)
            self.size = os.fstat(self._fd).st_size
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self._mmap = mmap.mmap(self._fd, self.size, access=access)
        except BaseException:
            os.close(self._fd)
            if create_size is not None:
                self.unlink()
            raise
        self._buf = memoryview(self._mmap)

    @property
    def buf(self) -> memoryview:
        """The bytes of the segment, until `close`."""
        assert self._buf is not None
        return self._buf

    def reserve(self) -> None:
        """Have the system reserve all pages now, if it can. Raises OSError if it lacks them."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._fd, 0, self.size)

    def unlink(self) -> None:
        """Remove the name. A name that was removed from outside is no error."""
        with suppress(FileNotFoundError):
            self._path.unlink()

    def close(self) -> None:
        """Unmap. If views are alive, leave the memory to the last of them; raise BufferError."""
        mapped, self._mmap = self._mmap, None
        view, self._buf = self._buf, None
        if mapped is None or view is None:
            return
        os.close(self._fd)
        view.release()
        mapped.close()


def _folder() -> Path:
    return LISTING if LISTING.is_dir() else Path(tempfile.gettempdir())
