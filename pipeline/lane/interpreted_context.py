"""``ctx`` of an interpreted strategy: the compiled questions and operations as Python methods."""

from collections.abc import Sequence
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
)
from pipeline.strategy.compiled import operations, questions
from pipeline.strategy.compiled.column_names import column_key
from pipeline.strategy.compiled.operations import do
from pipeline.strategy.context import Context
from pipeline.tape.bar_window import kept
from pipeline.tape.session_data import SessionData


class InterpretedContext(Context):
    """One lane's context. What each method means is said where it is declared.

    ``context``: the lane's CONTEXT[1]; ``position``, ``pending``: f8[symbols] of its account;
    ``data``: the lane's SessionData.
    """

    __slots__ = ("_address", "_context", "_keys", "_pending", "_position", "_values", "data")

    data: SessionData

    def __init__(
        self,
        context: npt.NDArray[Any],
        position: npt.NDArray[np.float64],
        pending: npt.NDArray[np.float64],
        data: SessionData,
    ) -> None:
        self.data = data
        self._context = context
        self._address = int(context.ctypes.data)
        # Memoryviews: an item costs a third of a NumPy item, and `target` reads two per bar.
        self._position = position.data
        self._pending = pending.data
        self._values: Sequence[npt.NDArray[np.float64]] = ()
        self._keys: dict[str, int] = {}

    def bind(self, values: Sequence[npt.NDArray[np.float64]]) -> None:
        """Point at the current slot's value arrays, one flat f8 view per interval."""
        self._values = values

    @property
    @override
    def now(self) -> int:
        return questions.now(self._address)

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
        return questions.position(self._address, symbol)

    @override
    def pending(self, symbol: int) -> float:
        return questions.pending(self._address, symbol)

    @override
    def last_price(self, symbol: int) -> float:
        return questions.last_price(self._address, symbol)

    @override
    def rate(self, symbol: int) -> float:
        return questions.rate(self._address, symbol)

    @override
    def average_price(self, symbol: int) -> float:
        return questions.average_price(self._address, symbol)

    @override
    def unrealised(self, symbol: int) -> float:
        return questions.unrealised(self._address, symbol)

    @override
    def realised(self, symbol: int) -> float:
        return questions.realised(self._address, symbol)

    @override
    def count(self, symbol: int, interval: int = 0) -> int:
        return questions.count(self._address, symbol, interval)

    @override
    def window(
        self, symbol: int, column: str, rows: int, interval: int = 0
    ) -> npt.NDArray[np.float64]:
        key = self._keys.get(column)
        if key is None:
            key = self._keys[column] = column_key(column)
        index, start, length = questions.window_span(self._address, symbol, key, rows, interval)
        return kept(self._values[index][start : start + length])

    @override
    def market(self, symbol: int, quantity: float) -> int:
        return do(self._address, MARKET, symbol, GTC, quantity)

    @override
    def market_on_open(self, symbol: int, quantity: float) -> int:
        return do(self._address, ON_OPEN, symbol, GTC, quantity)

    @override
    def market_on_close(self, symbol: int, quantity: float) -> int:
        return do(self._address, ON_CLOSE, symbol, GTC, quantity)

    @override
    def limit(self, symbol: int, quantity: float, price: float, until: int = GTC) -> int:
        return do(self._address, LIMIT, symbol, until, quantity, price)

    @override
    def stop(self, symbol: int, quantity: float, price: float, until: int = GTC) -> int:
        return do(self._address, STOP, symbol, until, quantity, nan, price)

    @override
    def stop_limit(
        self, symbol: int, quantity: float, stop: float, limit: float, until: int = GTC
    ) -> int:
        return do(self._address, STOP_LIMIT, symbol, until, quantity, limit, stop)

    @override
    def trailing_stop(
        self,
        symbol: int,
        quantity: float,
        amount: float = nan,
        percent: float = nan,
        until: int = GTC,
    ) -> int:
        return do(self._address, TRAILING_STOP, symbol, until, quantity, amount, percent)

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
        prices = limit, stop, stop_loss, take_profit
        return do(self._address, operations.BRACKET, symbol, until, quantity, *prices)

    @override
    def target(self, symbol: int, quantity: float) -> int:
        if symbol >= 0 and quantity == self._position[symbol] and self._pending[symbol] == 0.0:
            return 0
        return do(self._address, operations.TARGET, symbol, 0, quantity)

    @override
    def target_value(self, symbol: int, value: float) -> int:
        return do(self._address, operations.TARGET_VALUE, symbol, 0, value)

    @override
    def target_percent(self, symbol: int, fraction: float) -> int:
        return do(self._address, operations.TARGET_PERCENT, symbol, 0, fraction)

    @override
    def replace(
        self,
        order_id: int,
        quantity: float = nan,
        limit: float = nan,
        stop: float = nan,
    ) -> bool:
        return do(self._address, operations.REPLACE, order_id, 0, quantity, limit, stop) != 0

    @override
    def one_cancels_other(self, first: int, second: int) -> bool:
        return do(self._address, operations.ONE_CANCELS_OTHER, first, second) != 0

    @override
    def cancel(self, order_id: int) -> bool:
        return do(self._address, operations.CANCEL, order_id) != 0
