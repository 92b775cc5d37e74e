"""Ringtape: replay market history through a ring of columnar blocks in shared memory.

    from pipeline import Strategy, indicators as ind, run

Names are loaded when first used: reading this package costs nothing.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.config.session import SessionConfig
    from pipeline.errors import RingtapeError
    from pipeline.fetch.fetching import FetchResult, fetch_bars
    from pipeline.market import indicators
    from pipeline.market.importers import ImportResult, import_bars
    from pipeline.market.time.time_manager import TimeManager
    from pipeline.runner.progress import Progress
    from pipeline.runner.run import Result, run
    from pipeline.stages.metrics import PerformanceMetrics
    from pipeline.stages.subscription import StreamSubscription
    from pipeline.strategy import states, tif
    from pipeline.strategy.bar import Bar, Bars
    from pipeline.strategy.context import Context
    from pipeline.strategy.declared import state
    from pipeline.strategy.events import Fill, Order, Session
    from pipeline.strategy.strategy import DAY, HOUR, MINUTE, SECOND, Strategy, Symbol
    from pipeline.sweeps.ledger.ledger import Ledger
    from pipeline.sweeps.progress import SweepProgress
    from pipeline.sweeps.result import SweepResult
    from pipeline.sweeps.sweep import sweep
    from pipeline.tape.session_data import SessionData


def _check_neighbour() -> None:
    """Refuse a module `shm` that is not the package beside this one, such as a user's shm.py."""
    found = find_spec("shm")
    expected = Path(__file__).parents[1] / "shm" / "__init__.py"
    if found is None or Path(found.origin or "").resolve() != expected.resolve():
        place = "is not installed" if found is None else f"is {found.origin}"
        raise ImportError(
            f"the package shm, which Ringtape needs, {place}, expected {expected}: rename the file "
            "or folder that Python finds first, or start Python in another folder"
        )


_check_neighbour()

__version__ = "0.1.0"

_MODULES = {
    "indicators": "pipeline.market.indicators",
    "states": "pipeline.strategy.states",
    "tif": "pipeline.strategy.tif",
}
_HOMES = {
    "SessionConfig": "pipeline.config.session",
    "RingtapeError": "pipeline.errors",
    "FetchResult": "pipeline.fetch.fetching",
    "fetch_bars": "pipeline.fetch.fetching",
    "ImportResult": "pipeline.market.importers",
    "import_bars": "pipeline.market.importers",
    "TimeManager": "pipeline.market.time.time_manager",
    "run": "pipeline.runner.run",
    "Result": "pipeline.runner.run",
    "Progress": "pipeline.runner.progress",
    "sweep": "pipeline.sweeps.sweep",
    "SweepResult": "pipeline.sweeps.result",
    "SweepProgress": "pipeline.sweeps.progress",
    "Ledger": "pipeline.sweeps.ledger.ledger",
    "SessionData": "pipeline.tape.session_data",
    "StreamSubscription": "pipeline.stages.subscription",
    "PerformanceMetrics": "pipeline.stages.metrics",
    "Bar": "pipeline.strategy.bar",
    "Bars": "pipeline.strategy.bar",
    "Context": "pipeline.strategy.context",
    "Fill": "pipeline.strategy.events",
    "Order": "pipeline.strategy.events",
    "Session": "pipeline.strategy.events",
    "Strategy": "pipeline.strategy.strategy",
    "Symbol": "pipeline.strategy.strategy",
    "state": "pipeline.strategy.declared",
    "SECOND": "pipeline.strategy.strategy",
    "MINUTE": "pipeline.strategy.strategy",
    "HOUR": "pipeline.strategy.strategy",
    "DAY": "pipeline.strategy.strategy",
}

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "Bar",
    "Bars",
    "Context",
    "FetchResult",
    "Fill",
    "ImportResult",
    "Ledger",
    "Order",
    "PerformanceMetrics",
    "Progress",
    "Result",
    "RingtapeError",
    "Session",
    "SessionConfig",
    "SessionData",
    "Strategy",
    "StreamSubscription",
    "SweepProgress",
    "SweepResult",
    "Symbol",
    "TimeManager",
    "fetch_bars",
    "import_bars",
    "indicators",
    "run",
    "state",
    "states",
    "sweep",
    "tif",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*globals(), *__all__])
