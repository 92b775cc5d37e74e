"""Runs whose stages sleep: what bounds them, and at which rate, is known."""

from pathlib import Path

import pytest

from pipeline.checks.stress.result import Setting
from pipeline.checks.stress.rig import Case, Measured, Rig
from pipeline.config.session import SessionConfig
from tests.reference.slowed import Slowing

#: Five symbols of 30 sessions in slots of 500 rows: 24 slots.
ROWS = 500
SLOW = 0.012


@pytest.fixture(scope="module")
def settings(sample: Path) -> SessionConfig:
    return SessionConfig.load(
        {
            "session_name": "slowed",
            "backtest_config": {"start_date": "2024-10-22", "end_date": "2024-12-03"},
            "session_data_config": {"symbols": ["ALFA", "BRVO", "CHRL", "DLTA", "ECHO"]},
            "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
            "catalog": str(sample),
        }
    )


def measured(
    settings: SessionConfig, slowing: Slowing, *, processors: int = 1, bars: int = 60_000
) -> Measured:
    setting = Setting(processors=processors, engines=1, slots=4, slot_rows=ROWS)
    return Rig(settings, slowing).run(Case(setting, 5, 2, ("1m",), bars))


@pytest.mark.parametrize(
    ("slowing", "bound"),
    [
        (Slowing(decode=SLOW), "decode"),
        (Slowing(derive=SLOW), "derive"),
        (Slowing(engine=SLOW), "engine"),
        (Slowing(decode=SLOW / 2, derive=SLOW), "derive"),
        (Slowing(derive=SLOW / 2, engine=SLOW), "engine"),
        (Slowing(decode=SLOW, engine=SLOW), "balanced"),
    ],
)
def test_the_stage_that_sleeps_bounds(settings: SessionConfig, slowing: Slowing, bound: str):
    found = measured(settings, slowing)
    assert found.verdict.bound == bound, found.verdict.text()
    assert found.verdict.share > 0.8
    assert found.verdict.said.lower().startswith(bound)


def test_what_a_process_did_adds_up_to_its_time(settings: SessionConfig):
    found = measured(settings, Slowing(engine=SLOW))
    # The engine writes its facts after its last result, which may wait for a processor.
    for member in found.times:
        assert member.wall <= 1.02 * found.seconds + 0.05
    engine = next(member for member in found.times if member.stage == "engine")
    assert engine.wall == pytest.approx(found.seconds, rel=0.02, abs=0.05)


@pytest.mark.parametrize("stage", ["decode", "derive", "engine"])
def test_a_stage_is_no_faster_than_its_service_time(settings: SessionConfig, stage: str):
    """How close it comes is measured by bench/stress.py, on a machine with nothing else to do."""
    service = 20e-6
    found = measured(settings, Slowing(**{stage: service}, by_bar=True), bars=30_000)
    assert 0 < found.bars_per_second <= 1 / service
