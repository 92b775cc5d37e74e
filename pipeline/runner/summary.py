"""The summary of a run, as summary.json holds it, and the text of performance.txt."""

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
from pipeline.results.statistics import lane_statistics, monthly_returns
from pipeline.results.year import Year
from pipeline.runner.benchmark import Benchmark
from pipeline.runner.commission import quality_of_fills
from pipeline.runner.crew import Crew
from pipeline.runner.lane_summary import equity_figures, lane_summary, returns_of
from pipeline.runner.lanes import Lanes
from pipeline.runner.market import market_entries
from pipeline.runner.notes import notes_of
from pipeline.runner.preparation import Preparation
from pipeline.runner.verdict import Load, Verdict, verdict_of
from pipeline.runner.year import year_entries
from pipeline.stages.facts import RunFacts, TapeFacts
from pipeline.stages.metrics import PerformanceMetrics
from pipeline.stages.stage_times import member_times

_NS = 1e-9


def summarise(
    preparation: Preparation,
    lanes: Lanes,
    facts: RunFacts,
    crew: Crew,
    rows: Mapping[str, int],
    run_dir: Path,
    made: Mapping[str, Any],
) -> tuple[dict[str, Any], str]:
    """Return the summary of a run and the text of performance.txt.

    In ``facts`` no member ended early. ``rows`` are the rows of each result table, and ``made`` is
    what the run was made from (`made_from`). Times of the summary are in seconds, sizes in bytes,
    returns and drawdowns fractions, quality in per cent.
    """
    settings, benchmark = preparation.settings, preparation.benchmark
    replayed, finished, found = facts.tape, facts.finished_ns, facts.lanes()
    assert replayed is not None
    assert finished is not None
    elapsed = finished - replayed.started_ns
    performance = PerformanceMetrics.for_row(crew.stats, "supervisor")
    performance.record_backtest(performance.start_timer() - elapsed)
    performance.flush()
    year = preparation.year
    verdict = _verdict(lanes, crew, settings, elapsed * _NS, replayed.commands > 0)
    per_lane = _per_lane(settings, lanes, found, year, benchmark)
    data = settings.session_data_config
    summary = {
        **_replay(settings, replayed, elapsed * _NS),
        **year_entries(settings, year),
        **_outcome(settings, rows, per_lane, run_dir),
        "notes": notes_of(preparation, per_lane, replayed.market),
        "assumptions": _assumptions(settings, preparation.actions.found, per_lane, made),
        "made_from": dict(made),
        "quality": _quality(data.historical.enable_quality, data.symbols, replayed),
        **market_entries(preparation, replayed.market),
        "benchmark": None if benchmark is None else _benchmark(benchmark, found[0], year),
        "monthly": _monthly(found[0]),
        "overruns": crew.overruns(),
        "verdict": None if verdict is None else verdict.document(),
        "processes": _processes(crew),
        "lanes": per_lane,
        "performance": {**performance.numbers(), "calendar": _calendar(replayed.calendar)},
    }
    return summary, _report(performance, replayed.calendar, verdict)


def _verdict(
    lanes: Lanes, crew: Crew, settings: SessionConfig, seconds: float, steered: bool
) -> Verdict | None:
    """Return which stage bounds a run; None for a run in one process, which has no stages."""
    if not crew.in_processes:
        return None
    load = Load.of(
        settings,
        lanes=len(lanes.specs),
        slots=crew.slots_published(),
        seconds=seconds,
        interpreted=any(spec.mode == "interpreted" for spec in lanes.specs),
        steered=steered,
    )
    return verdict_of(member_times(crew.stats), load)


def _replay(settings: SessionConfig, replayed: TapeFacts, seconds: float) -> dict[str, Any]:
    """Return the extent of the replay, and its speed."""
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
    """Return the orders and fills of all lanes, the first lane's account, and the run's folder."""
    return {
        "orders": rows["orders"],
        "fills": rows["fills"],
        "currency": settings.trading_config.currency,
        "initial_cash": settings.trading_config.initial_cash,
        "final_equity": per_lane[0]["final_equity"],
        "digest": run_digest([lane["digest"] for lane in per_lane]),
        "run_dir": run_dir.as_posix(),
    }


