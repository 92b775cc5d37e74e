from pathlib import Path

import numpy as np
import pytest

from pipeline.market.bars import interval_ns
from pipeline.results.recorder import Recorder
from pipeline.stages.engine import Engine
from pipeline.stages.lane_spec import Terms
from pipeline.stages.processor import Processor
from pipeline.stages.slot_view import table_records
from tests.reference.in_process import (
    Coordinating,
    Setup,
    Slots,
    make_shape,
    make_specs,
    run_in_process,
)
from tests.reference.market import Market, random_walk, session_table
from tests.reference.traders import Crosser, Tinkerer
from tests.stages.slots import shape_of, slot_of
from tests.strategies import MINUTE, START

SESSIONS = [(START, START + 8 * MINUTE), (START + 9 * MINUTE, START + 20 * MINUTE)]


def market_of() -> Market:
    ts = START + MINUTE * np.arange(20)
    bars = {symbol: random_walk(ts, seed) for seed, symbol in enumerate("AB")}
    return Market(bars, session_table(SESSIONS), ("1m", "5m"))


def test_compiled_code_finds_a_slots_tables_by_their_addresses():
    shape = shape_of(lookback=4)
    slot = slot_of(shape)
    records = table_records(slot, shape)
    assert records["interval"].tolist() == [interval_ns("1m"), interval_ns("5m")]
    assert records["first"].tolist() == [4, 4]
    for record, table in zip(records, slot.tables, strict=True):
        assert record["stride"] == shape.stride == table.ts.shape[1]
        for name in ("ts", "close_ts", "values", "count", "seen"):
            assert record[name] == getattr(table, name).ctypes.data


def engine_of(folder: Path, strategies: list) -> tuple[Engine, dict]:
    """An engine that has walked the whole market, and what it found."""
    market = market_of()
    specs, plan = make_specs(market, strategies, "interpreted")
    slots = Slots.make(make_shape(market, specs, plan, 3), 1)
    recorder = Recorder(folder, [spec.number for spec in specs], market.symbols)
    engine = Engine(specs, slots.shape, slots.views, Terms(500.0, per_share=0.01), recorder)
    coordinating = Coordinating(market, slots, 20)
    processor = Processor(plan, range(2), slots.views[0])
    engine.start()
    while not coordinating.tape.finished:
        coordinating.fill(slots.views[0])
        processor.process(slots.views[0])
        engine.analyse(0)
    return engine, engine.finish()


def test_facts_are_those_of_each_lanes_account(tmp_path: Path):
    _, facts = engine_of(tmp_path, [Crosser(), Tinkerer()])
    assert [lane["lane"] for lane in facts["lanes"]] == [0, 1]
    assert len(facts["session_dates"]) == 2
    expected, _ = run_in_process(
        market_of(), [Crosser(), Tinkerer()], Setup(), Terms(500.0, per_share=0.01)
    )
    for lane, outcome in zip(facts["lanes"], expected, strict=True):
        assert lane["initial_cash"] == 500.0
        assert (lane["fills"], lane["orders"]) == (len(outcome.fills), len(outcome.orders))
        assert (lane["equity"], lane["cash"]) == outcome.equity[-1][1:]
        assert lane["commission"] == pytest.approx(sum(fill[4] for fill in outcome.fills))
        turnover = sum(abs(fill[2]) * fill[3] for fill in outcome.fills)
        assert lane["turnover"] == pytest.approx(turnover)
        assert lane["session_equity"].tolist() == outcome.session_equity
        assert lane["record"].digest == outcome.digest


def test_one_lane_writes_its_tables_at_once(tmp_path: Path):
    engine_of(tmp_path, [Crosser()])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "equity.parquet",
        "fills.parquet",
        "orders.parquet",
        "round_trips.parquet",
    ]


def test_giving_up_leaves_no_half_written_table(tmp_path: Path):
    market = market_of()
    specs, plan = make_specs(market, [Crosser()], "interpreted")
    slots = Slots.make(make_shape(market, specs, plan, 3), 1)
    recorder = Recorder(tmp_path, [0], market.symbols)
    engine = Engine(specs, slots.shape, slots.views, Terms(500.0), recorder)
    engine.start()
    engine.abort()
    assert list(tmp_path.iterdir()) == []
