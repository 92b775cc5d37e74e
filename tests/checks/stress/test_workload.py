from pathlib import Path
from typing import Any

import pytest

from pipeline.checks.stress import market, workload
from pipeline.checks.stress.workload import MOST_LANES, read_workload
from pipeline.config.session import SessionConfig
from shm.processors import usable_processors

SWEEP = {"space": {"fast": {"from": 5, "to": 60, "step": 5}, "slow": [70, 80, 90, 100, 120, 150]}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is made goes into a folder of its own."""
    monkeypatch.setattr(market, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(workload, "cache_folder", lambda: tmp_path)
    return tmp_path


def settings(sample: Path, **more: Any) -> SessionConfig:
    return SessionConfig.load(
        {
            "session_name": "mine",
            "backtest_config": {"start_date": "2024-10-22", "end_date": "2024-12-03"},
            "session_data_config": {"symbols": ["ALFA", "BRVO"]},
            "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
            "catalog": str(sample),
            **more,
        }
    )


def test_a_run_has_its_own_lanes(sample: Path):
    two = [{"name": "pipeline.strategy.examples:SmaCross"}] * 2
    found = workload._strategies(settings(sample, strategy=two))
    assert [one["name"] for one in found] == [one["name"] for one in two]


@pytest.mark.parametrize(
    "method",
    [
        {},
        {"method": "random", "samples": 500},
        {"method": "tpe", "samples": 500},
        {"pruning": {"rungs": 2, "keep": 0.5}},
    ],
)
def test_a_sweep_has_some_of_its_sets(sample: Path, method: dict[str, Any]):
    found = workload._strategies(settings(sample, sweep={**SWEEP, **method}))
    sets = {(one["parameters"]["fast"], one["parameters"]["slow"]) for one in found}
    assert len(sets) == len(found) == MOST_LANES
    assert {fast for fast, _ in sets} == set(range(5, 65, 5))


def test_the_setting_to_begin_with_is_that_of_the_configuration(sample: Path):
    own = settings(sample, pipeline={"engines": 3, "processors": 5, "slots": 9})
    found = workload._setting(own, lanes=2)
    assert (found.engines, found.processors, found.slots, found.slot_rows) == (2, 2, 9, None)
    usual = workload._setting(settings(sample), lanes=64)
    assert usual.engines == min(64, usable_processors().usable)


def test_without_a_configuration_it_is_the_sample(cache: Path):
    found, name = read_workload(None, ["session_name=other"])
    assert (name, found.session_name) == ("the sample", "other")
    assert Path(found.catalog).is_relative_to(cache)
    assert found.sweep is not None
