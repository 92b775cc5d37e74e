"""The data processor: longer bars, indicators and quality of its own symbols, in the slot."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS, interval_ns
from pipeline.market.actions import NO_SPLITS, Splits
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner
from pipeline.market.longer_bars import DERIVE_STATE_F, DERIVE_STATE_I, derive_bars
from pipeline.market.quality import QUALITY_STATE_I, fill_quality
from pipeline.native.kernel import kernel
from pipeline.tape.lookback import Tail
from pipeline.tape.slot import HORIZON, QUALITY, SPLITS, BarTable, Slot


@kernel()
def _derive_table(
    ts: Any,
    close_ts: Any,
    values: Any,
    count: Any,
    first: int,
    opens: Any,
    closes: Any,
    horizon: int,
    interval: int,
    low: int,
    states_i: Any,
    states_f: Any,
    out_ts: Any,
    out_close_ts: Any,
    out_values: Any,
    out_count: Any,
) -> None:
    """`derive_bars` for the symbols from ``low`` on, one state each; shapes as in a BarTable."""
    for place in range(states_i.shape[0]):
        symbol = low + place
        out_count[symbol] = derive_bars(
            ts[symbol],
            close_ts[symbol],
            values[:, symbol],
            first,
            first + count[symbol],
            opens,
            closes,
            horizon,
            interval,
            states_i[place],
            states_f[place],
            out_ts[symbol],
            out_close_ts[symbol],
            out_values[:, symbol],
            first,
        )


@kernel()
def _sessions_of(close_ts: Any, count: Any, first: int, closes: Any, index: Any, out: Any) -> None:
    """Write for each fresh row the number of the session in which it closes."""
    for symbol in range(count.size):
        session = 0
        for row in range(first, first + count[symbol]):
            while closes[session] < close_ts[symbol, row]:
                session += 1
            out[symbol, row] = index[session]


@kernel()
def _grade_table(
    ts: Any,
    close_ts: Any,
    count: Any,
    first: int,
    opens: Any,
    closes: Any,
    break_start: Any,
    break_end: Any,
    interval: int,
    low: int,
    states: Any,
    out: Any,
) -> None:
    """`fill_quality` for the symbols from ``low`` on, one state each."""
    for place in range(states.shape[0]):
        symbol = low + place
        fill_quality(
            ts[symbol],
            close_ts[symbol],
            first,
            first + count[symbol],
            opens,
            closes,
            break_start,
            break_end,
            interval,
            states[place],
            out[symbol],
        )


class _Table:
    """The memory of one processor about one interval: states, tail and indicator runner."""

    def __init__(
        self, table: BarTable, plan: IndicatorPlan, symbols: range, *, derived: bool
    ) -> None:
        self.interval = interval_ns(table.interval)
        self.derived = derived
        self._symbols = symbols
        self._runner = PlanRunner(plan, table.interval, symbols)
        self._needs_sessions = plan.needs_sessions(table.interval)
        self._quality = QUALITY in table.columns
        own = slice(0, None) if derived else slice(len(PRICE_COLUMNS), None)
        self.tail = Tail(table, own, symbols, times=derived)
        self._powers = (*plan.table(table.interval).powers, *((0,) if self._quality else ()))
        self._bars_i = np.zeros((len(symbols), DERIVE_STATE_I), np.int64)
        self._bars_f = np.zeros((len(symbols), DERIVE_STATE_F))
        self._grades = np.zeros((len(symbols), QUALITY_STATE_I), np.int64)
        self._session_of_row = np.zeros(table.ts.shape, np.int64)

    def split(self, symbol: int, ratio: float) -> None:
        """Convert the rows and states of a symbol to the scale after a split.

        A split comes before a session opens, when no longer bar is under way.
        """
        self.tail.split(symbol, ratio, self._powers)
        self._runner.split(symbol, ratio)

    def derive(self, table: BarTable, base: BarTable, horizon: int, sessions: "_Sessions") -> None:
        """Write the longer bars that are complete by the horizon."""
        _derive_table(
            base.ts,
            base.close_ts,
            base.values,
            base.count,
            base.first,
            sessions.opens,
            sessions.closes,
            horizon,
            self.interval,
            self._symbols.start,
            self._bars_i,
            self._bars_f,
            table.ts,
            table.close_ts,
            table.values,
            table.count,
        )

    def compute(self, table: BarTable, sessions: "_Sessions") -> None:
        """Write indicators and, if the run asks for it, quality of the fresh rows."""
        if self._needs_sessions:
            own = slice(self._symbols.start, self._symbols.stop)
            _sessions_of(
                table.close_ts[own],
                table.count[own],
                table.first,
                sessions.closes,
                sessions.index,
                self._session_of_row[own],
            )
        # The quality is the last column, and no column of the plan.
        values = table.values[:-1] if self._quality else table.values
        self._runner.compute(values, table.first, table.count, self._session_of_row)
        if self._quality:
            _grade_table(
                table.ts,
                table.close_ts,
                table.count,
                table.first,
                sessions.opens,
                sessions.closes,
                sessions.break_start,
                sessions.break_end,
                self.interval,
                self._symbols.start,
                self._grades,
                table.values[-1],
            )


class _Sessions:
    """The sessions that a slot names, as contiguous arrays i8[K]."""

    def __init__(self, slot: Slot) -> None:
        named = slot.open_sessions

        def column(name: str) -> npt.NDArray[np.int64]:
            return np.ascontiguousarray(named[name])

        self.index = column("index")
        self.opens, self.closes = column("open"), column("close")
        self.break_start, self.break_end = column("break_start"), column("break_end")


class Processor:
    """Fills the derived part of slots, one after the other; ``symbols``: a range of indices."""

    def __init__(
        self, plan: IndicatorPlan, symbols: range, slot: Slot, splits: Splits = NO_SPLITS
    ) -> None:
        self._tables = [
            _Table(table, plan, symbols, derived=index > 0)
            for index, table in enumerate(slot.tables)
        ]
        self.symbols = symbols
        self._splits = splits

    def process(self, slot: Slot) -> None:
        """Write longer bars, indicators and quality of a slot whose base bars are in place."""
        sessions = _Sessions(slot)
        horizon = int(slot.header[HORIZON])
        split = [
            (symbol, ratio)
            for symbol, ratio in self._splits.get(int(slot.header[SPLITS]), ())
            if symbol in self.symbols
        ]
        for own, table in zip(self._tables, slot.tables, strict=True):
            for symbol, ratio in split:
                own.split(symbol, ratio)
            own.tail.carry_in(table)
            if own.derived:
                own.derive(table, slot.tables[0], horizon, sessions)
            own.compute(table, sessions)
            own.tail.keep(table)
