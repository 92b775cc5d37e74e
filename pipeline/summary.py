"""What a run came to, as summary.json holds it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import SessionConfig
from pipeline.lanes import Lanes
from pipeline.results.digest import run_digest
from pipeline.results.statistics import lane_statistics, win_rate
from pipeline.stages.metrics import PerformanceMetrics
from pipeline.strategy.strategy import values_of
from shm.control import MemberSnapshot

_NS = 1e-9
#: Orders (of slippage: fills) that the assumptions of a run have touched, by their cell.
_TOUCHED = {
    "orders_cut_by_volume_cap": "capped",
    "fills_with_slippage": "slipped",
    "orders_rejected": "rejected",
    "liquidations": "liquidations",
}


def summarise(
    settings: SessionConfig,
    lanes: Lanes,
    facts: Sequence[Mapping[str, Any]],
    members: Sequence[MemberSnapshot],
    performance: PerformanceMetrics,
    overruns: Sequence[Mapping[str, Any]],
    rows: Mapping[str, int],
    run_dir: Path,
) -> dict[str, Any]:
    """Return the summary; under ``report`` the text of performance.txt.

    ``facts``: what the members sent, coordinator first. Times in seconds, sizes in bytes, returns
    and drawdowns as fractions, quality in per cent.
    """
    replayed = facts[0]
    found = {lane["lane"]: lane for one in facts for lane in one.get("lanes", ())}
    finished = max(one["finished_ns"] for one in facts if "finished_ns" in one)
    elapsed = finished - replayed["started_ns"]
    performance.record_backtest(performance.start_timer() - elapsed)
    performance.flush()
    seconds = elapsed * _NS
    per_lane = [_lane(settings, lanes, found[number]) for number in sorted(found)]
    data = settings.session_data_config
    bars = sum(replayed["present"])
    first = per_lane[0]
    return {
        "session_name": settings.session_name,
        "first_session": replayed["first_session"],
        "last_session": replayed["last_session"],
        "bars": bars,
        "run_seconds": seconds,
        "bars_per_second": bars / seconds,
        "sessions": replayed["sessions"],
        "symbols": list(data.symbols),
        "streams": list(data.streams),
        "orders": rows["orders"],
        "fills": rows["fills"],
        "initial_cash": settings.trading_config.initial_cash,
        "final_equity": first["final_equity"],
        "digest": run_digest([lane["digest"] for lane in per_lane]),
        "run_dir": str(run_dir),
        "assumptions": {
            **settings.execution.model_dump(),
            "orders_decided_by_both_touched": sum(lane["ambiguous_bars"] for lane in per_lane),
            **{name: sum(lane[name] for lane in per_lane) for name in _TOUCHED},
        },
        "quality": _quality(data.historical.enable_quality, data.symbols, replayed),
        "bars_outside_sessions": replayed["outside"],
        "overruns": list(overruns),
        "processes": [
            {"role": one.role, "pid": one.pid, "peak_rss_bytes": one.peak_memory} for one in members
        ],
        "lanes": per_lane,
        "performance": performance.numbers(),
        "report": performance.format_report("backtest"),
    }


def _quality(wanted: bool, symbols: Sequence[str], replayed: Mapping[str, Any]) -> dict[str, float]:
    if not wanted:
        return {}
    expected = replayed["expected"]
    return {
        symbol: min(100.0, 100.0 * present / expected)
        for symbol, present in zip(symbols, replayed["present"], strict=True)
    }


def _lane(settings: SessionConfig, lanes: Lanes, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one lane's part of the summary."""
    number = found["lane"]
    setting = settings.strategies[number]
    record = found["record"]
    closes, dates = found["session_equity"], found["session_dates"]
    statistics = lane_statistics(found["initial_cash"], closes, _sessions_per_year(dates))
    return {
        "lane": number,
        "strategy": setting.name,
        "parameters": values_of(lanes.specs[number].strategy),
        "mode": setting.mode,
        "orders": found["orders"],
        "fills": record.fills,
        "final_equity": found["equity"],
        "final_cash": found["cash"],
        "ambiguous_bars": found["ambiguous"],
        **{name: found[cell] for name, cell in _TOUCHED.items()},
        "commission": found["commission"],
        "slippage": found["slippage_cost"],
        "turnover": found["turnover"],
        **statistics,
        "max_drawdown": record.max_drawdown,
        "round_trips": found["trips"],
        "win_rate": win_rate(found["wins"], found["trips"]),
        "gross_profit": found["gross_profit"],
        "gross_loss": found["gross_loss"],
        "digest": record.digest,
    }


def _sessions_per_year(dates: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    """Return how many sessions the calendar has per year, by the dates of the run.

    Below a month the usual 252 is taken for it: a week without a holiday says little of a year.
    """
    days = (dates[-1] - dates[0]) / 86_400e9 + 1 if len(dates) else 0.0
    return 252.0 if days < 28 else float(len(dates) / days * 365.25)
