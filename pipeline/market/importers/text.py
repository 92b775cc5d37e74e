"""A text file in blocks of whole lines, as UTF-8 whatever its encoding is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.market.importers.encoding import SAMPLE_BYTES, Encoding, TextStream, find_encoding
from pipeline.market.importers.source import Source

BLOCK: Final = 1 << 21
"""Bytes of a text that are read at once, unless the reader wants another number."""
#: Bytes in which a quote that is opened must be closed.
_LONGEST: Final = 1 << 26


class Lines(NamedTuple):
    """Whole lines of a text."""

    data: bytes
    """The lines as UTF-8, each with its end but perhaps the last of the file."""
    first: int
    """The number of the first line, from 1."""
    ends: int
    """The number of ends of lines."""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but blank lines."""
        return not self.data or self.data.isspace()


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a source."""

    source: Source
    encoding: Encoding
    first_lines: list[str]
    """The lines at the top, without their ends."""

    @classmethod
    def of(cls, source: Source, begin: bytes, encoding: str | None) -> Text:
        """Look at the first bytes of a source. DataError if they are no text."""
        try:
            found = find_encoding(begin, encoding)
        except DataError as error:
            raise DataError(f"{source.label}: {error}") from None
        text = TextStream(found, source.label).feed(begin).decode()
        lines = text.replace("\r\n", "\n").split("\n")
        cut = len(begin) >= SAMPLE_BYTES and len(lines) > 1
        return cls(source, found, lines[:-1] if cut else lines)

    def blocks(self, size: int = BLOCK) -> Iterator[Lines]:
        """Yield the text in blocks of about ``size`` bytes. DataError if it is no text."""
        rest, line = b"", 1
        stream = TextStream(self.encoding, self.source.label)
        for block in self._utf8(stream, size):
            end = block.rfind(b"\n") + 1
            if not end:
                rest += block
                continue
            whole, rest = b"".join((rest, memoryview(block)[:end])), block[end:]
            if len(whole) < _LONGEST and b'"' in whole and whole.count(b'"') % 2:
                rest = whole + rest  # the last line ends within a cell
                continue
            yield Lines(whole, line, stream.lines + 1 - line)
            line = stream.lines + 1
        if rest:
            yield Lines(rest, line, 0)

    def _utf8(self, stream: TextStream, size: int) -> Iterator[bytes]:
        for block in self.source.blocks(size):
            yield stream.feed(block)
        yield stream.feed(b"", last=True)


def begins_row(data: bytes) -> npt.NDArray[np.bool_]:
    """Return whether each line of a text begins a row, bool[n]; one within a quoted cell does not.

    There is a line behind each end of a line, so the last one may be empty.
    """
    chars = np.frombuffer(data, np.uint8)
    open_quote = np.bitwise_xor.accumulate(chars == ord('"'))
    return np.append(True, ~open_quote[chars == ord("\n")])
