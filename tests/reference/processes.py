"""Whole runs with all their processes, and what such a run must not leave behind."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import multiprocess
import psutil

from pipeline import run
from pipeline.lane.spec import Terms
from pipeline.runner.run import Result
from pipeline.strategy.source import unpack
from pipeline.strategy.strategy import Strategy
from shm.names import LISTING
from tests.reference.in_process import SUMS, outcome_of
from tests.reference.replay import Outcome

TABLES = ("fills", "orders", "equity", "round_trips")


def settings_of(
    group: str, first: str, last: str, symbols: Sequence[str], streams: Sequence[str], catalog: Path
) -> dict[str, Any]:
    """The shortest configuration of a session; pass strategies to `run`."""
    return {
        "session_name": "test",
        "exchange_group": group,
        "backtest_config": {"start_date": first, "end_date": last},
        "session_data_config": {"symbols": list(symbols), "streams": list(streams)},
        "catalog": str(catalog),
    }


def terms_settings(terms: Terms, symbols: Sequence[str]) -> dict[str, Any]:
    """The sections of a configuration that say the same as ``terms``."""

    def bound(value: float) -> float | None:
        return None if value == math.inf else value

    positions = terms.max_open_positions
    instruments: list[dict[str, Any]] = [
        {
            "tick_size": one.tick,
            "lot_size": one.lot,
            "multiplier": one.multiplier,
            "borrow_rate": one.borrow_rate,
            "funding_rate": one.funding_rate,
            "funding_hours": [h for h in range(24) if one.funding_hours >> h & 1] or [0],
        }
        for one in terms.instruments
    ]
    for place, one in enumerate(terms.instruments):
        if one.pair:
            instruments[place] |= {"currency": "EUR"}
            instruments[place] |= {"converted": "profit" if one.credit else "value"}
            instruments[abs(one.pair) - 1] |= {"base": "EUR" if one.pair > 0 else "USD"}
    return {
        "trading_config": {
            "initial_cash": terms.initial_cash,
            "account": "cash" if terms.cash_only else "margin",
            "leverage": bound(terms.leverage),
            "lots": "fifo" if terms.fifo else "average",
            "maintenance_margin": terms.maintenance,
            "interest_on_cash": terms.credit_rate,
            "interest_on_debt": terms.debit_rate,
            "max_buying_power": bound(terms.max_buying_power),
            "max_per_trade": bound(terms.max_per_trade),
            "max_per_symbol": bound(terms.max_per_symbol),
            "max_open_positions": None if positions == math.inf else int(positions),
            "max_order_volume": bound(terms.max_order_volume),
        },
        "execution": {
            "fill": "this_close" if terms.this_close else "next_open",
            "both_touched": "optimistic" if terms.optimistic else "pessimistic",
            **commission_settings(terms),
            "slippage": terms.slippage,
            "slippage_bps": terms.slippage_bps,
            "slippage_range": terms.slippage_range,
            "slippage_impact": terms.impact,
            "volume_cap": bound(terms.volume_cap),
            "latency_ms": terms.latency / 1e6,
            "latency_bars": terms.latency_bars,
        },
        "instruments": dict(zip(symbols, instruments, strict=True)),
    }


def commission_settings(terms: Terms) -> dict[str, Any]:
    """Those of ``execution`` that are about commission and quality."""
    found: dict[str, Any] = {"poor_quality_below": terms.poor_below}
    if terms.own_commission:
        function = unpack(terms.own_commission)
        return found | {"commission": f"{function.__module__}:{function.__name__}"}
    found |= {
        "commission_per_order": terms.per_order,
        "commission_minimum": None if terms.minimum == -math.inf else terms.minimum,
        "commission_maximum": None if terms.maximum == math.inf else terms.maximum,
    }
    if terms.tiers:
        names = ("above", "per_share", "bps", "maker_bps")
        found["commission_tiers"] = [dict(zip(names, t, strict=True)) for t in terms.tiers]
        found["commission_tiers_by"] = "units" if terms.tiers_by_units else "value"
        return found
    return found | {
        "commission_per_share": terms.per_share,
        "commission_bps": terms.basis_points,
        "commission_maker_bps": terms.maker_points,
    }


def run_lanes(
    settings: Mapping[str, Any], strategies: Sequence[Strategy], mode: str, out: Path
) -> Result:
    """Run strategies in one mode; `run` itself takes the mode from the configuration."""
    modes = [f"strategy.{lane}.mode={mode}" for lane in range(len(strategies))]
    return run(settings, strategy=list(strategies), overrides=modes, out=out)


def outcomes(result: Result, symbols: Sequence[str]) -> list[Outcome]:
    """What each lane of a run came to, by its tables; equity at session closes is not in them."""
    tables = {name: getattr(result, name).to_pylist() for name in TABLES}
    return [
        outcome_of(tables, symbols, lane["lane"], [], {name: lane[name] for name in SUMS})
        for lane in result.summary["lanes"]
    ]


def names_of(pid: int) -> list[str]:
    """Segments and semaphores of runs that a process supervised, as the system lists them."""
    if not LISTING.is_dir():
        return []
    return sorted(
        path.name for path in LISTING.iterdir() if "rt-" in path.name and f"-{pid}-" in path.name
    )


def members() -> dict[str, int]:
    """The member processes that this process has now: pid by role."""
    return {
        child.name.removeprefix("ringtape "): child.pid
        for child in multiprocess.active_children()
        if child.name.startswith("ringtape ")
    }


def alive(pids: Sequence[int]) -> list[int]:
    """Those of some processes that still run; a zombie does not."""
    found = []
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def assert_nothing_left(pids: Sequence[int] = ()) -> None:
    """No member runs, and no name of a run of this process exists."""
    assert multiprocess.active_children() == []
    assert alive(pids) == []
    assert names_of(os.getpid()) == []


def partial_folder(out: Path) -> tuple[str, dict[str, Any]]:
    """Why the one run below ``out`` is partial, and its summary."""
    (folder,) = out.iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["partial"] is True
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []
    return (folder / "PARTIAL").read_text(), summary
