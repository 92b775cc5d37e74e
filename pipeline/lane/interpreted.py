"""Walks the moments of a slot with a strategy in plain Python.

Moments, calls and results are those of a compiled strategy (`walk`). What happens at a moment, and
in which order, is listed as numbered steps in `moment`. A comment names the number of a step where
it is performed.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator
from itertools import islice, repeat
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICES, interval_ns
from pipeline.lane.copies import check_copies, copies_of, given_in
from pipeline.lane.hook_calls import load_bars, report_orders
from pipeline.lane.interpreted_context import InterpretedContext
from pipeline.lane.moment import fill_at_close, open_moment
from pipeline.lane.outbox import Outbox
from pipeline.lane.program import HOOK_INDEX
from pipeline.lane.session_turn import close_session, open_session
from pipeline.lane.spec import LaneSpec, bars_dtype
from pipeline.lane.warm_up import warms_up_at
from pipeline.native.hook_array import HookArray
from pipeline.native.kernel import called_with_integers
from pipeline.strategy.bar import BAR_FIELDS
from pipeline.strategy.events import Fill, Order, Session
from pipeline.strategy.strategy import hooks_of, states_of
from pipeline.strategy.symbol import SymbolIndex
from pipeline.strategy.wrong_name import refuse_setting
from pipeline.tape.schedule import (
    CLOSES,
    OPENS,
    SYMBOL_MASK,
    SYMBOL_SHIFT,
    TABLE_SHIFT,
    Schedule,
)
from pipeline.tape.session_data import SessionData
from pipeline.tape.slot import SESSION, BarTable, Slot

#: Moments as Python walks them: where their bars begin, calls of on_bar, flags.
Moments = tuple[list[int], list[int], list[int]]


class _Bars(SimpleNamespace):
    """What on_bars is given."""

    __setattr__ = refuse_setting("bars")


class Interpreter:
    """Calls the hooks of one lane's strategy as they are written.

    Copies of the strategy hold its state, one per symbol and a last one of the lane's own, as the
    self records of a compiled strategy do. ``records``: these records, with the first values.
    ``cursor``: the lane's last known rows, i8[intervals, symbols]. ``memory``: its CONTEXT[1].
    ``account``: its ACCOUNT[1]. ``program``: its PROGRAM[1]. ``ready``: its cells of `warm_up`.
    """

    def __init__(
        self,
        spec: LaneSpec,
        context: InterpretedContext,
        data: SessionData,
        cursor: npt.NDArray[np.int64],
        records: npt.NDArray[Any],
        memory: npt.NDArray[Any],
        account: npt.NDArray[Any],
        program: npt.NDArray[Any],
        ready: npt.NDArray[np.int64],
        outbox: Outbox,
    ) -> None:
        self._spec = spec
        self._context = context
        self._data = data
        self._cursor = cursor
        self._memory = memory
        self._account = account
        self._outbox = outbox
        self._copies = copies_of(spec.strategy, records)
        self._given = given_in(self._copies)
        self._hooks = hooks_of(type(spec.strategy))
        self._resets = {
            name: declared.initial
            for name, declared in states_of(type(spec.strategy)).items()
            if declared.reset == "session"
        }
        self._at = int(memory.ctypes.data)
        self._program_at = int(program.ctypes.data)
        self._ready = ready
        self._index_of: dict[int, int] = {}
        self._names = tuple(name for name, _, _ in spec.bindings)
        bar: Any = namedtuple("Bar", (*BAR_FIELDS, *self._names))  # type: ignore[misc]
        bar.__setattr__ = refuse_setting("bar")  # type: ignore[method-assign]
        self._bar = bar
        self._bars = np.zeros(1, bars_dtype(self._names, cursor.shape[1]))
        names = self._bars.dtype.names or ()
        self._bar_columns = {name: self._bars[name][0] for name in names[3:]}
        # The compiled loader fills the bars record that the program names.
        program[0]["bars"] = self._bars.ctypes.data
        #: Intervals for whose bars on_bar is called.
        self._called_for = spec.wanted if "on_bar" in self._hooks else ()
        self._moments: Moments = ([], [], [])
        self._ends = self._tables = np.zeros(0, np.int64)
        self._bars_in_order: Iterator[Any] = iter(())
        self._sessions: npt.NDArray[Any] = np.zeros(0, SESSION)

    def call(self, hook: str) -> None:
        """Call a hook that is given nothing but the context, of the lane's own copy."""
        if hook in self._hooks:
            self._note(hook, -1)
            getattr(self._copies[-1], hook)(self._context)

    def bind(self, slot: Slot, schedule: Schedule) -> None:
        """Prepare the walk of a slot just taken: list its moments, and iterate over its bars."""
        self._show(slot)
        moments = schedule.moments[: schedule.count]
        ends = moments["end"].astype(np.int64)
        begins = np.concatenate(([0], ends))[:-1].astype(np.int64)
        entries = schedule.entries[: int(ends[-1]) if len(ends) else 0]
        tables = entries >> TABLE_SHIFT
        calls = np.isin(tables, self._called_for)
        before = np.concatenate(([0], np.cumsum(calls)))
        counts = before[ends] - before[begins]
        self._moments = (begins.tolist(), counts.tolist(), moments["flags"].tolist())
        self._ends, self._tables = ends, tables
        symbols = len(slot.tables[0].count)
        bars = {
            index * symbols + symbol: one
            for index in self._called_for
            for symbol, one in enumerate(self._bars_of(slot, index))
        }
        keys = tables[calls] * symbols + ((entries[calls] >> SYMBOL_SHIFT) & SYMBOL_MASK)
        self._bars_in_order = map(next, map(bars.__getitem__, keys.tolist()))

    def _show(self, slot: Slot) -> None:
        """Let the context and the session data read a slot."""
        self._context.bind([table.values.reshape(-1) for table in slot.tables])
        self._index_of = {interval_ns(t.interval): index for index, t in enumerate(slot.tables)}
        self._data.bind(slot, self._cursor)
        self._sessions = slot.sessions

    def _bars_of(self, slot: Slot, index: int) -> list[Iterator[Any]]:
        """Return, for each symbol, an iterator that makes the bars of one interval when asked."""
        table = slot.tables[index]
        interval = interval_ns(table.interval)
        found: list[Iterator[Any]] = []
        for symbol, count in enumerate(table.count.tolist()):
            rows = slice(table.first, table.first + count)
            columns: list[Any] = [repeat(SymbolIndex(symbol), count), repeat(interval, count)]
            columns += [table.ts[symbol, rows].tolist(), table.close_ts[symbol, rows].tolist()]
            columns += [table.values[place, symbol, rows].tolist() for place in range(PRICES)]
            for _, of, column in self._spec.bindings:
                if of == index:
                    columns.append(table.values[column, symbol, rows].tolist())
                else:
                    columns.append(_as_of(slot.tables[of], column, table, symbol).tolist())
            # The named tuple's own constructor takes twice as long.
            found.append(map(tuple.__new__, repeat(self._bar), zip(*columns, strict=True)))
        return found

    def walk(self, schedule: Schedule, index: int) -> int:
        """Walk the moments of a slot from ``index`` on; `bind` comes first.

        Returns the number of moments; or, for want of room, the moment it stopped before. If a hook
        raises, the context names the hook and the symbol.
        """
        fills, orders = "on_fill" in self._hooks, "on_order" in self._hooks
        grouped = "on_bars" in self._hooks
        this_close = bool(self._account[0]["this_close"])
        on_bar = self._callables() if self._called_for else []
        at, context, bars = self._at, self._context, self._bars_in_order
        bar: Any = None
        opened = called_with_integers(open_moment)
        columns = (column[index:] for column in self._moments)
        for moment, begin, calls, flags in zip(range(index, schedule.count), *columns, strict=True):
            # Steps 1 to 5
            before = opened(at, moment, begin)
            if before < 0:
                return moment
            # Step 6
            if fills:
                self._call_fills(before)
            # Step 7
            if orders:
                self._call_orders()
            # Step 8
            if grouped:
                self._call_groups(begin, int(self._ends[moment]))
            else:
                try:
                    for _ in range(calls):
                        bar = next(bars)
                        on_bar[bar[0]](bar, context)
                except BaseException:
                    self._note("on_bar", bar[0])
                    raise
            # Step 9
            if this_close and self._ends[moment] > begin:
                before = fill_at_close(at, before)
                if fills:
                    self._call_fills(before)
            # Steps 10 and 11
            if flags:
                self._call_sessions(flags)
        check_copies(self._copies, self._given)
        return schedule.count

    def _callables(self) -> list[Callable[[Any, InterpretedContext], None]]:
        """Return on_bar of each symbol's copy; while it warms up, in its place what looks first."""

        def looking(symbol: int, on_bar: Any) -> Callable[[Any, InterpretedContext], None]:
            def call(bar: Any, context: InterpretedContext) -> None:
                if not self._warms_up(bar):
                    on_bar(bar, context)

            return call

        ready = np.all(self._ready[list(self._called_for)] > 0, axis=0).tolist()
        return [
            one.on_bar if ready[symbol] else looking(symbol, one.on_bar)
            for symbol, one in enumerate(self._copies[:-1])
        ]

    def _warms_up(self, bar: Any) -> bool:
        """Whether on_bar is not called for the last known bar of a series."""
        place = self._index_of[bar[1]], bar[0]
        return bool(called_with_integers(warms_up_at)(self._at, self._program_at, *place))

    def replay(
        self, hook: str, bar: npt.NDArray[Any], bars: npt.NDArray[Any], slot: Slot | None
    ) -> None:
        """Repeat the call of a compiled hook that raised, with the records it was given."""
        symbol = int(self._memory[0]["symbol"])
        own = self._copies[symbol]  # -1, no symbol, is the lane's own copy
        if slot is not None:
            self._show(slot)
        if hook == "on_bar":
            assert slot is not None
            own.on_bar(self._bar_at(slot, bar), self._context)
        elif hook == "on_fill":
            last = self._outbox.fills[int(self._account[0]["fills_out_count"]) - 1]
            own.on_fill(_of_symbol(Fill(*last.item())), self._context)
        elif hook == "on_order":
            last = self._outbox.orders[int(self._account[0]["orders_out_count"]) - 1]
            own.on_order(_order_of(last), self._context)
        elif hook in ("on_session_open", "on_session_close"):
            cell = "next_open" if hook == "on_session_open" else "next_close"
            self._call_session(hook, int(self._memory[0][cell]) - 1)
        elif hook == "on_bars":
            self._bars[:] = bars
            own.on_bars(self._bars_shown(), self._context)
        else:
            self.call(hook)

    def _bar_at(self, slot: Slot, bar: npt.NDArray[Any]) -> Any:
        """Return the bar at which a compiled hook stopped: the last known of its symbol."""
        index, symbol = (int(bar[0][name]) for name in ("index", "symbol"))
        row = int(self._cursor[index, symbol]) - slot.tables[index].first
        return next(islice(self._bars_of(slot, index)[symbol], row, None))

    def _call_fills(self, before: int) -> None:
        """Call on_fill for the fills in the outbox from number ``before`` on."""
        for record in self._outbox.fills[before : int(self._account[0]["fills_out_count"])]:
            fill = _of_symbol(Fill(*record.item()))
            self._note("on_fill", fill.symbol)
            self._copies[fill.symbol].on_fill(fill, self._context)

    def _call_orders(self) -> None:
        """Call on_order for each order that has ended since it was last called."""
        first = report_orders(self._at)
        for record in self._outbox.orders[first : int(self._account[0]["orders_out_count"])]:
            order = _order_of(record)
            self._note("on_order", order.symbol)
            self._copies[order.symbol].on_order(order, self._context)

    def _call_groups(self, begin: int, end: int) -> None:
        """Call on_bar, if it is defined, and then on_bars, interval by interval."""
        own = self._copies[-1]
        place = begin
        while place < end:
            table = int(self._tables[place])
            after = load_bars(self._at, self._program_at, place, end, table)
            for _ in range(after - place if table in self._called_for else 0):
                bar = next(self._bars_in_order)
                if not self._warms_up(bar):
                    self._note("on_bar", bar[0])
                    self._copies[bar[0]].on_bar(bar, self._context)
            if table in self._spec.wanted and int(self._bars["count"].item()) > 0:
                self._note("on_bars", -1)
                own.on_bars(self._bars_shown(), self._context)
            place = after

    def _bars_shown(self) -> SimpleNamespace:
        """Return the bars record as the strategy sees it: numbers, and copies of its arrays."""
        record = self._bars[0]
        shown = {name: int(record[name]) for name in ("ts", "interval", "count")}
        shown |= {name: column.copy().view(HookArray) for name, column in self._bar_columns.items()}
        return _Bars(**shown)

    def _call_sessions(self, flags: int) -> None:
        """Close and open sessions as the ``flags`` of a moment say, and call the hooks for it."""
        # Step 10
        if flags & CLOSES:
            self._call_session("on_session_close", close_session(self._at))
        # Step 11
        if flags & OPENS:
            place = open_session(self._at)
            self._data.enter_session(self._sessions[place])
            for one in self._copies:
                vars(one).update(self._resets)
            self._call_session("on_session_open", place)

    def _call_session(self, hook: str, place: int) -> None:
        """Call a hook of sessions, if it is defined, with session number ``place`` of the slot."""
        if hook in self._hooks:
            self._note(hook, -1)
            session = Session(*self._sessions[place].item()[: len(Session._fields)])
            getattr(self._copies[-1], hook)(session, self._context)

    def _note(self, hook: str, symbol: int) -> None:
        """Note in the context which hook is called and for which symbol, -1 for none."""
        record = self._memory[0]
        record["hook"], record["symbol"] = HOOK_INDEX[hook], symbol


def _order_of(record: Any) -> Order:
    """Return what is reported of an ORDER record."""
    return _of_symbol(Order(*record.item()[: len(Order._fields)]))


def _of_symbol(event: Any) -> Any:
    """Return a fill or an order whose symbol refuses to be compared with text."""
    return event._replace(symbol=SymbolIndex(event.symbol))


def _as_of(source: BarTable, column: int, table: BarTable, symbol: int) -> npt.NDArray[np.float64]:
    """Return, for each fresh bar of ``table``, what ``source`` last showed when the bar closed."""
    fresh = slice(source.first, source.first + int(source.count[symbol]))
    closes = table.close_ts[symbol, table.first : table.first + int(table.count[symbol])]
    known = np.searchsorted(source.close_ts[symbol, fresh], closes, side="right")
    return source.values[column, symbol, source.first - 1 + known]
