"""A table that a caller gives, whatever library made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class GivenTable:
    """Rows of one or several symbols, which can be read again."""

    kind: str
    """Which kind of object has them, such as ``a pandas DataFrame``."""
    blocks: Callable[[], Iterator[pa.Table]]
    """Yields the rows as Arrow tables of one schema, from the first one at each call."""
    symbol: str | None = None
    """The symbol of all rows if the giver says it."""
    notes: tuple[str, ...] = ()
    """Remarks on the rows, whole sentences."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The columns of fields that are known, such as that of the times."""

    @property
    def label(self) -> str:
        """Its name in messages: ``the pandas DataFrame of AAPL``."""
        name = f"the {self.kind.partition(' ')[2]}"
        return name if self.symbol is None else f"{name} of {self.symbol}"
