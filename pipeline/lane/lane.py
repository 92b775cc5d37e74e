"""A lane: one strategy, one parameter set, one account, and the memory that its walk works on."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import HookError, StrategyError
from pipeline.execution.book import check_room_at, empty_inbox_at, end_moment_at
from pipeline.execution.fills import FILL
from pipeline.execution.lots import report_open_at
from pipeline.execution.orders import ORDER, REPORTED
from pipeline.lane.account import LaneAccount
from pipeline.lane.cost_memory import Pricing
from pipeline.lane.interpreted import Interpreter
from pipeline.lane.interpreted_context import InterpretedContext
from pipeline.lane.outbox import INBOX, Outbox
from pipeline.lane.program import HOOK_INDEX, PROGRAM
from pipeline.lane.raised import describe_raise, find_call, hook_of, place_of
from pipeline.lane.slot_view import SlotView, begin_slot
from pipeline.lane.spec import LaneSpec, Terms, bars_dtype
from pipeline.lane.walk import end_walk, walk_slot
from pipeline.lane.warm_up import INDICATORS, ValueWatch, first_called, never_ready, ready_cells
from pipeline.native.call import code_address
from pipeline.native.kernel import called_with_integers
from pipeline.strategy.compiled import operations
from pipeline.strategy.compiled.bar_record import BAR, BINDING
from pipeline.strategy.compiled.column_names import name_table, symbol_table
from pipeline.strategy.compiled.hooks import compile_hooks
from pipeline.strategy.compiled.records import CONTEXT
from pipeline.strategy.compiled.stretch import show
from pipeline.strategy.strategy import (
    Symbol,
    hooks_of,
    parameters_of,
    record_dtype,
    states_of,
)
from pipeline.strategy.symbol import unknown
from pipeline.tape.session_data import SessionData
from pipeline.tape.slot import SHOWN_SESSION, Slot, SlotShape

#: How a lane takes up a slot and walks it, and how it goes on from a moment; see `walk_slot`.
Enter = Callable[[SlotView], int]
GoOn = Callable[[SlotView, int], int]
_NO_ORDERS = np.zeros(0, ORDER)


class Lane:
    """Owns one lane's memory and runs its strategy over the slots of the tape.

    All arrays that compiled code knows by address live as long as this object does. ``tabled``:
    see `LaneAccount`.
    """

    def __init__(
        self,
        spec: LaneSpec,
        shape: SlotShape,
        terms: Terms,
        outbox: Outbox,
        *,
        tabled: bool = True,
    ) -> None:
        self.number = spec.number
        self._spec = spec
        self._shape = shape
        self._outbox = outbox
        self._names = tuple(name for name, _, _ in spec.bindings)
        self._hooks = hooks_of(type(spec.strategy))
        reserve = INBOX if "on_order" in self._hooks else 0
        self._own = LaneAccount(shape, terms, outbox, reserve, tabled=tabled)
        #: The account's record, ACCOUNT[1].
        self.account = self._own.record
        self._pricing = Pricing(terms, self.account)
        columns = {name: (-1, place) for place, name in enumerate(PRICE_COLUMNS)}
        columns |= {name: (index, column) for name, index, column in spec.bindings}
        self._columns = name_table(columns)
        symbols = range(len(shape.symbols))
        self._universe = np.array(spec.universe or symbols, np.int64)
        self._symbol_keys = symbol_table(shape.symbols)
        self._zone = np.array(terms.zone, np.int64)
        self._random = np.array(spec.random, np.int64)
        self.context = self._make_context()
        self._self = self._make_self()
        self._make_program()
        self._kept = 0  # orders in the outbox that were taken before and wait for on_order
        self._interpreter: Interpreter | None = None
        self._slot: Slot | None = None
        self._enter, self._go_on, self._call = self._make_strategy()

    def _make_context(self) -> npt.NDArray[Any]:
        context = np.zeros(1, CONTEXT)
        record = context[0]
        record["account"] = self.account.ctypes.data
        record["intervals"] = len(self._shape.intervals)
        record["cursor"] = self._own.cursor.ctypes.data
        record["names"], record["name_count"] = self._columns.ctypes.data, len(self._columns)
        record["universe"] = self._universe.ctypes.data
        record["universe_count"] = len(self._universe)
        record["symbol_keys"] = self._symbol_keys.ctypes.data
        record["zone"], record["zone_count"] = self._zone.ctypes.data, len(self._zone)
        record["random"] = self._random.ctypes.data
        record["lookback"] = self._spec.lookback
        record["symbol"] = -1
        return context

    def _make_self(self) -> npt.NDArray[Any]:
        """One record of parameters and state per symbol, and a last one of the lane's own."""
        strategy = self._spec.strategy
        cls = type(strategy)
        records = np.zeros(len(self._shape.symbols) + 1, record_dtype(cls))
        for parameter in parameters_of(cls):
            value = getattr(strategy, parameter.name)
            records[parameter.name] = self._index_of(value) if parameter.type is Symbol else value
        for name, declared in states_of(cls).items():
            records[name] = declared.initial
        return records

    def _index_of(self, symbol: str) -> int:
        if symbol not in self._shape.symbols:
            sentence = unknown("symbol", symbol, self._shape.symbols)
            raise StrategyError(f"{type(self._spec.strategy).__name__}: {sentence}")
        return self._shape.symbols.index(symbol)

    def _make_program(self) -> None:
        cls = type(self._spec.strategy)
        self._bars = np.zeros(1, bars_dtype(self._names, len(self._shape.symbols)))
        self._bindings = np.zeros(len(self._spec.bindings), BINDING)
        for row, (_, index, column) in enumerate(self._spec.bindings):
            self._bindings[row]["table"], self._bindings[row]["column"] = index, column
        self._bar = np.zeros(1, BAR)
        self._bar[0]["bindings"] = self._bindings.ctypes.data
        fields = list(self._self.dtype.names or ())
        resets = [n for n, declared in states_of(cls).items() if declared.reset == "session"]
        self._resets = np.zeros((len(resets), 2), np.int64)
        for row, name in enumerate(resets):
            # The initial value as the record holds it, whatever its type, seen as bits.
            bits = self._self[name][:1].view(np.int64)[0]
            self._resets[row] = fields.index(name), bits
        warmup = self._spec.warmup
        shape = self._own.cursor.shape
        self._ready = ready_cells(*shape, warmup, len(self._bindings))
        waits = warmup is None and not {"on_bar", "on_bars"}.isdisjoint(self._hooks)
        self._value_watch = (
            None if waits else ValueWatch(self._spec.bindings, *shape, self._universe)
        )
        self._program = np.zeros(1, PROGRAM)
        record = self._program[0]
        for name, array in (
            ("self", self._self),
            ("bar", self._bar),
            ("bars", self._bars),
            ("bindings", self._bindings),
            ("resets", self._resets),
            ("ready", self._ready),
        ):
            record[name] = array.ctypes.data
        record["self_cells"] = self._self.dtype.itemsize // 8
        record["binding_count"] = len(self._bindings)
        record["warmup"] = INDICATORS if warmup is None else warmup
        record["reset_count"] = len(resets)
        record["intervals"] = sum(1 << index for index in self._spec.wanted)
        record["hooks"] = sum(1 << HOOK_INDEX[name] for name in self._hooks)

    def _make_strategy(self) -> tuple[Enter, GoOn, Callable[[str], None]]:
        """Return how to take up a slot and walk it, how to go on, and how to call a bare hook."""
        if self._spec.mode == "interpreted":
            return self._interpreted()
        data = {
            "bars": self._bars.dtype,
            "fill": FILL,
            "order": REPORTED,
            "session": SHOWN_SESSION,
        }
        indicators = {name: index == 0 for name, index, _ in self._spec.bindings}
        hooks = compile_hooks(type(self._spec.strategy), self._self.dtype, indicators, data)
        for name, hook in hooks.items():
            self._program[0][name] = code_address(hook)
        self.context[0]["bar"] = self._bar.ctypes.data
        self.context[0]["operate"] = code_address(operations.entry())
        addresses = (int(self.context.ctypes.data), int(self._program.ctypes.data))
        bound = int(self._bindings.ctypes.data), len(self._bindings)
        own = int(self._self[-1:].ctypes.data)

        def go_on(view: SlotView, index: int) -> int:
            return int(walk_slot(*addresses, index, view.schedule.count))

        def enter(view: SlotView) -> int:
            begin_slot(addresses[0], *bound, view.address)
            return go_on(view, 0)

        def call(hook: str) -> None:
            hooks[hook](own, 0, addresses[0])

        return enter, go_on, call

    def _interpreted(self) -> tuple[Enter, GoOn, Callable[[str], None]]:
        interpreter = self._interpreter = self._interpret()
        context = int(self.context.ctypes.data)
        bound = int(self._bindings.ctypes.data), len(self._bindings)

        def go_on(view: SlotView, index: int) -> int:
            index = interpreter.walk(view.schedule, index)
            return int(end_walk(context, index, view.schedule.count))

        def enter(view: SlotView) -> int:
            begin_slot(context, *bound, view.address)
            interpreter.bind(view.slot, view.schedule)
            return go_on(view, 0)

        return enter, go_on, interpreter.call

    @staticmethod
    def warm_up() -> None:
        """Load, or compile, what every lane calls after the last slot."""
        for kernel in (end_moment_at, report_open_at):
            called_with_integers(kernel)

    def start(self) -> None:
        """Call ``on_start``, before the first slot; what it produces is in the outbox (`take`)."""
        self._own.empty_outbox()
        self._guarded("on_start", self._call, "on_start")
        self._empty_inbox()

    def run(self, view: SlotView, flush: Callable[["Lane"], None]) -> None:
        """Walk the moments of one slot; what they produce is in the outbox (`take`).

        If the outbox is full before the end, ``flush`` is called, and must take what lies in it.
        Raises HookError with file, line, symbol and time if the strategy raises.
        """
        self._slot, count = view.slot, view.schedule.count
        self._own.follow_outbox()
        self._kept = 0
        index = self._guarded("", self._enter, view)
        while index != count:
            self._pricing.check(self._shape.symbols)
            self._own.check(type(self._spec.strategy).__name__)
            if index < 0:
                self._empty_inbox()
                break
            flush(self)
            self._make_room()
            index = self._guarded("", self._go_on, view, index)
        if self._value_watch is not None:
            self._value_watch.look(view.slot.tables)

    def _empty_inbox(self) -> None:
        """Move the orders of the inbox to the book, because the next lane uses the same inbox.

        Orders that have ended are reported at this lane's next moment.
        """
        if self.account[0]["inbox_count"]:
            self._own.enlarge_book()
            empty_inbox_at(self._own.address)

    def end_moment(self) -> None:
        """Move orders that have ended to the outbox and those just placed to the book."""
        self._own.enlarge_book()
        end_moment_at(self._own.address)

    def stop(self) -> None:
        """Call ``on_stop``, after the last slot. Orders it places stay unfilled.

        Positions still held go to the outbox as round trips without an exit.
        """
        self._own.empty_outbox()
        record, called = self.account[0], "on_stop" in self._hooks
        # Otherwise there is at most one lot per symbol, for which an empty outbox has room.
        if called or record["resting"] or record["fifo"]:
            self._make_room()
        if called:
            self._guarded("on_stop", self._call, "on_stop")
        report_open_at(self._own.address)

    def take(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """The fills, finished orders and round trips in the outbox.

        Views, valid until the next run or take.
        """
        fills, orders, trips = self._own.counts()
        outbox = self._outbox
        return outbox.fills[:fills], outbox.orders[self._kept : orders], outbox.trips[:trips]

    def resting(self) -> npt.NDArray[Any]:
        """The orders still at rest, ORDER[n]: a view."""
        return self._own.resting()

    def facts(self) -> dict[str, Any]:
        """What the account came to, by name, the lane's number, and how it warmed up."""
        wanted, shape = self._spec.wanted, self._shape
        series = shape.intervals, shape.symbols, self._names
        unready = list(never_ready(self._ready, wanted, *series, self._value_watch))
        return {
            "lane": self.number,
            "first_called": first_called(self._ready, wanted),
            "never_ready": tuple(name for name, _ in unready),
            "never_called": tuple(name for name, waited in unready if waited),
            **self._own.facts(),
        }

    def _make_room(self) -> None:
        """Make room for the next moment; orders that on_order is yet to see stay in the outbox."""
        untold = self._untold()
        self._own.make_room()
        self._outbox.orders[: len(untold)] = untold
        self.account[0]["orders_out_count"] = self._kept = len(untold)
        check_room_at(self._own.address)

    def _untold(self) -> npt.NDArray[Any]:
        """Return a copy of the orders that were taken and that on_order has yet to see."""
        if "on_order" not in self._hooks:
            return _NO_ORDERS
        record = self.account[0]
        return self._outbox.orders[record["orders_told"] : record["orders_out_count"]].copy()

    def call_under_way(self, frame: FrameType | None) -> tuple[object, str] | None:
        """Return a mark of the call of a hook that is under way, and the call's place.

        Two looks during one call give equal marks, during two calls different ones, if a compiled
        hook changes anything. None if no hook is being called. Any thread may ask; ``frame`` is
        where the lane's thread is.
        """
        if self._interpreter is not None:
            return find_call(frame, self._spec.strategy, self._hooks)
        hook = hook_of(self.context)
        if hook not in self._hooks:
            return None
        records = self.context, self.account, self._self, self._bar, self._bars
        mark = b"".join(record.tobytes() for record in records)
        return mark, place_of(self._spec.strategy, hook)

    def _guarded(self, hook: str, action: Callable[..., Any], *given: Any) -> Any:
        """Call ``action``; raise HookError with file and line if a hook raises in it.

        ``hook``: its name; if empty, the hook that the context names. Whatever a hook raises ends
        its lane, `sys.exit` too; only Ctrl-C ends the run, which a process that ignores it is not
        told.
        """
        try:
            return action(*given)
        except StrategyError:
            raise
        except BaseException as error:
            ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            if isinstance(error, KeyboardInterrupt) and not ignored:
                raise
            self._catch_up()
            raise HookError(
                describe_raise(
                    error,
                    self._spec.strategy,
                    hook,
                    context=self.context,
                    account=self.account,
                    symbols=self._shape.symbols,
                    replay=self._replay,
                )
            ) from error

    def _catch_up(self) -> None:
        """Write to the account at which base bar a compiled on_bar has raised."""
        called = int(self.context[0]["hook"]) == HOOK_INDEX["on_bar"]
        if self._interpreter is None and called and self._bar[0]["index"] == 0:
            show(int(self.context.ctypes.data), int(self._bar[0]["seen"]))

    def _interpret(self) -> Interpreter:
        data = SessionData(self._shape, lookback=max(1, self._spec.lookback))
        return Interpreter(
            self._spec,
            InterpretedContext(
                self.context,
                self._own.position,
                self._own.pending,
                data,
                self._universe,
                (*PRICE_COLUMNS, *self._names),
            ),
            data,
            self._own.cursor,
            self._self,
            self.context,
            self.account,
            self._program,
            self._ready,
            self._outbox,
        )

    def _replay(self, hook: str) -> None:
        """Call the hook that failed again, interpreted, so that Python names the line.

        The state is as the failed call left it. That does no harm: the lane has ended.
        """
        if self._interpreter is None:
            self._interpret().replay(hook, self._bar, self._bars, self._slot)
