"""Adjusted prices: bars are scaled for the splits and dividends that come after them.

The adjustment is backward, as at CRSP, Quandl and Yahoo. The products run over the actions that
take effect in a later session of the run; s is the ratio of an action's split, d its dividend and c
the raw close before it::

    adjusted price  = price x product of (1 - d / c) / s
    adjusted volume = volume x product of s

Actions after the run's last session do not count, so a result does not depend on anything that
comes after the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.codes import interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import Action
from pipeline.market.auction import Reader
from pipeline.market.bars import assign_sessions
from pipeline.market.time.time_manager import SessionTable

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The scale of one symbol's bars, float64[K], one element for each session of the run."""

    price: Floats
    """Divisors of prices."""
    volume: Floats
    """Factors of volumes."""

    def adjusted(
        self, columns: tuple[Floats, ...], session: npt.NDArray[np.int64]
    ) -> tuple[Floats, ...]:
        """Return the scaled prices and volumes of bars. ``session`` has each bar's session number.

        ``columns`` are float64[N]; the last one is the volume.
        """
        price, volume = self.price[session], self.volume[session]
        return (*(column / price for column in columns[:-1]), columns[-1] * volume)


def scale_of(actions: Sequence[Action], closes: Floats) -> Scale:
    """Return the scale that follows from a symbol's actions.

    ``closes`` float64[K] has the symbol's last raw close in each session, NaN without a bar. A
    dividend without a close before it scales nothing, because there is no bar to scale. DataError
    for a dividend that is not below the close before it.
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
    """Return the last close known at the end of each session, per share of that session.

    A session without a bar has the close of the session before, divided by a split in between.
    """
    ratio = np.ones(len(closes))
    for action in actions:
        ratio[action.session] *= action.split
    known = closes.copy()
    for session in range(1, len(known)):
        if np.isnan(known[session]):
            known[session] = known[session - 1] / ratio[session]
    return known


def read_closes(reader: Reader, interval: str, sessions: SessionTable) -> tuple[float, Floats]:
    """Return the open of the first bar inside a session, and the last close of each session.

    The open is NaN if there is no such bar. The closes are float64[K], NaN for a session without a
    bar. ``reader`` gives the columns open and close.
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
            # The last bar of a session is assigned last, so its close stays.
            closes[session[inside]] = prices[inside]
    return first_open, closes
