"""A segment: named shared memory with a header that identifies it.

::

    byte 0      8        16            24       32 ........ 56      64
         | magic | version | layout hash |  size  | unused    | ready | payload: `size` bytes ...
         +-------------------------- creator ------------------------+ (its own drawing)

`size` counts the bytes of the payload; systems round segments up to pages. The creator writes
`ready` last, after it has filled the payload, so that no process attaches to a half-made segment.
The fence before the store of `ready` in `mark_ready` pairs with the one after its load in `attach`,
and forbids that a reader that sees `ready` sees an older payload.
"""

import os
import struct
import sys
from importlib.util import find_spec
from typing import Self, TypeAlias

from shm.closing import Closing
from shm.errors import Closed, NameTaken, NoSpace, SegmentMismatch, SegmentMissing, ViewsInUse
from shm.file_mapping import FileMapping
from shm.layout import Layout
from shm.names import shared_name
from shm.seqlock import fence
from shm.space import available_shared_memory, refused

MAGIC = b"rt-shm\r\n"
VERSION = 1
HEADER_SIZE = 64

#: What maps a segment by its name: shared memory, if Python knows it here.
if find_spec("_posixshmem") is not None or sys.platform == "win32":
    from shm.mapping import Mapping
else:
    Mapping: TypeAlias = FileMapping  # type: ignore[no-redef]

_HEADER = struct.Struct("=8sqQq24xq")
_READY_OFFSET = 56


class Segment(Closing):
    """Shared memory by name; made by `create` or `attach`, given back by `close` or `with`.

    The creator owns the name and removes it on `close`; an opener only unmaps. Pickling passes the
    name: the process that unpickles it becomes an opener.
    """

    def __init__(
        self, mapping: Mapping, size: int, layout_hash: int, owner_pid: int | None
    ) -> None:
        self.name: str = mapping.name
        self.size = size
        self.layout_hash = layout_hash
        self._mapping: Mapping | None = mapping
        self._owner_pid = owner_pid
        self._payload: memoryview | None = mapping.buf[HEADER_SIZE : HEADER_SIZE + size]

    @classmethod
    def create(cls, run_id: str, kind: str, size: int, *, layout_hash: int = 0) -> Self:
        """Create `rt-<run_id>-<this pid>-<kind>` with a payload of `size` zero bytes.

        `layout_hash` is the hash of the payload's Layout, which openers compare with theirs. The
        pages are reserved, so that writing to them cannot fail later. Others can attach only after
        `mark_ready()`. Raises NoSpace if it does not fit, Unavailable, NameTaken, and ValueError
        for a size below 1, a bad run id or a bad kind.
        """
        if size < 1:
            raise ValueError(f"size of segment {kind!r} must be at least 1 byte, was {size}")
        name = shared_name(run_id, kind)
        mapping = _create_mapping(name, HEADER_SIZE + size)
        _HEADER.pack_into(mapping.buf, 0, MAGIC, VERSION, layout_hash, size, 0)
        return cls(mapping, size, layout_hash, os.getpid())

    @classmethod
    def attach(cls, name: str, layout: Layout | None = None, *, writable: bool = True) -> Self:
        """Attach to an existing segment; with `layout`, check that it was made for that layout.

        If not `writable`, the payload is read-only, and a store to its addresses ends the process.

        Neither this process nor its resource tracker owns the segment, so the process may come and
        go at any time. Raises SegmentMissing, and SegmentMismatch for any other header than the
        expected one.
        """
        try:
            mapping = Mapping(name, writable=writable)
        except FileNotFoundError:
            raise SegmentMissing(name) from None
        except ValueError:  # a segment has no byte to map until its creator sets its size
            raise SegmentMismatch(name, "size", 0, f"at least {HEADER_SIZE}") from None
        try:
            size, layout_hash = _check_header(name, mapping)
        except SegmentMismatch:
            mapping.close()
            raise
        segment = cls(mapping, size, layout_hash, None)
        if layout is not None:
            segment.check_layout(layout)
        return segment

    def mark_ready(self) -> None:
        """Let others attach; the creator's last step, after the payload has been filled."""
        fence()
        struct.pack_into("=q", self._open().buf, _READY_OFFSET, 1)

    def check_layout(self, layout: Layout) -> None:
        """Close and raise SegmentMismatch if the segment was not made for this layout."""
        for what, found, expected in (
            ("layout hash", f"{self.layout_hash:016x}", f"{layout.hash:016x}"),
            ("payload size", self.size, layout.size),
        ):
            if found != expected:
                self.close()
                raise SegmentMismatch(self.name, what, found, expected)

    @property
    def payload(self) -> memoryview:
        """The bytes after the header, 64-byte aligned, writable unless attached otherwise.

        They are valid until `close`.

        Make arrays over it with `numpy.frombuffer` or `Layout.views`, which keep it exported;
        `numpy.ndarray(buffer=...)` does not, and would dangle after `close`.
        """
        if self._payload is None:
            raise Closed(f"segment {self.name!r}")
        return self._payload

    @property
    def owner(self) -> bool:
        """Whether this process created the segment, and will remove its name."""
        return self._owner_pid == os.getpid()

    def close(self) -> None:
        """Remove the name (owner only), then unmap. Closing again does nothing.

        Drop every view of `payload` before. If one is alive, ViewsInUse is raised and the memory
        stays until that view is dropped; nothing leaks.
        """
        mapping, self._mapping = self._mapping, None
        if mapping is None:
            return
        if self.owner:
            mapping.unlink()
        self._payload = None
        try:
            mapping.close()
        except BufferError:
            raise ViewsInUse(self.name) from None

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).attach, (self.name,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, size={self.size})"

    def _open(self) -> Mapping:
        if self._mapping is None:
            raise Closed(f"segment {self.name!r}")
        return self._mapping


def _create_mapping(name: str, size: int) -> Mapping:
    """Map a fresh segment whose pages exist; leave nothing behind on failure."""
    what = f"segment {name!r}"
    available = available_shared_memory()
    if size > available:
        raise NoSpace(what, size, available)
    try:
        mapping = Mapping(name, create_size=size)
    except FileExistsError:
        raise NameTaken(name) from None
    except OSError as error:
        raise refused(error, what, size) from None
    try:
        mapping.reserve()
    except OSError as error:
        mapping.unlink()
        mapping.close()
        raise refused(error, what, size) from None
    return mapping


def _check_header(name: str, mapping: Mapping) -> tuple[int, int]:
    """Return payload size and layout hash of a ready segment of ours; else SegmentMismatch."""
    if mapping.size < HEADER_SIZE:
        raise SegmentMismatch(name, "size", mapping.size, f"at least {HEADER_SIZE}")
    (ready,) = struct.unpack_from("=q", mapping.buf, _READY_OFFSET)
    fence()
    magic, version, layout_hash, size, _ = _HEADER.unpack_from(mapping.buf, 0)
    if magic != MAGIC and magic != bytes(len(MAGIC)):
        raise SegmentMismatch(name, "magic", magic, MAGIC)
    if not ready:
        raise SegmentMismatch(name, "ready", ready, "1: its creator has not finished it")
    if version != VERSION:
        raise SegmentMismatch(name, "version", version, VERSION)
    if HEADER_SIZE + size > mapping.size:
        raise SegmentMismatch(name, "size", mapping.size, f"at least {HEADER_SIZE + size}")
    return size, layout_hash
