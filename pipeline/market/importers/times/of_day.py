"""Times of day in a column of their own, written as numbers that may have lost their zeros.

930 is 09:30 among 0, 5, ... 2355, and 00:09:30 among 0, 100, ... 235900: the whole column shows
whether its numbers are HHMM, HHMMSS or HHMMSSmmm, so all of them are looked at before one is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import DataError
from pipeline.market.importers.symbols import only_array
from pipeline.market.importers.times.template import plain_text

Table: TypeAlias = "pa.Table | Mapping[str, pa.Array]"
_WIDTHS: Final = {4: "HHMM", 6: "HHMMSS", 9: "HHMMSSmmm"}
"""The digits of a time of day, in the order in which they are tried."""
_LAST_HOUR: Final = 24
_ADVICE: Final = "write them with their zeros, such as"


class TimesOfDay:
    """Gives the times of day of one file their zeros. Texts that are no whole numbers stay."""

    def __init__(self, label: str, tables: Callable[[], Iterator[Table]]) -> None:
        """``tables`` returns the whole file in blocks; ``label`` names it."""
        self._label, self._tables = label, tables
        self._known = False
        self._width: int | None = None

    def padded(self, table: Table, column: str) -> pa.Array:
        """Return the column of a block as text with its zeros: 930 is 0930 or 000930.

        The first block is that of a sample. DataError if the column does not show what its numbers
        mean.
        """
        block = _texts(table, column)
        if not self._known:
            self._width = self._find_width(block, column)
            self._known = True
        if self._width is None:
            return block
        return pc.if_else(_whole(block), pc.utf8_lpad(block, self._width, "0"), block)

    def _find_width(self, sample: pa.Array, column: str) -> int | None:
        """Return how many digits the numbers have with their zeros; None if they have no rule."""
        seen = _Seen()
        seen.see(sample)
        if seen.longest == 0 or seen.has_zeros:
            return seen.longest or None
        seen = _Seen()
        for table in self._tables():
            seen.see(_texts(table, column))
            if seen.has_zeros:
                break
        try:
            return seen.width()
        except DataError as error:
            raise DataError(f"{self._label}: {error}") from None


class _Seen:
    """What the numbers of a column have shown up to now."""

    def __init__(self) -> None:
        self.longest = 0
        """The digits of the longest number."""
        self._example = ""
        self._shortest = ""
        self._zeroed = 0
        self._rows = 0
        self._largest = 0
        self._fits = dict.fromkeys(_WIDTHS, 0)

    @property
    def has_zeros(self) -> bool:
        """Whether a number of so many digits as the longest begins with 0, so none is lost."""
        return self._zeroed == self.longest >= min(_WIDTHS)

    def see(self, block: pa.Array) -> None:
        """Take a block of texts."""
        digits = block.filter(_whole(block))
        if not len(digits):
            return
        lengths = pc.utf8_length(digits).to_numpy(zero_copy_only=False)
        numbers = digits.filter(pa.array(lengths <= max(_WIDTHS))).cast(pa.int64()).to_numpy()
        self._rows += len(digits)
        if lengths.max() > self.longest:
            self.longest = int(lengths.max())
            self._example = digits[int(lengths.argmax())].as_py()
        if not self._shortest or lengths.min() < len(self._shortest):
            self._shortest = digits[int(lengths.argmin())].as_py()
        zeros = pc.starts_with(digits, "0").to_numpy(zero_copy_only=False) & (lengths > 1)
        self._zeroed = max(self._zeroed, int(lengths[zeros].max(initial=0)))
        self._largest = max(self._largest, int(numbers.max(initial=0)))
        for width in _WIDTHS:
            self._fits[width] += _count_times(numbers, width)

    def width(self) -> int | None:
        """Return the digits of all numbers: so many as make times of day of most of them.

        DataError if others have more digits, or if none has more than two.
        """
        if self._zeroed == self.longest:
            return self.longest
        if self.longest <= 2 and 0 < self._largest <= _LAST_HOUR:
            raise DataError(
                f"times of day like {self._example!r} can be hours or minutes; {_ADVICE} "
                f"{self._example.zfill(2)}00 or {self._example.zfill(4)}"
            )
        found = next((one for one, fits in self._fits.items() if 2 * fits > self._rows), None)
        if found is not None and self.longest > found:
            raise DataError(
                f"times of day like {self._shortest!r} and {self._example!r} are of different "
                f"forms; {_ADVICE} {self._shortest.zfill(4)} or {self._shortest.zfill(6)}"
            )
        return found


def _texts(table: Table, column: str) -> pa.Array:
    return pc.utf8_trim_whitespace(plain_text(only_array(table[column])))


def _whole(block: pa.Array) -> pa.Array:
    return pc.match_substring_regex(block, "^[0-9]+$")


def _count_times(numbers: np.ndarray, width: int) -> int:
    """Return how many numbers are times of day of so many digits."""
    scale = 10 ** (width - 4)
    hours, minutes = numbers // (100 * scale), numbers // scale % 100
    seconds = numbers // (scale // 100) % 100 if width > 4 else 0 * numbers
    return int(np.count_nonzero((hours <= _LAST_HOUR) & (minutes < 60) & (seconds < 60)))
