"""Lanes, facts and curves for the tests of reports."""

from typing import Any

import numpy as np

from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.report.report import EquityCurve, SweepFacts

DAY_NS = 86_400_000_000_000
HOSTILE = (
    "</script><script>window.hacked=1</script>\u2028<!--<img src=x onerror=hacked=1>&amp;'\"%{x}"
)


def lane(number: int = 0, score: float | None = 0.0, **given: Any) -> LaneRow:
    """Return a lane that is done, with what is `given` put in its place."""
    values = {
        "key": f"{number:064x}"[::-1],
        "strategy": "module:Cross",
        "universe": "",
        "parameters": {"number": number},
        "state": "done",
        "error": "",
        "digest": "",
        "statistics": {
            "sharpe_ratio": score,
            "total_return": None if score is None else score / 10,
            "max_drawdown": 0.1,
            "round_trips": 12,
        },
        "seconds": 0.01,
    }
    return LaneRow(**{**values, **given})


def facts(name: str = "crossing", **given: Any) -> SweepFacts:
    values = {
        "method": "grid",
        "seed": 7,
        "lanes": 10_000,
        "bars": 100_000,
        "evaluations": 1_000_000_000,
        "run_seconds": 8.0,
        "failed": 1,
        "pruned": 2,
        "scores": ("sharpe_ratio",),
        "ledger": "sweeps/ledger",
        "data_hash": "0123456789abcdef",
        "code_hash": "fedcba9876543210",
        "notes": [],
        "min_round_trips": 0,
        "first_session": "2024-01-02",
        "last_session": "2024-12-30",
        "buy_and_hold": 0.125,
    }
    return SweepFacts(name=name, **{**values, **given})


def curve(label: str = "1", sessions: int = 250) -> EquityCurve:
    growth = np.cumprod(1.0 + np.random.default_rng(len(label)).normal(0.0, 0.01, sessions))
    return EquityCurve(label, 19_724 * DAY_NS + np.arange(sessions) * DAY_NS, growth)


def sampled_lanes(count: int) -> list[LaneRow]:
    """Return lanes of six parameters, drawn at random, of numbers, texts and bools."""
    random = np.random.default_rng(5)
    lanes = []
    for number in range(count):
        parameters = {
            "fast": int(random.integers(5, 50)),
            "slow": int(random.integers(20, 200)),
            "stop": float(10 ** random.uniform(-3, -1)),
            "threshold": float(random.integers(0, 20)) / 10,
            "leader": str(random.choice(["AAPL", "IBM", "MSFT"])),
            "flip": bool(random.random() < 0.5),
        }
        score = -abs(parameters["fast"] - 20) / 20 - abs(parameters["slow"] - 90) / 90
        lanes.append(lane(number, score + float(random.normal(0, 0.2)), parameters=parameters))
    return lanes
