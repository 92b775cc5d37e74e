"""Closing auctions in the last bars of sessions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.auction import AuctionReader, like_auctions, session_reader
from pipeline.market.catalog.catalog import Catalog
from tests.reference.market import Bars, random_walk, session_table
from tests.strategies import MINUTE, START, bars_between

SESSIONS = session_table([(START + h * MINUTE, START + (h + 5) * MINUTE) for h in (0, 20, 40)])
Row = tuple[int, list[float]]


def read(reader) -> list[Row]:
    found: list[Row] = []
    with reader:
        while (block := reader.next_block()) is not None:
            values = np.array(block[1]).reshape(-1, len(block[0])).T.tolist()
            found += zip(block[0].tolist(), values, strict=True)
    return found


def with_auctions(bars: Bars) -> list[Row]:
    """The same by hand, row by row."""
    found: list[Row] = []
    for ts, row in zip(bars.ts.tolist(), bars.values.T.tolist(), strict=True):
        if ts not in SESSIONS.close_ns:
            found.append((ts, row))
        elif found and found[-1][0] == ts - MINUTE:
            last = found[-1][1]
            merged = [last[0], max(last[1], row[1]), min(last[2], row[2]), row[3], last[4] + row[4]]
            found[-1] = (ts - MINUTE, merged)
        else:
            found.append((ts - MINUTE, row))
    return found


@given(bars_between(START - 2 * MINUTE, START + 48 * MINUTE, MINUTE), st.integers(1, 9))
def test_an_auction_is_in_the_last_bar_whatever_the_blocks(bars: Bars, group_rows: int):
    reader = AuctionReader(bars.blocks(group_rows), MINUTE, SESSIONS)
    assert read(reader) == with_auctions(bars)


def test_a_reader_of_some_columns_merges_these(tmp_path: Path):
    bars = random_walk(START + MINUTE * np.arange(8), 1)
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars.to_table(), "test")
    whole = dict(with_auctions(bars))
    asked = {"sessions": SESSIONS, "auctions": True}
    closes = read(session_reader(catalog, "A", "1m", columns=("open", "close"), **asked))
    assert closes == [(ts, [row[0], row[3]]) for ts, row in whole.items()]
    assert [ts for ts, _ in read(session_reader(catalog, "A", "1m", columns=(), **asked))] == [
        *whole
    ]
    plain = read(session_reader(catalog, "A", "1m", SESSIONS, auctions=False))
    assert [ts for ts, _ in plain] == bars.ts.tolist()


def test_sessions_without_time_between_them_have_no_auctions():
    table = session_table([(START, START + 5 * MINUTE), (START + 5 * MINUTE, START + 9 * MINUTE)])
    with pytest.raises(DataError, match="closing auctions need time between sessions"):
        AuctionReader(random_walk(START + MINUTE * np.arange(3), 1).blocks(3), MINUTE, table)


@pytest.mark.parametrize(
    ("late", "over", "like"),
    [
        ([0, 0, 0], [1, 1, 1], True),
        ([0, 0, 5], [1, 1, 1], True),  # in one session the first bars were not traded
        ([-330, -330, -300], [240, 240, 239], True),  # extended hours
        ([0, 0, 0], [240, 240, 240], False),  # bars follow, and none are before the open
        ([60, 60, 60], [60, 60, 60], False),  # late by an hour
        ([1, 1, 1], [1, 1, 1], False),  # stamped at the ends
        ([9, 5, 0], [1, 1, 1], False),
    ],
)
def test_bars_at_the_close_are_like_auctions_where_the_first_bars_are_in_their_places(
    late: list[int], over: list[int], like: bool
):
    every = np.ones(4, np.bool_)
    every[3] = False  # a session without a bar at its close says nothing
    assert like_auctions(every, np.array([*late, 7]), np.array([*over, 0])) is like


def test_without_a_bar_at_a_close_nothing_is_like_an_auction():
    assert not like_auctions(np.zeros(2, np.bool_), np.zeros(2, np.int64), np.ones(2, np.int64))
