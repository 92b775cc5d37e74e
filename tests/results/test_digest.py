"""The digest of results: what it depends on and what not."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.results.digest import run_digest
from pipeline.results.table_kinds import FILLS
from tests.reference.digest import LaneDigest

WORD = 2**64
K, L = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
A, B = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
SPECIAL = [0.0, -0.0, float("nan"), float("inf"), -float("inf"), 5e-324]

words = st.integers(0, WORD - 1) | st.sampled_from(SPECIAL).map(
    lambda value: struct.unpack("<Q", struct.pack("<d", value))[0]
)
equity_rows = st.lists(st.tuples(words, words, words), max_size=25)
fill_rows = st.lists(st.tuples(*[words] * 6), max_size=12)
cuts = st.lists(st.integers(0, 9), max_size=6)


def mixed(k, x, y, z):
    """What triple number k adds to the two sums."""
    m = (x + k * K) * A % WORD
    m = ((m ^ m >> 30) + y) * B % WORD
    m = ((m ^ m >> 29) + z) * A % WORD
    n = (x ^ k * L % WORD) * B % WORD
    n = (n ^ n >> 32 ^ y) * A % WORD
    n = (n ^ n >> 29 ^ z) * B % WORD
    return m ^ m >> 32, n ^ n >> 30


def reference(fills, equity):
    """The digest in plain Python integers."""
    whole = struct.pack("<2Q", len(fills), len(equity))
    for triples in ([half for row in fills for half in (row[:3], row[3:])], equity):
        added = [mixed(k, *triple) for k, triple in enumerate(triples)]
        whole += struct.pack(
            "<2Q", *(sum(sums) % WORD for sums in zip((0, 0), *added, strict=True))
        )
    return hashlib.sha256(whole).hexdigest()[:32]


def fills_of(rows):
    return np.array(rows, np.uint64).reshape(-1, 6).view(FILLS.received).reshape(-1)


def equity_of(rows):
    columns = np.array(rows, np.uint64).reshape(-1, 3).T.copy()
    return columns[0].view(np.int64), columns[1].view(np.float64), columns[2].view(np.float64)


def digest(fills, equity, sizes=()):
    lane = LaneDigest()
    fills, columns = fills_of(fills), equity_of(equity)
    start = 0
    for size in (*sizes, len(fills) + len(equity)):
        lane.absorb_fills(fills[start : start + size])
        lane.absorb_equity(*(column[start : start + size] for column in columns))
        start += size
    return lane.hexdigest()


@settings(max_examples=150, deadline=None)
@given(fill_rows, equity_rows, cuts)
def test_it_equals_the_plain_reference_however_the_rows_are_cut(fills, equity, sizes):
    assert digest(fills, equity, sizes) == reference(fills, equity)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(words, words, words), min_size=1, max_size=25), st.data())
def test_any_one_bit_changes_it(equity, data):
    row = data.draw(st.integers(0, len(equity) - 1))
    column = data.draw(st.integers(0, 2))
    changed = [list(line) for line in equity]
    changed[row][column] ^= 1 << data.draw(st.integers(0, 63))
    assert digest([], changed) != digest([], equity)


@pytest.mark.parametrize("bit", [0, 1, 31, 51, 62, 63])
def test_the_same_bit_in_neighbouring_words_does_not_cancel(bit):
    """Sign flips in pairs are the differences a plain multiply-and-xor chain loses."""
    zeros = [[0, 0, 0] for _ in range(4)]
    seen = {digest([], zeros)}
    for i in range(4):
        for j in range(i):
            for other in range(64):
                rows = [list(row) for row in zeros]
                rows[i][1] ^= 1 << bit
                rows[j][1] ^= 1 << other
                seen.add(digest([], rows))
    assert len(seen) == 1 + 6 * 64


def test_order_lengths_columns_and_groups_count():
    a, b, zero = (1, 2, 3), (4, 5, 6), (0, 0, 0)
    variants = [
        digest([], []),
        digest([], [a, b]),
        digest([], [b, a]),
        digest([], [(4, 2, 3), (1, 5, 6)]),
        digest([], [(2, 1, 3), b]),
        digest([], [a, b, zero]),
        digest([], [zero]),
        digest([], [zero, zero]),
        digest([a + b], []),
        digest([b + a], []),
        digest([zero + zero], []),
    ]
    assert len(set(variants)) == len(variants)


def test_the_sign_of_zero_and_the_payload_of_nan_count():
    def of(bits):
        return digest([], [(0, bits, 0)])

    assert of(0) != of(1 << 63)
    assert of(0x7FF8000000000000) != of(0x7FF8000000000001)


def test_it_can_be_asked_in_between():
    lane = LaneDigest()
    lane.absorb_equity(*equity_of([(1, 2, 3)]))
    assert lane.hexdigest() == lane.hexdigest() == digest([], [(1, 2, 3)])
    lane.absorb_equity(*equity_of([(4, 5, 6)]))
    assert lane.hexdigest() == digest([], [(1, 2, 3), (4, 5, 6)])


def test_read_only_and_strided_arrays_give_the_same():
    ts, equity, cash = equity_of([(i, 7 * i, i + 1) for i in range(50)])
    wide = np.repeat(equity, 2)[::2]
    ts.flags.writeable = False
    lane = LaneDigest()
    lane.absorb_equity(ts, wide, cash)
    assert lane.hexdigest() == digest([], [(i, 7 * i, i + 1) for i in range(50)])


def test_a_runs_digest_depends_on_the_order_of_lanes():
    assert run_digest(["a" * 32, "b" * 32]) != run_digest(["b" * 32, "a" * 32])
    assert run_digest(["a" * 32]) != run_digest(["a" * 32, "a" * 32])
    assert run_digest(iter(["ab"])) == hashlib.sha256(b"ab").hexdigest()[:32]
