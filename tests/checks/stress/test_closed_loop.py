"""The search for the best setting, on a rig whose rates are known."""

import random
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.checks.stress.closed_loop import closed_loop, plan_of
from pipeline.checks.stress.result import ClosedLoop, Load, Setting
from pipeline.checks.stress.rig import Case, Measured
from pipeline.checks.stress.rounds import Rounds
from pipeline.checks.stress.scaling import fit
from pipeline.errors import ConfigError
from pipeline.runner.verdict import StageShares, Verdict
from shm.histogram import BUCKETS, Distribution

BEGIN = Case(
    Setting(processors=1, engines=1, slots=4, slot_rows=None), 5, 64, ("1m", "5m"), 1_000_000
)
NOTHING = Distribution(0, 0, 0, 0, np.zeros(BUCKETS, np.int64))


class KnownRig:
    """Rates that depend on the setting in a known way, with noise."""

    def __init__(self, noise: float, seed: int = 0) -> None:
        self._noise, self._chance = noise, random.Random(seed)
        self.runs: list[Case] = []

    def rate(self, case: Case) -> float:
        """Three engines and two processors are best, with slots of 8,192 rows."""
        setting = case.setting
        engines = {1: 1.0, 2: 1.9, 3: 2.4}.get(setting.engines, 2.0)
        processors = {1: 1.0, 2: 1.15}.get(setting.processors, 1.1)
        rows = {None: 1.0, 1_024: 0.7, 8_192: 1.2, 65_536: 0.9}[setting.slot_rows]
        slots = 1.0 if setting.slots >= 4 else 0.85
        return 1e6 * engines * processors * rows * slots / (case.lanes / 64)

    def run(self, case: Case) -> Any:
        self.runs.append(case)
        rate = self.rate(case) * self._chance.uniform(1 - self._noise, 1 + self._noise)
        shares = StageShares(1, 0.5, 0.3, 0.2, 0.5)
        verdict = Verdict("engine", 0.5, "Said.", {"engine": shares})
        load = Load(
            symbols=case.symbols,
            lanes=case.lanes,
            streams=case.streams,
            bars=case.bars,
            sessions=10,
        )
        return Measured(case, load, case.bars / rate, (), verdict, 1000, 0.0, (), NOTHING, NOTHING)


def searched(rig: KnownRig, begin: Case = BEGIN, usable: int = 4) -> ClosedLoop:
    plan = plan_of(begin, usable, ("1m", "5m"), 120.0)
    rounds = Rounds(rig)  # type: ignore[arg-type]  # a stand-in
    return closed_loop(plan, rounds, fit, lambda case: case, time.monotonic() + 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_the_recommended_setting_is_close_to_the_best(seed: int):
    rig = KnownRig(noise=0.05, seed=seed)
    found = searched(rig).recommendation
    best = 1e6 * 2.4 * 1.15 * 1.2
    assert rig.rate(replace(BEGIN, setting=found.setting)) >= 0.9 * best


def test_a_clear_difference_is_beyond_the_noise():
    found = searched(KnownRig(noise=0.001)).recommendation
    assert found.setting.engines == 3
    assert found.ratio is not None
    assert found.ratio > 0


def test_of_settings_that_are_alike_the_one_with_fewer_processes_is_taken():
    class Flat(KnownRig):
        def rate(self, case: Case) -> float:
            return 1e6

    found = searched(Flat(noise=0.001)).recommendation
    assert (found.setting.processors, found.setting.engines) == (1, 1)
    assert found.beyond_noise is False


def test_one_lane_and_one_symbol_have_one_process_each():
    begin = replace(BEGIN, symbols=1, lanes=1)
    rig = KnownRig(noise=0.01)
    found = searched(rig, begin)
    assert found.recommendation.setting.engines == 1
    assert found.recommendation.setting.processors == 1
    assert all(case.setting.engines <= case.lanes for case in rig.runs)
    assert all(case.setting.processors <= case.symbols for case in rig.runs)


def test_slow_values_get_no_more_runs_than_two():
    rig = KnownRig(noise=0.001)
    searched(rig)
    slow = [case for case in rig.runs if case.setting.slot_rows == 1_024 and case.lanes == 64]
    assert len(slow) <= 4


def test_repeats_of_a_case_are_one_point():
    found = searched(KnownRig(noise=0.01))
    keys = [(point.setting, point.load) for point in found.points]
    assert len(keys) == len(set(keys))
    assert all(len(point.bars_per_second.samples) >= 1 for point in found.points)


def test_scaling_has_lanes_for_all_engines():
    rig = KnownRig(noise=0.01)
    searched(rig, replace(BEGIN, lanes=4))
    crowd = [case for case in rig.runs if case.setting.engines == 8]
    assert crowd
    assert all(case.lanes >= 16 for case in crowd)


def test_what_cannot_be_run_is_left_out_and_said():
    class Small(KnownRig):
        def run(self, case: Case) -> Any:
            if case.setting.slots > 8 or case.symbols < 5:
                raise ConfigError("there is no room")
            return super().run(case)

    rig = Small(noise=0.01)
    found = searched(rig)
    assert all(point.setting.slots <= 8 for point in found.points)
    assert len(found.left_out) >= 2
    assert all(reason.endswith(": there is no room") for reason in found.left_out)


def test_a_configuration_that_cannot_be_run_is_refused():
    class Broken(KnownRig):
        def run(self, case: Case) -> Any:
            raise ConfigError("it cannot be run")

    with pytest.raises(ConfigError, match="it cannot be run"):
        searched(Broken(noise=0.01))
