"""What ``on_bar`` and ``on_bars`` are given, as a strategy sees it.

An interpreted hook gets a Python object with these fields, a compiled one a view of the slot's
memory (`strategy.compiled.bar`) that has the same.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS

#: Field names that every bar has; an indicator cannot take them.
BAR_FIELDS = ("symbol", "interval", "ts", "close_ts", *PRICE_COLUMNS)


class Bar(Protocol):
    """One finished bar as ``on_bar`` sees it; valid until the hook returns.

    The strategy's indicators are attributes too. One that is bound to another interval shows its
    last known value; all are NaN while there is none.
    """

    @property
    def symbol(self) -> int:
        """Index in the run's symbols."""

    @property
    def interval(self) -> int:
        """Length in ns."""

    @property
    def ts(self) -> int:
        """When it opened, ns UTC."""

    @property
    def close_ts(self) -> int:
        """When it closed and became known, ns UTC."""

    @property
    def open(self) -> float:
        """First price."""

    @property
    def high(self) -> float:
        """Highest price."""

    @property
    def low(self) -> float:
        """Lowest price."""

    @property
    def close(self) -> float:
        """Last price."""

    @property
    def volume(self) -> float:
        """Units traded."""

    def __getattr__(self, name: str) -> float:
        """Value of the strategy's indicator ``name`` at this bar."""


class Bars(Protocol):
    """All bars of one interval that closed at one moment, as ``on_bars`` sees them.

    Prices and the strategy's indicators are arrays by symbol, f8[symbols], NaN where a symbol has
    no bar at this moment. All are valid until the hook returns.
    """

    @property
    def ts(self) -> int:
        """The moment at which they closed, ns UTC."""

    @property
    def interval(self) -> int:
        """Their length in ns."""

    @property
    def count(self) -> int:
        """How many symbols have one."""

    @property
    def present(self) -> npt.NDArray[np.int64]:
        """i8[symbols]: 1 where a symbol has one, else 0."""

    @property
    def open(self) -> npt.NDArray[np.float64]:
        """First prices by symbol."""

    @property
    def high(self) -> npt.NDArray[np.float64]:
        """Highest prices by symbol."""

    @property
    def low(self) -> npt.NDArray[np.float64]:
        """Lowest prices by symbol."""

    @property
    def close(self) -> npt.NDArray[np.float64]:
        """Last prices by symbol."""

    @property
    def volume(self) -> npt.NDArray[np.float64]:
        """Units traded by symbol."""

    def __getattr__(self, name: str) -> npt.NDArray[np.float64]:
        """Values of the strategy's indicator ``name``, by symbol."""
