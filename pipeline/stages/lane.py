"""A lane: one strategy, one parameter set, one account, and the memory the loop works on."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import StrategyError
from pipeline.execution.account import ACCOUNT, empty_outbox_at
from pipeline.execution.actions import ACTION
from pipeline.execution.book import check_room_at, empty_inbox_at, end_moment_at
from pipeline.execution.fills import FILL
from pipeline.execution.latency import MESSAGE
from pipeline.execution.lots import LOT, report_open_at, watch_lots_at
from pipeline.execution.orders import NEVER, ORDER, REPORTED
from pipeline.market.bars import PRICE_COLUMNS
from pipeline.stages.interpreted import Interpreter
from pipeline.stages.lane_loop import HOOK_INDEX, PROGRAM, run_moments
from pipeline.stages.lane_spec import Instrument, LaneSpec, Terms, bars_dtype
from pipeline.stages.outbox import INBOX, Outbox
from pipeline.stages.pricing import Pricing
from pipeline.stages.raised import describe_raise
from pipeline.stages.schedule import Schedule
from pipeline.stages.session_data import SessionData
from pipeline.stages.slot import SESSION, Slot, SlotShape
from pipeline.stages.slot_view import SlotView, begin_slot
from pipeline.strategy.bar import BAR, BINDING
from pipeline.strategy.compiled import compile_hooks, hook_address
from pipeline.strategy.context import Context, name_table
from pipeline.strategy.records import CONTEXT
from pipeline.strategy.strategy import (
    Symbol,
    hooks_of,
    parameters_of,
    record_dtype,
    states_of,
)

#: The account's arrays by symbol, float64 each.
_BY_SYMBOL = (
    *("position", "pending", "last_price", "realised", "quiet_low", "quiet_high"),
    *("tick", "lot", "multiplier", "borrow_rate", "buys", "sells"),
    *("point", "rate", "funding_rate", "funding_hours"),
)
#: What of the terms is not a field of the account: arrays, and what `Pricing` sets.
_APART = {"instruments", "hours", "actions", "maker_points", "tiers", "own_commission"}
#: Lots a lane begins with where every fill may be one, and orders that its book has room for.
_LOTS = 64
_ORDERS = 16


class Lane:
    """Owns one lane's memory and runs its strategy over the slots of the tape.

    All arrays the compiled loop knows by address live as long as this object does.
    """

    def __init__(self, spec: LaneSpec, shape: SlotShape, terms: Terms, outbox: Outbox) -> None:
        self.number = spec.number
        self._spec = spec
        self._shape = shape
        self._outbox = outbox
        self._names = tuple(name for name, _, _ in spec.bindings)
        symbols = len(shape.symbols)
        self._floats = np.zeros((len(_BY_SYMBOL), symbols))
        self._floats[_BY_SYMBOL.index("last_price")] = np.nan  # before the first bar
        self._resting_of = np.zeros(symbols, np.int64)
        self._fills_of, self._bars_before, self._met = np.zeros((3, symbols), np.int64)
        self._met[:] = -1  # before any bar
        reserve = INBOX if "on_order" in hooks_of(type(spec.strategy)) else 0
        self._book = np.zeros(_ORDERS + reserve, ORDER)
        self._lots = np.zeros(max(symbols, _LOTS) if terms.fifo else symbols, LOT)
        self._lot_ends = np.zeros((2, symbols), np.int64)
        self._cursor = np.zeros((len(shape.intervals), symbols), np.int64)
        self.account = self._open_account(terms)
        self.account[0]["book_reserve"] = reserve
        self._pricing = Pricing(terms, self.account)
        columns = {name: (-1, place) for place, name in enumerate(PRICE_COLUMNS)}
        columns |= {name: (index, column) for name, index, column in spec.bindings}
        self._columns = name_table(columns)
        self.context = self._make_context()
        self._self = self._make_self()
        self._make_program()
        #: Where the context and the account lie, and the bindings with their number.
        self._addresses = int(self.context.ctypes.data), int(self.account.ctypes.data)
        self._bound = int(self._bindings.ctypes.data), len(self._bindings)
        self._kept = 0  # orders in the outbox that were taken before and wait for on_order
        self._interpreter: Interpreter | None = None
        self._slot: Slot | None = None
        self._walk, self._call = self._make_strategy()

    def _open_account(self, terms: Terms) -> npt.NDArray[Any]:
        account = np.zeros(1, ACCOUNT)
        record = account[0]
        record["symbols"] = len(self._shape.symbols)
        record["next_order"] = 1
        record["session_close"] = record["hours_until"] = NEVER
        record["hours_from"] = -NEVER
        record["limited"] = terms.limited
        record["delayed"] = terms.delayed
        self._messages = np.zeros(2 * INBOX * terms.delayed, MESSAGE)
        self._attach_messages(record)
        for field in fields(terms):
            if field.name not in _APART:
                record[field.name] = getattr(terms, field.name)
        record["cash"] = record["equity"] = terms.initial_cash
        for name, array in zip(_BY_SYMBOL, self._floats, strict=True):
            record[name] = array.ctypes.data
        instruments = terms.instruments or (Instrument(),) * len(self._shape.symbols)
        for name in (
            *("tick", "lot", "multiplier", "borrow_rate"),
            *("funding_rate", "funding_hours"),
        ):
            of_symbol = [getattr(instrument, name) for instrument in instruments]
            self._floats[_BY_SYMBOL.index(name)] = of_symbol
        self._open_currencies(record, instruments)
        funded = any(instrument.funding_rate != 0.0 for instrument in instruments)
        record["next_funding"] = 0 if funded else NEVER
        record["fills_of"] = self._fills_of.ctypes.data
        record["bars_before"] = self._bars_before.ctypes.data
        record["met"] = self._met.ctypes.data
        self._hours = np.array(terms.hours, np.int64)
        record["hours"] = self._hours.ctypes.data if len(self._hours) else 0
        record["stride"] = self._shape.stride
        record["plane"] = self._shape.stride * len(self._shape.symbols)
        self._actions = np.array([tuple(action) for action in terms.actions], ACTION)
        record["actions"], record["action_count"] = self._actions.ctypes.data, len(self._actions)
        record["base_cursor"] = self._cursor.ctypes.data
        record["resting_of"] = self._resting_of.ctypes.data
        record["book"], record["book_capacity"] = self._book.ctypes.data, len(self._book)
        record["lots"], record["lots_capacity"] = self._lots.ctypes.data, len(self._lots)
        record["first_lot"], record["last_lot"] = (ends.ctypes.data for ends in self._lot_ends)
        self._attach_outbox(account)
        return account

    def _attach_outbox(self, account: npt.NDArray[Any]) -> None:
        self._outbox.attach(account)
        self._attached = self._outbox.version

    def _open_currencies(self, record: Any, instruments: Sequence[Instrument]) -> None:
        """Give foreign symbols their pairs; there is no rate yet, and so no value."""
        point, rate, multiplier = (
            self._floats[_BY_SYMBOL.index(name)] for name in ("point", "rate", "multiplier")
        )
        self._pairs = np.array([one.pair for one in instruments], np.int64)
        self._credits = np.array([one.credit for one in instruments], np.int64)
        record["pair"], record["credit"] = self._pairs.ctypes.data, self._credits.ctypes.data
        record["foreign"] = self._pairs.any()
        point[:] = multiplier
        rate[:] = np.where(self._pairs == 0, 1.0, np.nan)
        multiplier *= rate

    def _make_context(self) -> npt.NDArray[Any]:
        context = np.zeros(1, CONTEXT)
        record = context[0]
        record["account"] = self.account.ctypes.data
        record["intervals"] = len(self._shape.intervals)
        record["cursor"] = self._cursor.ctypes.data
        record["names"], record["name_count"] = self._columns.ctypes.data, len(self._columns)
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
            raise StrategyError(
                f"{type(self._spec.strategy).__name__}: {symbol!r} is not one of this run's "
                f"symbols: {', '.join(self._shape.symbols)}"
            )
        return self._shape.symbols.index(symbol)

    def _make_program(self) -> None:
        cls = type(self._spec.strategy)
        self._bars = np.zeros(1, bars_dtype(self._names, len(self._shape.symbols)))
        self._bindings = np.zeros(len(self._spec.bindings), BINDING)
        for row, (_, index, column) in enumerate(self._spec.bindings):
            self._bindings[row]["table"], self._bindings[row]["column"] = index, column
        self._bar = np.zeros(1, BAR)
        self._bar[0]["context"] = self.context.ctypes.data
        self._bar[0]["bindings"] = self._bindings.ctypes.data
        fields = list(self._self.dtype.names or ())
        resets = [n for n, declared in states_of(cls).items() if declared.reset == "session"]
        self._resets = np.zeros((len(resets), 2), np.int64)
        for row, name in enumerate(resets):
            # The initial value as the record holds it, whatever its type, seen as bits.
            bits = self._self[name][:1].view(np.int64)[0]
            self._resets[row] = fields.index(name), bits
        self._program = np.zeros(1, PROGRAM)
        record = self._program[0]
        for name, array in (
            ("self", self._self),
            ("bar", self._bar),
            ("bars", self._bars),
            ("bindings", self._bindings),
            ("resets", self._resets),
        ):
            record[name] = array.ctypes.data
        record["self_cells"] = self._self.dtype.itemsize // 8
        record["binding_count"] = len(self._bindings)
        record["reset_count"] = len(resets)
        record["intervals"] = sum(1 << index for index in self._spec.wanted)
        record["hooks"] = sum(1 << HOOK_INDEX[name] for name in hooks_of(cls))

    def _make_strategy(self) -> tuple[Callable[[Schedule, int], int], Callable[[str], None]]:
        """Return how to walk moments and how to call a hook that gets no data."""
        if self._spec.mode == "interpreted":
            self._interpreter = self._interpret()
            return self._interpreter.walk, self._interpreter.call
        data = {
            "bars": self._bars.dtype,
            "fill": FILL,
            "order": REPORTED,
            "session": SESSION,
        }
        hooks = compile_hooks(type(self._spec.strategy), self._self.dtype, self._names, data)
        addresses = (int(self.context.ctypes.data), int(self._program.ctypes.data))
        for name, hook in hooks.items():
            self._program[0][name] = hook_address(hook)
        own = int(self._self[-1:].ctypes.data)

        def walk(schedule: Schedule, index: int) -> int:
            return int(run_moments(*addresses, index, schedule.count))

        def call(hook: str) -> None:
            hooks[hook](own, 0, addresses[0])

        return walk, call

    def start(self) -> None:
        """Call ``on_start``, before the first slot; what came of it is in the outbox (`take`)."""
        self._empty_outbox()
        self._guarded(lambda: self._call("on_start"), "on_start")
        self._empty_inbox()

    def run(self, view: SlotView, flush: Callable[["Lane"], None]) -> None:
        """Walk the moments of one slot; what came of it is in the outbox (`take`).

        ``flush`` is called to empty fills and orders when the outbox is full before the end.
        StrategyError with file, line, symbol and time if the strategy raises.
        """
        self._slot, schedule = view.slot, view.schedule
        if self._attached != self._outbox.version:
            self._attach_outbox(self.account)
        begin_slot(self._addresses[0], *self._bound, view.address)
        self._kept = 0
        if self._interpreter is not None:
            self._interpreter.bind(view.slot, schedule)
        index = 0
        while index < schedule.count:
            index = self._guarded(partial(self._walk, schedule, index), "")
            self._pricing.check(self._shape.symbols)
            if index < schedule.count:
                flush(self)
                self._make_room()
        watch_lots_at(self._addresses[1])
        self._empty_inbox()

    def _empty_outbox(self) -> None:
        if self._attached != self._outbox.version:
            self._attach_outbox(self.account)
        empty_outbox_at(self._addresses[1])

    def _empty_inbox(self) -> None:
        """Leave the inbox to the next lane; what is done is reported at this lane's next moment."""
        if self.account[0]["inbox_count"]:
            self._enlarge_book()
            empty_inbox_at(self._addresses[1])

    def end_moment(self) -> None:
        """Move what is done to the outbox and what was placed last to the book."""
        self._enlarge_book()
        end_moment_at(self._addresses[1])

    def stop(self) -> None:
        """Call ``on_stop``, after the last slot. Orders it places stay unfilled.

        What is still held goes to the outbox as round trips without an exit.
        """
        self._empty_outbox()
        self._make_room()
        self._guarded(lambda: self._call("on_stop"), "on_stop")
        report_open_at(self._addresses[1])

    def take(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """The fills, finished orders and round trips in the outbox.

        Views, valid until the next run or take.
        """
        record = self.account[0]
        fills = self._outbox.fills[: record["fills_out_count"]]
        orders = self._outbox.orders[self._kept : record["orders_out_count"]]
        return fills, orders, self._outbox.trips[: record["trips_out_count"]]

    def resting(self) -> npt.NDArray[Any]:
        """The orders still at rest, ORDER[n]: a view."""
        return self._book[: self.account[0]["resting"]]

    def facts(self) -> dict[str, Any]:
        """What the account came to, by name."""
        record = self.account[0]
        names = (
            *("initial_cash", "cash", "equity", "commission", "slippage_cost", "turnover"),
            *("interest", "borrow", "dividends", "fractions_paid"),
            *("funding", "maker_commission", "fills_as_maker", "poor_fills"),
            *("fills", "trips", "wins", "gross_profit", "gross_loss", "trip_squares"),
            *("exposed", "ambiguous"),
            *("capped", "slipped", "rejected", "liquidations"),
            *("positions_split", "orders_split", "dividends_booked"),
        )
        return {"lane": self.number, "orders": int(record["next_order"]) - 1} | {
            name: record[name].item() for name in names
        }

    def _enlarge_book(self) -> None:
        """Give the book room for what is at rest and for what is in the inbox."""
        record = self.account[0]
        orders = int(record["resting"] + record["inbox_count"] + record["book_reserve"])
        if orders > len(self._book):
            book = np.zeros(2 * orders, ORDER)
            book[: len(self._book)] = self._book
            self._book = book
            record["book"], record["book_capacity"] = book.ctypes.data, len(book)

    def _make_room(self) -> None:
        """Enlarge what a moment might not have fitted into, once the outbox has been taken."""
        self._enlarge_book()
        record, untold = self.account[0], self._untold()
        resting, lots = int(record["resting"]), int(record["open_lots"])
        # What is in the inbox is in the book before the next fill.
        resting += int(record["inbox_count"])
        fills = resting + INBOX * int(record["this_close"])
        if record["fifo"] and lots + fills > len(self._lots):
            more = np.zeros(2 * (lots + fills), LOT)
            more[: len(self._lots)] = self._lots
            self._lots = more
            record["lots"], record["lots_capacity"] = more.ctypes.data, len(more)
        in_flight = int(record["in_flight"])
        if record["delayed"] and in_flight + INBOX > len(self._messages):
            messages = np.zeros(2 * (in_flight + INBOX), MESSAGE)
            messages[:in_flight] = self._messages[:in_flight]
            self._messages = messages
            self._attach_messages(record)
        self._outbox.make_room(resting, lots)
        counts = {n: record[n] for n in ("equity_out_count", "session_out_count")}
        self._empty_outbox()
        for name, count in counts.items():
            record[name] = count
        self._outbox.orders[: len(untold)] = untold
        record["orders_out_count"] = self._kept = len(untold)
        check_room_at(self._addresses[1])

    def _attach_messages(self, record: Any) -> None:
        record["messages"] = self._messages.ctypes.data
        record["message_capacity"] = len(self._messages)

    def _untold(self) -> npt.NDArray[Any]:
        """Return a copy of the orders that were taken and that on_order has yet to see."""
        record = self.account[0]
        if "on_order" not in hooks_of(type(self._spec.strategy)):
            return np.zeros(0, ORDER)
        return self._outbox.orders[record["orders_told"] : record["orders_out_count"]].copy()

    def _guarded(self, action: Callable[[], Any], hook: str) -> Any:
        try:
            return action()
        except StrategyError:
            raise
        except Exception as error:
            raise StrategyError(
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

    def _interpret(self) -> Interpreter:
        data = SessionData(self._shape, lookback=max(1, self._spec.lookback))
        return Interpreter(
            self._spec,
            Context(self.context, self._floats[0], self._floats[1], data),
            data,
            self._cursor,
            self._self,
            self.context,
            self.account,
            self._program,
            self._outbox,
        )

    def _replay(self, hook: str) -> None:
        """Call the hook that failed again, interpreted, so that Python can say on which line.

        Its state is as the failed call left it and the lane is lost anyway.
        """
        if self._interpreter is None:
            self._interpret().replay(hook, self._bar, self._bars, self._slot)
