"""Texts of one shape, found without a look at each row in Python.

The template of a text is the text with each digit replaced by 0: that of ``2017-3-31`` is
``0000-0-00``. All texts of one template have their fields at the same places, so that a regular
expression has to look at the template alone, and the digits are taken from columns of characters.
A file has few templates: one if it is padded, a few dozen if not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Chars = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.intp]
Integers = npt.NDArray[np.signedinteger[Any]]

LONGEST: Final = 96
"""Bytes of the longest text that is looked at; longer ones have no template."""
_STRIP: Final = 1 << 15
"""Rows that are looked at together."""
_PASSES: Final = 64
"""Passes over the texts of one length, one for each template, before they are sorted instead."""


class Group(NamedTuple):
    """The texts of one template."""

    template: str
    """The template; of texts that are too long, one that means nothing."""
    rows: Rows | None
    """Their rows, ascending; None if they are all rows."""
    chars: Chars
    """uint8[length, rows], their bytes in UTF-8, one array for each place in the text."""


def plain_text(column: pa.Array) -> pa.Array:
    """Return text of any of Arrow's types, or numbers, as an array of strings."""
    if column.type == pa.string():
        return column
    if pa.types.is_dictionary(column.type):
        # Arrow has no dictionary of views cast.
        texts = column.dictionary.cast(pa.string())
        column = pa.DictionaryArray.from_arrays(column.indices, texts)
    return column.cast(pa.string())


def groups(text: pa.Array) -> Iterator[Group]:
    """Yield the texts of each template. ``text`` is an Arrow array of strings without nulls.

    A template may come again: the rows are taken in strips that fit the processor's cache.
    """
    for begin in range(0, len(text), _STRIP):
        offsets, data = string_bytes(text.slice(begin, _STRIP))
        for group in _of_strip(offsets, data):
            rows = group.rows
            if len(text) > _STRIP:
                rows = np.arange(group.chars.shape[1]) if rows is None else rows
                rows = rows + begin
            yield Group(group.template, rows, group.chars)


def _of_strip(offsets: npt.NDArray[np.int32], data: Chars) -> Iterator[Group]:
    lengths = np.diff(offsets)
    low, high = int(lengths.min()), int(lengths.max())
    if low == high <= LONGEST:
        begin = int(offsets[0])
        chars = data[begin : begin + low * len(lengths)].reshape(len(lengths), low).T
        yield from _of_length(chars, None)
        return
    counts = np.bincount(np.minimum(lengths, LONGEST + 1))
    for length in np.flatnonzero(counts).tolist():
        rows = np.flatnonzero(lengths == length if length <= LONGEST else lengths > LONGEST)
        if length > LONGEST:
            yield Group("?" * length, rows, np.empty((0, len(rows)), dtype=np.uint8))
            continue
        starts = offsets[rows]
        chars = np.empty((length, len(rows)), dtype=np.uint8)
        for place in range(length):
            chars[place] = data[starts + place]
        yield from _of_length(chars, rows)


def string_bytes(text: pa.Array) -> tuple[npt.NDArray[np.int32], Chars]:
    """Return the offsets, int32[n + 1], and the bytes of an Arrow array of strings, as views."""
    _, places, content = text.buffers()
    if places is None or len(text) == 0:
        return np.zeros(len(text) + 1, dtype=np.int32), np.empty(0, dtype=np.uint8)
    offsets = np.frombuffer(places, dtype=np.int32)[text.offset : text.offset + len(text) + 1]
    data = np.frombuffer(content, dtype=np.uint8) if content is not None else np.empty(0, np.uint8)
    return offsets, data


def char_at(offsets: npt.NDArray[np.int32], data: Chars, place: int) -> Chars:
    """Return one character of each text, uint8[n]; of a negative place it is counted from the end.

    ``offsets`` and ``data`` are those of `string_bytes`; each text must be long enough.
    """
    size = len(offsets) - 1
    length, rest = divmod(int(offsets[-1] - offsets[0]), max(size, 1))
    if rest == 0 and length > 0 and (np.diff(offsets) == length).all():
        whole = data[offsets[0] : offsets[-1]].reshape(size, length)
        return whole[:, place]
    return data[offsets[:-1] + place] if place >= 0 else data[offsets[1:] + place]


def _of_length(chars: Chars, rows: Rows | None) -> Iterator[Group]:
    """Yield the texts of each template among texts of one length."""
    for _ in range(_PASSES):
        first = chars[:, 0]
        alike = np.ones(chars.shape[1], dtype=np.bool_)
        for place, char in enumerate(first.tolist()):
            # Of an unsigned number, so that what is below "0" is far above "9".
            alike &= (chars[place] - 48) < 10 if 48 <= char < 58 else chars[place] == char
        template = _template(first)
        if alike.all():
            yield Group(template, rows, chars)
            return
        places = np.arange(chars.shape[1]) if rows is None else rows
        yield Group(template, places[alike], chars[:, alike])
        rows, chars = places[~alike], chars[:, ~alike]
    assert rows is not None
    shapes = np.ascontiguousarray(np.where((chars - 48) < 10, 48, chars).T.astype(np.uint8))
    whole = shapes.view(f"V{shapes.shape[1]}").ravel()
    _, first_rows, which = np.unique(whole, return_index=True, return_inverse=True)
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which))
    for at, (begin, end) in enumerate(zip(np.append(0, ends[:-1]), ends, strict=True)):
        chosen = order[begin:end]
        yield Group(_template(shapes[first_rows[at]]), rows[chosen], chars[:, chosen])


def _template(chars: Chars) -> str:
    shape = np.where((chars - 48) < 10, 48, chars).astype(np.uint8)
    return shape.tobytes().decode("utf-8", "replace")


def number(chars: Chars, span: tuple[int, int]) -> Integers:
    """Return the numbers whose digits stand at places [begin, end) of the texts, 18 at most.

    They are int32[rows] up to 9 digits, and int64[rows] for more.
    """
    begin, end = span
    total = (chars[begin] - 48).astype(np.int32 if end - begin < 10 else np.int64)
    for place in range(begin + 1, end):
        total *= 10
        total += chars[place] - 48
    return total


def distinct(chars: Chars, span: tuple[int, int]) -> tuple[list[str], Rows | None]:
    """Return the distinct texts at places [begin, end), and for each row which of them it has.

    The second is None if all rows have the same.
    """
    part = np.ascontiguousarray(chars[span[0] : span[1]].T)
    if (part == part[0]).all():
        return [part[0].tobytes().decode("utf-8", "replace")], None
    found, which = np.unique(part.view(f"V{part.shape[1]}").ravel(), return_inverse=True)
    return [one.tobytes().decode("utf-8", "replace") for one in found], which
