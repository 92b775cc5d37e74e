"""Numbers in records with their meaning, and the words that tables have for them.

Every room may import this module; it imports the tree of errors alone. A table of words stands
right below the numbers that it names, so that no list must be read by position.
"""

import re
from typing import Final

from pipeline.errors import ConfigError

# ---- Columns of prices ------------------------------------------------------------------------

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3
VOLUME: Final = 4

PRICE_COLUMNS: Final = ("open", "high", "low", "close", "volume")
"""The first float64 columns of every bar table, each at the place of its number above."""

PRICES: Final = 5
"""The number of price columns."""

# ---- Kinds of orders --------------------------------------------------------------------------

MARKET: Final = 0
LIMIT: Final = 1
STOP: Final = 2
STOP_LIMIT: Final = 3
TRAILING_STOP: Final = 4
ON_OPEN: Final = 5
ON_CLOSE: Final = 6

ORDER_KINDS: Final = {
    MARKET: "market",
    LIMIT: "limit",
    STOP: "stop",
    STOP_LIMIT: "stop_limit",
    TRAILING_STOP: "trailing_stop",
    ON_OPEN: "market_on_open",
    ON_CLOSE: "market_on_close",
}

# ---- States of orders -------------------------------------------------------------------------

ACCEPTED: Final = 0
TRIGGERED: Final = 1
PARTLY_FILLED: Final = 2
FILLED: Final = 3
"""An order of a lower state is at rest; one of this or a higher state has ended."""
CANCELLED: Final = 4
EXPIRED: Final = 5
REJECTED: Final = 6

ORDER_STATES: Final = {
    ACCEPTED: "accepted",
    TRIGGERED: "triggered",
    PARTLY_FILLED: "partly_filled",
    FILLED: "filled",
    CANCELLED: "cancelled",
    EXPIRED: "expired",
    REJECTED: "rejected",
}

# ---- Why an order ended, was rejected or was placed -------------------------------------------

NO_REASON: Final = 0
BY_STRATEGY: Final = 1
"""The strategy cancelled it."""
OTHER_FILLED: Final = 2
"""An order that excludes this one was filled."""
ENTRY_ENDED: Final = 3
"""The order waited for the fill of an entry, and that entry ended without one."""
NO_POSITION: Final = 4
"""The order was to close a position, and there was none."""
OUT_OF_TIME: Final = 5
"""The time for which the order was good is over."""
NOT_AT_ONCE: Final = 6
"""The order had to be filled by the first bar that it met, and was not."""
LOT: Final = 7
"""The quantity is not a multiple of the symbol's lot."""
NO_PRICE: Final = 8
"""The order or a position has no value yet, because a price or a currency rate is missing."""
BUYING_POWER: Final = 9
"""All positions together would exceed the limit max_buying_power."""
PER_TRADE: Final = 10
"""The order exceeds the limit max_per_trade."""
PER_SYMBOL: Final = 11
"""The position in the symbol would exceed the limit max_per_symbol."""
OPEN_POSITIONS: Final = 12
"""There would be more positions than the limit max_open_positions."""
ORDER_VOLUME: Final = 13
"""The order exceeds the limit max_order_volume."""
HOURS: Final = 14
"""The order was placed outside the hours of the limit allowed_hours."""
CASH: Final = 15
"""A cash account has too little cash for the order."""
SHORT_SALE: Final = 16
"""A cash account sells no more than it holds."""
LEVERAGE: Final = 17
"""All positions together would exceed the account's leverage."""
LIQUIDATION: Final = 18
"""The order closes a position of an account short of margin, or was cancelled before that."""
SPLIT: Final = 19
"""A split left the order with less than a lot."""

REASONS: Final = {
    NO_REASON: "none",
    BY_STRATEGY: "cancelled_by_strategy",
    OTHER_FILLED: "other_filled",
    ENTRY_ENDED: "entry_ended",
    NO_POSITION: "no_position",
    OUT_OF_TIME: "out_of_time",
    NOT_AT_ONCE: "not_at_once",
    LOT: "lot",
    NO_PRICE: "no_price",
    BUYING_POWER: "max_buying_power",
    PER_TRADE: "max_per_trade",
    PER_SYMBOL: "max_per_symbol",
    OPEN_POSITIONS: "max_open_positions",
    ORDER_VOLUME: "max_order_volume",
    HOURS: "allowed_hours",
    CASH: "cash",
    SHORT_SALE: "short_sale",
    LEVERAGE: "leverage",
    LIQUIDATION: "liquidation",
    SPLIT: "split",
}

# ---- How long an order lasts: values of ``until`` other than a time, ns UTC ---------------------

GTC: Final = 0
"""Good till cancelled."""
DAY: Final = -1
"""Good until the session closes; if placed at a session's close, until the next one closes."""
IOC: Final = -2
"""Immediate or cancel: what the first bar that it meets does not fill is cancelled."""
FOK: Final = -3
"""Fill or kill: the first bar that it meets fills it as a whole, or it is cancelled."""

TIMES_IN_FORCE: Final = {GTC: "gtc", DAY: "day", IOC: "ioc", FOK: "fok"}

GOOD_TILL_TIME: Final = "gtd"
"""The word for an order that lasts until a time of its own."""

# ---- Lengths of time, in ns -------------------------------------------------------------------

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS

_UNIT_NS: Final = {"d": DAY_NS, "h": HOUR_NS, "m": MINUTE_NS, "s": SECOND_NS}
_INTERVAL: Final = re.compile(r"([1-9][0-9]{0,8})([smhd])")


LONGEST_SYMBOL: Final = 128
"""The most characters of a symbol."""

#: Which texts are symbols, in words.
SYMBOL_WORDS: Final = f"1 to {LONGEST_SYMBOL} printable characters, no space at either end"


def is_symbol(text: str) -> bool:
    """Return whether a text is a symbol: a configuration can name it, and a terminal shows it."""
    return 1 <= len(text) <= LONGEST_SYMBOL and text.isprintable() and text == text.strip()


def interval_ns(name: str) -> int:
    """Length of an interval such as "1s", "5m", "4h" or "1d", in ns.

    "1d" is the whole session, whatever its length. Raises ConfigError for anything that is not
    a whole number of s, m, h or d, and for intervals longer than "1d": a bar lies in one session.
    """
    match = _INTERVAL.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise ConfigError(
            f"interval must be a whole number with s, m, h or d, such as 1m or 1d, was {name!r}"
        )
    length = int(match[1]) * _UNIT_NS[match[2]]
    if length > DAY_NS:
        raise ConfigError(f"interval must be at most 1d, one session, was {name!r}")
    if length == DAY_NS and name != "1d":
        raise ConfigError(f"interval {name!r} must be written 1d, which means the whole session")
    return length


def interval_name(ns: int) -> str:
    """Return the shortest name of an interval of so many ns; the inverse of ``interval_ns``.

    ``interval_name(interval_ns(x))`` is the canonical form: "60m" becomes "1h". Raises
    ConfigError unless ``ns`` is a whole number of seconds from one second to one day.
    """
    if 0 < ns <= DAY_NS:
        for unit, length in _UNIT_NS.items():
            if ns % length == 0:
                return f"{ns // length}{unit}"
    raise ConfigError(f"interval must be whole seconds from 1 s to 1 d (in ns), was {ns} ns")
