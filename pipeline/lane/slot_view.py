"""A finished slot as lanes see it: its tables, its moments and its sessions, by address.

A view is made once per slot and universe, however many lanes see it. A lane takes it up in one
compiled call (`begin_slot`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import interval_ns
from pipeline.execution.account import account_at, empty_outbox
from pipeline.execution.overnight import open_books_at
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_i8, record_at, store_i8
from pipeline.strategy.compiled.bar_record import bind_columns
from pipeline.strategy.compiled.records import TABLE, context_at
from pipeline.tape.schedule import Schedule
from pipeline.tape.slot import SESSION, SPLITS, UNTRADED, Slot, SlotShape

#: ``tables``: address of TABLE[intervals].
#: ``moments``, ``entries``: addresses of the schedule's MOMENT[] and of its cells, i8[].
#: ``sessions``: address of SESSION[]. ``prices``: address of the base table's values.
#: ``cursors``: address of the last known rows that a lane begins with, i8[intervals, symbols].
#: ``first``: row at which the slot's own bars begin. ``split``: 1 if shares are split before it.
#: ``untraded``: 1 if any base bar has no volume. ``moment_count``: its moments.
#: ``base_times``: address of the i8[``base_count``] times at which base bars close.
SLOT_VIEW: np.dtype[Any] = np.dtype(
    [
        (name, "i8")
        for name in (
            *("tables", "moments", "entries", "sessions", "prices", "cursors"),
            *("first", "split", "untraded", "moment_count", "base_times", "base_count"),
        )
    ]
)
view_at = record_at(SLOT_VIEW)
_session_at = record_at(SESSION)


def table_records(slot: Slot, shape: SlotShape) -> npt.NDArray[Any]:
    """Return the TABLE records, one per interval, by which compiled code finds a slot's tables."""
    records = np.zeros(len(slot.tables), TABLE)
    for record, table in zip(records, slot.tables, strict=True):
        record["interval"] = interval_ns(table.interval)
        for name in ("ts", "close_ts", "values", "count", "seen"):
            record[name] = getattr(table, name).ctypes.data
        record["stride"], record["first"] = shape.stride, table.first
        record["plane"] = shape.stride * len(shape.symbols)
    return records


class SlotView:
    """One slot for the lanes that trade the universe of ``schedule``.

    One schedule may serve many slots: `read` a slot when it has been taken, and walk it before the
    schedule reads the next one.
    """

    def __init__(self, slot: Slot, shape: SlotShape, schedule: Schedule) -> None:
        self.slot = slot
        self.schedule = schedule
        self._universe = list(schedule.universe)
        #: How many base bars the lanes see in the slot.
        self.bars = 0
        self._tables = table_records(slot, shape)
        self._record = np.zeros(1, SLOT_VIEW)
        self.address = int(self._record.ctypes.data)
        record, base = self._record[0], slot.tables[0]
        record["tables"], record["sessions"] = self._tables.ctypes.data, slot.sessions.ctypes.data
        record["prices"], record["first"] = base.values.ctypes.data, base.first
        record["moments"] = schedule.moments.ctypes.data
        record["entries"] = schedule.entries.ctypes.data
        record["base_times"] = schedule.base_times.ctypes.data
        # The strategy knows no row of a symbol outside the universe, neither here nor of before.
        self._cursors = np.full((len(slot.tables), len(shape.symbols)), base.first - 1, np.int64)
        if self._universe:
            self._cursors[:, np.isin(range(len(shape.symbols)), self._universe, invert=True)] = -1
        record["cursors"] = self._cursors.ctypes.data

    def read(self) -> None:
        """Schedule the slot just taken."""
        self.schedule.read(self._tables, self.slot.open_sessions)
        count = self.slot.tables[0].count
        self.bars = int((count[self._universe] if self._universe else count).sum())
        record = self._record[0]
        record["split"] = int(self.slot.header[SPLITS]) != 0
        record["untraded"] = int(self.slot.header[UNTRADED])
        record["moment_count"] = self.schedule.count
        record["base_count"] = len(self.schedule.base_times)


@kernel()
def begin_slot(context_address: int, bindings: int, count: int, view_address: int) -> None:
    """Let a lane take up a slot. ``bindings``: address of its BINDING[``count``].

    Empties the outbox. If shares are split before the slot, books what came due.
    """
    view = view_at(view_address)
    context = context_at(context_address)
    account = account_at(context.account)
    context.tables = view.tables
    context.moments, context.entries = view.moments, view.entries
    context.sessions = view.sessions
    context.next_open = context.next_close = 0
    for cell in range(context.intervals * account.symbols):
        store_i8(context.cursor, cell, load_i8(view.cursors, cell))
    account.prices, account.first_row = view.prices, view.first
    account.untraded = view.untraded
    empty_outbox(account)
    if view.split != 0:
        session = _session_at(view.sessions)
        open_books_at(context.account, session.date, session.index, session.open)
    bind_columns(context_address, bindings, count)
