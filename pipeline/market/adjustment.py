"""Prices as they look from a later day: what bars are scaled by for the actions after them.

Backward adjustment, as CRSP, Quandl and Yahoo do it. With the actions that take effect in a later
session of the run, each of ratio s and dividend d, and c the raw close before it,

    price  x product of (1 - d / c) / s        volume  x product of s

Only actions up to the run's last session count: a result does not depend on what comes after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.codes import interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import Action
from pipeline.market.bars import assign_sessions
from pipeline.market.catalog.catalog import BarReader
from pipeline.market.time.time_manager import SessionTable

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What one symbol's bars are scaled by, float64[K], one per session of the run.

    ``price`` is what prices are divided by, ``volume`` what volumes are multiplied with.
    """

    price: Floats
    volume: Floats

    def adjusted(
        self, columns: tuple[Floats, ...], session: npt.NDArray[np.int64]
    ) -> tuple[Floats, ...]:
        """Return prices and volume of bars, each of which lies in the session of that number."""
        price, volume = self.price[session], self.volume[session]
        return (*(column / price for column in columns[:-1]), columns[-1] * volume)


def scale_of(actions: Sequence[Action], closes: Floats) -> Scale:
    """Return the scale that a symbol's actions make.

    ``closes``: per session the symbol's last raw close in it, NaN without a bar. A dividend before
    which there is no close scales nothing, for there is no bar to scale. DataError for one that is
    not below the close before it.
    """
    sessions = len(closes)
    price, volume = np.ones(sessions), np.ones(sessions)
    before = last_closes(closes, actions)
    for action in actions:
        kept = 1.0
        close = before[action.session - 1]
        if action.dividend != 0.0 and not np.isnan(close):
            kept = 1.0 - action.dividend / close
            if kept <= 0.0:
                raise DataError(
                    f"a dividend of {action.dividend:g} is not below the close of {close:g} before "
                    'it, so prices cannot be adjusted for it; use prices "raw"'
                )
        price[: action.session] *= action.split / kept
        volume[: action.session] *= action.split
    return Scale(price, volume)


def last_closes(closes: Floats, actions: Sequence[Action]) -> Floats:
    """Return per session the last close known at its end, in shares of that session.

    Where a session has no bar it is the close of the session before, divided by a split between.
    """
    ratio = np.ones(len(closes))
    for action in actions:
        ratio[action.session] *= action.split
    known = closes.copy()
    for session in range(1, len(known)):
        if np.isnan(known[session]):
            known[session] = known[session - 1] / ratio[session]
    return known


def read_closes(reader: BarReader, interval: str, sessions: SessionTable) -> tuple[float, Floats]:
    """Return the open of the first bar in a session, and per session its last close or NaN.

    ``reader`` gives the columns open and close.
    """
    first_open = np.nan
    closes = np.full(len(sessions), np.nan)
    while (block := reader.next_block()) is not None:
        ts, (opens, prices) = block
        session, close_ts = np.empty(len(ts), np.int64), np.empty(len(ts), np.int64)
        assign_sessions(
            ts,
            interval_ns(interval),
            sessions.open_ns,
            sessions.close_ns,
            sessions.date_ns,
            session,
            close_ts,
        )
        inside = np.flatnonzero(session >= 0)
        if len(inside):
            if np.isnan(first_open):
                first_open = float(opens[inside[0]])
            # Of bars of one session the last is assigned last.
            closes[session[inside]] = prices[inside]
    return first_open, closes
