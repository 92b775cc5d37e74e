from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS, VOLUME
from pipeline.errors import DataError
from pipeline.tape.feed import Feed
from tests.reference.in_process import timed
from tests.reference.market import Market, random_walk, session_table
from tests.reference.replay import base_bars
from tests.strategies import MINUTE, START, markets

SESSIONS = session_table([(START, START + 5 * MINUTE), (START + 8 * MINUTE, START + 10 * MINUTE)])


def feed_of(blocks, ahead: int = 0, executor=None, sessions=SESSIONS) -> Feed:
    return Feed(blocks, "A", MINUTE, sessions, executor=executor, ahead=ahead, timed=timed)


def drained(feed: Feed, step: int) -> list[tuple[int, int, float]]:
    """All bars in steps of at most so many: ts, close and open."""
    found = []
    more = feed.advance(0)
    while more:
        rows = min(step, len(feed.ts) - feed.cursor)
        span = slice(feed.cursor, feed.cursor + rows)
        assert feed.closes[feed.cursor] == feed.close_ts[feed.cursor]
        columns = feed.ts[span], feed.close_ts[span], feed.columns[0][span]
        found += list(zip(*(column.tolist() for column in columns), strict=True))
        more = feed.advance(rows)
    return found


@given(markets(most_symbols=1), st.integers(1, 9), st.integers(1, 9), st.integers(0, 30))
def test_bars_inside_sessions_come_in_order_with_their_closes(
    market: Market, group_rows: int, step: int, ahead: int
):
    (bars,) = market.bars.values()
    expected = [(bar.ts, bar.close_ts, bar.prices[0]) for bar in base_bars(market, 0)]
    with ThreadPoolExecutor(1) as executor:
        for one in (None, executor):
            feed = feed_of(bars.blocks(group_rows), ahead, one, market.sessions)
            assert drained(feed, step) == expected
            assert feed.present.sum() == len(expected)
            feed.close()


def test_bars_outside_sessions_are_left_out_and_the_others_counted():
    bars = random_walk(START + MINUTE * np.arange(-2, 12), 0)
    feed = feed_of(bars.blocks(3))
    assert len(drained(feed, 1)) == 7
    assert feed.present.tolist() == [5, 2]


@pytest.mark.parametrize(("at", "seen"), [(None, False), (0, True), (6, False), (9, True)])
def test_volume_is_seen_in_any_bar_of_a_session(at: int | None, seen: bool):
    bars = random_walk(START + MINUTE * np.arange(10), 0)
    bars.values[VOLUME] = 0.0
    if at is not None:
        bars.values[VOLUME, at] = 1.0
    feed = feed_of(bars.blocks(3))
    drained(feed, 1)
    assert feed.has_volume == seen


def test_without_a_bar_there_is_nothing_to_advance_to():
    assert not feed_of(random_walk(np.zeros(0, np.int64), 0).blocks(3)).advance(0)
    far = random_walk(START + MINUTE * np.arange(20, 30), 0)
    assert not feed_of(far.blocks(3)).advance(0)


def test_the_next_rows_are_read_ahead_only_when_few_are_left():
    class Counting:
        def __init__(self, blocks):
            self.blocks, self.reads = blocks, 0

        def next_block(self):
            self.reads += 1
            return self.blocks.next_block()

        def close(self):
            self.blocks.close()

    bars = random_walk(START + MINUTE * np.arange(5), 0)
    with ThreadPoolExecutor(1) as executor:
        reader = Counting(bars.blocks(3))
        feed = feed_of(reader, 1, executor)
        feed.advance(0)
        feed.advance(1)
        executor.submit(int).result()  # what was asked for before is done
        assert reader.reads == 1
        feed.advance(1)
        executor.submit(int).result()
        assert reader.reads == 2
        feed.close()
        assert reader.blocks.closed


def test_what_reading_raises_comes_out_of_advance_also_from_the_background():
    class Broken:
        def next_block(self):
            raise DataError("row group 0 cannot be decoded")

        def close(self):
            """Nothing is open."""

    with ThreadPoolExecutor(1) as executor:
        for one in (None, executor):
            with pytest.raises(DataError, match="row group 0"):
                feed_of(Broken(), 1, one).advance(0)


class Slow:
    """Decodes until it is told to go on."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.closed = Event(), Event(), Event()
        self.closed_meanwhile = False

    def next_block(self):
        self.begun.set()
        self.go_on.wait()
        self.closed_meanwhile = self.closed.is_set()

    def close(self):
        self.closed.set()


def test_a_file_is_not_closed_while_it_is_decoded_in_the_background():
    """Also if a signal has ended the wait for what is decoded."""

    def interrupted(load):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pipeline.tape.feed.wait", end_waiting)
            return load()

    def end_waiting(_):
        raise KeyboardInterrupt

    reader = Slow()
    with ThreadPoolExecutor(1) as executor, ThreadPoolExecutor(1) as other:
        feed = Feed(reader, "A", MINUTE, SESSIONS, executor=executor, ahead=1, timed=interrupted)
        with pytest.raises(KeyboardInterrupt):
            feed.advance(0)
        reader.begun.wait()
        closing = other.submit(feed.close)
        reader.closed.wait(0.1)  # as long as a file that is closed too soon takes at most
        reader.go_on.set()
        closing.result()
    assert reader.closed.is_set()
    assert not reader.closed_meanwhile


@given(st.integers(0, 11), st.integers(0, 4), st.integers(1, 9), st.booleans())
def test_a_row_that_cannot_be_a_bar_never_gets_onto_the_tape(row, column, group_rows, ahead):
    """Wherever the row lies in its row group, and whoever decodes that."""
    bars = random_walk(START + MINUTE * np.arange(12), 0)
    bars.values[column][row] = np.nan
    with ThreadPoolExecutor(1) as executor:
        feed = feed_of(bars.blocks(group_rows), 30, executor if ahead else None)
        time = np.datetime64(START + MINUTE * row, "ns").astype("M8[s]")
        name = PRICE_COLUMNS[column]
        with pytest.raises(DataError, match=f"A 1m at {time}Z: {name} must be a finite .*import"):
            drained(feed, 3)
        feed.close()


@pytest.mark.parametrize("group_rows", [1, 2, 3, 9])
def test_rows_that_do_not_ascend_are_refused_across_row_groups_too(group_rows):
    ts = START + MINUTE * np.array([0, 1, 2, 3, 3, 4])
    with pytest.raises(DataError, match=r"A 1m at .*: ts duplicates that of the row before"):
        drained(feed_of(random_walk(ts, 0).blocks(group_rows)), 1)
