import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline import Strategy
from pipeline.codes import interval_ns
from pipeline.errors import StrategyError
from pipeline.lane.facts import LaneFacts
from pipeline.lane.slot_view import table_records
from pipeline.lane.spec import Terms
from pipeline.results.recorder import Recorder
from pipeline.results.table_kinds import TABLES
from pipeline.results.tally import Tallies
from pipeline.results.year import Year
from pipeline.stages import engine as module
from pipeline.stages.engine import Engine
from pipeline.stages.facts import EngineFacts
from pipeline.stages.halving import Halving, HalvingPlan, Scoreboard
from pipeline.stages.processor import Processor
from shm.control import NO_TASK, ControlPage
from shm.names import new_run_id
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
from tests.strategies import MINUTE, START
from tests.tape.slots import shape_of, slot_of

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


def engine_of(folder: Path, strategies: list) -> tuple[Engine, EngineFacts]:
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
    assert [lane.lane for lane in facts.lanes] == [0, 1]
    assert [len(lane.session_dates) for lane in facts.lanes] == [2, 2]
    expected, _ = run_in_process(
        market_of(), [Crosser(), Tinkerer()], Setup(), Terms(500.0, per_share=0.01)
    )
    for lane, outcome in zip(facts.lanes, expected, strict=True):
        assert lane.initial_cash == 500.0
        assert (lane.fills, lane.orders) == (len(outcome.fills), len(outcome.orders))
        assert (lane.equity, lane.cash) == outcome.equity[-1][1:]
        assert lane.commission == pytest.approx(sum(fill[4] for fill in outcome.fills))
        turnover = sum(abs(fill[2]) * fill[3] for fill in outcome.fills)
        assert lane.turnover == pytest.approx(turnover)
        assert lane.session_equity.tolist() == outcome.session_equity
        assert lane.record.digest == outcome.digest


def test_one_lane_writes_its_tables_at_once(tmp_path: Path):
    engine_of(tmp_path, [Crosser()])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "equity.parquet",
        "fills.parquet",
        "orders.parquet",
        "round_trips.parquet",
    ]


def test_giving_up_leaves_whole_tables_only(tmp_path: Path):
    market = market_of()
    specs, plan = make_specs(market, [Crosser()], "interpreted")
    slots = Slots.make(make_shape(market, specs, plan, 3), 1)
    recorder = Recorder(tmp_path, [0], market.symbols)
    engine = Engine(specs, slots.shape, slots.views, Terms(500.0), recorder)
    engine.start()
    engine.abort()
    engine.abort()
    tables = {path.name: pq.read_table(path).num_rows for path in tmp_path.iterdir()}
    assert tables == {f"{kind.name}.parquet": 0 for kind in TABLES}


# --- lanes that end before the tape does ---------------------------------------------------------


class Fragile(Strategy):
    """Trades as Crosser until the bar at which it raises."""

    last: int = 0
    fast: int = 2
    slow: int = 4

    def indicators(self):
        return Crosser(fast=self.fast, slow=self.slow).indicators()

    def on_bar(self, bar, ctx):
        if self.last > 0 and ctx.count(bar.symbol) >= self.last:
            raise ValueError("enough")
        if bar.fast_avg > bar.slow_avg:
            ctx.target(bar.symbol, 100.0)
        elif bar.fast_avg < bar.slow_avg:
            ctx.target(bar.symbol, -100.0)


class Vast(Strategy):
    """Buys so much of a symbol at its first bar."""

    size: float = 1.0

    def on_bar(self, bar, ctx):
        if ctx.count(bar.symbol) == 1:
            ctx.market(bar.symbol, self.size)


def walked(
    strategies: Sequence[Strategy],
    *,
    mode: str = "interpreted",
    universes: Sequence[tuple[int, ...]] = (),
    counted: Callable[[int], None] = lambda fills: None,
    terms: Mapping[str, Any] = {},
    **options: Any,
) -> EngineFacts:
    """What an engine without tables finds that walks the market three rows at a time.

    ``counted`` is told the fills of each slot.
    """
    market = market_of()
    specs, plan = make_specs(market, strategies, mode, universes)
    slots = Slots.make(make_shape(market, specs, plan, 3), 1)
    records = Tallies([spec.number for spec in specs])
    engine = Engine(specs, slots.shape, slots.views, Terms(500.0, **terms), records, **options)
    cuts = options["halving"].plan.rungs if "halving" in options else ()
    coordinating = Coordinating(market, slots, 20, cuts=cuts)
    processor = Processor(plan, range(2), slots.views[0])
    engine.warm_up(Slots.make(slots.shape, 1).views[0])
    engine.start()
    while not coordinating.tape.finished:
        coordinating.fill(slots.views[0])
        processor.process(slots.views[0])
        counted(engine.analyse(0))
    return engine.finish()


