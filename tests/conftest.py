"""What all tests share: real and sample markets, a valid configuration, how Hypothesis runs."""

import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from pipeline.native.code_cache import kernel_variables

os.environ.update(kernel_variables())  # before anything imports Numba

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import write_sample

_SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

# No deadline and no check of speed: on a busy machine both fail without a fault in the code.
settings.register_profile(
    "local", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# The same fewer examples every time: a red run is about the change it ran on.
settings.register_profile(
    "ci", parent=settings.get_profile("local"), max_examples=12, derandomize=True, database=None
)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# A shell that starts the tests in the background has Ctrl-C ignored, and nohup SIGHUP, which
# processes inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Do not look for garbage again and again in what lives as long as the tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real market data, which is not part of the repository."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("needs the real market data at ../shared/data, which is absent")
    return _SHARED_DATA


@pytest.fixture(scope="session")
def settings_of_a_session() -> Callable[..., dict[str, Any]]:
    """Make the shortest valid settings of a session, with top-level changes as keywords."""

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "session_name": "test",
            "backtest_config": {"start_date": "2024-10-21", "end_date": "2024-12-03"},
            "session_data_config": {"symbols": ["AAA", "BBB"], "streams": ["1m", "5m"]},
            "strategy": {
                "name": "pipeline.strategy.examples:SmaCross",
                "parameters": {"fast": 10},
            },
            "catalog": "catalog/sample",
            **changes,
        }

    return make


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalog of the sample market: 58,000 bars, seconds of work when each timestamp is a slot."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(Catalog(folder))
    return folder
