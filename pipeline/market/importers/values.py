"""Prices and volume of rows: from the numbers in their cells, or counted as rows that have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import PRICE_COLUMNS
from pipeline.market.importers import tally as kinds
from pipeline.market.importers.fields import Fields
from pipeline.market.importers.notation import PLAIN, Notation
from pipeline.market.importers.numbers import explain_number, read_numbers
from pipeline.market.importers.tally import Tally

Float64Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Int64Array = npt.NDArray[np.int64]

#: From here on a number is the greatest that 64 bits hold, by which feeds say "no price".
_NO_PRICE: Final = 9.2e18


@dataclass(frozen=True, slots=True)
class Cells:
    """The numbers of a column of a block."""

    values: Float64Array
    """float64[n], NaN in rows that are empty or cannot be read."""
    empty: BoolArray
    """bool[n], whether a cell has no value."""
    unreadable: BoolArray
    """bool[n], whether a cell has a text that is no number."""
    text: pa.Array | None = None
    """The cells as text; None if only numbers are left of them."""
    notation: Notation = PLAIN
    """How the numbers are written."""

    @classmethod
    def of_text(cls, text: pa.Array, notation: Notation) -> Cells:
        """Read cells."""
        found = read_numbers(text, notation)
        return cls(found.values, found.empty, found.unreadable, text, notation)

    @classmethod
    def of_numbers(cls, column: pa.Array) -> Cells:
        """Take an Arrow array of numbers. ArrowException if it has others, such as booleans."""
        if pa.types.is_boolean(getattr(column.type, "value_type", column.type)):
            raise pa.ArrowInvalid("booleans are no numbers")
        none = np.zeros(len(column), bool)
        empty = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else none
        # A whole number above 2**53 becomes the nearest float, as its text would.
        filled = column.cast(pa.float64(), safe=not pa.types.is_integer(column.type))
        filled = filled.fill_null(np.nan) if column.null_count else filled
        return cls(filled.to_numpy(zero_copy_only=False), empty, none)

    def is_whole(self, own: bool) -> bool:
        """Return whether all cells are numbers, none of which says that there is no price.

        Bars of a catalog, the user's ``own``, have no such numbers.
        """
        if self.empty.any() or self.unreadable.any():
            return False
        return own or not len(self.values) or bool(self.values.max() < _NO_PRICE)

    def words(self, name: str, row: int) -> str:
        """Say why a cell of the column ``name`` is no price or volume."""
        if self.empty[row] or self.unreadable[row]:
            text = "" if self.text is None else self.text[row].as_py()
            return explain_number(name, text, self.notation)
        return (
            f"{name} is {self.values[row]:.0f}, the greatest 64-bit number, which stands for no "
            "price"
        )


class Values(NamedTuple):
    """Prices and volume of some rows."""

    columns: tuple[Float64Array, ...]
    """The ``PRICE_COLUMNS``, five float64[n]."""
    bad: BoolArray
    """bool[n], whether a row lacks one."""


def checked_values(
    fields: Fields,
    cells: Mapping[str, Cells],
    lines: Int64Array,
    skipped: BoolArray,
    tally: Tally,
    *,
    left_out: bool,
    without: bool = False,
    own: bool = False,
) -> Values:
    """Return the values of rows; count those that lack a price or have a cell that is no number.

    ``cells`` are the numbers of each column. Rows of the mask ``skipped`` are not counted, because
    they are already. A volume that is empty beside prices is 0 and counted.
    """
    tell = partial(_tell, lines=lines, tally=tally, skipped=skipped, left_out=left_out)
    found = {name: cells[name] for name in _price_columns(fields)}
    if all(one.is_whole(own) for one in found.values()):
        bad = np.zeros(len(lines), bool)
    else:
        bad = np.logical_and.reduce([one.empty for one in found.values()])
        tell(kinds.NO_PRICES, bad, _no_prices, left_out=left_out or without)
        for name, one in found.items():
            fault = one.empty | one.unreadable | _says_no_price(one, own)
            tell(kinds.NUMBER, fault & ~bad, partial(one.words, name))
            bad = bad | fault
    volume = np.zeros(len(lines))
    of_volume = fields.columns.get("size" if fields.ticks else "volume")
    if of_volume is not None:
        one = cells[of_volume]
        volume = one.values
        if not one.is_whole(own=True):
            tell(kinds.NUMBER, one.unreadable & ~bad, partial(one.words, of_volume))
            bad = bad | one.unreadable
            blank = int((one.empty & ~bad & ~skipped).sum())
            tally.note("rows without a volume, which is taken as 0", blank)
            volume = np.where(one.empty, 0.0, volume)
    # Adding 0.0 turns -0.0 into 0.0, as in the catalog.
    values = [cells[name].values + 0.0 for name in _price_columns(fields)]
    return Values((*(values if len(values) == 4 else values * 4), volume + 0.0), bad)


def _no_prices(row: int) -> str:
    return "there are no prices"


def _says_no_price(cells: Cells, own: bool) -> BoolArray:
    if own:
        return np.zeros(len(cells.values), bool)
    return (cells.values >= _NO_PRICE) & np.isfinite(cells.values)


def _price_columns(fields: Fields) -> list[str]:
    """Return the columns of the four prices; of ticks, the one of the price or the bid."""
    if not fields.ticks:
        return [fields.columns[field] for field in PRICE_COLUMNS[:4]]
    return [fields.columns.get("price") or fields.columns["bid"]]


def _tell(
    kind: kinds.Kind,
    rows: BoolArray,
    words: Callable[[int], str],
    *,
    lines: Int64Array,
    tally: Tally,
    skipped: BoolArray,
    left_out: bool,
) -> None:
    """Count the rows of a mask; ``words`` says what is wrong with a row of the block."""
    (at,) = np.nonzero(rows & ~skipped)
    tally.add(kind, lines[at], lambda index: words(int(at[index])), left_out=left_out)
