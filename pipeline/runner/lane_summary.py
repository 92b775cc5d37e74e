"""The summary of one lane, as summary.json holds it, and the ledger of a sweep."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.execution import fields
from pipeline.lane.facts import LaneFacts, OpenPosition
from pipeline.results.drawdown import Drawdowns, drawdowns
from pipeline.results.relative import relative_statistics
from pipeline.results.round_trips import (
    expectancy,
    payoff_ratio,
    profit_factor,
    system_quality,
    win_rate,
)
from pipeline.results.statistics import (
    Curve,
    figure_returns,
    lane_statistics,
    session_returns,
    turnover_per_year,
)
from pipeline.results.year import Year
from pipeline.runner.benchmark import Benchmark
from pipeline.runner.commission import poor_fills
from pipeline.strategy.strategy import Strategy, values_of

#: Lanes whose figures are made together; more would take memory and be no faster.
_TOGETHER: Final = 512
_FIGURES: Final = tuple(field.figure for field in fields.FIGURE_FIELDS)
_figures_of = attrgetter(*(field.name for field in fields.FIGURE_FIELDS))


def lane_summary(
    settings: SessionConfig,
    name: str,
    strategy: Strategy,
    mode: str,
    found: LaneFacts,
    of_equity: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the summary of a lane: strategy, parameters, mode, figures (`figures`) and digest.

    ``name`` is the strategy's in the configuration, ``mode`` is "compiled" or "interpreted".
    ``of_equity`` are its `equity_figures`.
    """
    record = found.record
    trips, wins = found.trips, found.wins
    profit, loss = found.gross_profit, found.gross_loss
    return {
        "strategy": name,
        "parameters": values_of(strategy),
        "mode": mode,
        "warmup_sessions": warmup_sessions(found),
        "never_ready": list(found.never_ready),
        "never_called": list(found.never_called),
        "orders": found.orders,
        **dict(zip(_FIGURES, _figures_of(found), strict=True)),
        "fills_on_poor_quality": poor_fills(settings, found.poor_fills),
        "commission_as_taker": found.commission - found.maker_commission,
        **of_equity,
        **_open_positions(settings.session_data_config.symbols, found.positions),
        "win_rate": win_rate(wins, trips),
        "profit_factor": profit_factor(profit, loss),
        "expectancy": expectancy(profit, loss, trips),
        "payoff_ratio": payoff_ratio(profit, loss, wins, trips),
        "system_quality": system_quality(trips, profit - loss, found.trip_squares),
        "exposure": found.exposed / record.equity if record.equity else math.nan,
        "digest": record.digest,
    }


def equity_figures(
    found: Sequence[LaneFacts], year: Year, benchmark: Benchmark | None
) -> Iterator[dict[str, Any]]:
    """Give the figures that are made of each lane's equity by session, by their names.

    All lanes ran through the same sessions, of which ``benchmark`` has as many returns.
    """
    for first in range(0, len(found), _TOGETHER):
        yield from _equity_figures(found[first : first + _TOGETHER], year, benchmark)


def _equity_figures(
    found: Sequence[LaneFacts], year: Year, benchmark: Benchmark | None
) -> Iterator[dict[str, Any]]:
    initial = np.array([one.initial_cash for one in found])
    closes = np.array([one.session_equity for one in found])
    drawdown = np.array([one.record.max_drawdown for one in found])
    turnover = np.array([one.turnover for one in found])
    dates = found[0].session_dates
    columns = {
        "turnover_per_year": turnover_per_year(turnover, closes, year),
        **lane_statistics(initial, closes, dates, year, drawdown),
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    fallen = _drawdowns(initial, closes, dates)
    relative: Iterator[dict[str, float]] = repeat({})
    if benchmark is not None:
        of = figure_returns(initial, closes, drawdown)
        relative = (relative_statistics(one, benchmark.returns, dates, year) for one in of)
    for row, against, fall in zip(rows, relative, fallen, strict=False):
        yield {**dict(zip(columns, row, strict=True)), **against, **fall}


def warmup_sessions(found: LaneFacts) -> int:
    """Return how many sessions ended before the strategy was ready for a bar of any symbol."""
    if found.first_called < 0:
        return found.sessions
    return int(np.count_nonzero(found.session_dates < found.first_called))


def returns_of(found: LaneFacts) -> Curve:
    """Return the simple returns of a lane, float64, one per session."""
    return session_returns(found.initial_cash, found.session_equity)


def _open_positions(symbols: Sequence[str], held: Sequence[OpenPosition]) -> dict[str, Any]:
    """Return what is held at the end, which no round trip that has ended counts."""
    return {
        "open_positions": len(held),
        "open_value": math.fsum(one.value for one in held),
        "open_profit": math.fsum(one.profit for one in held),
        "open": [{**one._asdict(), "symbol": symbols[one.symbol]} for one in held],
    }


def _drawdowns(
    initial: Curve, closes: Curve, dates: np.ndarray[Any, np.dtype[np.int64]]
) -> Iterator[dict[str, Any]]:
    """Give the drawdowns of each lane by session closes.

    A drawdown that starts at the initial cash has no date of its start.
    """
    days = dates.view("M8[ns]").astype("M8[D]").astype(str).tolist()
    for row in zip(*(one.tolist() for one in drawdowns(initial, closes)), strict=True):
        found = Drawdowns(*row)
        start, bottom, recovery = (days[one] if one >= 0 else None for one in found[1:4])
        yield {
            "deepest_drawdown": {
                "depth": found.depth,
                "start": start,
                "bottom": bottom,
                "recovery": recovery,
                "sessions": found.sessions,
            },
            "longest_drawdown": found.longest,
        }
