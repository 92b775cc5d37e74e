"""What is appended to a slot: where it lies, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.tape.slot_writer import SlotWriter
from tests.tape.slots import bars, shape_of, slot_of


@given(
    blocks=st.lists(st.integers(0, 6), max_size=8),
    interval=st.integers(0, 1),
)
def test_blocks_line_up_until_the_slot_is_full(blocks, interval):
    """Rows stand behind one another; a block that does not fit is refused and writes nothing."""
    shape = shape_of(rows=10)
    room = 10 + interval  # a derived table may get a bar left from before
    slot = slot_of(shape)
    table = slot.tables[interval]
    writer = SlotWriter(shape)
    writer.bind(slot)
    there = 0
    for rows in blocks:
        block = bars(there, rows)
        if there + rows > room:
            before = table.values.copy()
            message = (
                rf"BBB {shape.intervals[interval]}: {rows} rows .* {there}, .* room for {room}"
            )
            with pytest.raises(DataError, match=message):
                writer.append(1, interval, *block)
            assert np.array_equal(table.values, before)
            break
        writer.append(1, interval, *block)
        there += rows
    assert table.count.tolist() == [0, there, 0]
    ts, close_ts, columns = bars(0, there)
    fresh = slice(table.first, table.first + there)
    assert (table.ts[1, fresh] == ts).all()
    assert (table.close_ts[1, fresh] == close_ts).all()
    assert (table.values[:5, 1, fresh] == np.array(columns)).all()
    assert not table.ts[[0, 2]].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ts, close, columns: (ts, close, columns[:4]), "4 value columns .* takes 5 to 5"),
        (lambda ts, close, columns: (ts, close, [*columns, ts]), "6 value columns .* takes 5 to 5"),
        (lambda ts, close, columns: (ts, close[:1], columns), "must have 3 rows .* one has 1"),
        (lambda ts, close, columns: (ts, close, [*columns[:4], ts[:1]]), "one has 1"),
    ],
)
def test_ragged_blocks_are_refused(change, message):
    """Nothing is stretched to fit and nothing is left out."""
    shape = shape_of()
    slot = slot_of(shape)
    writer = SlotWriter(shape)
    writer.bind(slot)
    with pytest.raises(DataError, match=f"AAA 1m: .*{message}"):
        writer.append(0, 0, *change(*bars(0, 3)))
    assert not slot.tables[0].count.any()


@pytest.mark.parametrize(("symbol", "interval"), [(3, 0), (0, 2), (-1, 0)])
def test_a_table_that_is_not_there_is_refused(symbol, interval):
    """An index beyond symbols or intervals, or a negative one."""
    shape = shape_of()
    writer = SlotWriter(shape)
    writer.bind(slot_of(shape))
    with pytest.raises(DataError, match=f"interval {interval} and symbol {symbol} must be"):
        writer.append(symbol, interval, *bars(0, 1))


def test_rows_go_to_the_slot_that_is_bound():
    """A slot that is bound again goes on where its count says, and no other slot is touched."""
    shape = shape_of()
    slots = [slot_of(shape) for _ in range(2)]
    writer = SlotWriter(shape)
    for slot, rows in ((slots[0], 2), (slots[1], 3), (slots[0], 4)):
        writer.bind(slot)
        writer.append(0, 0, *bars(0, rows))
    assert [int(slot.tables[0].count[0]) for slot in slots] == [6, 3]


def test_nothing_is_appended_before_a_slot_is_bound():
    with pytest.raises(DataError, match="must be bound to a slot"):
        SlotWriter(shape_of()).append(0, 0, *bars(0, 1))
