"""Rows for ledgers, and processes that write them."""

import inspect
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np

from pipeline.sweeps.ledger.ledger import LaneRow, SweepRow
from tests.reference.own_process import environment

SESSIONS = 5


def sweep_row(sweep: str = "demo", **changes: Any) -> SweepRow:
    settings = {
        "sweep": sweep,
        "name": "demo",
        "started": "2024-12-03T10:00:00Z",
        "method": "grid",
        "seed": 7,
        "scores": ("sharpe_ratio",),
        "config": "{}",
        "state": "running",
        "data_hash": "d",
        "code_hash": "c",
        "bars": 1000,
    }
    return SweepRow(**{**settings, **changes})


def lane_row(number: int, **changes: Any) -> LaneRow:
    settings = {
        "key": f"{number:032x}",
        "strategy": "demo:Cross",
        "universe": "",
        "parameters": {"fast": number, "slow": 50, "stop": 0.5, "leader": "AAA"},
        "state": "done",
        "error": "",
        "digest": f"{number:064x}",
        "statistics": {"sharpe_ratio": number / 4, "deepest_drawdown": {"depth": -number}},
        "seconds": 0.25,
    }
    return LaneRow(**{**settings, **changes})


def dates(sessions: int = SESSIONS) -> Any:
    return np.arange(sessions, dtype=np.int64) * 86_400_000_000_000


def returns(numbers: Any, sessions: int = SESSIONS) -> Any:
    """Returns of lanes; each depends on its lane's number alone."""
    return np.array([[n + s / 100 for s in range(sessions)] for n in numbers]).reshape(-1, sessions)


def recorded(ledger: Any, sweep: str, numbers: Any, **changes: Any) -> list[LaneRow]:
    """Record lanes of these numbers in a sweep, and return them."""
    rows = [lane_row(number, **changes) for number in numbers]
    ledger.record(sweep, list(numbers), rows, dates(), returns(numbers))
    return rows


def python(script: str, *arguments: Any, **options: Any) -> subprocess.Popen[str]:
    """Start an interpreter on a script that knows the functions above and `Ledger`."""
    functions = (sweep_row, lane_row, dates, returns, recorded)
    code = PRELUDE + "\n".join(map(inspect.getsource, functions)) + textwrap.dedent(script)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment(),
        text=True,
        **options,
    )


PRELUDE = f"""
import sys
from pathlib import Path
from typing import Any
import numpy as np
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger, SweepRow
SESSIONS = {SESSIONS}
"""
