"""``ctx`` of an interpreted strategy: the compiled questions and operations as Python methods."""

from collections.abc import Callable, Iterable, Sequence
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from pipeline.codes import (
    GTC,
    LIMIT,
    MARKET,
    ON_CLOSE,
    ON_OPEN,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
    interval_name,
)
from pipeline.errors import ConfigError
from pipeline.execution.placing import BAD_UNTIL, NO_BAR
from pipeline.strategy.compiled import clock, operations, questions, random_numbers, reductions
from pipeline.strategy.compiled.column_names import column_key
from pipeline.strategy.compiled.operations import do
from pipeline.strategy.context import Context
from pipeline.strategy.local_time import LocalTime
from pipeline.strategy.numbers_given import Named, if_given, number, with_numbers
from pipeline.strategy.symbol import SymbolIndex, no_such_index, unknown, whole
from pipeline.strategy.wrong_name import refuse_setting
from pipeline.tape.bar_window import kept
from pipeline.tape.session_data import SessionData

#: Stands for a price that an order of its kind does not have.
_NONE: Named = ("", nan)


def _no_such_window(rows: int, lookback: int) -> str:
    """Return one sentence about a window of so many rows."""
    if rows < 1:
        return f"a window must have at least 1 row, was {rows}"
    return (
        f"a window of {rows} rows needs a lookback of {rows}: write lookback = {rows} in the "
        f"class, where it is {lookback}"
    )


def _length(interval: int) -> str:
    """Return an interval by its name, and one that has none in ns."""
    try:
        return interval_name(interval)
    except ConfigError:
        return f"{interval} ns"