def told(lanes: Sequence[LaneFacts]) -> list[tuple]:
    """What matters of lanes' facts, but for the time they took."""
    names = ("equity", "cash", "fills", "orders", "bars", "sessions")
    return [
        (
            lane.record.digest,
            lane.session_equity.tolist(),
            *(getattr(lane, name) for name in names),
        )
        for lane in lanes
    ]


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_lane_that_raises_ends_alone_where_that_is_allowed(mode: str):
    lanes = [Fragile(), Fragile(last=7), Fragile(fast=3)]
    found = walked(lanes, mode=mode, tolerant=True)
    assert [lane.lane for lane in found.lanes] == [0, 2]
    assert list(found.lost) == [1]
    assert "Fragile.on_bar raised ValueError: enough (for A at" in found.lost[1]
    assert told(found.lanes) == told(walked([lanes[0], lanes[2]], mode=mode).lanes)
    with pytest.raises(StrategyError, match="enough"):
        walked(lanes, mode=mode)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_lane_whose_account_cannot_be_counted_ends_alone(mode: str):
    lanes = [Vast(size=1.0), Vast(size=1e308), Vast(size=2.0)]
    found = walked(lanes, mode=mode, tolerant=True)
    assert [lane.lane for lane in found.lanes] == [0, 2]
    assert "Vast: order 1 (market of +1e+308 " in found.lost[1]


@pytest.mark.parametrize("hook", ["on_start", "on_stop", "on_session_open"])
def test_what_any_hook_raises_ends_its_lane(hook: str):
    def fail(self, *_):
        raise ValueError("never")

    failing = type("Failing", (Strategy,), {"__module__": __name__, hook: fail})
    found = walked([failing(), Crosser()], tolerant=True)
    assert [lane.lane for lane in found.lanes] == [1]
    assert f"Failing.{hook} raised ValueError: never" in found.lost[0]


def test_a_lane_over_its_limit_ends_alone(monkeypatch: pytest.MonkeyPatch):
    """Every walk takes a second here: of an empty slot to warm up, and of seven slots."""
    clock = SimpleNamespace(now=0)

    def tick() -> int:
        clock.now += 1_000_000_000
        return clock.now

    monkeypatch.setattr(module, "time", SimpleNamespace(thread_time_ns=tick, monotonic_ns=tick))
    found = walked([Crosser(), Crosser()], tolerant=True, limit=2_500_000_000)
    assert found.lanes == []
    assert found.lost == dict.fromkeys((0, 1), "took 3 s, more than the 2.5 allowed")
    found = walked([Crosser(), Crosser()], tolerant=True, limit=10**18)
    assert [lane.seconds for lane in found.lanes] == [8.0, 8.0]


@pytest.mark.parametrize("limit", [0, 10**18])
def test_whoever_is_at_work_is_named_with_what_counts_against_its_limit(limit: int):
    calls: list[tuple[int, int]] = []
    found = walked(
        [Crosser(), Crosser()], limit=limit, attend=lambda lane, spent: calls.append((lane, spent))
    )
    # Made, warmed up, started, some slots walked, stopped: each ends with nobody at work.
    lanes = [lane for lane, _ in calls]
    rounds = len(calls) // 3
    assert lanes == [0, 1, NO_TASK] * rounds
    assert all(spent < 0 for lane, spent in calls[:3] if lane != NO_TASK)
    for number, lane in enumerate(found.lanes):
        spent = [spent for lane, spent in calls[3:] if lane == number]
        assert spent == sorted(spent)
        assert spent[0] == 0
        assert spent[-1] == (round(lane.seconds * 1e9) if limit else 0)


def test_lanes_of_universes_count_the_bars_that_they_see():
    found = walked([Crosser()] * 3, universes=[(), (0,), (1,)])
    assert [lane.bars for lane in found.lanes] == [38, 19, 19]


# --- lanes that are walked together --------------------------------------------------------------


