"""Folders of runs and a sweep, written as runs would leave them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.results.folder import RunFolder

DAY_NS = 86_400_000_000_000
FIRST = 19_724 * DAY_NS


def write_run(
    out: Path,
    name: str,
    growth: Any,
    *,
    session: str = "s",
    parameters: dict[str, Any] | None = None,
    **more: Any,
) -> Path:
    """Write a done run whose equity at sessions' closes is ``growth`` times its cash."""
    path = out / name
    path.mkdir(parents=True)
    strategy = {"name": "mine.py:Mine", "parameters": parameters or {}}
    config = {"session_name": session, "strategy": strategy, "trading_config": {"initial_cash": 10}}
    (path / "config.json").write_text(json.dumps({**config, **more}))
    folder, equity = RunFolder(path), 10.0 * np.asarray(growth, np.float64)
    dates, none = FIRST + DAY_NS * np.arange(len(equity)), np.full(len(equity), np.nan)
    folder.write_sessions([(0, (dates, equity, none, none))])
    lane = {"total_return": float(equity[-1] / 10 - 1), "sharpe_ratio": 1.5, "digest": "d"}
    lane |= {"max_drawdown": 0.1, "round_trips": 7, "parameters": parameters or {}}
    days = {"first_session": "2024-01-02", "last_session": "2024-12-30"}
    folder.write_summary({"session_name": session, **days, "lanes": [lane]})
    return path


def write_sweep(out: Path, name: str, growth: Any) -> Path:
    """Write the folder of a sweep with a report and the run of its best set."""
    path = out / name
    best = write_run(path / "best", f"one-{name}", growth, parameters={"fast": 9})
    (path / "report.html").write_text("a page")
    (best / "report.html").write_text("a page")
    (path / "config.json").write_text(json.dumps({"session_name": "sweep", "sweep": {}}))
    ranked = {"parameters": {"fast": 9}, "score": 1.5}
    summary = {"sweep": name, "lanes": 12, "best": ranked, "scores": ["sharpe_ratio"]}
    summary |= {"details": [f"elsewhere/{best.name}"], "first_session": "2024-01-02"}
    RunFolder(path).write_summary(summary)
    return path


def wandering(seed: int, sessions: int = 250) -> Any:
    """Return the growth of an account at so many closes."""
    return np.cumprod(1 + np.random.default_rng(seed).normal(0, 0.01, sessions))
