"""The strategy's data: what may be seen, where it lies, and what is refused."""

import datetime as dt
import math
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.tape.lookback import Tail
from pipeline.tape.session_data import SessionData
from pipeline.tape.slot import SESSION, Slot
from pipeline.tape.slot_writer import SlotWriter
from shm.names import new_run_id
from shm.ring import Ring
from tests.tape.slots import INDICATOR, MINUTE, SYMBOLS, bars, cursor_of, shape_of, slot_of


@pytest.fixture
def slot() -> Slot:
    """Ten rows of every symbol and interval, six of them before the slot."""
    shape = shape_of()
    made = slot_of(shape)
    writer = SlotWriter(shape)
    writer.bind(made)
    for index, table in enumerate(made.tables):
        for symbol in range(len(SYMBOLS)):
            writer.append(symbol, index, *bars(0, 10))
        tail = Tail(table, slice(0, 5), range(len(SYMBOLS)), times=True)
        table.count[:] = 6
        tail.keep(table)
        tail.carry_in(table)
        table.count[:] = 0
        for symbol in range(len(SYMBOLS)):
            writer.append(symbol, index, *bars(6, 4))
    return made


@pytest.fixture
def data(slot: Slot) -> SessionData:
    made = SessionData(shape_of())
    made.bind(slot, cursor_of(slot))
    return made


# --- what may be asked for ------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", ["BBB", 1, np.int64(1)])
@pytest.mark.parametrize("interval", ["5m", 5 * MINUTE, np.int64(5 * MINUTE)])
def test_names_and_numbers_mean_the_same(data, symbol, interval):
    """Symbols by name or index, intervals by name or length."""
    window = data.get_bars(symbol, 3, interval)
    assert window is data.get_bars("BBB", 3, "5m")
    assert (window.symbol, window.interval) == ("BBB", "5m")
    assert data.get_bars("BBB", 3, 0).interval == data.get_bars("BBB", 3).interval == "1m"
    assert (data.symbols, data.intervals) == (SYMBOLS, ("1m", "5m"))


def test_a_strategy_has_the_lookback_it_declared(slot):
    """However much the other lanes of the run have made the slots carry."""
    data = SessionData(shape_of(), lookback=2)
    data.bind(slot, cursor_of(slot))
    assert len(data.get_bars("AAA")) == 2
    with pytest.raises(DataError, match=r"AAA 1m must have 1 to 2 rows, was 3"):
        data.get_bars("AAA", 3)
    with pytest.raises(DataError, match=r"1 to 4 rows, was 5"):
        SessionData(shape_of(), lookback=5)


# --- where it lies --------------------------------------------------------------------------------


@pytest.fixture
def ring() -> Iterator[Ring]:
    with Ring.create(new_run_id(), 2, shape_of().layout.size) as made:
        yield made


def test_what_is_given_is_a_copy_of_the_slot(ring):
    """Windows and record batches stay as they are when the slot is written anew."""
    shape = shape_of()
    slots = [Slot(shape, ring.slot(index)) for index in range(2)]
    writer, reader = SlotWriter(shape), SessionData(shape)
    for slot in slots:
        memory = np.frombuffer(ring.slot(slots.index(slot)), np.uint8)
        writer.bind(slot)
        writer.append(2, 1, *bars(0, 8, 5 * MINUTE))
        reader.bind(slot, cursor_of(slot))
        table = slot.tables[1]
        window = reader.get_bars("CCC", 4, "5m")
        place = table.first + 4
        rows = slice(place, place + 4)
        assert window.ts.tolist() == table.ts[2, rows].tolist()
        assert window.close.tolist() == table.values[3, 2, rows].tolist()
        batch = reader.record_batch("CCC", "5m", 4)
        assert batch.schema.names == ["ts", *PRICE_COLUMNS, INDICATOR]
        assert batch.num_rows == 4
        assert batch.column("close").to_pylist() == window.close.tolist()
        assert batch.column("ts").equals(pa.array(window.ts))
        column = reader.indicator("CCC", INDICATOR, 4)
        assert column.tolist() == table.values[5, 2, rows].tolist()
        for given in (window.ts, window.close, window["close"], column):
            assert not np.shares_memory(given, memory)
    reader.close()
    del writer, slots, slot, table, window, memory  # the ring closes only without views


def test_a_reader_cannot_write(data):
    """What a strategy gets is read-only; the slot has one writer."""
    with pytest.raises(ValueError, match="read-only"):
        data.get_bars("AAA", 2).close[0] = 1.0


# --- facts ----------------------------------------------------------------------------------------


