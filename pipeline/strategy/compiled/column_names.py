"""Names as numbers: compiled code, which knows no text, finds columns and symbols by keys."""

import hashlib
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt


def column_key(name: str) -> int:
    """The number under which compiled code knows a column name."""
    return zlib.crc32(name.encode())


def symbol_key(name: str) -> int:
    """The number under which compiled code knows a symbol, of 64 bits: no two have the same."""
    return int.from_bytes(
        hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True
    )


def name_table(bindings: Mapping[str, tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Column names for compiled code, i8[n, 3]: key, interval index (-1 = as asked), column."""
    rows = [(column_key(name), index, column) for name, (index, column) in bindings.items()]
    if len({row[0] for row in rows}) != len(rows):
        raise ValueError(f"column names collide as keys: {', '.join(bindings)}")
    return np.array(rows, np.int64).reshape(-1, 3)
