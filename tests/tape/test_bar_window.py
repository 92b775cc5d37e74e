"""A window of the last bars known: never a row of the future, and the same wherever slots end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.tape.lookback import Tail
from pipeline.tape.session_data import SessionData
from pipeline.tape.slot_writer import SlotWriter
from tests.tape.slots import MINUTE, SYMBOLS, bars, cursor_of, shape_of, slot_of


@given(
    lookback=st.integers(1, 6),
    rows=st.integers(1, 7),
    ring=st.integers(1, 3),
    lengths=st.lists(st.lists(st.integers(0, 7), min_size=3, max_size=3), min_size=1, max_size=8),
)
def test_windows_are_the_past_wherever_slots_end(lookback, rows, ring, lengths):
    """At every moment each window is the tail of the symbol's history, and not a row more."""
    shape = shape_of(lookback=lookback, rows=rows)
    slots = [slot_of(shape) for _ in range(ring)]
    tail = Tail(slots[0].tables[0], slice(0, 5), range(3), times=True)
    writer, reader = SlotWriter(shape), SessionData(shape)
    cursor = np.zeros((2, 3), np.int64)
    seen = [0, 0, 0]
    for sequence, counts in enumerate(lengths):
        slot = slots[sequence % ring]
        base = slot.tables[0]
        base.ts[:] = -1  # what a window must not show
        base.values[:] = np.nan
        writer.bind(slot)
        tail.carry_in(base)
        base.count[:] = 0
        for symbol, count in enumerate(counts):
            fresh = min(count, rows)
            cut = fresh // 2
            for start, length in ((0, cut), (cut, fresh - cut)):
                writer.append(symbol, 0, *bars(seen[symbol] + start, length))
        tail.keep(base)
        cursor[:] = base.first - 1
        reader.bind(slot, cursor)
        for symbol, name in enumerate(SYMBOLS):
            for known in range(int(base.count[symbol]) + 1):
                cursor[0, symbol] = base.first - 1 + known
                total = seen[symbol] + known
                assert reader.count(name) == total
                for n in (None, *range(1, lookback + 1)):
                    window = reader.get_bars(name, n)
                    begin = max(0, total - (n or lookback))
                    ts, close_ts, columns = bars(begin, total - begin)
                    assert len(window) == total - begin
                    assert (window.ts == ts).all()
                    assert (window.close_ts == close_ts).all()
                    for column, expected in zip(PRICE_COLUMNS, columns, strict=True):
                        assert (window[column] == expected).all()
                        assert (getattr(window, column) == expected).all()
                latest = reader.latest_bar(symbol)
                assert (latest is None) == (total == 0)
                if latest is not None:
                    assert latest.ts == (total - 1) * MINUTE
                    assert latest.volume == total - 1 + 5000.0
        seen = [a + int(b) for a, b in zip(seen, base.count, strict=True)]


@given(known=st.integers(0, 12), ts=st.integers(-2, 14), lookback=st.integers(1, 12))
def test_bars_since_are_complete_or_refused(known, ts, lookback):
    """They are all bars that opened since, or the message says that the lookback is too short."""
    shape = shape_of(lookback=lookback)
    slot = slot_of(shape)
    writer, reader = SlotWriter(shape), SessionData(shape)
    writer.bind(slot)
    writer.append(0, 0, *bars(0, known))
    reader.bind(slot, cursor_of(slot))
    expected = [number * MINUTE for number in range(known) if number >= ts]
    if len(expected) > lookback:
        with pytest.raises(DataError, match=f"AAA 1m .* lookback of {lookback} rows"):
            reader.bars_since("AAA", ts * MINUTE)
    else:
        assert reader.bars_since("AAA", ts * MINUTE).ts.tolist() == expected


def test_a_window_moves_with_time():
    """It is made once and shows the present whenever it is asked."""
    shape = shape_of()
    slot = slot_of(shape)
    writer, data = SlotWriter(shape), SessionData(shape)
    writer.bind(slot)
    writer.append(0, 0, *bars(0, 10))
    cursor = cursor_of(slot)
    cursor[0, 0] -= 2
    data.bind(slot, cursor)
    window = data.get_bars("AAA", 2)
    assert window.ts.tolist() == [6 * MINUTE, 7 * MINUTE]
    cursor[0, 0] += 1
    assert window.ts.tolist() == [7 * MINUTE, 8 * MINUTE]
    assert data.get_bars("AAA", 2) is window
    latest = data.latest_bar("AAA")
    assert latest is not None
    assert latest.ts == 8 * MINUTE
    assert window.columns == ("ts", "close_ts", *PRICE_COLUMNS)
    assert repr(window) == "window of the last 2 1m bars of AAA"
