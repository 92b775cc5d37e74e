"""A page: what one request of a source gives, as the fetcher has read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.fetch.raw import RawReply
from pipeline.fetch.request import Request


class Bars(NamedTuple):
    """The bars of a page, in any order."""

    ts: npt.NDArray[np.int64]
    """Their labels, ns UTC: the opens; of daily bars of an exchange, 00:00 of their dates."""
    ends: npt.NDArray[np.int64]
    """The instants at which they end, ns UTC."""
    prices: npt.NDArray[np.float64]
    """Open, high, low, close and volume: a row for each bar, NaN for what is not there."""


class Payout(NamedTuple):
    """A cash dividend."""

    day: date
    """The ex-date."""
    dividend: float
    """Cash for each share."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one request of a source has given."""

    symbol: str
    """Whose bars they are."""
    through: date
    """The day after the last one that is done with this page."""
    replies: tuple[RawReply, ...]
    """The raw replies."""
    bars: Bars | None = None
    """The bars; None if the replies are files that an import reads as they are."""
    payouts: tuple[Payout, ...] = ()
    """The dividends."""
    notes: tuple[str, ...] = ()
    """Remarks for the user, whole sentences."""


class Fetcher(Protocol):
    """Asks one source, through the vendor's client, for one page after the other."""

    def pages(self, request: Request) -> Iterator[Page]:
        """Yield the pages of all symbols, those of a symbol in the order of time.

        Raises ConfigError for an interval that the source does not have, DataError for a symbol
        that it does not know, FetchError if it does not answer.
        """
        ...
