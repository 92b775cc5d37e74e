"""A market that is long enough to measure on: repeated on disk as often as needed, and kept there.

::

    bars of the run      | lap |          sessions of its dates
    bars to measure on   | lap | lap | lap |     more sessions of the same calendar, before them

Each session of a lap gets the bars of one session of the run, at the same distance from its open.
Bars behind the close of a session that closes early are left out. Prices jump where a lap begins:
the market serves to measure a machine, and its results mean nothing.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, interval_ns
from pipeline.config.session import SessionConfig
from pipeline.market.bars import assign_sessions
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.merge import Series
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.native.cache_folder import cache_folder
from pipeline.runner.extent import find_extent
from pipeline.runner.terms import time_manager

#: A change of how markets are made changes this, so that kept ones are made anew.
_VERSION: Final = 1
#: Laps of at least so many bars are written at once.
_BLOCK_BARS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Enlarged:
    """A market that is long enough, or as long as its calendar allows."""

    #: The run's settings, with catalog and dates replaced if the market was repeated.
    settings: SessionConfig
    #: Base bars of all symbols.
    bars: int
    #: How often it has the run's own sessions; 1: it is the run's own market.
    laps: int


def enlarged(settings: SessionConfig, bars: int) -> Enlarged:
    """Return a market of at least ``bars`` base bars with the symbols and dates of a run.

    It is made once and kept in the cache. It has fewer bars where the calendar does not reach back
    far enough. Raises what `find_extent` raises.
    """
    manager = time_manager(settings)
    extent = find_extent(settings, manager)
    if extent.bars >= bars:
        return Enlarged(settings, extent.bars, 1)
    own = extent.sessions
    wanted = -(-bars // extent.bars)
    sessions = _sessions_before(manager, own, wanted * len(own))
    laps = len(sessions) // len(own)
    if laps < 2:
        return Enlarged(settings, extent.bars, 1)
    sessions = sessions.part(len(sessions) - laps * len(own), len(sessions))
    place = _write(settings, own, sessions, laps)
    dates = np.array(sessions.date_ns, "M8[ns]").astype("M8[D]")
    changed = _with(
        settings,
        catalog=place.as_posix(),
        backtest_config={"start_date": str(dates[0]), "end_date": str(dates[-1])},
    )
    return Enlarged(changed, find_extent(changed, manager).bars, laps)


def _with(settings: SessionConfig, **sections: Any) -> SessionConfig:
    """Return settings with entries replaced; of a section those that are named."""
    whole = settings.model_dump()
    for name, value in sections.items():
        whole[name] = {**whole[name], **value} if isinstance(value, dict) else value
    return SessionConfig.load(whole)


def _sessions_before(manager: TimeManager, own: SessionTable, count: int) -> SessionTable:
    """Return up to ``count`` sessions that end with those of the run."""
    last = np.datetime64(int(own.date_ns[-1]), "ns").astype("M8[D]").item()
    known = manager.session_table(manager.bounds[0], last)
    return known.part(max(0, len(known) - count), len(known))


def _write(settings: SessionConfig, own: SessionTable, sessions: SessionTable, laps: int) -> Path:
    """Write the repeated market into the cache, unless it is there; return its catalog."""
    data = settings.session_data_config
    interval = data.streams[0]
    catalog = Catalog(settings.catalog)
    entries = [catalog.entry(symbol, interval) for symbol in data.symbols]
    made_of = [
        *(_VERSION, laps, interval, settings.exchange_group, data.trading_hours),
        *(int(own.open_ns[0]), int(own.close_ns[-1]), len(own)),
        *((entry.symbol, entry.sha256) for entry in entries),
    ]
    name = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:32]
    home = cache_folder() / "stress"
    home.mkdir(parents=True, exist_ok=True)
    place, half = home / name, home / f"{name}.half"
    with catalog_lock(home):
        if not place.is_dir():
            shutil.rmtree(half, ignore_errors=True)
            source = f"stress {_VERSION}: {laps} laps of {catalog.place}"
            Catalog(half).write_all(
                [
                    Series(
                        symbol,
                        interval,
                        _Laps(_bars_of(catalog, symbol, interval, own), interval, own, sessions),
                        source,
                    )
                    for symbol in data.symbols
                ],
                overwrite=True,
            )
            half.rename(place)
    return place


def _bars_of(catalog: Catalog, symbol: str, interval: str, own: SessionTable) -> BarColumns:
    """Return a symbol's bars in the sessions of the run."""
    columns = BarColumns.from_table(catalog.load(symbol, interval))
    low, high = own.bar_range(interval_ns(interval))
    first, stop = np.searchsorted(columns.ts, [low, high])
    return columns.rows(int(first), int(stop))


class _Laps:
    """The bars of one symbol, lap after lap, in the form that a catalog takes."""

    def __init__(
        self, bars: BarColumns, interval: str, own: SessionTable, sessions: SessionTable
    ) -> None:
        self._step = interval_ns(interval)
        self._own, self._sessions = own, sessions
        session = np.empty(len(bars.ts), np.int64)
        close = np.empty(len(bars.ts), np.int64)
        assign_sessions(
            *(bars.ts, self._step, own.open_ns, own.close_ns, own.date_ns, session, close)
        )
        self._bars, self._session = bars.only(session >= 0), session[session >= 0]

    def blocks(self) -> Iterator[BarColumns]:
        """Yield the bars of some laps at a time."""
        laps = len(self._sessions) // len(self._own)
        together = max(1, _BLOCK_BARS // max(1, len(self._bars.ts)))
        for first in range(0, laps, together):
            parts = [self._lap(lap) for lap in range(first, min(laps, first + together))]
            columns = zip(*(part.values for part in parts), strict=True)
            yield BarColumns(
                np.concatenate([part.ts for part in parts]), tuple(map(np.concatenate, columns))
            )

    def _lap(self, lap: int) -> BarColumns:
        target = self._session + lap * len(self._own)
        own, sessions = self._own, self._sessions
        if self._step >= DAY_NS:  # the label of a daily bar says its date
            ts: npt.NDArray[np.int64] = (
                self._bars.ts + sessions.date_ns[target] - own.date_ns[self._session]
            )
            return BarColumns(ts, self._bars.values)
        ts = self._bars.ts + sessions.open_ns[target] - own.open_ns[self._session]
        inside = ts < sessions.close_ns[target]
        return BarColumns(ts, self._bars.values).only(inside)
