"""The user's options of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Final, Literal, get_args

from pipeline.codes import SYMBOL_WORDS, interval_ns, is_symbol
from pipeline.errors import ConfigError, nearest
from pipeline.market.importers.times.clock import Clock

BadRows = Literal["refuse", "drop", "widen"]
Duplicates = Literal["refuse", "first", "last", "same"]
OffGrid = Literal["refuse", "keep", "floor"]
DateOrder = Literal["mdy", "dmy", "ymd"]
Decimal = Literal["point", "comma"]
Adjusted = Literal["no", "splits", "splits and dividends"]

_LEAST_SCALE: Final = 1e-18
WIDEN_BY: Final = 0.01
"""So much of the price ``bad_rows="widen"`` moves high or low at most."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an import. Layout and data decide about those that are None."""

    layout: str | None = None
    """Name of the layout of all files."""
    symbol: str | None = None
    """Symbol of all rows."""
    interval: str | None = None
    """Interval of all bars."""
    tz: str | None = None
    """Clock of times that name none, as `times.clock.Clock.parse` reads it."""
    columns: Mapping[str, str] | None = None
    """Column name, or position from 1, of each field."""
    stamped: Literal["open", "close"] | None = None
    """Of which end of its bar a time is."""
    date_order: DateOrder | None = None
    """Order of dates like 3/4/2017."""
    encoding: str | None = None
    """Encoding of text."""
    decimal: Decimal | None = None
    """Which sign stands before the fraction of a number."""
    skip_rows: int | None = None
    """Lines before the header."""
    scale: float | None = None
    """What prices are multiplied by."""
    bad_rows: BadRows = "refuse"
    """What is done with rows that cannot be bars."""
    duplicates: Duplicates = "refuse"
    """What is done with rows of the same time."""
    sort: bool = False
    """Whether rows are sorted by their times."""
    off_grid: OffGrid = "keep"
    """What is done with rows whose time is not that of a bar of the interval."""
    adjusted: Adjusted | None = None
    """What prices are adjusted for."""

    nameless: str | None = None
    """The symbol of rows that have none; None if such rows are refused."""
    guess_clock: bool = True
    """Whether times that name no zone, and whose zone nothing tells, may be of UTC; False if such
    rows are refused."""

    def unused(self, *, text: bool, ordered: bool) -> tuple[str, ...]:
        """Return the sentences that tell options of which a file has no use.

        ``text`` says whether the file is text, ``ordered`` whether its times may be of several
        orders of day and month.
        """
        of_text = ("encoding", "decimal", "skip_rows")
        told = [
            f"--{name.replace('_', '-')} is not used: the file is no text."
            for name in of_text
            if not text and getattr(self, name) is not None
        ]
        if self.date_order is not None and not ordered:
            told.append("--date-order is not used: the times do not leave it open.")
        return tuple(told)

    def __post_init__(self) -> None:
        """Take numbers of columns as text."""
        if isinstance(self.columns, Mapping):
            columns = {
                field: str(column) if _is_a(column, Integral) else column
                for field, column in self.columns.items()
            }
            object.__setattr__(self, "columns", columns)

    def check(self) -> None:
        """Raise ConfigError, with what is allowed, for an option of another value."""
        for name, words in _TEXTS.items():
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ConfigError(f"{name} must be {words}, was {value!r}")
        if self.symbol is not None and not is_symbol(self.symbol):
            raise ConfigError(f"symbol must be {SYMBOL_WORDS}, was {self.symbol!r}")
        self._check_columns()
        if self.interval is not None:
            interval_ns(self.interval)
        if self.tz is not None:
            Clock.parse(self.tz)
        for name, allowed in _ALLOWED.items():
            value = getattr(self, name)
            if value not in allowed and not (value is None and name in _MAY_BE_NONE):
                words = ", ".join(allowed[:-1]) + f" or {allowed[-1]}"
                near = nearest(str(value), allowed, 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(f"{name} must be {words}, was {value!r}{meant}")
        skip, scale = self.skip_rows, self.scale
        if skip is not None and not (_is_a(skip, Integral) and skip >= 0):
            raise ConfigError(f"skip_rows must be a whole number, 0 or more, was {skip!r}")
        least, most = _LEAST_SCALE, 1 / _LEAST_SCALE
        if scale is not None and not (_is_a(scale, Real) and least <= scale <= most):
            raise ConfigError(f"scale must be a number from {least:g} to {most:g}, was {scale!r}")

    def _check_columns(self) -> None:
        if self.columns is None:
            return
        if not isinstance(self.columns, Mapping):
            raise ConfigError(
                "columns must map fields to names or positions of columns, such as "
                f"{{'close': 'Last'}}, was {self.columns!r}"
            )
        for field, column in self.columns.items():
            if not isinstance(field, str) or not isinstance(column, str):
                raise ConfigError(
                    "columns must map fields to names or positions of columns, such as "
                    f"{{'close': 'Last'}}, was {field!r}: {column!r}"
                )


def _is_a(value: object, kind: type[Integral | Real]) -> bool:
    """Return whether a value is a number of a kind; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)


_TEXTS: Final = {
    "layout": "the name of a layout, such as 'kraken'",
    "symbol": "text, such as 'SPY'",
    "interval": "text, such as '1m'",
    "tz": "the name of a time zone, such as 'America/New_York'",
    "encoding": "the name of an encoding, such as 'latin-1'",
}
"""The options that are text, and what they may be."""
_MAY_BE_NONE: Final = ("stamped", "date_order", "decimal", "adjusted")
_ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "stamped": ("open", "close"),
    "date_order": get_args(DateOrder),
    "decimal": get_args(Decimal),
    "bad_rows": get_args(BadRows),
    "duplicates": get_args(Duplicates),
    "off_grid": get_args(OffGrid),
    "adjusted": get_args(Adjusted),
}
