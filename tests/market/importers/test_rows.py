"""Rows that wait for the end of an import, in memory and in a file."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.rows import Rows, Spool


def rows(first: int, count: int, *, instants: bool) -> Rows:
    """Some rows, all of whose cells are different."""
    columns = np.arange(first, first + 8 * count).reshape(8, count)
    wall, utc, lines, *values = columns
    prices = tuple(column.astype(np.float64) for column in values)
    return Rows(wall, utc if instants else None, prices, lines)


def as_lists(some: Rows) -> list[list[float]]:
    return [column.tolist() for column in some.columns]


blocks = st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=8).map(
    lambda drawn: [
        rows(number * 1000, count, instants=instants)
        for number, (count, instants) in enumerate(drawn)
    ]
)


@given(blocks=blocks, memory=st.integers(0, 4000), backwards=st.booleans())
def test_rows_come_back_as_they_are_in_memory_or_not(
    blocks: list[Rows], memory: int, backwards: bool
):
    with Spool(memory) as spool:
        kept = [spool.keep(block) for block in blocks]
        assert [as_lists(one) for one in spool.blocks(kept)] == [as_lists(one) for one in blocks]
        drained = list(spool.drain(kept, backwards=backwards))
        assert kept == []
    if backwards:
        blocks = [block.take(slice(None, None, -1)) for block in reversed(blocks)]
    assert [as_lists(one) for one in drained] == [as_lists(one) for one in blocks]


def test_memory_is_used_up_to_its_limit_and_again_by_others():
    block = rows(0, 10, instants=True)
    with Spool(memory=2 * block.nbytes) as spool:
        kept = [spool.keep(block) for _ in range(3)]
        assert [one.rows is not None for one in kept] == [True, True, False]
        assert len(list(spool.drain(kept[:1]))) == 1
        assert spool.keep(block).rows is not None
        assert spool.keep(block).rows is None


@pytest.mark.parametrize("memory", [0, 50_000])
def test_threads_may_keep_and_read_at_the_same_time(memory: int):
    wrong = []
    with Spool(memory) as spool:

        def work(number: int) -> None:
            for turn in range(50):
                block = rows(number * 100_000 + turn * 100, turn % 7, instants=turn % 2 == 0)
                kept = [spool.keep(block)]
                if [as_lists(one) for one in spool.drain(kept)] != [as_lists(block)]:
                    wrong.append((number, turn))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_prices_of_a_small_unit_are_divided_and_nearly_whole_ones_are_whole():
    price = np.array([100.0, 150.00000001, 7.5])
    some = Rows(np.arange(3), None, (price, price, price, price, np.ones(3)), np.arange(3))
    divided = some.divided(100.0)
    assert [column.tolist() for column in divided.values] == [[1.0, 1.5, 0.075]] * 4 + [[1.0] * 3]
