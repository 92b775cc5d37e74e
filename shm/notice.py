"""The notice page: one text that its owner changes, and that anyone may read at any time.

::

    words     version | bytes of the text                    owner
    text      UTF-8                                          owner, under the version

A job that makes several runs one after the other, each with segments of its own, has one page for
its whole time. What the text says is for its writer and its readers to agree on. Reading writes
nothing, and the owner never waits for a reader.
"""

from typing import Self

import numpy as np
import numpy.typing as npt

from shm.closing import Closing
from shm.errors import Closed
from shm.layout import Field, Layout
from shm.segment import Segment
from shm.seqlock import SeqLock

#: The longest text, in bytes.
TEXT_BYTES = 65_536
_LENGTH = 1


class NoticePage(Closing):
    """The page of one job. Made by `create` or `attach`; pickling passes the name.

    The creator owns the segment `rt-<run_id>-<pid>-notice` and removes it in `close()` or `with`.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        views = _LAYOUT.views(segment.payload)
        self._words: npt.NDArray[np.int64] | None = views["words"]
        self._text: npt.NDArray[np.uint8] = views["text"]

    @classmethod
    def create(cls, run_id: str) -> Self:
        """Create a page with an empty text. Raises what `Segment.create` raises."""
        segment = Segment.create(run_id, "notice", _LAYOUT.size, layout_hash=_LAYOUT.hash)
        page = cls(segment)
        segment.mark_ready()
        return page

    @classmethod
    def attach(cls, name: str) -> Self:
        """Attach to the page of this name. Raises what `Segment.attach` raises."""
        segment = Segment.attach(name)
        segment.check_layout(_LAYOUT)
        return cls(segment)

    @property
    def name(self) -> str:
        """The segment's name, for `attach`."""
        return self._segment.name

    def write(self, text: str) -> None:
        """Replace the text. Owner only. Raises ValueError if it is longer than TEXT_BYTES."""
        data = text.encode("utf-8", "replace")
        if len(data) > TEXT_BYTES:
            raise ValueError(f"a notice must have at most {TEXT_BYTES:,} bytes, has {len(data):,}")
        words = self._open()
        with SeqLock(words.data):
            self._text[: len(data)] = np.frombuffer(data, np.uint8)
            words[_LENGTH] = len(data)

    def read(self) -> tuple[str, bool]:
        """Return the text, and whether it is whole. Anyone, at any time.

        It is not whole if the owner was killed while it wrote.
        """
        words = self._open()

        def copy() -> bytes:
            length = min(max(0, int(words[_LENGTH])), TEXT_BYTES)
            return self._text[:length].tobytes()

        data, whole = SeqLock(words.data).read(copy)
        return data.decode("utf-8", "replace"), whole

    def close(self) -> None:
        """Drop the views, remove the name (owner only) and unmap. Closing again does nothing."""
        self._words = None
        self._text = np.zeros(0, np.uint8)
        self._segment.close()

    def _open(self) -> npt.NDArray[np.int64]:
        if self._words is None:
            raise Closed(f"notice page {self.name!r}")
        return self._words

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).attach, (self.name,)


_LAYOUT = Layout([Field("words", np.int64, (8,)), Field("text", np.uint8, (TEXT_BYTES,))])