class Crowd(Strategy):
    """Has so many orders at rest, by the end, that neither book nor outbox has room for them."""

    each: int = 30

    def on_bar(self, bar, ctx):
        for _ in range(self.each):
            ctx.limit(bar.symbol, 1.0, bar.close / 2.0)
        ctx.market(bar.symbol, 1.0)


class Eager(Crosser):
    """Does not wait for its indicators."""

    warmup: ClassVar[Any] = 0


class Patient(Crosser):
    """Waits for more bars than there are."""

    slow: int = 50


MANY = [
    *(Crosser(), Crowd(), Tinkerer(), Eager(slow=9), Crowd(each=3), Crosser(fast=3), Eager()),
    *(Patient(), Crosser(slow=6)),
]


def test_a_lane_that_cannot_be_compiled_is_lost_alone():
    class Odd(Strategy):
        def on_bar(self, bar, ctx):
            ctx.never(bar.symbol)

    found = walked([Crosser(), Odd()], mode="compiled", tolerant=True)
    assert [lane.lane for lane in found.lanes] == [0]
    assert "Odd.on_bar cannot be compiled" in found.lost[1]


@pytest.mark.parametrize("terms", [{}, {"fifo": True}, {"latency": 1}, {"debit_rate": 0.1}])
def test_lanes_come_to_the_same_together_and_one_by_one(terms: dict[str, Any]):
    universes = [(), (), (), (0,), (1,), (1,), (), (), (0,)]
    options = {"universes": universes, "tolerant": True, "terms": terms}
    together = walked(MANY, mode="compiled", **options)
    one_by_one = walked(MANY, mode="interpreted", **options)
    assert told(together.lanes) == told(one_by_one.lanes)
    for some, others in zip(together.lanes, one_by_one.lanes, strict=True):
        for name, one, other in zip(LaneFacts._fields, some, others, strict=True):
            if name == "seconds":
                assert one > 0.0
            else:
                np.testing.assert_array_equal(one, other, name)


def test_fills_of_lanes_are_counted_together_as_one_by_one():
    counts = []
    for mode in ("compiled", "interpreted"):
        found: list[int] = []
        walked(MANY, mode=mode, counted=found.append)
        counts.append(found)
    assert counts[0] == counts[1]
    assert sum(counts[0]) > 0


def test_whoever_is_at_work_among_others_is_written_to_the_desk():
    desk = np.zeros(2, np.int64)
    before = time.monotonic_ns()
    walked([Crosser(), Fragile()], mode="compiled", tolerant=True, desk=desk)
    number, since = desk.tolist()
    assert number == 1
    assert before < since < time.monotonic_ns()


def test_a_lane_over_its_limit_ends_alone_among_others():
    found = walked([Crosser(), Crosser(slow=5)], mode="compiled", tolerant=True, limit=1)
    assert found.lanes == []
    assert list(found.lost) == [0, 1]
    assert "more than the 1e-09 allowed" in found.lost[0]


# --- lanes that are compared ---------------------------------------------------------------------


def test_a_lane_that_does_not_go_on_keeps_what_it_came_to():
    lanes = [Crosser(fast=fast) for fast in (1, 2, 3)]
    whole = walked(lanes).lanes
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["engine 0"]) as control,
        Scoreboard(run_id, 1, 3, ["engine 0"], control) as board,
    ):
        plan = HalvingPlan((1,), "total_return", 0.4, Year(252))
        found = walked(lanes, halving=Halving(plan, board.side("engine 0")))
    by_number = {lane.lane: lane for lane in found.lanes}
    assert sorted(by_number) == [0, 1, 2]
    first = {lane.lane: lane.session_equity[0] for lane in whole}
    kept = sorted(first, key=lambda number: (-first[number], number))[:2]
    for number, lane in by_number.items():
        if number in kept:
            assert told([lane]) == told([whole[number]])
        else:
            assert (lane.sessions, lane.session_equity.tolist()) == (1, [first[number]])
            assert lane.bars < 38
            assert lane.equity == first[number]


def test_a_lane_that_was_lost_is_not_compared():
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["engine 0"]) as control,
        Scoreboard(run_id, 1, 3, ["engine 0"], control) as board,
    ):
        halving = Halving(HalvingPlan((1,), "total_return", 0.5, Year(252)), board.side("engine 0"))
        lanes = [Fragile(last=1), Fragile(), Fragile()]
        found = walked(lanes, halving=halving, tolerant=True)
    assert list(found.lost) == [0]
    assert {lane.lane: lane.sessions for lane in found.lanes} == {1: 2, 2: 1}
