"""Closing auctions: a bar that opens at a session's close, added to the session's last bar.

An exchange prints the price of its closing auction some milliseconds after the close. So the
official close lies in the bar labelled 16:00 of a session that ends at 16:00, which is outside.
"""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, PRICE_COLUMNS, interval_ns
from pipeline.errors import DataError
from pipeline.market.catalog.bar_file import BarReader, Block
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.time.time_manager import SessionTable


class Reader(Protocol):
    """Gives bars block by block, as `catalog.bar_file.BarReader` does."""

    def next_block(self) -> Block | None:
        """Return times and columns of the next rows, None at the end."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def has_pauses(sessions: SessionTable) -> bool:
    """Return whether there is time between any two sessions, as there must be for an auction."""
    return bool((sessions.open_ns[1:] > sessions.close_ns[:-1]).all())


def like_auctions(
    at_close: npt.NDArray[np.bool_], late: npt.NDArray[np.int64], over: npt.NDArray[np.int64]
) -> bool:
    """Return whether the bars at the closes of sessions are like those of closing auctions.

    In most sessions with such a bar the first bar is there as well, and either nothing follows the
    bar at the close or bars of extended hours are before the open too. Bars whose times are wrong
    reach over the close as well, but then they begin late.

    ``at_close`` bool[K]: which sessions have such a bar; ``late`` and ``over`` int64[K] are those
    of `survey.Edges`.
    """
    like = at_close & (late <= 0) & ((over == 1) | (late < 0))
    return bool(2 * like.sum() > at_close.sum())


class AuctionReader:
    """Gives the bars of another reader, with each closing auction in the last bar of its session.

    The last bar gets the auction's close and volume, and its high and low where they reach further.
    Where the last interval of a session has no bar, the auction is its bar. ``columns`` are the
    names of the columns that the reader gives. Raises DataError, when it is made, for sessions
    without time between them: a bar at the close belongs to the next one there.
    """

    def __init__(
        self,
        reader: Reader,
        interval: int,
        sessions: SessionTable,
        columns: tuple[str, ...] = PRICE_COLUMNS,
    ) -> None:
        if not has_pauses(sessions):
            raise DataError("closing auctions need time between sessions, and there is none")
        self._reader = reader
        self._interval = interval
        self._closes = sessions.close_ns
        self._columns = columns
        self._held: Block | None = None  # the last row, to which the next block may add

    def next_block(self) -> Block | None:
        """Return the next rows, None at the end. The arrays are the caller's or read-only."""
        while (block := self._reader.next_block()) is not None:
            ts, columns = self._with_auctions(_joined(self._held, block))
            self._held = ts[-1:], tuple(column[-1:] for column in columns)
            if len(ts) > 1:
                return ts[:-1], tuple(column[:-1] for column in columns)
        held, self._held = self._held, None
        return held

    def _with_auctions(self, block: Block) -> Block:
        ts, columns = block
        at = np.searchsorted(self._closes, ts)
        rows = np.flatnonzero(self._closes[np.minimum(at, len(self._closes) - 1)] == ts)
        if not len(rows):
            return block
        # A row to which it is added: the one before, if that reaches the close.
        has_bar = (rows > 0) & (ts[rows - 1] + self._interval >= ts[rows])
        added, alone = rows[has_bar], rows[~has_bar]
        ts = ts.copy()
        ts[alone] -= self._interval
        kept = np.ones(len(ts), np.bool_)
        kept[added] = False
        merged = tuple(
            _merge(name, column.copy(), added)[kept]
            for name, column in zip(self._columns, columns, strict=True)
        )
        return ts[kept], merged

    def close(self) -> None:
        """Close the other reader."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def session_reader(
    catalog: Catalog,
    symbol: str,
    interval: str,
    sessions: SessionTable,
    columns: tuple[str, ...] = PRICE_COLUMNS,
    *,
    auctions: bool,
) -> BarReader | AuctionReader:
    """Open the bars that can lie in some sessions, with ``auctions`` in the last bars of sessions.

    Daily bars are given as they are. Raises DataError as `Catalog.reader` does.
    """
    step = interval_ns(interval)
    reader = catalog.reader(symbol, interval, *sessions.bar_range(step), columns)
    return AuctionReader(reader, step, sessions, columns) if auctions and step < DAY_NS else reader


def _joined(held: Block | None, block: Block) -> Block:
    if held is None:
        return block
    pairs = zip(held[1], block[1], strict=True)
    return np.concatenate((held[0], block[0])), tuple(np.concatenate(pair) for pair in pairs)


def _merge(
    name: str, column: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Add rows of a column to the rows before them, in place."""
    if name == "high":
        column[rows - 1] = np.maximum(column[rows - 1], column[rows])
    elif name == "low":
        column[rows - 1] = np.minimum(column[rows - 1], column[rows])
    elif name == "close":
        column[rows - 1] = column[rows]
    elif name == "volume":
        column[rows - 1] += column[rows]
    return column
