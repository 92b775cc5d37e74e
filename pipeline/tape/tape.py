"""The tape: all symbols' bars merged in time order and cut into slots.

Results never depend on where the cuts lie. A slot ends at the close of a base bar, base bars that
close at the same time are in one slot, and the horizon is the last instant before the next base bar
closes. Every longer bar, session close and session open up to the horizon is in the slot, and no
later one is. A session before which shares are split begins a slot, because the rows of the past
have another scale from there on. Other sessions begin one if the run asks for it, so that all lanes
can be compared between two sessions.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.market.actions import NO_SPLITS, Splits
from pipeline.market.indicators.split_scaling import PRICE_POWERS
from pipeline.market.time.time_manager import SessionTable
from pipeline.tape.feed import Feed
from pipeline.tape.lookback import Tail
from pipeline.tape.slot import (
    END,
    FIRST_CLOSE,
    HORIZON,
    ROWS,
    SEQUENCE,
    SESSIONS,
    SPLITS,
    UNTRADED,
    Slot,
)
from pipeline.tape.slot_writer import SlotWriter


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the next slot ends."""

    #: Base bars that close up to this time are in the slot; ns UTC.
    last_close: int
    #: The number of fresh bars of each symbol.
    rows: tuple[int, ...]
    #: Indices of the sessions that it may reach, from the first that has not closed before.
    sessions: range


class Tape:
    """Fills one slot after the other from the feeds, until the last session has closed.

    ``rows``: the most fresh bars of a symbol in a slot; ``max_sessions``: the most sessions that a
    slot can name; ``splits``: those that take effect, by the session before which they do;
    ``cuts``: indices of more sessions that must begin a slot.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        sessions: SessionTable,
        *,
        rows: int,
        max_sessions: int,
        splits: Splits = NO_SPLITS,
        cuts: Sequence[int] = (),
    ) -> None:
        self._feeds = feeds
        self._sessions = sessions
        self._rows = rows
        # One less than a slot can name: another may open at the instant at which the last closes.
        self._max_sessions = max_sessions - 1
        self._splits = splits
        self._beginnings = sorted({*splits, *cuts})  # sessions that begin a slot
        self._live = [feed.advance(0) for feed in feeds]
        self._horizon = int(sessions.open_ns[0]) - 1
        self._opened = 0  # sessions, by all slots so far
        self._sequence = 0
        self.finished = False

    @property
    def opened(self) -> int:
        """The number of sessions that have opened in the slots so far."""
        return self._opened

    @property
    def empty(self) -> bool:
        """Whether no symbol has a single bar."""
        return not any(self._live)

    def next_close(self) -> int | None:
        """Return the close of the next base bar, ns UTC; None if no bar is left."""
        closes = [
            f.closes[f.cursor] for f, live in zip(self._feeds, self._live, strict=True) if live
        ]
        return min(closes) if closes else None

    def cut(self, rows: int | None = None) -> Cut:
        """Choose the next slot's bars: as many as fit, but all or none that close at one time.

        ``rows``: the most of a symbol, if these are fewer than fit; 1 is a single moment.

        A session that must begin a slot is not in this one, even if it opens at the instant at
        which the last session of this slot closes.
        """
        first = int(np.searchsorted(self._sessions.close_ns, self._horizon, side="right"))
        last = min(first + self._max_sessions, len(self._sessions)) - 1
        upcoming = bisect_right(self._beginnings, first)
        if upcoming < len(self._beginnings):
            last = min(last, self._beginnings[upcoming] - 1)
        last_close = int(self._sessions.close_ns[last])
        most = self._rows if rows is None else min(rows, self._rows)
        for feed, live in zip(self._feeds, self._live, strict=True):
            if live:
                end = min(feed.cursor + most, len(feed.ts))
                last_close = min(last_close, feed.closes[end - 1])
        taken = tuple(
            bisect_right(feed.closes, last_close, feed.cursor) - feed.cursor if live else 0
            for feed, live in zip(self._feeds, self._live, strict=True)
        )
        return Cut(last_close, taken, range(first, last + 1))

    def fill(self, slot: Slot, writer: SlotWriter, tail: Tail, cut: Cut) -> int:
        """Write a cut into a slot just claimed, and return the number of fresh base bars."""
        writer.bind(slot)
        slot.header[SPLITS] = self._split(cut.sessions.start, tail)
        tail.carry_in(slot.tables[0])
        slot.tables[0].count[:] = 0
        first_close, untraded = cut.last_close, False
        for symbol, (feed, rows) in enumerate(zip(self._feeds, cut.rows, strict=True)):
            if rows:
                span = slice(feed.cursor, feed.cursor + rows)
                first_close = min(first_close, feed.closes[feed.cursor])
                columns = [column[span] for column in feed.columns]
                writer.append(symbol, 0, feed.ts[span], feed.close_ts[span], columns)
                untraded = untraded or not feed.all_traded(rows)
                self._live[symbol] = feed.advance(rows)
        tail.keep(slot.tables[0])
        horizon = self._end_of(cut)
        slot.header[SEQUENCE] = self._sequence
        slot.header[FIRST_CLOSE] = first_close
        slot.header[HORIZON] = horizon
        slot.header[ROWS] = sum(cut.rows)
        slot.header[END] = self.finished
        slot.header[UNTRADED] = untraded
        self._name_sessions(slot, cut.sessions, horizon)
        self._sequence += 1
        self._horizon = horizon
        return sum(cut.rows)

    def _split(self, first: int, tail: Tail) -> int:
        """Convert the past if shares are split before session ``first``, which begins the slot.

        Returns the index of that session, or 0 if no shares are split.
        """
        if first not in self._splits or first < self._opened:
            return 0
        for symbol, ratio in self._splits[first]:
            tail.split(symbol, ratio, PRICE_POWERS)
        return first

    def _end_of(self, cut: Cut) -> int:
        """Return the horizon of a cut, once its bars have been taken from the feeds."""
        following = self.next_close()
        last = int(self._sessions.close_ns[-1])
        named = int(self._sessions.close_ns[cut.sessions.stop - 1])
        horizon = min(named, last if following is None else following - 1)
        self.finished = horizon == last
        return horizon

    def _name_sessions(self, slot: Slot, sessions: range, horizon: int) -> None:
        table, first = self._sessions, sessions.start
        stop = int(np.searchsorted(table.open_ns, horizon, side="right"))
        if sessions.stop in self._splits:
            stop = min(stop, sessions.stop)
        slot.header[SESSIONS] = stop - first
        named = slot.sessions[: stop - first]
        span = slice(first, stop)
        named["index"] = np.arange(first, stop)
        named["date"] = table.date_ns[span]
        named["open"], named["close"] = table.open_ns[span], table.close_ns[span]
        named["early"] = table.early_close[span]
        named["break_start"] = table.break_start_ns[span]
        named["break_end"] = table.break_end_ns[span]
        named["opens"] = np.arange(first, stop) >= self._opened
        self._opened = max(self._opened, stop)
        named["closes"] = table.close_ns[span] <= horizon
