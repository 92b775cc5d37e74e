"""``ctx``: what a strategy may ask and, by `Orders`, what it may do.

Compiled strategies have the same names (`strategy.compiled.context`); interpreted ones are given a
subclass of `Context` (`lane.interpreted_context`). Rows behind the cursor are the future, and
nothing here reaches them.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.strategy.local_time import LocalTime
from pipeline.strategy.orders import Orders


class Context(Orders):
    """The second argument of every hook: time, money, positions, the past, and orders.

    Symbols are indices in the run's symbols, as ``bar.symbol`` gives them. An index that is not
    one of them is an IndexError.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def data(self) -> Any:
        """The run's SessionData: bars, indicators, session facts and quality up to now.

        Interpreted strategies only; `window` and `count` are there for both.
        """

    @property
    @abstractmethod
    def now(self) -> int:
        """The present moment, ns UTC: the close of the bars being shown."""

    @property
    @abstractmethod
    def time(self) -> LocalTime:
        """The present moment on the exchange's clock: ``ctx.time.hour``, ``ctx.time.weekday``."""

    @property
    @abstractmethod
    def symbols(self) -> Sequence[int]:
        """The symbols that the strategy trades, as indices: to count and to go through."""

    @abstractmethod
    def symbol(self, name: str) -> int:
        """The index of a symbol by its name: ``ctx.symbol("SPY")``.

        KeyError if it is not one of the run's symbols.
        """

    @abstractmethod
    def random(self) -> float:
        """The next random number, above 0 and below 1.

        It follows from ``backtest_config.seed``, the strategy's class and parameters, its symbols
        and how often it was called before, so a run repeated gives the same numbers.
        """

    @property
    @abstractmethod
    def cash(self) -> float:
        """Cash in account currency."""

    @property
    @abstractmethod
    def equity(self) -> float:
        """Cash plus all positions at their last closes, in account currency."""

    @property
    @abstractmethod
    def session_date(self) -> int:
        """The session's trading date at 00:00Z, ns."""

    @property
    @abstractmethod
    def session_open(self) -> int:
        """When the session opened, ns UTC."""

    @property
    @abstractmethod
    def session_close(self) -> int:
        """When the session closes by the calendar, ns UTC."""

    @abstractmethod
    def position(self, symbol: int) -> float:
        """Units held of a symbol; negative when short."""

    @abstractmethod
    def pending(self, symbol: int) -> float:
        """Signed sum of the unfilled orders that wait for no price: market, on open, on close."""

    @abstractmethod
    def last_price(self, symbol: int) -> float:
        """The symbol's last close; NaN before its first bar."""

    @abstractmethod
    def rate(self, symbol: int) -> float:
        """Account currency for 1 of the symbol's currency; NaN before its pair's first close."""

    @abstractmethod
    def average_price(self, symbol: int) -> float:
        """Average price of the units held; NaN when flat."""

    @abstractmethod
    def unrealised(self, symbol: int) -> float:
        """What the units held would bring at the last close above their cost, before commission."""

    @abstractmethod
    def realised(self, symbol: int) -> float:
        """What trading the symbol has brought so far: profit of all closed, less all commission."""

    @abstractmethod
    def count(self, symbol: int, interval: int = 0) -> int:
        """Bars of a symbol closed so far in the run.

        ``interval`` in ns, 0 = base; ValueError if it is not one of the run's streams.
        """

    @abstractmethod
    def window(
        self, symbol: int, column: str, rows: int, interval: int = 0
    ) -> npt.NDArray[np.float64]:
        """The last ``rows`` values of a column, oldest first: f8[<= rows], read-only.

        ``column``: open, high, low, close, volume or one of the strategy's indicator names.
        ``interval`` in ns (0 = base) counts for prices; an indicator has its own. Shorter at the
        start of a run. It cannot be written to; ``.copy()`` of it can. A compiled hook gets a view
        of shared memory, valid until the hook returns, an interpreted one a copy.
        ValueError if ``rows`` is not 1 to the strategy's ``lookback`` or ``interval`` is not one of
        the run's streams, KeyError if there is no such column.
        """

    @abstractmethod
    def sum(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        """The sum of a `window`, added up from the oldest value on.

        Equal to the last bit in both modes, which ``np.sum`` and its like are not. This and the
        methods that follow are NaN if the window has a NaN, or no rows.
        """

    @abstractmethod
    def mean(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        """The arithmetic mean of a `window`."""

    @abstractmethod
    def std(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        """The standard deviation of a `window`, over the number of values as ``np.std``."""

    @abstractmethod
    def min(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        """The least value of a `window`."""

    @abstractmethod
    def max(self, symbol: int, column: str, rows: int, interval: int = 0) -> float:
        """The greatest value of a `window`."""

    @abstractmethod
    def quantile(
        self, symbol: int, column: str, rows: int, fraction: float, interval: int = 0
    ) -> float:
        """The value below which a fraction of a `window` lies, linear between two as NumPy's.

        ``fraction``: 0.5 is the median. ValueError if it is not 0 to 1.
        """
