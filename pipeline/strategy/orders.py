"""What ``ctx`` may do with orders.

Quantities are signed (+ buy, - sell) and in units; prices are in the symbol's currency. Everything
that places an order returns its id. ``until`` is a value of `strategy.tif` or a time in ns UTC.
"""

import math
from abc import ABC, abstractmethod

from pipeline.strategy.tif import GTC


class Orders(ABC):
    """The order methods of ``ctx``; each has the same name in a compiled strategy."""

    __slots__ = ()

    @abstractmethod
    def market(self, symbol: int, quantity: float) -> int:
        """Buy or sell at the next open."""

    @abstractmethod
    def market_on_open(self, symbol: int, quantity: float) -> int:
        """Buy or sell at the open of the next session (of this one, placed as it opens)."""

    @abstractmethod
    def market_on_close(self, symbol: int, quantity: float) -> int:
        """Buy or sell at the close of the session's last bar; expires if there is no such bar."""

    @abstractmethod
    def exit_on_close(self, symbol: int) -> int:
        """Close what is held of a symbol at this session's close, however much that will be.

        Called again before then, it returns the same order's id. It is of one session: call it in
        each, for example in ``on_session_open`` for each of ``ctx.symbols``. The orders table shows
        quantity 0 if nothing was held. It does not count in ``ctx.pending``.
        """

    @abstractmethod
    def limit(self, symbol: int, quantity: float, price: float, until: int = GTC) -> int:
        """Buy at ``price`` or lower, sell at ``price`` or higher."""

    @abstractmethod
    def stop(self, symbol: int, quantity: float, price: float, until: int = GTC) -> int:
        """Buy once the market is at ``price`` or higher, sell once it is there or lower."""

    @abstractmethod
    def stop_limit(
        self, symbol: int, quantity: float, stop: float, limit: float, until: int = GTC
    ) -> int:
        """Place a limit order once the market has reached ``stop``."""

    @abstractmethod
    def trailing_stop(
        self,
        symbol: int,
        quantity: float,
        amount: float = math.nan,
        percent: float = math.nan,
        until: int = GTC,
    ) -> int:
        """Stop that follows the best price at an ``amount`` in price, or ``percent`` of it.

        It starts from the last close and moves at the end of each bar: a stop to sell by the bar's
        high, one to buy by its low.
        """

    @abstractmethod
    def bracket(
        self,
        symbol: int,
        quantity: float,
        stop_loss: float = math.nan,
        take_profit: float = math.nan,
        limit: float = math.nan,
        stop: float = math.nan,
        until: int = GTC,
    ) -> int:
        """Enter, protected by a stop-loss and a take-profit that become live with the entry's fill.

        The entry is a market order, or waits for ``limit``, ``stop`` or both. The stop-loss has
        the entry's id + 1, the take-profit the next one. The fill of one cancels the other; what
        is not live yet ends with the entry; neither does more than close the position.
        """

    @abstractmethod
    def target(self, symbol: int, quantity: float) -> int:
        """Order what is missing to hold ``quantity``; return 0 if nothing is.

        Units that orders are still to trade (`context.Context.pending`) count as held.
        """

    @abstractmethod
    def target_value(self, symbol: int, value: float) -> int:
        """`target` of as many units as are worth ``value``, in account currency, at the last close.

        Whole lots, where the instrument has lots, else fractions. Any value but 0 needs a price:
        before a symbol's first bar it raises (`context.Context.last_price` is NaN then).
        """

    @abstractmethod
    def target_percent(self, symbol: int, fraction: float) -> int:
        """`target_value` of a fraction of equity: 0.5 is half of it, 1.0 all of it.

        At an equity of zero or below, any fraction of it is 0, which closes the position.
        A note of the summary tells of fractions beyond 5, or beyond ``leverage`` if that is more.
        """

    @abstractmethod
    def replace(
        self,
        order_id: int,
        quantity: float = math.nan,
        limit: float = math.nan,
        stop: float = math.nan,
    ) -> bool:
        """Change what is given of an order at rest; False if it is unknown or done."""

    @abstractmethod
    def one_cancels_other(self, first: int, second: int) -> bool:
        """Have a fill of either order cancel the other; False if one is unknown or done."""

    @abstractmethod
    def cancel(self, order_id: int) -> bool:
        """Cancel an order at rest and what waits for it; False if it is unknown or done."""
