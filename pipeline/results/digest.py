"""A digest of a lane's fills and equity, absorbed while the lane runs.

Equal digests mean equal results. A digest absorbs the 64-bit words of the rows as they lie in
memory. So NaN payloads, the sign of zero and the order of rows count. How the rows are cut into
calls does not count.

Words are taken three at a time, x, y, z: an equity row is one such triple, a fill is two. Fills and
equity are two separate groups. Triple number k of its group is mixed in two ways, m and n, and each
of these numbers is summed over the group (all modulo 2^64; A, B, K, L are odd)::

    m = (x + k K) A;   m = ((m ^ m >> 30) + y) B;   m = ((m ^ m >> 29) + z) A;   sum += m ^ m >> 32
    n = (x ^ k L) B;   n = ((n ^ n >> 32) ^ y) A;   n = ((n ^ n >> 29) ^ z) B;   sum += n ^ n >> 30

No triple waits for the one before, so a processor works on several at once. With AVX-512 a row
takes 0.3 ns. A chain of states, in which each word waits for the multiplication before it, took
1.7 ns. At the end, the row counts and the sums of both groups go through SHA-256, which is cut to
128 bits.

Each step is a bijection of every word. Two results of the same length that differ in one word
therefore differ in both sums, and their digests are equal with a chance of 2^-128 only. Several
differences could cancel each other, but they would have to do so in both sums at once, although m
adds where n xors and although multipliers and shifts differ. The chance of that is about 2^-128 for
differences that nobody constructed. The digest is no defence against an adversary, who can solve
the two equations for words that collide.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.native.kernel import kernel
from pipeline.native.memory import words_of

K, L = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
A, B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_29, _30, _32 = np.uint64(29), np.uint64(30), np.uint64(32)

Words = NDArray[np.uint64]


@kernel()
def _absorb(sums: Words, first: int, x: Words, y: Words, z: Words) -> None:
    """Add the triples x[i], y[i], z[i], numbered from ``first`` on, to ``sums`` uint64[2]."""
    one = other = np.uint64(0)
    for i in range(len(x)):
        k = np.uint64(first + i)
        m = (x[i] + k * K) * A
        m = ((m ^ (m >> _30)) + y[i]) * B
        m = ((m ^ (m >> _29)) + z[i]) * A
        one += m ^ (m >> _32)
        n = (x[i] ^ (k * L)) * B
        n = ((n ^ (n >> _32)) ^ y[i]) * A
        n = ((n ^ (n >> _29)) ^ z[i]) * B
        other += n ^ (n >> _30)
    sums[0] += one
    sums[1] += other


@kernel()
def absorb_rows(
    state: Words,
    fills: Words,
    ts: NDArray[np.int64],
    equity: NDArray[np.float64],
    cash: NDArray[np.float64],
) -> None:
    """Absorb fills and equity rows into a `digest_state`.

    ``fills`` uint64[6 F] has six words for each fill; ``ts``, ``equity`` and ``cash`` have one
    element for each equity row. All arrays are contiguous.
    """
    _absorb(state[2:4], 2 * state[0], fills[0::3], fills[1::3], fills[2::3])
    state[0] += np.uint64(len(fills) // 6)
    _absorb(state[4:6], state[1], words_of(ts), words_of(equity), words_of(cash))
    state[1] += np.uint64(len(ts))


def digest_state() -> Words:
    """Return the state of a digest that has absorbed nothing.

    It is uint64[6]: the number of fills and of equity rows, two sums of fills, two of equity rows.
    """
    return np.zeros(6, np.uint64)


def digest_of(state: Words) -> str:
    """Return the digest of all rows that a state has absorbed, 32 hexadecimal digits."""
    return hashlib.sha256(state.astype("<u8").tobytes()).hexdigest()[:32]


def run_digest(lane_digests: Iterable[str]) -> str:
    """Return the digest of a run, 32 hexadecimal digits, from those of its lanes in lane order."""
    return hashlib.sha256("\n".join(lane_digests).encode("ascii")).hexdigest()[:32]
