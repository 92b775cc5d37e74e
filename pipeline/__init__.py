"""Ringtape: replay market history through a ring of columnar blocks in shared memory.

    from pipeline import Strategy, indicators as ind, run

Names are loaded when first used: reading this package costs nothing.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.config import SessionConfig
    from pipeline.errors import RingtapeError
    from pipeline.market import indicators
    from pipeline.market.time_manager import TimeManager
    from pipeline.run import Progress, Result, run
    from pipeline.stages.metrics import PerformanceMetrics
    from pipeline.stages.session_data import SessionData
    from pipeline.stages.subscription import StreamSubscription
    from pipeline.strategy import states, tif
    from pipeline.strategy.strategy import DAY, HOUR, MINUTE, SECOND, Strategy, Symbol, state
    from pipeline.sweep.ledger import Ledger
    from pipeline.sweep.progress import SweepProgress
    from pipeline.sweep.sweep import SweepResult, sweep

__version__ = "0.1.0"

_MODULES = {
    "indicators": "pipeline.market.indicators",
    "states": "pipeline.strategy.states",
    "tif": "pipeline.strategy.tif",
}
_HOMES = {
    "SessionConfig": "pipeline.config",
    "RingtapeError": "pipeline.errors",
    "TimeManager": "pipeline.market.time_manager",
    "run": "pipeline.run",
    "Result": "pipeline.run",
    "Progress": "pipeline.run",
    "sweep": "pipeline.sweep.sweep",
    "SweepResult": "pipeline.sweep.sweep",
    "SweepProgress": "pipeline.sweep.progress",
    "Ledger": "pipeline.sweep.ledger",
    "SessionData": "pipeline.stages.session_data",
    "StreamSubscription": "pipeline.stages.subscription",
    "PerformanceMetrics": "pipeline.stages.metrics",
    "Strategy": "pipeline.strategy.strategy",
    "Symbol": "pipeline.strategy.strategy",
    "state": "pipeline.strategy.strategy",
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
    "Ledger",
    "PerformanceMetrics",
    "Progress",
    "Result",
    "RingtapeError",
    "SessionConfig",
    "SessionData",
    "Strategy",
    "StreamSubscription",
    "SweepProgress",
    "SweepResult",
    "Symbol",
    "TimeManager",
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


class _Package(ModuleType):
    """Keeps ``pipeline.run`` and ``pipeline.sweep`` the functions, though modules are named so too.

    Importing a submodule sets it as an attribute of its package, over whatever is there.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in ("run", "sweep") and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
