"""Columns of numbers as text in a page: small, and read by `page/columns.js`.

A block is some columns of one length. Each column becomes whole numbers, whose differences are
small; their lowest bytes follow each other, then their second bytes and so on, because bytes of one
kind compress well. All of a block is compressed once (zlib) and written in base64::

    numbers on a grid   value = whole x step / divisor       exact
    others              value = the float32 nearest to it    whole = its bits, in their order

    "delta"             whole - whole before
    "plain"             whole
    "candle"            open - close before, high - max(open, close), min(open, close) - low,
                        close - open: four columns of one grid

A difference d is kept as 2 d, or as -2 d - 1 if it is negative.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Wholes = npt.NDArray[np.int64]

_MOST_DECIMALS = 8
#: Above it JavaScript's numbers are not exact.
_MOST = 2**53
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Grid:
    """How whole numbers stand for values: value = whole x step / divisor; None: float32 bits."""

    step: int
    divisor: int


@dataclass(frozen=True, slots=True)
class Block:
    """Columns in the form in which a page holds them."""

    head: dict[str, Any]
    """What the page's script has to know of them, in terms of JSON."""
    text: str
    """Their numbers in base64."""


class Packer:
    """Collects columns of one length and packs them together."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._columns: list[dict[str, Any]] = []
        self._planes: list[bytes] = []

    def delta(self, name: str, values: npt.NDArray[Any]) -> None:
        """Add a column whose neighbours are close to each other, such as times."""
        wholes, grid = _wholes([values])
        self._add("delta", name, np.diff(wholes[0], prepend=0), grid)

    def plain(self, name: str, values: npt.NDArray[Any]) -> None:
        """Add a column whose neighbours have nothing to do with each other."""
        wholes, grid = _wholes([values])
        self._add("plain", name, wholes[0], grid)

    def candles(self, prices: Sequence[Floats]) -> bool:
        """Add open, high, low and close; return whether they are exact."""
        (opens, highs, lows, closes), grid = _wholes(prices)
        before = np.concatenate(([0], closes[:-1])) if len(closes) else closes
        self._add("candle", "open", opens - before, grid)
        self._add("candle", "high", highs - np.maximum(opens, closes), grid)
        self._add("candle", "low", np.minimum(opens, closes) - lows, grid)
        self._add("candle", "close", closes - opens, grid)
        return grid is not None

    def block(self) -> Block:
        """Return the columns as a block."""
        packed = zlib.compress(b"".join(self._planes), _LEVEL)
        head = {"rows": self._rows, "columns": self._columns}
        return Block(head, base64.b64encode(packed).decode("ascii"))

    def _add(self, kind: str, name: str, wholes: Wholes, grid: Grid | None) -> None:
        if len(wholes) != self._rows:
            raise ValueError(f"{name} must have {self._rows} rows, had {len(wholes)}")
        folded = np.where(wholes < 0, -2 * wholes - 1, 2 * wholes).astype("<u8")
        largest = int(folded.max()) if len(folded) else 0
        width = max(1, (largest.bit_length() + 7) // 8)
        planes = folded.view(np.uint8).reshape(-1, 8)[:, :width]
        self._planes.append(np.ascontiguousarray(planes.T).tobytes())
        spelled = None if grid is None else [grid.step, grid.divisor]
        self._columns.append({"name": name, "kind": kind, "width": width, "grid": spelled})


def pack_columns(deltas: Mapping[str, npt.NDArray[Any]]) -> Block:
    """Return columns of one length as a block, each as differences."""
    packer = Packer(len(next(iter(deltas.values()))))
    for name, values in deltas.items():
        packer.delta(name, values)
    return packer.block()


def _wholes(columns: Sequence[npt.NDArray[Any]]) -> tuple[list[Wholes], Grid | None]:
    """Return columns as whole numbers of one grid or, if there is none, as bits of float32."""
    if all(np.issubdtype(column.dtype, np.integer) for column in columns):
        whole = [column.astype(np.int64) for column in columns]
        return _divided(whole, 1)
    if not any(column.dtype == np.float32 for column in columns):
        for decimals in range(_MOST_DECIMALS + 1):
            found = _on_grid(columns, 10**decimals)
            if found is not None:
                return _divided(found, 10**decimals)
    return [_ordered_bits(column) for column in columns], None


def _on_grid(columns: Sequence[Floats], divisor: int) -> list[Wholes] | None:
    """Return the columns in parts of ``divisor`` if all values are whole numbers of these."""
    found = []
    for column in columns:
        scaled = np.rint(column * divisor)
        # NaN and infinity are on no grid.
        if not bool(np.all((np.abs(scaled) < _MOST // 4) & (scaled / divisor == column))):
            return None
        found.append(scaled.astype(np.int64))
    return found


def _divided(columns: list[Wholes], divisor: int) -> tuple[list[Wholes], Grid]:
    """Divide whole numbers by the greatest one that divides all of them."""
    common = [int(np.gcd.reduce(column)) for column in columns if len(column)]
    step = max(1, int(np.gcd.reduce(common))) if common else 1
    return [column // step for column in columns], Grid(step, divisor)


def _ordered_bits(column: Floats) -> Wholes:
    """Return the bits of the nearest float32 as whole numbers in the order of the values.

    All NaN are the one that is above infinity.
    """
    single = np.asarray(column, np.float32)
    single = np.where(np.isnan(single), np.float32(np.nan), single)
    bits = single.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
