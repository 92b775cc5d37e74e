"""Names as numbers: compiled code, which knows no text, finds columns and symbols by keys."""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

#: What a symbol's key begins with, and what it is multiplied with for each sign of the name.
FIRST, PRIME = 0xCBF29CE484222325, 0x100000001B3


def column_key(name: str) -> int:
    """The number under which compiled code knows a column name."""
    return zlib.crc32(name.encode())


def symbol_key(name: str) -> int:
    """The number under which compiled code knows a symbol: FNV-1a over its signs, of 64 bits.

    Compiled code works it out itself (`compiled.context`) where a text is known only when it runs.
    """
    key = FIRST
    for sign in name:
        key = ((key ^ ord(sign)) * PRIME) % 2**64
    return key - 2**64 if key >= 2**63 else key


def symbol_table(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Symbols for compiled code: their keys, i8[symbols]. ValueError if two have one key."""
    keys = [symbol_key(name) for name in names]
    if len(set(keys)) != len(keys):
        raise ValueError(f"names of symbols collide as keys: {', '.join(names)}")
    return np.array(keys, np.int64)


def name_table(bindings: Mapping[str, tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Column names for compiled code, i8[n, 3]: key, interval index (-1 = as asked), column."""
    rows = [(column_key(name), index, column) for name, (index, column) in bindings.items()]
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError(f"column names collide as keys: {', '.join(bindings)}")
    return np.array(rows, np.int64).reshape(-1, 3)
