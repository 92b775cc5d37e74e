"""The bars and indicators of one symbol, as a run had them, without replaying the run.

The same feed, the same kernels for longer bars and the same runner of indicators as in the stages,
one row group after the other. So memory does not grow with the bars that are read, only with those
that are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import interval_ns
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.market.indicators.runner import PlanRunner
from pipeline.market.longer_bars import DERIVE_STATE_F, DERIVE_STATE_I, derive_bars
from pipeline.market.time.time_manager import SessionTable
from pipeline.tape.feed import Feed

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]
#: What a strategy asks for: name, index of the interval, index of the column.
Bindings = Sequence[tuple[str, int, int]]


class Rows(NamedTuple):
    """Bars that follow each other."""

    ts: Instants
    """int64[N], the opens."""
    close_ts: Instants
    """int64[N], the closes."""
    values: Floats
    """float64[C, N]; the prices come first."""


class Longer:
    """Makes longer bars of base bars, piece by piece."""

    def __init__(self, interval: str, sessions: SessionTable) -> None:
        self._interval = interval_ns(interval)
        self._sessions = sessions
        self._under_way = np.zeros(DERIVE_STATE_I, np.int64), np.zeros(DERIVE_STATE_F)

    def derive(self, base: Rows, horizon: int) -> Rows:
        """Return the bars that are complete by the horizon, ns UTC."""
        most = len(base.ts) + 1
        out = Rows(np.empty(most, np.int64), np.empty(most, np.int64), np.empty((5, most)))
        sessions = self._sessions
        edges = (base.ts, base.close_ts, base.values, 0, len(base.ts))
        spans = (sessions.open_ns, sessions.close_ns, horizon, self._interval)
        made = derive_bars(*edges, *spans, *self._under_way, *out, 0)
        return Rows(out.ts[:made], out.close_ts[:made], out.values[:, :made])


class Indicators:
    """The indicators that a strategy has on one interval, for one symbol, piece by piece."""

    def __init__(
        self,
        plan: IndicatorPlan,
        interval: str,
        columns: Sequence[int],
        sessions: SessionTable,
        *,
        derived: bool,
    ) -> None:
        self._runner = PlanRunner(plan, interval, range(1))
        self._width = len(plan.columns(interval))
        self._columns = list(columns)
        self._closes = sessions.close_ns
        self._longer = Longer(interval, sessions) if derived else None
        # What was known before the piece at hand.
        self._last = np.full((len(columns), 1), np.nan)

    def split(self, ratio: float) -> None:
        """Put the past on the scale after a split."""
        self._runner.split(0, ratio)

    def at(self, base: Rows, horizon: int, closes: Instants) -> Floats:
        """Take base bars; return the values that are known at some closes, float64[L, N].

        The closes, ns UTC, are ascending, and those of bars that end in this piece.
        """
        rows = base if self._longer is None else self._longer.derive(base, horizon)
        if not len(rows.ts):
            return np.repeat(self._last, len(closes), axis=1)
        values = np.empty((self._width, 1, len(rows.ts)))
        values[:5, 0] = rows.values[:5]
        session = np.searchsorted(self._closes, rows.close_ts)[np.newaxis]
        counts = np.array([len(rows.ts)], np.int64)
        self._runner.compute(values, 0, counts, np.ascontiguousarray(session, np.int64))
        known = np.concatenate((self._last, values[self._columns, 0]), axis=1)
        self._last = known[:, -1:]
        return known[:, np.searchsorted(rows.close_ts, closes, side="right")]


def kept_bars(
    feed: Feed,
    splits: Mapping[int, float],
    sessions: SessionTable,
    target: Longer | None,
    indicators: Sequence[Indicators],
) -> Iterator[tuple[Rows, Floats]]:
    """Give the bars of a symbol and its indicators, float64[L, N], piece by piece.

    ``target`` makes the bars that are kept; None keeps the base bars. ``splits`` are the symbol's,
    by the session before which they take effect.
    """
    for base, horizon, ratio in _pieces(feed, splits, sessions):
        if ratio is not None:
            for one in indicators:
                one.split(ratio)
        rows = base if target is None else target.derive(base, horizon)
        found = [one.at(base, horizon, rows.close_ts) for one in indicators]
        lines = np.concatenate(found) if found else np.empty((0, len(rows.ts)))
        yield rows, lines


def _pieces(
    feed: Feed, splits: Mapping[int, float], sessions: SessionTable
) -> Iterator[tuple[Rows, int, float | None]]:
    """Give a feed's bars; a split begins a piece. With each piece its horizon and the split."""
    last = int(sessions.close_ns[-1])
    begins = sorted(splits)
    while feed.advance(0):
        session = np.searchsorted(sessions.close_ns, feed.close_ts)
        cursor, count = 0, len(feed.ts)
        while cursor < count:
            ratio = None
            if begins and begins[0] <= session[cursor]:
                ratio = splits[begins.pop(0)]
            stop = count if not begins else int(np.searchsorted(session, begins[0]))
            stop = max(stop, cursor)
            rows = Rows(
                feed.ts[cursor:stop],
                feed.close_ts[cursor:stop],
                np.stack([column[cursor:stop] for column in feed.columns]),
            )
            ends = begins and stop < count
            horizon = int(sessions.close_ns[begins[0] - 1]) if ends else 0
            known = int(rows.close_ts[-1]) if len(rows.ts) else 0
            yield rows, max(horizon, known), ratio
            cursor = stop
        feed.advance(count)
    yield Rows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((5, 0))), last, None
