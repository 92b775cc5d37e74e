"""The benchmark of a run: what a symbol returned per session, by its bars in the catalog."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.config import SessionConfig
from pipeline.errors import DataError
from pipeline.market.bars import assign_sessions, interval_ns
from pipeline.market.catalog import BarReader, Catalog
from pipeline.market.time_manager import SessionTable
from pipeline.results.statistics import session_returns


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """A symbol and its simple returns, float64, one per session of the run; NaN before its first.

    A return is that of the last close known at the session's close over that of the session
    before, so a session without bars has 0. The first is over the open of the first bar, which
    is also where a lane can buy at the earliest.
    """

    symbol: str
    returns: npt.NDArray[np.float64]


def read_benchmark(settings: SessionConfig, sessions: SessionTable) -> Benchmark | None:
    """Return the benchmark that `settings` names, None if they name none.

    Reads the symbol's base bars block by block, without those outside all sessions. Raises
    DataError naming the setting if the catalog does not have the symbol at the base interval,
    has no bar of it in the sessions, or cannot be read.
    """
    symbol = settings.benchmark
    if symbol is None:
        return None
    base = settings.session_data_config.streams[0]
    step = interval_ns(base)
    try:
        catalog = Catalog(settings.catalog)
        with catalog.reader(symbol, base, *sessions.bar_range(step), ("open", "close")) as reader:
            first_open, closes = _closes(reader, step, sessions)
    except DataError as error:
        raise DataError(f"benchmark: {error}") from error
    known = np.flatnonzero(~np.isnan(closes))
    if not len(known):
        dates = settings.backtest_config
        raise DataError(
            f"benchmark: {settings.catalog} has no {base} bars of {symbol} in sessions from "
            f"{dates.start_date} to {dates.end_date}"
        )
    first = int(known[0])
    # Each session shows the last close up to it.
    latest = closes[np.maximum.accumulate(np.where(np.isnan(closes), 0, np.arange(len(closes))))]
    returns = np.full(len(closes), np.nan)
    returns[first:] = session_returns(first_open, latest[first:])
    return Benchmark(symbol, returns)


def _closes(
    reader: BarReader, step: int, sessions: SessionTable
) -> tuple[float, npt.NDArray[np.float64]]:
    """Return the open of the first bar in a session, and per session its last close or NaN."""
    first_open = np.nan
    closes = np.full(len(sessions), np.nan)
    while (block := reader.next_block()) is not None:
        ts, (opens, prices) = block
        session, close_ts = np.empty(len(ts), np.int64), np.empty(len(ts), np.int64)
        assign_sessions(
            ts, step, sessions.open_ns, sessions.close_ns, sessions.date_ns, session, close_ts
        )
        inside = np.flatnonzero(session >= 0)
        if len(inside):
            if np.isnan(first_open):
                first_open = float(opens[inside[0]])
            # Of bars of one session the last is assigned last.
            closes[session[inside]] = prices[inside]
    return first_open, closes