def test_an_indicator_is_found_by_its_name(slot, data):
    """In the shortest interval that has it, or in the one that is asked for."""
    table = slot.tables[1]
    last = table.first + table.count[0] - 1
    table.values[5, 0, last - 1 : last + 1] = [1.5, 2.5]
    assert data.indicator("AAA", INDICATOR, 2).tolist() == [1.5, 2.5]
    assert data.indicator("AAA", "close", 1).tolist() == [4009.0]
    with pytest.raises(DataError, match=r"AAA 1m has no column 'sma_3', there are: ts, .*volume"):
        data.indicator("AAA", INDICATOR, 2, "1m")
    with pytest.raises(DataError, match="'ema_9'"):
        data.indicator("AAA", "ema_9")


def test_quality_is_that_of_the_last_bar_known():
    """NaN before the first bar, and without the column."""
    shape = shape_of(quality=True)
    slot = slot_of(shape)
    writer, reader = SlotWriter(shape), SessionData(shape)
    writer.bind(slot)
    writer.append(0, 0, *bars(0, 2))
    base = slot.tables[0]
    base.values[base.columns.index("quality"), 0, base.first : base.first + 2] = [100.0, 50.0]
    cursor = cursor_of(slot)
    reader.bind(slot, cursor)
    assert reader.quality("AAA") == 50.0
    cursor[0, 0] -= 1
    assert reader.quality("AAA") == 100.0
    assert math.isnan(reader.quality("BBB"))
    assert math.isnan(reader.quality("AAA", "5m"))


def test_quality_is_unknown_where_nobody_asked_for_it(data):
    """Without the column it is NaN, not 100."""
    assert math.isnan(data.quality("AAA"))


def test_session_facts_are_those_of_the_session_that_opened(data):
    """Before the first there is none."""
    with pytest.raises(DataError, match="no session has opened"):
        _ = data.session
    record = np.zeros(1, SESSION)[0]
    day = dt.date(2024, 11, 29)
    record["date"] = (day - dt.date(1970, 1, 1)).days * 86_400 * 10**9
    record["open"], record["close"], record["early"] = 5, 9, 1
    data.enter_session(record)
    assert data.session == (day, 5, 9, True)


# --- life and refusals ----------------------------------------------------------------------------

USES = {
    "get_bars": lambda data: data.get_bars("AAA", 1),
    "latest_bar": lambda data: data.latest_bar("AAA"),
    "bars_since": lambda data: data.bars_since("AAA", 0),
    "count": lambda data: data.count("AAA"),
    "indicator": lambda data: data.indicator("AAA", "close", 1),
    "quality": lambda data: data.quality("AAA"),
    "record_batch": lambda data: data.record_batch("AAA"),
    "session": lambda data: data.session,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_only_active_data_is_there(use):
    """Prepared and closed are refused by name."""
    data = SessionData(shape_of())
    assert data.state == "prepared"
    with pytest.raises(DataError, match="prepared"):
        use(data)
    data.close()
    assert data.state == "closed"
    with pytest.raises(DataError, match="closed"):
        use(data)


def test_a_window_ends_with_its_data(slot, data):
    """Also one that the strategy has kept; closing again does nothing, binding is refused."""
    assert data.state == "active"
    window = data.get_bars("AAA", 2)
    data.close()
    data.close()
    for use in (lambda: window.close, lambda: len(window), window.record_batch):
        with pytest.raises(DataError, match="closed"):
            use()
    with pytest.raises(DataError, match="closed"):
        data.bind(slot, cursor_of(slot))


@pytest.mark.parametrize("n", [0, -1, 5, 2.5, "2"])
def test_a_window_has_one_row_to_lookback(data, n):
    """The message has the number asked for and the bounds."""
    with pytest.raises(DataError, match=rf"AAA 1m must have 1 to 4 rows, was {n!r}"):
        data.get_bars("AAA", n)


def test_unknown_names_are_refused(data):
    """With those that there are."""
    with pytest.raises(DataError, match="'ZZZ' is not one of this run's 3 symbols: AAA, BBB, CCC"):
        data.get_bars("ZZZ", 1)
    with pytest.raises(DataError, match="-1 is not one of"):
        data.get_bars(-1, 1)
    with pytest.raises(DataError, match="'1h' is not one of this run's intervals: 1m, 5m"):
        data.get_bars("AAA", 1, "1h")


@pytest.mark.parametrize(
    "cursor", [np.zeros((3, 2), np.int64), np.zeros((2, 3)), np.zeros((2, 6), np.int64)[:, ::2]]
)
def test_a_cursor_of_another_form_is_refused(slot, cursor):
    """It is int64, intervals by symbols, in one piece."""
    with pytest.raises(DataError, match="cursor must be"):
        SessionData(shape_of()).bind(slot, cursor)
