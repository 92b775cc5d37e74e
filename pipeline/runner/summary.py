"""What a run came to, as summary.json holds it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.execution import fields
from pipeline.lane.facts import LaneFacts
from pipeline.market.time.query_cache import CacheStatistics
from pipeline.results.digest import run_digest
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
    lane_statistics,
    monthly_returns,
    session_returns,
    sessions_per_year,
    turnover_per_year,
)
from pipeline.runner.benchmark import Benchmark
from pipeline.runner.commission import commission_code, poor_fills, quality_of_fills
from pipeline.runner.lanes import Lanes
from pipeline.stages.facts import RunFacts, TapeFacts
from pipeline.stages.metrics import PerformanceMetrics
from pipeline.strategy.strategy import Strategy, values_of
from shm.control import MemberSnapshot

_NS = 1e-9

_Dates = np.ndarray[Any, np.dtype[np.int64]]


def summarise(
    settings: SessionConfig,
    lanes: Lanes,
    facts: RunFacts,
    benchmark: Benchmark | None,
    actions: int,
    members: Sequence[MemberSnapshot],
    performance: PerformanceMetrics,
    overruns: Sequence[Mapping[str, Any]],
    rows: Mapping[str, int],
    run_dir: Path,
) -> dict[str, Any]:
    """Return the summary; under ``report`` the text of performance.txt.

    ``facts``: those of a run in which no member ended early; ``actions``: how many splits and
    dividends the run has. Times are in seconds, sizes in bytes, returns and drawdowns fractions,
    quality in per cent.
    """
    replayed, finished, found = facts.tape, facts.finished_ns, facts.lanes()
    assert replayed is not None
    assert finished is not None
    elapsed = finished - replayed.started_ns
    performance.record_backtest(performance.start_timer() - elapsed)
    performance.flush()
    per_lane = [
        {
            "lane": lane.lane,
            **lane_summary(settings, setting.name, spec.strategy, setting.mode, lane, benchmark),
        }
        for lane, setting, spec in zip(found, settings.strategies, lanes.specs, strict=True)
    ]
    data = settings.session_data_config
    return {
        **_replay(settings, replayed, elapsed * _NS),
        **_outcome(settings, rows, per_lane, run_dir),
        "assumptions": _assumptions(settings, actions, per_lane),
        "quality": _quality(data.historical.enable_quality, data.symbols, replayed),
        "bars_outside_sessions": replayed.outside,
        "benchmark": None if benchmark is None else _benchmark(benchmark, found[0]),
        "monthly": _monthly(found[0]),
        "overruns": list(overruns),
        "processes": [
            {"role": one.role, "pid": one.pid, "peak_rss_bytes": one.peak_memory} for one in members
        ],
        "lanes": per_lane,
        "performance": {**performance.numbers(), "calendar": _calendar(replayed.calendar)},
        "report": _report(performance, replayed.calendar),
    }


def _replay(settings: SessionConfig, replayed: TapeFacts, seconds: float) -> dict[str, Any]:
    """Return what was replayed, and how fast."""
    data = settings.session_data_config
    return {
        "session_name": settings.session_name,
        "first_session": replayed.first_session,
        "last_session": replayed.last_session,
        "bars": replayed.bars,
        "run_seconds": seconds,
        "bars_per_second": replayed.bars / seconds,
        "sessions": replayed.sessions,
        "symbols": list(data.symbols),
        "streams": list(data.streams),
    }


def _outcome(
    settings: SessionConfig,
    rows: Mapping[str, int],
    per_lane: Sequence[Mapping[str, Any]],
    run_dir: Path,
) -> dict[str, Any]:
    """Return the orders and fills of all lanes, the first lane's account, and where results lie."""
    return {
        "orders": rows["orders"],
        "fills": rows["fills"],
        "currency": settings.trading_config.currency,
        "initial_cash": settings.trading_config.initial_cash,
        "final_equity": per_lane[0]["final_equity"],
        "digest": run_digest([lane["digest"] for lane in per_lane]),
        "run_dir": str(run_dir),
    }


