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
from pipeline.execution.lots import report_open_at
from pipeline.execution.orders import ORDER
from pipeline.lane.account import LaneAccount
from pipeline.lane.image import Memory
from pipeline.lane.interpreted import Interpreter
from pipeline.lane.interpreted_context import InterpretedContext
from pipeline.lane.kind import LaneKind
from pipeline.lane.outbox import Outbox
from pipeline.lane.program import HOOK_INDEX
from pipeline.lane.raised import describe_raise, find_call, hook_of, place_of
from pipeline.lane.slot_view import SlotView, begin_slot
from pipeline.lane.spec import LaneSpec
from pipeline.lane.walk import end_walk, walk_slot
from pipeline.lane.warm_up import ValueWatch, first_called, never_ready
from pipeline.native.kernel import called_with_integers
from pipeline.strategy.compiled.stretch import show
from pipeline.tape.session_data import SessionData
from pipeline.tape.slot import Slot

#: How a lane takes up a slot and walks it, and how it goes on from a moment; see `walk_slot`.
Enter = Callable[[SlotView], int]
GoOn = Callable[[SlotView, int], int]
_NO_ORDERS = np.zeros(0, ORDER)


class Lane:
    """Owns one lane's memory and runs its strategy over the slots of the tape.

    All arrays that compiled code knows by address live as long as this object does.
    """

    def __init__(
        self, spec: LaneSpec, kind: LaneKind, outbox: Outbox, memory: Memory, address: int
    ) -> None:
        """``memory``: made by the kind for this lane, at an ``address``."""
        self.number = spec.number
        self._spec = spec
        self._kind = kind
        self._shape = kind.shape
        self._outbox = outbox
        self._hooks = kind.hooks
        image, self._memory = kind.image, memory
        self._own = LaneAccount(kind.opening, outbox, image, memory, address)
        #: The account's record, ACCOUNT[1].
        self.account = self._own.record
        self.context = image.view(memory, "context")
        self._program = image.view(memory, "program")
        self._bindings = image.view(memory, "bindings")
        self._addresses = address + image.place("context"), address + image.place("program")
        self._value_watch = self._watch()
        self._kept = 0  # orders in the outbox that were taken before and wait for on_order
        self._interpreter: Interpreter | None = None
        self._slot: Slot | None = None
        self._enter, self._go_on, self._call = self._make_strategy()

    @classmethod
    def make(cls, spec: LaneSpec, kind: LaneKind, outbox: Outbox) -> "Lane":
        """Make a lane with memory of its own. Raises as `LaneKind.make`."""
        memory, addresses = kind.make([spec], outbox)
        return cls(spec, kind, outbox, memory[0], int(addresses[0]))

    def _watch(self) -> ValueWatch | None:
        """Return what looks for indicators' first values, if the strategy does not wait for it."""
        if self._kind.waits:
            return None
        intervals, symbols = len(self._shape.intervals), len(self._shape.symbols)
        universe = self._kind.universe(self._spec)
        return ValueWatch(self._spec.bindings, intervals, symbols, universe)

    def _view(self, array: str) -> npt.NDArray[Any]:
        """Return an array of the lane's memory by its name in the kind's image."""
        return self._kind.image.view(self._memory, array)

    def _make_strategy(self) -> tuple[Enter, GoOn, Callable[[str], None]]:
        """Return how to take up a slot and walk it, how to go on, and how to call a bare hook."""
        if self._spec.mode == "interpreted":
            return self._interpreted()
        hooks, addresses = self._kind.compiled, self._addresses
        bound = int(self._program[0]["bindings"]), len(self._bindings)

        def go_on(view: SlotView, index: int) -> int:
            return int(walk_slot(*addresses, index, view.schedule.count))

        def enter(view: SlotView) -> int:
            begin_slot(addresses[0], *bound, view.address)
            return go_on(view, 0)

        def call(hook: str) -> None:
            own = self._view("self")[-1:]
            hooks[hook](int(own.ctypes.data), 0, addresses[0])

        return enter, go_on, call

    def _interpreted(self) -> tuple[Enter, GoOn, Callable[[str], None]]:
        interpreter = self._interpreter = self._interpret()
        context = self._addresses[0]
        bound = int(self._program[0]["bindings"]), len(self._bindings)

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
        self._slot = view.slot
        self._own.follow_outbox()
        self.go_on(view, self._guarded("", self._enter, view), flush)

    def go_on(self, view: SlotView, index: int, flush: Callable[["Lane"], None]) -> None:
        """Walk a slot on from where its walk stopped, ``index``, as `walk_slot` returned it."""
        self._slot, count = view.slot, view.schedule.count
        self._kept = 0
        while index != count:
            self._own.check(type(self._spec.strategy).__name__)
            if index < 0:
                self._empty_inbox()
                break
            flush(self)
            self._make_room()
            index = self._guarded("", self._go_on, view, index)
        self.look(view)

    def look(self, view: SlotView) -> None:
        """Look for first values of indicators in a slot that was walked, where that is needed."""
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
        series = shape.intervals, shape.symbols, self._kind.names
        ready = self._view("ready")
        unready = list(never_ready(ready, wanted, *series, self._value_watch))
        return {
            "lane": self.number,
            "first_called": int(first_called(ready, wanted)),
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
        own = (self._view(name) for name in ("self", "bar", "bars"))
        records = self.context, self.account, *own
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
        except BaseException as error:
            self._tell(hook, error)
            raise

    def failed(self, error: BaseException, view: SlotView) -> None:
        """Raise for what a hook raised in a slot, as `run` does."""
        self._slot = view.slot
        self._tell("", error)
        raise error

    def _tell(self, hook: str, error: BaseException) -> None:
        """Raise HookError for what a hook raised; return for what is not an error of a hook."""
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        interrupted = isinstance(error, KeyboardInterrupt) and not ignored
        if not interrupted and not isinstance(error, StrategyError):
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
        bar = self._view("bar")[0]
        if self._interpreter is None and called and bar["index"] == 0:
            show(self._addresses[0], int(bar["seen"]))

    def _interpret(self) -> Interpreter:
        data = SessionData(self._shape, lookback=max(1, self._spec.lookback))
        return Interpreter(
            self._spec,
            InterpretedContext(
                self.context,
                self._own.position,
                self._own.pending,
                data,
                self._kind.universe(self._spec),
                (*PRICE_COLUMNS, *self._kind.names),
            ),
            data,
            self._view("cursor"),
            self._view("self"),
            self.context,
            self.account,
            self._program,
            self._view("ready"),
            self._outbox,
        )

    def _replay(self, hook: str) -> None:
        """Call the hook that failed again, interpreted, so that Python names the line.

        The state is as the failed call left it. That does no harm: the lane has ended.
        """
        if self._interpreter is None:
            bar, bars = self._view("bar"), self._view("bars")
            self._interpret().replay(hook, bar, bars, self._slot)
