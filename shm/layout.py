"""Typed arrays at fixed, aligned places of a buffer, and Arrow batches over them.

Every array starts at a multiple of 64 bytes. That is a cache line, so arrays with different writers
never share one, and the alignment that Arrow recommends for its buffers.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Field:
    """One named array."""

    name: str
    #: Anything that `numpy.dtype` takes, except Python objects.
    dtype: npt.DTypeLike
    shape: tuple[int, ...]


class Layout:
    """The places of the arrays `fields` in a buffer, in the order given, each 64-byte aligned.

    offsets: by name, where each array begins, in bytes from the buffer's start.
    size: the bytes of all arrays, a multiple of 64.
    hash: 64 bits over names, types, shapes and places. Equal hashes mean that two processes see the
    same arrays.

    Raises ValueError for a name given twice or a dtype of Python objects.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self.offsets: dict[str, int] = {}
        digest = hashlib.blake2b(digest_size=8)
        offset = 0
        for field in self.fields:
            dtype = np.dtype(field.dtype)
            if field.name in self.offsets:
                raise ValueError(f"field {field.name!r} must be given once, was given twice")
            if dtype.hasobject:
                raise ValueError(f"field {field.name!r} must not hold Python objects, was {dtype}")
            self.offsets[field.name] = offset
            digest.update(f"{field.name}:{dtype.descr}:{field.shape}:{offset};".encode())
            offset = aligned(offset + dtype.itemsize * math.prod(field.shape))
        self.size = offset
        self.hash = int.from_bytes(digest.digest(), "little")

    def views(self, buffer: memoryview | bytearray) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays, by name, as views of `buffer` without a copy.

        They are writable if the buffer is, and keep it exported: drop them before its segment is
        closed. Raises ValueError if the buffer is smaller than `size`.
        """
        # frombuffer keeps the buffer exported. numpy.ndarray(buffer=...) does not: a segment
        # could be unmapped under its arrays.
        whole = np.frombuffer(buffer, np.uint8)
        if whole.nbytes < self.size:
            raise ValueError(f"buffer must have at least {self.size} bytes, had {whole.nbytes}")
        return {field.name: self._view(field, whole) for field in self.fields}

    def _view(self, field: Field, whole: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        dtype = np.dtype(field.dtype)
        start = self.offsets[field.name]
        size = dtype.itemsize * math.prod(field.shape)
        return whole[start : start + size].view(dtype).reshape(field.shape)


def aligned(size: int) -> int:
    """Round `size` (bytes) up to a multiple of 64."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def record_batch(columns: Mapping[str, npt.NDArray[Any]]) -> "pa.RecordBatch":
    """Return the columns as an Arrow record batch over the same memory, without a copy.

    Columns are one-dimensional contiguous arrays of integers or floats, of equal length. A NaN
    stays a NaN and does not become a null. The batch keeps the memory exported, as the arrays do.
    Raises ValueError that names any other column.
    """
    import pyarrow as pa  # not above: a process that only watches needs no Arrow

    arrays = []
    for name, column in columns.items():
        if column.ndim != 1 or not column.flags.c_contiguous or column.dtype.kind not in "iuf":
            raise ValueError(
                f"column {name!r} must be one contiguous row of integers or floats, was "
                f"{column.dtype} of shape {column.shape} and strides {column.strides}"
            )
        arrow_type = pa.from_numpy_dtype(column.dtype)
        arrays.append(pa.Array.from_buffers(arrow_type, len(column), [None, pa.py_buffer(column)]))
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))