class InterpretedContext(Context):
    """One lane's context. What each method means is said where it is declared.

    ``context``: the lane's CONTEXT[1]; ``position``, ``pending``: f8[symbols] of its account;
    ``data``: the lane's SessionData. ``universe``: the symbols that it trades, i8[n].
    ``columns``: the names of prices and of its indicators.
    """

    __slots__ = (
        "_address",
        "_context",
        "_count",
        "_keys",
        "_lookback",
        "_pending",
        "_position",
        "_symbols",
        "_values",
        "data",
    )

    data: SessionData

    __setattr__ = refuse_setting("ctx", __slots__)

    def __init__(
        self,
        context: npt.NDArray[Any],
        position: npt.NDArray[np.float64],
        pending: npt.NDArray[np.float64],
        data: SessionData,
        universe: npt.NDArray[np.int64],
        columns: Iterable[str],
    ) -> None:
        self.data = data
        self._symbols = tuple(map(SymbolIndex, universe.tolist()))
        self._count = len(position)
        self._lookback = int(context["lookback"][0])
        self._keys = {name: column_key(name) for name in columns}
        self._context = context
        self._address = int(context.ctypes.data)
        # Memoryviews: an item costs a third of a NumPy item, and `target` reads two per bar.
        self._position = position.data
        self._pending = pending.data
        self._values: Sequence[npt.NDArray[np.float64]] = ()

    def bind(self, values: Sequence[npt.NDArray[np.float64]]) -> None:
        """Point at the current slot's value arrays, one flat f8 view per interval."""
        self._values = values

    @property
    @override
    def now(self) -> int:
        return questions.now(self._address)

    @property
    @override
    def time(self) -> LocalTime:
        return clock.time_now(self._address)

    @property
    @override
    def symbols(self) -> Sequence[int]:
        return self._symbols

    @override
    def symbol(self, name: str) -> int:
        names = self.data.symbols
        if name not in names:
            raise KeyError(unknown("symbol", name, names))
        return SymbolIndex(names.index(name))

    @override
    def random(self) -> float:
        return random_numbers.random(self._address)

    @property
    @override
    def cash(self) -> float:
        return questions.cash(self._address)

    @property
    @override
    def equity(self) -> float:
        return questions.equity(self._address)

    @property
    @override
    def session_date(self) -> int:
        return int(self._context["session_date"][0])

    @property
    @override
    def session_open(self) -> int:
        return int(self._context["session_open"][0])

    @property
    @override
    def session_close(self) -> int:
        return int(self._context["session_close"][0])

    @override
    def position(self, symbol: int) -> float:
        return questions.position(self._address, self._of(symbol))

    @override
    def pending(self, symbol: int) -> float:
        return questions.pending(self._address, self._of(symbol))

    @override
    def last_price(self, symbol: int) -> float:
        return questions.last_price(self._address, self._of(symbol))

    @override
    def rate(self, symbol: int) -> float:
        return questions.rate(self._address, self._of(symbol))

    @override
    def average_price(self, symbol: int) -> float:
        return questions.average_price(self._address, self._of(symbol))

    @override
    def unrealised(self, symbol: int) -> float:
        return questions.unrealised(self._address, self._of(symbol))

    @override
    def realised(self, symbol: int) -> float:
        return questions.realised(self._address, self._of(symbol))

    @override
    def count(self, symbol: int, interval: int = 0) -> int:
        of = self._of(symbol), whole("interval", interval)
        return self._asked(questions.count, of)

    @override
    def window(
        self, symbol: int, column: str, rows: int, interval: int = 0
    ) -> npt.NDArray[np.float64]:
        span = self._window(symbol, column, rows, interval)
        index, start, length = self._asked(questions.window_span, span)
        return kept(self._values[index][start : start + length])

    def _of(self, symbol: int) -> int:
        """Return a symbol's index; TypeError or IndexError if it is none."""
        index = whole("symbol", symbol)
        if not 0 <= index < self._count:
            raise IndexError(no_such_index(index, self.data.symbols))
        return index

    def _window(
        self, symbol: int, column: str, rows: int, interval: int
    ) -> tuple[int, int, int, int]:
        """Return the arguments of compiled functions over a window: the column as its key."""
        key = self._keys.get(column)
        if key is None:
            raise KeyError(unknown("column", column, self._keys))
        length = whole("rows", rows)
        if not 1 <= length <= self._lookback:
            raise ValueError(_no_such_window(length, self._lookback))
        return self._of(symbol), key, length, whole("interval", interval)

    def _asked(self, question: Callable[..., Any], of: tuple[int, ...], *more: float) -> Any:
        """Ask compiled code about ``of``, of which the last is an interval; tell what it lacks."""
        try:
            return question(self._address, *of, *more)
        except ValueError as error:
            what = str(error)
            if what == questions.NO_INTERVAL:
                streams = ", ".join(self.data.intervals)
                what += f": {streams}; was {_length(of[-1])}, and 5m is written 5 * MINUTE"
            elif what == reductions.NO_FRACTION:
                what += f", was {more[0]:g}"
            raise ValueError(what) from None

    @override
    def sum(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        span = self._window(symbol, column, rows, interval)
        return self._asked(reductions.total, span)

    @override
    def mean(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        span = self._window(symbol, column, rows, interval)
        return self._asked(reductions.mean, span)

    @override
    def std(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        span = self._window(symbol, column, rows, interval)
        return self._asked(reductions.deviation, span)

    @override
    def min(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        span = self._window(symbol, column, rows, interval)
        return self._asked(reductions.least, span)

    @override
    def max(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        span = self._window(symbol, column, rows, interval)
        return self._asked(reductions.greatest, span)

    @override
    def quantile(
        self, symbol: int, column: str, rows: int, fraction: float, interval: int = 0
    ) -> float:
        span = self._window(symbol, column, rows, interval)
        return self._asked(reductions.quantile, span, number("fraction", fraction))

    def _named(self, error: ValueError, symbol: int, until: int) -> ValueError:
        """Return the error; if a price was missing, with the symbol and the way on.

        One about ``until`` is told it, which is no number of those that an order may lack.
        """
        if str(error).startswith(BAD_UNTIL):
            return ValueError(f"{error}, until {until!r}")
        if not str(error).startswith((operations.NO_PRICE, NO_BAR)):
            return error
        return ValueError(
            f"{error}; {self.data.symbols[symbol]} has last_price {self.last_price(symbol):g} and "
            f"rate {self.rate(symbol):g}: order once ctx.last_price(symbol) > 0"
        )

    def _place(self, operation: int, symbol: int, until: int, *named: Named) -> int:
        """Place an order of a kind, or a bracket; return its id."""
        given = self._address, operation, self._of(symbol), whole("until", until)
        try:
            return with_numbers(do, given, *named)
        except ValueError as error:
            raise self._named(error, symbol, until) from None

    @override
    def market(self, symbol: int, quantity: float) -> int:
        return self._place(MARKET, symbol, GTC, ("quantity", quantity))

    @override
    def market_on_open(self, symbol: int, quantity: float) -> int:
        return self._place(ON_OPEN, symbol, GTC, ("quantity", quantity))

    @override
    def market_on_close(self, symbol: int, quantity: float) -> int:
        return self._place(ON_CLOSE, symbol, GTC, ("quantity", quantity))

    @override
    def exit_on_close(self, symbol: int) -> int:
        return do(self._address, operations.EXIT, self._of(symbol))

    @override
    def limit(self, symbol: int, quantity: float, price: float, until: int = GTC) -> int:
        return self._place(LIMIT, symbol, until, ("quantity", quantity), ("price", price))

    @override
    def stop(self, symbol: int, quantity: float, price: float, until: int = GTC) -> int:
        stop = ("price", price)
        return self._place(STOP, symbol, until, ("quantity", quantity), _NONE, stop)

    @override
    def stop_limit(
        self, symbol: int, quantity: float, stop: float, limit: float, until: int = GTC
    ) -> int:
        prices = ("limit", limit), ("stop", stop)
        return self._place(STOP_LIMIT, symbol, until, ("quantity", quantity), *prices)

    @override
    def trailing_stop(
        self,
        symbol: int,
        quantity: float,
        amount: float = nan,
        percent: float = nan,
        until: int = GTC,
    ) -> int:
        distance = if_given("amount", amount), if_given("percent", percent)
        return self._place(TRAILING_STOP, symbol, until, ("quantity", quantity), *distance)

    @override
    def bracket(
        self,
        symbol: int,
        quantity: float,
        stop_loss: float = nan,
        take_profit: float = nan,
        limit: float = nan,
        stop: float = nan,
        until: int = GTC,
    ) -> int:
        entry = if_given("limit", limit), if_given("stop", stop)
        ends = if_given("stop_loss", stop_loss), if_given("take_profit", take_profit)
        named = ("quantity", quantity), *entry, *ends
        return self._place(operations.BRACKET, symbol, until, *named)

    @override
    def target(self, symbol: int, quantity: float) -> int:
        symbol = self._of(symbol)
        if type(quantity) is not float:
            quantity = number("quantity", quantity)
        if quantity == self._position[symbol] and self._pending[symbol] == 0.0:
            return 0
        return self._place(operations.TARGET, symbol, 0, ("quantity", quantity))

    @override
    def target_value(self, symbol: int, value: float) -> int:
        return self._place(operations.TARGET_VALUE, symbol, 0, ("value", value))

    @override
    def target_percent(self, symbol: int, fraction: float) -> int:
        return self._place(operations.TARGET_PERCENT, symbol, 0, ("fraction", fraction))

    @override
    def replace(
        self,
        order_id: int,
        quantity: float = nan,
        limit: float = nan,
        stop: float = nan,
    ) -> bool:
        given = self._address, operations.REPLACE, whole("order_id", order_id), 0
        prices = if_given("limit", limit), if_given("stop", stop)
        named = if_given("quantity", quantity), *prices
        return with_numbers(do, given, *named) != 0

    @override
    def one_cancels_other(self, first: int, second: int) -> bool:
        return (
            do(
                self._address,
                operations.ONE_CANCELS_OTHER,
                whole("first", first),
                whole("second", second),
            )
            != 0
        )

    @override
    def cancel(self, order_id: int) -> bool:
        return do(self._address, operations.CANCEL, whole("order_id", order_id)) != 0
