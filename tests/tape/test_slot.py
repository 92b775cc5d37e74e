import numpy as np
import pytest

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import ConfigError
from pipeline.tape.slot import QUALITY, SlotShape
from tests.tape.slots import INDICATOR, shape_of, slot_of


def test_every_column_of_every_symbol_begins_at_a_cache_line():
    shape = shape_of(lookback=3, rows=5)
    layout = shape.layout
    assert shape.stride % 8 == 0
    assert shape.stride >= 3 + 5 + 1
    assert all(offset % 64 == 0 for offset in layout.offsets.values())


def test_tables_are_views_of_the_slots_memory_with_the_plans_columns():
    shape = shape_of()
    buffer = bytearray(shape.layout.size)
    slot = type(slot_of(shape))(shape, memoryview(buffer))
    memory = np.frombuffer(buffer, np.uint8)
    base, longer = slot.tables
    assert base.columns == PRICE_COLUMNS
    assert longer.columns == (*PRICE_COLUMNS, INDICATOR)
    assert longer.values.shape == (6, 3, shape.stride)
    for table in slot.tables:
        for view in (table.ts, table.close_ts, table.values, table.count, table.seen):
            assert np.shares_memory(view, memory)


def test_rows_are_a_record_batch_over_the_same_memory():
    slot = slot_of(shape_of())
    table = slot.tables[1]
    table.ts[2] = np.arange(len(table.ts[2]))
    table.values[3, 2] = np.arange(len(table.ts[2])) / 2
    batch = table.record_batch(2, 4, 7)
    assert batch.schema.names == ["ts", *PRICE_COLUMNS, INDICATOR]
    assert batch["ts"].to_pylist() == [4, 5, 6]
    assert batch["close"].to_pylist() == [2.0, 2.5, 3.0]
    table.values[3, 2, 5] = -1.0
    assert batch["close"].to_pylist() == [2.0, -1.0, 3.0]


def test_quality_is_a_last_column_of_every_interval_when_asked_for():
    assert [names[-1] for names in shape_of(quality=True).columns] == [QUALITY, QUALITY]


def test_there_is_at_least_one_row_of_lookback():
    assert shape_of(lookback=0).lookback == 1


def test_many_symbols_get_fewer_rows_by_default():
    rows = [
        SlotShape.plan(
            [f"S{k}" for k in range(symbols)],
            ["1m"],
            [PRICE_COLUMNS],
            lookback=1,
            rows=None,
            quality=False,
        ).rows
        for symbols in (1, 50, 500, 100_000)
    ]
    assert rows == sorted(rows, reverse=True)
    assert rows[0] > rows[2] >= rows[3] >= 1


def test_a_ring_that_does_not_fit_is_refused_with_both_sizes_and_the_settings():
    shape = shape_of()
    needed = 3 * shape.layout.size
    shape.check_memory(3, needed)
    with pytest.raises(ConfigError, match=r"3 slots .* pipeline.slots, pipeline.slot_rows"):
        shape.check_memory(3, needed - 1)


def test_open_sessions_are_those_the_header_counts():
    slot = slot_of(shape_of())
    assert len(slot.open_sessions) == 0
    slot.header[4] = 2
    assert len(slot.open_sessions) == 2
