"""A digest of a lane's fills and equity, absorbed while the lane runs.

Equal digests mean equal results. What is absorbed is the sequence of 64-bit words as they lie in
memory, so NaN payloads and the sign of zero count, and so does the order of rows; how the rows
are cut into calls does not.

Words are dealt to three streams, each with two 64-bit states (192 + 192 bits per column group;
fills and equity are separate groups)::

    a = (a ^ w) * A;  a ^= a >> 29        b = (b + w) * B;  b ^= b >> 32

Multiplying carries a difference up, shifting carries it down. Six independent chains per row keep
the multiplier busy, where one would wait for its latency. (A rotation costs twice as much: LLVM
turns its left half into a second multiplication.) At the end, the row counts and the states of
both groups go through SHA-256, cut to 128 bits.

What may be relied on: each step is a bijection of state and of word, so two results of the same
length that differ in one word of a stream never share its states, and the final 128 bits then
differ except with a chance of 2^-128. For several differences in one stream to cancel, one word
must cancel them in both states at once, although one adds, the other xors, and multipliers and
shifts differ: about 2^-128 for differences that were not made for it. It is no defence
against an adversary, who can solve the two equations for words that collide.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

STREAMS = 3
MULTIPLY_A = np.uint64(0x9E3779B97F4A7C15)
MULTIPLY_B = np.uint64(0xD6E8FEB86659FD93)
SHIFT_A, SHIFT_B = np.uint64(29), np.uint64(32)

Words = NDArray[np.uint64]


@njit(cache=True)
def _absorb(state: Words, x: Words, y: Words, z: Words) -> None:
    """Absorb x[i], y[i], z[i] for each i into the three (a, b) pairs of `state`, uint64[6]."""
    xa, xb, ya, yb, za, zb = state[0], state[1], state[2], state[3], state[4], state[5]
    for i in range(len(x)):
        xa = (xa ^ x[i]) * MULTIPLY_A
        ya = (ya ^ y[i]) * MULTIPLY_A
        za = (za ^ z[i]) * MULTIPLY_A
        xb = (xb + x[i]) * MULTIPLY_B
        yb = (yb + y[i]) * MULTIPLY_B
        zb = (zb + z[i]) * MULTIPLY_B
        xa ^= xa >> SHIFT_A
        ya ^= ya >> SHIFT_A
        za ^= za >> SHIFT_A
        xb ^= xb >> SHIFT_B
        yb ^= yb >> SHIFT_B
        zb ^= zb >> SHIFT_B
    state[0], state[1], state[2], state[3], state[4], state[5] = xa, xb, ya, yb, za, zb


class LaneDigest:
    """The running digest of one lane."""

    def __init__(self) -> None:
        self._fills = np.arange(1, 2 * STREAMS + 1, dtype=np.uint64)
        self._equity = np.arange(11, 2 * STREAMS + 11, dtype=np.uint64)
        self._fill_rows = 0
        self._equity_rows = 0

    def absorb_fills(self, fills: NDArray[Any]) -> None:
        """Absorb the next fills: a structured array of six 8-byte fields, without padding."""
        if len(fills):
            words = np.ascontiguousarray(fills).view(np.uint64)
            _absorb(self._fills, words[0::STREAMS], words[1::STREAMS], words[2::STREAMS])
            self._fill_rows += len(fills)

    def absorb_equity(
        self, ts: NDArray[np.int64], equity: NDArray[np.float64], cash: NDArray[np.float64]
    ) -> None:
        """Absorb the next equity rows: three arrays of the same length."""
        words = ts.view(np.uint64), equity.view(np.uint64), cash.view(np.uint64)
        _absorb(self._equity, *words)
        self._equity_rows += len(ts)

    def hexdigest(self) -> str:
        """Return 32 hexadecimal digits; more may be absorbed afterwards."""
        counts = np.array([self._fill_rows, self._equity_rows], dtype="<u8")
        whole = hashlib.sha256(counts.tobytes())
        for state in (self._fills, self._equity):
            whole.update(state.astype("<u8").tobytes())
        return whole.hexdigest()[:32]


def run_digest(lane_digests: Iterable[str]) -> str:
    """Return the digest of a run, 32 hexadecimal digits, from its lanes' in lane order."""
    return hashlib.sha256("\n".join(lane_digests).encode("ascii")).hexdigest()[:32]
