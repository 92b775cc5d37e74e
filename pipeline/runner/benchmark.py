"""The benchmark of a run: the returns of a symbol per session, by its bars in the catalog."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.config.session import SessionConfig
from pipeline.errors import DataError
from pipeline.market.adjustment import last_closes, read_closes
from pipeline.market.auction import session_reader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.time.time_manager import SessionTable
from pipeline.results.relative import joined
from pipeline.results.report.figures import many
from pipeline.results.statistics import session_returns
from pipeline.results.year import Year
from pipeline.runner.spans import Span, day
from pipeline.runner.terms import auctions_in


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """A symbol and its simple returns per session.

    The return of a session is its last close / the last close before - 1. A session without a bar
    has none, and the return of the next one with a bar is over the gap. The first return is
    relative to the open of the symbol's first bar, the earliest price at which a lane can buy. With
    a split s and a dividend d in a session, it is the total return (s x close + d) / close before
    - 1 (CRSP's holding period return), whether the lanes' prices are raw or adjusted.
    """

    symbol: str
    #: float64, one per session of the run; NaN in a session without a bar of the symbol.
    returns: npt.NDArray[np.float64]
    #: The sessions of its first and its last bar.
    span: Span

    def notes(self, dates: npt.NDArray[np.int64], year: Year) -> Iterator[str]:
        """Say over which sessions it is compared, if these are not all of the run's.

        ``dates`` int64[sessions] are those of the sessions, ns UTC.
        """
        bars = int(np.count_nonzero(~np.isnan(self.returns)))
        if bars == len(self.returns):
            return
        first, last = self.span
        spanned = last - first + 1
        alpha = "" if year.is_long_enough(spanned) else ", which are too few for alpha"
        yield (
            f"The benchmark {self.symbol} has bars in {bars:,} of the"
            f" {many(len(self.returns), 'session')}, from {day(dates[first])} to"
            f" {day(dates[last])}: alpha, beta, correlation, tracking error, information ratio and"
            f" its own figures are of these alone{alpha}."
        )


def read_benchmark(settings: SessionConfig, sessions: SessionTable) -> Benchmark | None:
    """Return the benchmark of `settings`, None if they have none.

    The symbol's base bars are read block by block; bars outside all sessions do not count. Raises
    DataError with the setting's name if the catalog lacks the symbol at the base interval, has no
    bar of it in the sessions, or cannot be read.
    """
    symbol = settings.benchmark
    if symbol is None:
        return None
    base = settings.session_data_config.streams[0]
    try:
        catalog = Catalog(settings.catalog)
        with session_reader(
            catalog, symbol, base, sessions, ("open", "close"), auctions=auctions_in(settings)
        ) as reader:
            first_open, closes = read_closes(reader, base, sessions)
        actions = list(catalog.actions(symbol).effects(sessions.date_ns))
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
    latest = last_closes(closes, actions)
    held = np.zeros(len(closes))
    held[first:] = session_returns(first_open, latest[first:])
    for action in actions:
        if action.session > first:
            value = action.split * latest[action.session] + action.dividend
            held[action.session] = value / latest[action.session - 1] - 1.0
    returns = np.full(len(closes), np.nan)
    returns[known], _ = joined(held, ~np.isnan(closes))
    return Benchmark(symbol, returns, Span(first, int(known[-1])))
