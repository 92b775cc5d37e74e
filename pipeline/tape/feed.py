"""One symbol's bars on their way from the catalog to the tape."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, wait
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, VOLUME, interval_name
from pipeline.market.adjustment import Scale
from pipeline.market.auction import Reader
from pipeline.market.bars import assign_sessions
from pipeline.market.catalog.bar_file import Block
from pipeline.market.time.time_manager import SessionTable
from pipeline.tape.admission import Admission
from pipeline.tape.holding import HoldingFinder
from pipeline.tape.jumps import JumpFinder


class Feed:
    """Bars of one symbol in time order, a row group at a time, each with its close.

    Bars outside all sessions are left out; ``present`` int64[sessions] counts the others. With an
    ``executor`` the next row group is decoded in the background as soon as ``ahead`` bars or fewer
    are left. ``timed`` is called with the function that loads a row group, and times it. ``scale``
    adjusts prices and volumes. ``splits`` are the ratios of the symbol's splits by the sessions
    before which they take effect; ``jumps`` finds prices that jump without one, and ``holding``
    what the first bar costs and the last one is worth; ``has_volume`` says whether a bar had any
    volume so far. Rows that cannot be bars are refused with DataError. A daily bar's ``ts`` becomes
    the open of its session.

    The bars at hand are ``ts``, ``close_ts`` and ``columns``; those from ``cursor`` on are still to
    be put onto the tape.
    """

    def __init__(
        self,
        reader: Reader,
        symbol: str,
        interval: int,
        sessions: SessionTable,
        *,
        executor: Executor | None,
        ahead: int,
        timed: Callable[[Callable[[], Block | None]], Block | None],
        scale: Scale | None = None,
        splits: Mapping[int, float] = MappingProxyType({}),
    ) -> None:
        self._reader = reader
        self._admission = Admission(f"{symbol} {interval_name(interval)}")
        self._interval = interval
        self._sessions = sessions
        self._executor = executor
        self._ahead = ahead
        self._timed = timed
        self._scale = scale
        self._upcoming: Future[Block | None] | None = None
        self.jumps = JumpFinder(splits)
        self.holding = HoldingFinder()
        self.has_volume = False
        self._traded = True
        self.present = np.zeros(len(sessions), np.int64)
        self.cursor = 0
        self.ts = np.zeros(0, np.int64)
        self.columns: tuple[npt.NDArray[np.float64], ...] = ()
        self.close_ts = np.zeros(0, np.int64)
        #: ``close_ts`` as a memoryview, from which Python reads one number at a third of the cost.
        self.closes = self.close_ts.data

    def advance(self, rows: int) -> bool:
        """Move past ``rows`` bars. Return False when no bars are left."""
        self.cursor += rows
        left = len(self.ts) - self.cursor
        if self._executor is not None and self._upcoming is None and left <= self._ahead:
            self._upcoming = self._executor.submit(self._load)
        while self.cursor == len(self.ts):
            block = self._timed(self._next_block)
            if block is None:
                return False
            self._take(*block)
        return True

    def _next_block(self) -> Block | None:
        if self._upcoming is None:
            return self._load()
        wait([self._upcoming])  # known to `close` until it is done, if a signal ends this
        upcoming, self._upcoming = self._upcoming, None
        return upcoming.result()

    def _load(self) -> Block | None:
        """Decode the next row group and check it, perhaps in the background."""
        block = self._reader.next_block()
        if block is not None:
            self._admission.check(*block)
        return block

    def _take(
        self, ts: npt.NDArray[np.int64], columns: tuple[npt.NDArray[np.float64], ...]
    ) -> None:
        session = np.empty(len(ts), np.int64)
        close_ts = np.empty(len(ts), np.int64)
        table = self._sessions
        inside = assign_sessions(
            ts,
            self._interval,
            table.open_ns,
            table.close_ns,
            table.date_ns,
            session,
            close_ts,
        )
        if inside < len(ts):
            kept = session >= 0
            ts, close_ts, session = ts[kept], close_ts[kept], session[kept]
            columns = tuple(column[kept] for column in columns)
        if self._interval >= DAY_NS:
            # The label of a daily bar says its date; what it fills is filled at the open.
            ts = table.open_ns[session]
        if len(session):
            spanned = np.arange(session[0], session[-1] + 2)
            counts = np.diff(np.searchsorted(session, spanned))
            self.present[session[0] : session[-1] + 1] += counts
            if self._scale is not None:
                columns = self._scale.adjusted(columns, session)
            self.jumps.look_at(session, columns)
            self.holding.look_at(session, columns)
            self.has_volume = self.has_volume or bool(columns[VOLUME].any())
            self._traded = bool(columns[VOLUME].min() > 0.0)
        self.ts, self.close_ts, self.columns, self.cursor = ts, close_ts, columns, 0
        self.closes = close_ts.data

    def all_traded(self, rows: int) -> bool:
        """Return whether each of the next ``rows`` bars has a volume above 0."""
        volume = self.columns[VOLUME]
        return self._traded or bool((volume[self.cursor : self.cursor + rows] > 0.0).all())

    def close(self) -> None:
        """Cancel or wait for what is decoded in the background, and close the file."""
        if self._upcoming is not None and not self._upcoming.cancel():
            wait([self._upcoming])
        self._reader.close()
