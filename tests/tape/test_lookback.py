import numpy as np

from pipeline.tape.lookback import Tail
from tests.tape.slots import bars, shape_of, slot_of


def fill(table, symbol: int, first: int, rows: int) -> None:
    """Put rows numbered from `first` behind the lookback rows."""
    ts, close_ts, columns = bars(first, rows)
    span = slice(table.first, table.first + rows)
    table.ts[symbol, span], table.close_ts[symbol, span] = ts, close_ts
    for place, column in enumerate(columns):
        table.values[place, symbol, span] = column
    table.count[symbol] = rows


def test_the_last_rows_of_a_slot_stand_before_the_first_of_the_next_however_few_there_were():
    shape = shape_of(lookback=4)
    tail = Tail(slot_of(shape).tables[0], slice(0, 5), range(3), times=True)
    first = 0
    for rows in (2, 0, 1, 7, 3):
        table = slot_of(shape).tables[0]
        tail.carry_in(table)
        known = np.arange(max(0, first - 4), first) + 1000.0
        empty = 4 - len(known)
        assert table.values[0, 1, empty:4].tolist() == known.tolist()
        assert np.isnan(table.values[0, 1, :empty]).all()
        assert table.ts[1, :empty].tolist() == [0] * empty
        assert table.seen.tolist() == [first] * 3
        for symbol in range(3):
            fill(table, symbol, first, rows)
        tail.keep(table)
        first += rows


def test_a_tail_touches_its_own_columns_and_symbols_only():
    shape = shape_of(lookback=2)
    slot = slot_of(shape)
    table = slot.tables[1]
    tail = Tail(table, slice(5, None), range(1, 2), times=False)
    table.values[:] = 7.0
    table.count[:] = 3
    tail.keep(table)
    other = slot_of(shape).tables[1]
    other.values[:] = 1.0
    other.seen[:] = 9
    tail.carry_in(other)
    changed = np.argwhere(other.values != 1.0)
    assert {tuple(one) for one in changed.tolist()} == {(5, 1, 0), (5, 1, 1)}
    assert other.seen.tolist() == [9, 9, 9]
    assert not other.ts.any()


def test_what_it_keeps_is_a_copy():
    shape = shape_of(lookback=2)
    tail = Tail(slot_of(shape).tables[0], slice(0, 5), range(3), times=True)
    table = slot_of(shape).tables[0]
    for symbol in range(3):
        fill(table, symbol, 0, 2)
    tail.keep(table)
    table.values[:] = -1.0
    following = slot_of(shape).tables[0]
    tail.carry_in(following)
    assert following.values[0, 0, :2].tolist() == [1000.0, 1001.0]
