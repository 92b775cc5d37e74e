"""The memory of a lane in one piece: a copy of its kind's, in which addresses are moved.

    image of the kind                      memory of a lane
    +---------+---------+------+           +---------+---------+------+
    | account | context | ...  | --copy--> | account | context | ...  |
    +---------+---------+------+           +---------+---------+------+
      cells that point to another array      the same cells, moved to where that array lies here

Thousands of lanes are made so, each by one copy.
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

    def copy(self) -> tuple[Memory, int]:
        """Return the memory of a new lane, and its address."""
        memory = self._memory.copy()
        address = int(memory.ctypes.data)
        memory.view(np.int64)[self._cells] = np.add(self._offsets, address)
        return memory, address

    def address(self, memory: int, array: str) -> int:
        """Return the address of an array in the lane's memory at an address."""
        return memory + self._places[array][0]

    def view(self, memory: Memory, array: str) -> npt.NDArray[Any]:
        """Return an array in the memory of a lane, and keep that memory alive."""
        begin, end, dtype, shape = self._places[array]
        return memory[begin:end].view(dtype).reshape(shape)
