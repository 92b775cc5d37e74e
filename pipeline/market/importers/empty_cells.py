"""The words for a cell without a value."""

from typing import Final

EMPTY_CELLS: Final = frozenset(
    {"", "-", "--", ".", "null", "NULL", "Null", "nan", "NaN", "NAN", "NaT", "N/A", "n/a", "NA"}
    | {"#N/A", "None", "none", "\u2013", "\u2014"}
)
"""What programs write where they have no number or time, after blanks around it are cut off."""
