"""A document of a live sweep, as views make it."""

from typing import Any


def sweep_document(**changes: Any) -> dict[str, Any]:
    """Return a document of a sweep with one process, with some entries replaced."""
    timer = {"count": 4, "min": 0.001, "mean": 0.002, "p50": 0.002, "p99": 0.003, "p999": 0.003}
    return {
        "kind": "sweep",
        "run_id": "abc12345",
        "pid": 1,
        "session_name": "mine",
        "run_dir": "/runs/mine",
        "began": 1_700_000_000_000_000_000,
        "done": 0.25,
        "state": "running",
        "processes": [
            {
                "role": "engine 0",
                "pid": 2,
                "heartbeat_age": 0.5,
                "peak_rss_bytes": 1000,
                "error": None,
                "stuck": None,
            }
        ],
        "rows": {"engine 0": {"bars": 10, "slots": 1, "busy_ns": 5, "starved_ns": 4}},
        "counters": {"engine": {"bars": 10, "slots": 1, "fills": 3, "busy_ns": 2_500_000_000}},
        "slots": {"all": 4, "in_use": 3},
        "memory_bytes": 2000,
        "shared_bytes": 3000,
        "stats": {"engine 0": {"run": {"timers": {"analysis_engine": {**timer, "max": 0.003}}}}},
        "timed": {"engine 0": {"analysis_engine_count": 6, "analysis_engine_ns": 12_000_000}},
        "sweep": {
            "lanes_total": 8,
            "lanes": 5,
            "done": 3,
            "failed": 1,
            "known": 1,
            "evaluations": 80,
            "passes": 2,
            "score": "sharpe_ratio",
            "best": 1.5,
            "best_parameters": "fast 5",
        },
        **changes,
    }