def _assumptions(
    settings: SessionConfig, actions: int, per_lane: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the settings of execution, and how often each assumption decided over the lanes."""
    return {
        **settings.execution.model_dump(),
        "conversions": {
            symbol: asdict(conversion) for symbol, conversion in settings.conversions().items()
        },
        "prices": settings.session_data_config.prices,
        "corporate_actions": actions,
        "orders_decided_by_both_touched": sum(lane["ambiguous_bars"] for lane in per_lane),
        **{name: sum(lane[name] for lane in per_lane) for name in fields.TOUCHED},
        "commission_code": commission_code(settings.execution),
        **quality_of_fills(settings, per_lane),
    }


def _monthly(found: LaneFacts) -> list[dict[str, Any]]:
    """Return a lane's return in each calendar month that has sessions, in order."""
    grown = monthly_returns(found.session_dates, _returns(found))
    return [{"month": month, "return": value} for month, value in grown.items()]


def _calendar(counted: CacheStatistics) -> dict[str, float]:
    """Return what the coordinator's time manager was asked, as JSON takes it."""
    rates = {"hit_rate": counted.hit_rate, "last_hit_rate": counted.last_hit_rate}
    return {**asdict(counted), **rates}


def _report(performance: PerformanceMetrics, calendar: CacheStatistics) -> str:
    """Return the text of performance.txt: of the whole run, the calendar, the last session."""
    parts = (
        performance.format_report("backtest"),
        calendar.format_report(),
        performance.format_report("session"),
    )
    return "\n".join(parts)


def session_rows(
    facts: RunFacts, benchmark: Benchmark | None
) -> Iterator[tuple[int, tuple[np.ndarray[Any, Any], ...]]]:
    """Give of each lane what `results.folder.RunFolder.write_sessions` takes.

    ``facts``: as in `summarise`.
    """
    for lane in facts.lanes():
        returns = _returns(lane)
        against = np.full(len(returns), np.nan) if benchmark is None else benchmark.returns
        yield lane.lane, (lane.session_dates, lane.session_equity, returns, against)


def _returns(found: LaneFacts) -> Curve:
    return session_returns(found.initial_cash, found.session_equity)


def _quality(wanted: bool, symbols: Sequence[str], replayed: TapeFacts) -> dict[str, float]:
    if not wanted:
        return {}
    return {
        symbol: min(100.0, 100.0 * present / replayed.expected)
        for symbol, present in zip(symbols, replayed.present, strict=True)
    }


def lane_summary(
    settings: SessionConfig,
    name: str,
    strategy: Strategy,
    mode: str,
    found: LaneFacts,
    benchmark: Benchmark | None,
) -> dict[str, Any]:
    """Return what the summary says of one lane, by the names of `figures` and some of its own."""
    record = found.record
    initial, closes, dates = found.initial_cash, found.session_equity, found.session_dates
    per_year = sessions_per_year(dates)
    relative = (
        {}
        if benchmark is None
        else relative_statistics(_returns(found), benchmark.returns, per_year)
    )
    trips, wins = found.trips, found.wins
    profit, loss = found.gross_profit, found.gross_loss
    return {
        "strategy": name,
        "parameters": values_of(strategy),
        "mode": mode,
        "orders": found.orders,
        **{field.figure: getattr(found, field.name) for field in fields.FIGURE_FIELDS},
        "fills_on_poor_quality": poor_fills(settings, found.poor_fills),
        "commission_as_taker": found.commission - found.maker_commission,
        "turnover_per_year": turnover_per_year(found.turnover, closes, per_year),
        **lane_statistics(initial, closes, per_year, record.max_drawdown),
        **relative,
        "max_drawdown": record.max_drawdown,
        **_drawdowns(initial, closes, dates),
        "win_rate": win_rate(wins, trips),
        "profit_factor": profit_factor(profit, loss),
        "expectancy": expectancy(profit, loss, trips),
        "payoff_ratio": payoff_ratio(profit, loss, wins, trips),
        "system_quality": system_quality(trips, profit - loss, found.trip_squares),
        "exposure": found.exposed / record.equity if record.equity else math.nan,
        "digest": record.digest,
    }


def _drawdowns(initial: float, closes: Curve, dates: _Dates) -> dict[str, Any]:
    """Return the drawdowns by session closes; the cash before the first session has no date."""
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


def _benchmark(benchmark: Benchmark, found: LaneFacts) -> dict[str, Any]:
    """Return the benchmark's own figures, as those of an account that holds it from the start."""
    returns = benchmark.returns[~np.isnan(benchmark.returns)]
    closes = np.cumprod(1.0 + returns, dtype=np.float64)
    fall = drawdowns(1.0, closes).depth
    figures = lane_statistics(1.0, closes, sessions_per_year(found.session_dates), fall)
    return {"symbol": benchmark.symbol, **figures, "max_drawdown": fall}