def session_rows(
    facts: RunFacts, benchmark: Benchmark | None
) -> Iterator[tuple[int, tuple[np.ndarray[Any, Any], ...]]]:
    """Give the number of each lane and its columns of the table of sessions.

    They are the dates, the equity, the returns and the benchmark's returns, as
    `results.folder.RunFolder.write_sessions` takes them.
    """
    for lane in facts.lanes():
        returns = returns_of(lane)
        against = np.full(len(returns), np.nan) if benchmark is None else benchmark.returns
        yield lane.lane, (lane.session_dates, lane.session_equity, returns, against)


def _per_lane(
    settings: SessionConfig,
    lanes: Lanes,
    found: Sequence[LaneFacts],
    year: Year,
    benchmark: Benchmark | None,
) -> list[dict[str, Any]]:
    symbols = settings.session_data_config.symbols
    return [
        {
            "lane": lane.lane,
            **lane_summary(settings, setting.name, spec.strategy, setting.mode, lane, of_equity),
            "trips": lane.record.trips,
            "rejections": lane.record.rejections,
            "endings": lane.record.endings,
            "at_rest": {symbols[index]: count for index, count in lane.record.at_rest.items()},
        }
        for lane, setting, spec, of_equity in zip(
            found,
            settings.strategies,
            lanes.specs,
            equity_figures(found, year, benchmark),
            strict=True,
        )
    ]


def _assumptions(
    settings: SessionConfig,
    actions: int,
    lanes: Sequence[Mapping[str, Any]],
    made: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the settings of execution, and how often each assumption decided over all lanes."""
    conversions = settings.conversions().items()
    return {
        **settings.execution.model_dump(),
        "conversions": {symbol: asdict(conversion) for symbol, conversion in conversions},
        "prices": settings.session_data_config.prices,
        "corporate_actions": actions,
        "orders_decided_by_both_touched": sum(lane["ambiguous_bars"] for lane in lanes),
        **{name: sum(lane[name] for lane in lanes) for name in fields.TOUCHED},
        "commission_code": made["code"].get(settings.execution.commission),
        **quality_of_fills(settings, lanes),
    }


def _quality(wanted: bool, symbols: Sequence[str], replayed: TapeFacts) -> dict[str, float]:
    if not wanted:
        return {}
    return {
        symbol: min(100.0, 100.0 * present / replayed.expected)
        for symbol, present in zip(symbols, replayed.present, strict=True)
    }


def _benchmark(benchmark: Benchmark, found: LaneFacts, year: Year) -> dict[str, Any]:
    """Return the benchmark's own figures, as those of an account that holds it over its span."""
    first, last = benchmark.span
    # Where it has no price, what is held keeps its value, as in a lane's account.
    returns = np.nan_to_num(benchmark.returns[first : last + 1])
    dates = found.session_dates[first : last + 1]
    closes = np.cumprod(1.0 + returns, dtype=np.float64)
    figures = lane_statistics(1.0, closes, dates, year, drawdowns(1.0, closes).depth)
    return {"symbol": benchmark.symbol, **figures}


def _monthly(lane: LaneFacts) -> list[dict[str, Any]]:
    """Return a lane's return in each calendar month that has sessions, in order."""
    grown = monthly_returns(lane.session_dates, returns_of(lane))
    return [{"month": month, "return": value} for month, value in grown.items()]


def _processes(crew: Crew) -> list[dict[str, Any]]:
    return [
        {"role": one.role, "pid": one.pid, "peak_rss_bytes": one.peak_memory}
        for one in crew.members()
    ]


def _calendar(counted: CacheStatistics) -> dict[str, float]:
    """Return how often the coordinator asked its time manager, and how often the cache knew."""
    rates = {"hit_rate": counted.hit_rate, "last_hit_rate": counted.last_hit_rate}
    return {**asdict(counted), **rates}


def _report(
    performance: PerformanceMetrics, calendar: CacheStatistics, verdict: Verdict | None
) -> str:
    """Return the text of performance.txt: of the whole run, the calendar, the last session."""
    parts = (
        performance.format_report("backtest"),
        *(() if verdict is None else (verdict.text(),)),
        calendar.format_report(),
        performance.format_report("session"),
    )
    return "\n".join(parts)
