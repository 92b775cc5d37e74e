"""The encoding of a text file: found in its first bytes, and checked in all that follow.

    bytes of a file --find_encoding(first bytes)--> Encoding --TextStream--> bytes in UTF-8

What leaves a `TextStream` has lines that end with LF or CR LF, no mark of its encoding, and no NUL.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from encodings.aliases import aliases
from typing import Final

import numpy as np
import pyarrow as pa

from pipeline.errors import ConfigError, DataError, nearest
from pipeline.market.catalog.account import Fact, Ground

SAMPLE_BYTES: Final = 1 << 16
"""So many first bytes show an encoding."""
OPTION: Final = "--encoding"

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The marks with which files begin (BOM); that of UTF-32 begins with that of UTF-16."""
_NOT_WINDOWS: Final = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Bytes that Windows-1252 does not have."""
_BYTES_OF_UTF8: Final = 4
"""A character has no more bytes."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of one file."""

    name: str
    """Python's name of it, without a mark at the begin: ``utf-8``, ``utf-16-le``, ``cp1252``."""
    mark: int
    """Length of the mark with which the file begins, bytes."""
    ground: Ground
    """Why it was taken for true."""

    def fact(self) -> Fact:
        """Return it for the account of an import."""
        return Fact(_WORDS.get(self.name, self.name), self.ground, OPTION)


_NO_TEXT: Final = {"punycode", "idna", "raw-unicode-escape", "unicode-escape"}
"""Encodings of Python of parts of a text: names of hosts, literals of a source."""
_NO_TEXT_CODECS: Final = {
    f"{name}_codec" for name in ("base64", "bz2", "hex", "quopri", "uu", "zlib")
} | {"rot_13"}
_WORDS: Final = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
    "iso8859-1": "Latin-1",
}


def named_encoding(name: str) -> str:
    """Return Python's name of the encoding that a user names. ConfigError if there is none."""
    try:
        found = codecs.lookup(name)
        "a".encode(name)  # base64, hex and the like are no encodings of text
        if found.name in _NO_TEXT:
            raise LookupError(name)
    except (LookupError, ValueError, TypeError):
        of_text = {name: codec for name, codec in aliases.items() if codec not in _NO_TEXT_CODECS}
        near = nearest(name.replace("-", "_"), {*of_text, *of_text.values()}, 2)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ConfigError(
            f"{OPTION} must be a name such as utf-8, utf-16, windows-1252 or latin-1, "
            f"was {name!r}{meant}"
        ) from None
    return found.name


