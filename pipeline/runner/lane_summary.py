"""The summary of one lane, as summary.json holds it, and the ledger of a sweep."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.execution import fields
from pipeline.lane.facts import LaneFacts, OpenPosition
from pipeline.results.drawdown import drawdowns
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

_Dates = np.ndarray[Any, np.dtype[np.int64]]


def lane_summary(
    settings: SessionConfig,
    name: str,
    strategy: Strategy,
    mode: str,
    found: LaneFacts,
    year: Year,
    benchmark: Benchmark | None,
) -> dict[str, Any]:
    """Return the summary of a lane: strategy, parameters, mode, figures (`figures`) and digest.

    ``name`` is the strategy's in the configuration, ``mode`` is "compiled" or "interpreted".
    ``benchmark`` has as many returns as the lane has sessions.
    """
    record = found.record
    initial, closes, dates = found.initial_cash, found.session_equity, found.session_dates
    relative = (
        {}
        if benchmark is None
        else relative_statistics(
            figure_returns(initial, closes, record.max_drawdown), benchmark.returns, dates, year
        )
    )
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
        **{field.figure: getattr(found, field.name) for field in fields.FIGURE_FIELDS},
        "fills_on_poor_quality": poor_fills(settings, found.poor_fills),
        "commission_as_taker": found.commission - found.maker_commission,
        "turnover_per_year": turnover_per_year(found.turnover, closes, year),
        **lane_statistics(initial, closes, dates, year, record.max_drawdown),
        **relative,
        **_drawdowns(initial, closes, dates),
        **_open_positions(settings.session_data_config.symbols, found.positions),
        "win_rate": win_rate(wins, trips),
        "profit_factor": profit_factor(profit, loss),
        "expectancy": expectancy(profit, loss, trips),
        "payoff_ratio": payoff_ratio(profit, loss, wins, trips),
        "system_quality": system_quality(trips, profit - loss, found.trip_squares),
        "exposure": found.exposed / record.equity if record.equity else math.nan,
        "digest": record.digest,
    }


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


def _drawdowns(initial: float, closes: Curve, dates: _Dates) -> dict[str, Any]:
    """Return the drawdowns by session closes.

    A drawdown that starts at the initial cash has no date of its start.
    """
    found = drawdowns(initial, closes)

    def day(session: int | None) -> str | None:
        known = session is not None and session >= 0
        return str(dates[session].astype("M8[ns]").astype("M8[D]")) if known else None

    return {
        "deepest_drawdown": {
            "depth": found.depth,
            "start": day(found.start),
            "bottom": day(found.bottom),
            "recovery": day(found.recovery),
            "sessions": found.sessions,
        },
        "longest_drawdown": found.longest,
    }
