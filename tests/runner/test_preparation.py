"""How a run is divided before its processes start."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import SessionConfig
from pipeline.lane.sent import unpack_specs
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.results.year import Year
from pipeline.runner.lanes import Lanes, make_lanes
from pipeline.runner.preparation import (
    Division,
    Preparation,
    divide_evenly,
    prepare,
    shape_of,
    work_of,
)
from pipeline.stages.halving import HalvingPlan
from tests.reference.processes import settings_of

FIRST, LAST = "2024-11-25", "2024-12-02"


@pytest.fixture
def prepared(sample: Path) -> tuple[Preparation, Lanes, Any]:
    """Three lanes over all symbols of the sample, for two processors."""
    config = settings_of("US_EQUITY", FIRST, LAST, SYMBOLS, ["1m"], sample)
    config["strategy"] = [{"name": "tests.reference.traders:Crosser"}] * 3
    config["pipeline"] = {"processors": 2}
    settings = SessionConfig.load(config)
    lanes = make_lanes(settings, None)
    return prepare(settings), lanes, shape_of(settings, lanes)


def test_symbols_are_divided_among_processors_and_lanes_among_engines(prepared, tmp_path: Path):
    preparation, lanes, shape = prepared
    work = work_of(preparation, lanes, shape, Division([[0, 2], [1]], tmp_path))
    symbols = [symbol for job in work.processing for symbol in job.symbols]
    assert len(work.processing) == 2
    assert symbols == list(range(len(SYMBOLS)))
    assert [[spec.number for spec in unpack_specs(job.specs)] for job in work.analysis] == [
        [0, 2],
        [1],
    ]
    assert [(job.total, job.folder) for job in work.analysis] == [(3, tmp_path)] * 2


def test_a_slot_begins_behind_every_rung(prepared):
    preparation, lanes, shape = prepared
    plan = HalvingPlan((1, 3), "total_return", 0.5, Year(252))
    work = work_of(preparation, lanes, shape, Division([[0, 1, 2]], None, halving=plan))
    assert work.coordination.replay.cuts == (1, 3)
    assert [job.halving for job in work.analysis] == [plan]


def test_the_coordinator_gets_the_calendar_of_the_runs_own_sessions(prepared):
    preparation, lanes, shape = prepared
    replay = work_of(preparation, lanes, shape, Division([[0, 1, 2]], None)).coordination.replay
    assert [str(day) for day in replay.calendar.bounds] == [FIRST, LAST]
    table = replay.calendar.session_table(FIRST, LAST)
    assert table.open_ns.tolist() == preparation.sessions.open_ns.tolist()
    assert Path(replay.catalog).is_absolute()


@given(lanes=st.integers(0, 50), engines=st.integers(1, 8))
def test_lanes_are_dealt_in_turn(lanes: int, engines: int):
    shares = divide_evenly(lanes, engines)
    assert sorted(lane for share in shares for lane in share) == list(range(lanes))
    counts = [len(share) for share in shares]
    assert len(shares) == engines
    assert max(counts) - min(counts) <= 1