def find_encoding(first: bytes, option: str | None = None) -> Encoding:
    """Return the encoding of a file that begins with ``first``, as much of it as `SAMPLE_BYTES`.

    `option` is the user's name of it. Without it a mark at the begin decides, then zero bytes,
    which are half of an ASCII text in UTF-16, then whether the bytes are UTF-8. Other text is taken
    for Windows-1252, or for Latin-1 if it has bytes that Windows-1252 has not; that is a guess, as
    no byte shows it.

    Raises ConfigError for a name that is none, and DataError, without the place, if the file begins
    with the mark of another encoding.
    """
    mark, marked = next(
        ((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", "")
    )
    if option is not None:
        name = named_encoding(option)
        if not marked:
            return Encoding(
                {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(name, name), 0, "option"
            )
        if name not in (marked, marked.removesuffix("-le").removesuffix("-be"), f"{marked}-sig"):
            raise DataError(
                f"it begins with the mark of {_WORDS.get(marked, marked)}, and {OPTION} says "
                f"{option}; leave {OPTION} out"
            )
        return Encoding(marked, len(mark), "option")
    if marked:
        return Encoding(marked, len(mark), "file")
    sample = first[:SAMPLE_BYTES]
    half = _of_half_zeros(sample)
    if half is not None:
        return Encoding(half, 0, "rows")
    if _is_utf8(sample):
        return Encoding("utf-8", 0, "rows")
    other = any(byte in sample for byte in _NOT_WINDOWS)
    return Encoding("iso8859-1" if other else "cp1252", 0, "guess")


def _of_half_zeros(sample: bytes) -> str | None:
    """Return the UTF-16 of a text whose every other byte is mostly zero; None if it has none."""
    even, odd = sample[::2], sample[1::2]
    if len(odd) < 2:
        return None
    zeros_even, zeros_odd = even.count(0), odd.count(0)
    if zeros_odd > 0.7 * len(odd) and zeros_even < 0.1 * len(even):
        return "utf-16-le"
    if zeros_even > 0.7 * len(even) and zeros_odd < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _is_utf8(sample: bytes) -> bool:
    """Return whether bytes are UTF-8, the last of which may be the begin of a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


class TextStream:
    """Turns the bytes of a file into UTF-8, block by block, and checks them.

    Memory is that of a block. Only one thread may use a stream.
    """

    def __init__(self, encoding: Encoding, label: str) -> None:
        """``label`` is the name of the file in messages."""
        self._encoding = encoding
        self._label = label
        self._utf8 = encoding.name == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding.name)()
        self._skip = encoding.mark
        self._held = b""
        self._after_return = False
        #: The ends of lines in all that was fed.
        self.lines = 0

    def feed(self, block: bytes, *, last: bool = False) -> bytes:
        """Return the next bytes of the text in UTF-8; with ``last`` all that is left of it.

        The end of a block that may be a part of a character or of a line's end comes with the next
        one. Raises DataError, naming file and line, for a byte that is not of the encoding, and for
        a NUL.
        """
        if self._skip:
            block, self._skip = block[self._skip :], max(0, self._skip - len(block))
        text = self._checked(block, last) if self._utf8 else self._decoded(block, last)
        if b"\0" in text:
            line = self._line(text, text.index(b"\0"))
            raise DataError(
                f"{self._label}, line {line}: there is a byte of zero (NUL), which is no text; the "
                "file is damaged or binary"
            )
        return self._with_lines(text, last)

    def _checked(self, block: bytes, last: bool) -> bytes:
        """Return whole characters of UTF-8, and hold the begin of the next one."""
        data = self._held + block if self._held else block
        self._held = b""
        if data.isascii():
            return data
        if not last:
            whole = _whole_characters(data)
            data, self._held = data[:whole], data[whole:]
        if not _is_valid(data):
            try:
                data.decode()
            except UnicodeDecodeError as error:
                raise self._not_of_it(error, data) from None
        return data

    def _decoded(self, block: bytes, last: bool) -> bytes:
        pending = self._decoder.getstate()[0]
        try:
            return self._decoder.decode(block, last).encode()
        except UnicodeDecodeError as error:
            before = (pending + block)[: error.start].decode(self._encoding.name, "replace")
            raise self._not_of_it(error, before.encode(), len(before.encode())) from None
        except UnicodeEncodeError:
            raise DataError(
                f"{self._label}: after line {self.lines} there is half a character of UTF-16; the "
                "file is damaged"
            ) from None

    def _not_of_it(
        self, error: UnicodeDecodeError, data: bytes, at: int | None = None
    ) -> DataError:
        line = self._line(data, error.start if at is None else at)
        found = error.object[error.start : error.end].hex(" ").upper()
        name = _WORDS.get(self._encoding.name, self._encoding.name)
        other = "windows-1252" if self._utf8 else "latin-1"
        return DataError(
            f"{self._label}, line {line}: the bytes {found} are not {name}; say what the file is, "
            f"such as {OPTION} {other}"
        )

    def _line(self, data: bytes, at: int) -> int:
        """Return the line of a place in bytes that were not yet counted."""
        held = self._after_return and not data.startswith(b"\n")
        feeds, returns, pairs = _line_ends(data[:at])
        return self.lines + held + 1 + feeds + returns - pairs

    def _with_lines(self, text: bytes, last: bool) -> bytes:
        """Count the lines, and make CR alone an end of a line like the others."""
        if self._after_return:
            text = b"\r" + text
            self._after_return = False
        if b"\r" in text:
            if text.endswith(b"\r") and not last:
                text, self._after_return = text[:-1], True
            feeds, returns, pairs = _line_ends(text)
            if returns > pairs:
                text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            self.lines += feeds + returns - pairs
        else:
            self.lines += int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))
        return text


def _line_ends(data: bytes) -> tuple[int, int, int]:
    """Return how often LF, CR, and CR LF are there: for many, faster than ``data.count``."""
    chars = np.frombuffer(data, dtype=np.uint8)
    feeds, returns = chars == ord("\n"), chars == ord("\r")
    pairs = np.count_nonzero(returns[:-1] & feeds[1:])
    return int(np.count_nonzero(feeds)), int(np.count_nonzero(returns)), int(pairs)


def _is_valid(data: bytes) -> bool:
    """Return whether bytes are UTF-8, as Arrow sees it, without making a text of them."""
    places = np.array((0, len(data)), dtype=np.int64)
    text = pa.LargeStringArray.from_buffers(1, pa.py_buffer(places), pa.py_buffer(data))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _whole_characters(data: bytes) -> int:
    """Return the length of bytes of UTF-8 without a character at the end that is not complete."""
    for back in range(1, min(_BYTES_OF_UTF8, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if size > back else len(data)
    return len(data)
