"""The user's options of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pipeline.codes import interval_ns
from pipeline.errors import ConfigError, nearest
from pipeline.market.importers.times.clock import Clock

BadRows = Literal["refuse", "drop", "widen"]
Duplicates = Literal["refuse", "first", "last", "same"]
OffGrid = Literal["refuse", "keep", "floor"]
DateOrder = Literal["mdy", "dmy", "ymd"]
Decimal = Literal["point", "comma"]

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
    off_grid: OffGrid = "keep"
    """What is done with rows whose time is not that of a bar of the interval."""

    def unused(self, *, text: bool, ordered: bool) -> tuple[str, ...]:
        """Return the sentences that tell options of which a file has no use.

        ``text`` says whether the file is text, ``ordered`` whether its times may be of several
        orders of day and month.
        """
        of_text = ("layout", "encoding", "decimal", "skip_rows")
        told = [
            f"--{name.replace('_', '-')} is not used: the file is no text."
            for name in of_text
            if not text and getattr(self, name) is not None
        ]
        if self.date_order is not None and not ordered:
            told.append("--date-order is not used: the times do not leave it open.")
        return tuple(told)

    def check(self) -> None:
        """Raise ConfigError, with what is allowed, for an option of another value."""
        if self.interval is not None:
            interval_ns(self.interval)
        if self.tz is not None:
            Clock.parse(self.tz)
        for name, allowed in _ALLOWED.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                words = ", ".join(allowed[:-1]) + f" or {allowed[-1]}"
                near = nearest(str(value), allowed, 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(f"{name} must be {words}, was {value!r}{meant}")
        if self.skip_rows is not None and self.skip_rows < 0:
            raise ConfigError(f"skip_rows must be 0 or more, was {self.skip_rows}")
        if self.scale is not None and not _LEAST_SCALE <= self.scale <= 1 / _LEAST_SCALE:
            raise ConfigError(
                f"scale must be a number from {_LEAST_SCALE:g} to {1 / _LEAST_SCALE:g}, was "
                f"{self.scale:g}"
            )


_ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "stamped": ("open", "close"),
    "date_order": get_args(DateOrder),
    "decimal": get_args(Decimal),
    "bad_rows": get_args(BadRows),
    "duplicates": get_args(Duplicates),
    "off_grid": get_args(OffGrid),
}
