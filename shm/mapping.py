"""`multiprocess.shared_memory.SharedMemory` with two habits replaced.

Before Python 3.13 it registers every segment with the resource tracker of its process, even one
that it only attaches to. An unrelated viewer that exits would then unlink the segment of a living
run. And its `__del__` complains on stderr if views outlive it.
"""

import mmap
import os
from contextlib import suppress

from multiprocess.shared_memory import SharedMemory

from shm.tracking import forget, note_tracked


class Mapping(SharedMemory):  # type: ignore[misc]  # multiprocess has no types
    """A mapped segment.

    With `create_size` (bytes) the segment is created and registered with the resource tracker.
    Without it, an existing one is attached to; if not ``writable``, a store to it ends the process
    (SIGSEGV), where the system has POSIX shared memory.

    Raises what SharedMemory raises: FileExistsError, FileNotFoundError, OSError, and ValueError
    if the existing segment has no size yet.
    """

    _buf: memoryview | None
    _mmap: mmap.mmap | None

    def __init__(self, name: str, create_size: int | None = None, *, writable: bool = True) -> None:
        if create_size is not None:
            super().__init__(name, create=True, size=create_size)
            note_tracked(self._name, "shared_memory")
        elif os.name != "posix":
            super().__init__(name)
        else:
            self._attach_untracked(name, writable=writable)

    def _attach_untracked(self, name: str, *, writable: bool) -> None:
        """Attach as SharedMemory does, but do not register with the tracker."""
        from multiprocess.shared_memory import _posixshmem

        self._name = f"/{name}"
        flags = os.O_RDWR if writable else os.O_RDONLY
        self._fd = _posixshmem.shm_open(self._name, flags, mode=0o600)
        self._size = os.fstat(self._fd).st_size
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self._mmap = mmap.mmap(self._fd, self._size, access=access)
        self._buf = memoryview(self._mmap)

    def reserve(self) -> None:
        """Have the system reserve all pages now, if it knows how. Raises OSError if it lacks them.

        Otherwise, with a full /dev/shm, SIGBUS would end the first process that touches a missing
        page.
        """
        if hasattr(os, "posix_fallocate") and self._fd >= 0:
            os.posix_fallocate(self._fd, 0, self._size)

    def unlink(self) -> None:
        """Remove the name. A name that was removed from outside is no error."""
        if os.name == "posix":
            from multiprocess.shared_memory import _posixshmem

            with suppress(FileNotFoundError):
                _posixshmem.shm_unlink(self._name)
            forget(self._name, "shared_memory")

    def close(self) -> None:
        """Unmap. If views are alive, leave the memory to the last of them; raise BufferError."""
        try:
            super().close()
        except BufferError:
            self._buf = None
            self._mmap = None
            super().close()
            raise

    def __del__(self) -> None:
        try:  # noqa: SIM105 - contextlib may be gone when the interpreter ends
            self.close()
        except (BufferError, OSError):
            pass
