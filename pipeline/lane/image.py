"""The memory of lanes: each has a copy of its kind's, in which addresses are moved.

    image of the kind                      memory of the lanes
    +---------+---------+------+           +---------+---------+------+
    | account | context | ...  | --copy--> | account | context | ...  |   lane 0
    +---------+---------+------+           +---------+---------+------+
      cells that point to another array    | account | context | ...  |   lane 1
                                           +---------+---------+------+
                                             the same cells, moved to where that array lies here

Thousands of lanes are made so by one copy, and an array of all of them is a column.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Memory = npt.NDArray[np.uint8]


class Image:
    """Arrays as they are when a lane begins.

    ``arrays``: by name, of 8-byte cells; their contents are copied.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._places: dict[str, tuple[int, int, np.dtype[Any], tuple[int, ...]]] = {}
        end = 0
        for name, array in arrays.items():
            begin, end = end, end + array.nbytes
            self._places[name] = begin, end, array.dtype, array.shape
        self._memory: Memory = np.zeros(end, np.uint8)
        for name, array in arrays.items():
            self.view(self._memory, name)[...] = array
        self._cells: list[int] = []
        self._offsets: list[int] = []

    def point(self, array: str, field: str, to: str, offset: int = 0) -> None:
        """Let a field of an array of one record point to another array, ``offset`` bytes in."""
        begin, _, dtype, _ = self._places[array]
        assert dtype.fields is not None
        self._cells.append((begin + dtype.fields[field][1]) // 8)
        self._offsets.append(self._places[to][0] + offset)

    def copies(self, count: int) -> tuple[Memory, npt.NDArray[np.int64]]:
        """Return the memory of new lanes, u8[count, bytes], and the address of each, i8[count]."""
        memory = np.empty((count, len(self._memory)), np.uint8)
        memory[:] = self._memory
        addresses = np.arange(count) * memory.shape[1] + int(memory.ctypes.data)
        memory.view(np.int64)[:, self._cells] = np.add.outer(addresses, self._offsets)
        return memory, addresses

    def place(self, array: str) -> int:
        """Return how many bytes into a lane's memory an array lies."""
        return self._places[array][0]

    def view(self, memory: Memory, array: str) -> npt.NDArray[Any]:
        """Return an array in the memory of a lane, u8[bytes], and keep that memory alive.

        In the memory of several lanes it is a column, with the lanes as first axis.
        """
        begin, end, dtype, shape = self._places[array]
        return memory[..., begin:end].view(dtype).reshape(*memory.shape[:-1], *shape)
