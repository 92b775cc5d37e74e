"""Quality: 100 x bars present / bars expected by the calendar, per symbol and interval.

Expected bars come from ``calendars.bars_begun``: they are aligned to the session's open, breaks are
excluded, and the last bar of a session, which is cut at the close, counts. A bar wholly inside a
break is neither expected nor counted as present, so an auction print there does not hide a missing
bar. Quality never exceeds 100.

Inside a session, the quality at a bar's close compares the bars present so far with the bars that
the calendar expects so far. Bars that are missing at the end of a session therefore show only in
``quality_of``, which looks at whole sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.market.bars import assign_sessions
from pipeline.market.time.calendars import bars_begun
from pipeline.market.time.time_manager import SessionTable
from pipeline.native.kernel import kernel

QUALITY_STATE_I: Final = 3
"""Length of the int64 state array of ``fill_quality``."""

_bars_begun = kernel()(bars_begun)


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts over a span of sessions."""

    present: int
    """Bars present; at most as many as expected count in each session."""
    expected: int
    """Bars that the calendar expects."""
    sessions: int
    """Sessions of the span."""
    sessions_complete: int
    """Sessions with every expected bar."""
    sessions_missing: int
    """Sessions without any bar."""

    @property
    def percent(self) -> float:
        """Quality of the span, 100 x present / expected; NaN if no bar was expected."""
        return 100.0 * self.present / self.expected if self.expected else float("nan")


@kernel()
def _in_break(ts, close_ts, break_start, break_end, interval_ns):  # type: ignore[no-untyped-def]
    """Return whether a bar lies wholly inside the session's break, which a daily bar never does."""
    return interval_ns < DAY_NS and ts >= break_start and close_ts <= break_end


@kernel()
def fill_quality(  # type: ignore[no-untyped-def]
    ts,
    close_ts,
    first,
    last,
    session_open,
    session_close,
    break_start,
    break_end,
    interval_ns,
    state_i,
    out,
):
    """Write the quality of one symbol and interval so far in the session, at each bar's close.

    ``ts`` and ``close_ts`` int64[R], ascending, and ``out`` float64[R] are the symbol's rows of the
    table. ``out[first:last]`` is written. The session arrays int64[K], ascending, cover these rows.
    A row outside all sessions gets NaN and is not counted. ``state_i`` int64[3] carries the counts
    from call to call; zeros mean that there was no session yet:

        state_i  0: 1 when a session is in progress   1: its close   2: bars present so far
    """
    sessions = session_close.shape[0]
    s = np.searchsorted(session_close, close_ts[first]) if first < last else 0
    for i in range(first, last):
        end = close_ts[i]
        while s < sessions and session_close[s] < end:
            s += 1
        if s == sessions or end <= session_open[s]:
            out[i] = np.nan
            continue
        if state_i[0] == 0 or state_i[1] != session_close[s]:
            state_i[0] = 1
            state_i[1] = session_close[s]
            state_i[2] = 0
        if not _in_break(ts[i], end, break_start[s], break_end[s], interval_ns):
            state_i[2] += 1
        expected = _bars_begun(
            end, session_open[s], session_close[s], break_start[s], break_end[s], interval_ns
        )
        out[i] = min(100.0, 100.0 * state_i[2] / expected)


@kernel()
def _expected(open_ns, close_ns, break_start, break_end, interval_ns, out):  # type: ignore[no-untyped-def]
    for s in range(open_ns.shape[0]):
        out[s] = _bars_begun(
            close_ns[s], open_ns[s], close_ns[s], break_start[s], break_end[s], interval_ns
        )


@kernel()
def _present(ts, close_ts, session, break_start, break_end, interval_ns, out):  # type: ignore[no-untyped-def]
    for i in range(ts.shape[0]):
        s = session[i]
        if s >= 0 and not _in_break(ts[i], close_ts[i], break_start[s], break_end[s], interval_ns):
            out[s] += 1


def expected_of(interval: str, sessions: SessionTable) -> npt.NDArray[np.int64]:
    """Return how many bars of ``interval`` the calendar expects in each session, int64[K]."""
    out = np.zeros(len(sessions), dtype=np.int64)
    _expected(
        sessions.open_ns,
        sessions.close_ns,
        sessions.break_start_ns,
        sessions.break_end_ns,
        interval_ns(interval),
        out,
    )
    return out


def present_of(
    ts: npt.NDArray[np.int64], interval: str, sessions: SessionTable
) -> npt.NDArray[np.int64]:
    """Return how many bars of one symbol are present in each session, int64[K].

    ``ts`` int64[N] is ascending. Bars outside every session and bars wholly inside a break are not
    counted.
    """
    length = interval_ns(interval)
    session = np.empty(len(ts), dtype=np.int64)
    close_ts = np.empty(len(ts), dtype=np.int64)
    assign_sessions(
        ts, length, sessions.open_ns, sessions.close_ns, sessions.date_ns, session, close_ts
    )
    out = np.zeros(len(sessions), dtype=np.int64)
    _present(ts, close_ts, session, sessions.break_start_ns, sessions.break_end_ns, length, out)
    return out


def quality_of(ts: npt.NDArray[np.int64], interval: str, sessions: SessionTable) -> Quality:
    """Return the quality of one symbol's base bars over all sessions of a table.

    ``ts`` int64[N], ns UTC, is ascending; daily bars are labelled 00:00Z. Bars are expected in
    every session of the table, so cut the table at the symbol's first bar if the symbol was listed
    later. Surplus bars in one session do not make up for missing ones in another. This function is
    for users who grade their own data. A run grades bar by bar, with `fill_quality`.
    """
    expected = expected_of(interval, sessions)
    present = np.minimum(present_of(ts, interval, sessions), expected)
    return Quality(
        present=int(present.sum()),
        expected=int(expected.sum()),
        sessions=len(sessions),
        sessions_complete=int(np.count_nonzero(present == expected)),
        sessions_missing=int(np.count_nonzero(present == 0)),
    )
