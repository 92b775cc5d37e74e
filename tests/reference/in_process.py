"""A whole run in one process: the stages over plain memory, without a gate, a page or a child.

The ring's rules hold (a slot is processed after it is filled, analysed after all processors let go
of it, filled again after all engines did), and within them a seed chooses who goes next.
"""

import math
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.lane.facts import LaneFacts
from pipeline.lane.spec import LaneSpec, Terms
from pipeline.market.actions import NO_SPLITS, Splits, splits_of
from pipeline.market.indicators.plan import IndicatorPlan
from pipeline.results.digest import run_digest
from pipeline.results.folder import RunFolder
from pipeline.results.recorder import Recorder
from pipeline.results.table_kinds import ORDER_STATES, ORDER_TYPES, REASONS, TABLES
from pipeline.stages.engine import Engine
from pipeline.stages.jobs import share
from pipeline.stages.processor import Processor
from pipeline.strategy.demands import lookback_of, warmup_of
from pipeline.strategy.strategy import Strategy
from pipeline.tape.feed import Block, Feed
from pipeline.tape.lookback import Tail
from pipeline.tape.slot import END, Slot, SlotShape
from pipeline.tape.slot_writer import SlotWriter
from pipeline.tape.tape import Tape
from tests.reference.market import Bars, Market
from tests.reference.replay import TERMS, Outcome

#: The sums of an outcome, and where they are in the facts of a lane.
SUMS = {
    "fills_as_maker": "fills_as_maker",
    "fills_on_poor_quality": "poor_fills",
    "commission": "commission",
    "commission_as_maker": "maker_commission",
    "funding": "funding",
    "highest_leverage": "highest_leverage",
    "lowest_cash": "lowest_cash",
}


@dataclass(frozen=True)
class Setup:
    """How a run is divided; none of it may show in the result."""

    slot_rows: int = 4
    slots: int = 2
    processors: int = 1
    engines: int = 1
    mode: str = "interpreted"
    group_rows: int = 7
    seed: int = 0


@dataclass
class Slots:
    """Slots over plain memory."""

    shape: SlotShape
    buffers: list[bytearray]
    views: list[Slot]

    @classmethod
    def make(cls, shape: SlotShape, count: int) -> "Slots":
        buffers = [bytearray(shape.layout.size) for _ in range(count)]
        return cls(shape, buffers, [Slot(shape, memoryview(buffer)) for buffer in buffers])


def timed(load: Callable[[], Block | None]) -> Block | None:
    return load()


def make_feeds(market: Market, group_rows: int) -> list[Feed]:
    return [
        Feed(
            bars.blocks(group_rows),  # type: ignore[arg-type]
            symbol,
            market.intervals[0],
            market.sessions,
            executor=None,
            ahead=0,
            timed=timed,
        )
        for symbol, bars in market.bars.items()
    ]


def make_specs(
    market: Market,
    strategies: Sequence[Strategy],
    mode: str,
    universes: Sequence[tuple[int, ...]] = (),
) -> tuple[list[LaneSpec], IndicatorPlan]:
    """Lanes of strategies, perhaps each of a universe, and the plan that serves them all."""
    requests = [strategy.indicators() for strategy in strategies]
    plan = IndicatorPlan.build(requests, market.streams)
    specs = [
        LaneSpec(
            number,
            strategy,
            mode,
            lookback_of(strategy),
            plan.binding(request),
            tuple(
                index
                for index, name in enumerate(market.streams)
                if name in (strategy.intervals or market.streams)
            ),
            warmup_of(strategy),
            universes[number] if universes else (),
        )
        for number, (strategy, request) in enumerate(zip(strategies, requests, strict=True))
    ]
    return specs, plan


def make_shape(market: Market, specs: Sequence[LaneSpec], plan: IndicatorPlan, rows: int) -> Any:
    return SlotShape.plan(
        market.symbols,
        market.streams,
        [plan.columns(name) for name in market.streams],
        lookback=max(spec.lookback for spec in specs),
        rows=rows,
        quality=False,
    )


class Coordinating:
    """The coordinator's part: cuts the tape into slots."""

    def __init__(
        self,
        market: Market,
        slots: Slots,
        group_rows: int,
        splits: Splits = NO_SPLITS,
        cuts: Sequence[int] = (),
    ) -> None:
        shape = slots.shape
        self.tape = Tape(
            make_feeds(market, group_rows),
            market.sessions,
            rows=shape.rows,
            max_sessions=shape.sessions,
            splits=splits,
            cuts=cuts,
        )
        self._slots = slots
        self._writer = SlotWriter(shape)
        self._tail = Tail(
            slots.views[0].tables[0], slice(0, 5), range(len(shape.symbols)), times=True
        )

    def fill(self, slot: Slot) -> int:
        return self.tape.fill(slot, self._writer, self._tail, self.tape.cut())


def run_in_process(
    market: Market,
    strategies: Sequence[Strategy],
    setup: Setup,
    terms: Terms = TERMS,
    *,
    universes: Sequence[tuple[int, ...]] = (),
    watch: Callable[[Slots], None] | None = None,
    tell: Callable[[list[LaneFacts], dict[str, Any]], None] | None = None,
) -> tuple[list[Outcome], str]:
    """Run lanes; what each came to, and the run's digest.

    ``watch`` sees the slots at the end, ``tell`` the facts of the lanes, in order, and the tables.
    """
    specs, plan = make_specs(market, strategies, setup.mode, universes)
    slots = Slots.make(make_shape(market, specs, plan, setup.slot_rows), setup.slots)
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder.create(Path(out), "reference", "{}")
        engines = [
            Engine(
                [spec for spec in specs if spec.number % setup.engines == part],
                slots.shape,
                slots.views,
                terms,
                Recorder(
                    folder.path,
                    [spec.number for spec in specs if spec.number % setup.engines == part],
                    market.symbols,
                    total=len(specs),
                ),
            )
            for part in range(setup.engines)
        ]
        try:
            facts = _drive(market, plan, slots, setup, engines, splits_of(terms.actions))
        except BaseException:
            for engine in engines:
                engine.abort()
            raise
        folder.merge(market.symbols)
        tables = {kind.name: folder.table(kind.name).to_pylist() for kind in TABLES}
    if watch is not None:
        watch(slots)
    lanes = sorted((lane for one in facts for lane in one), key=lambda lane: lane.lane)
    if tell is not None:
        tell(lanes, tables)
    outcomes = [_outcome(lane, tables, market.symbols) for lane in lanes]
    return outcomes, run_digest([lane.record.digest for lane in lanes])


def bars_on_the_tape(market: Market, slot_rows: int) -> list[list[Bars]]:
    """The bars of every interval and symbol as coordinator and processor put them into slots."""
    plan = IndicatorPlan.build([{}], market.streams)
    shape = SlotShape.plan(
        market.symbols,
        market.streams,
        [plan.columns(name) for name in market.streams],
        lookback=0,
        rows=slot_rows,
        quality=False,
    )
    slots = Slots.make(shape, 1)
    (slot,) = slots.views
    coordinating = Coordinating(market, slots, 65_536)
    processor = Processor(plan, range(len(market.symbols)), slot)
    parts: list[list[list[Bars]]] = [[[] for _ in market.symbols] for _ in market.streams]
    while not coordinating.tape.finished:
        coordinating.fill(slot)
        processor.process(slot)
        for found, table in zip(parts, slot.tables, strict=True):
            for symbol, count in enumerate(table.count.tolist()):
                rows = slice(table.first, table.first + count)
                values = table.values[:5, symbol, rows].copy()
                found[symbol].append(Bars(table.ts[symbol, rows].copy(), values))
    return [
        [
            Bars(
                np.concatenate([part.ts for part in of_symbol]),
                np.concatenate([part.values for part in of_symbol], axis=1),
            )
            for of_symbol in of_interval
        ]
        for of_interval in parts
    ]


def _drive(
    market: Market,
    plan: IndicatorPlan,
    slots: Slots,
    setup: Setup,
    engines: Sequence[Engine],
    splits: Splits,
) -> list[Sequence[LaneFacts]]:
    coordinating = Coordinating(market, slots, setup.group_rows, splits)
    symbols, count = len(market.symbols), len(slots.views)
    processors = [
        Processor(plan, share(symbols, setup.processors, part), slots.views[0], splits)
        for part in range(setup.processors)
    ]
    for engine in engines:
        engine.warm_up(Slots.make(slots.shape, 1).views[0])
        engine.start()
    filled = 0
    processed = [0] * len(processors)
    analysed = [0] * len(engines)
    choose = random.Random(setup.seed)
    while True:
        able: list[tuple[str, int]] = []
        if not coordinating.tape.finished and filled < min(analysed) + count:
            able.append(("fill", 0))
        able += [("process", i) for i, done in enumerate(processed) if done < filled]
        able += [("analyse", i) for i, done in enumerate(analysed) if done < min(processed)]
        if not able:
            break
        stage, part = choose.choice(able)
        if stage == "fill":
            coordinating.fill(slots.views[filled % count])
            filled += 1
        elif stage == "process":
            processors[part].process(slots.views[processed[part] % count])
            processed[part] += 1
        else:
            engines[part].analyse(analysed[part] % count)
            analysed[part] += 1
    assert slots.views[(filled - 1) % count].header[END] == 1
    return [engine.finish().lanes for engine in engines]


def _outcome(
    lane: LaneFacts, tables: dict[str, list[dict[str, Any]]], symbols: Sequence[str]
) -> Outcome:
    sums = {name: getattr(lane, cell) for name, cell in SUMS.items()}
    outcome = outcome_of(tables, symbols, lane.lane, lane.session_equity.tolist(), sums)
    assert outcome.digest == lane.record.digest
    _assert_adds_up(lane, outcome)
    return outcome


def _assert_adds_up(lane: LaneFacts, outcome: Outcome) -> None:
    """What is held is in the trips still open, and all trips make the account's profit."""
    still_open: dict[int, float] = {}
    for symbol, *_, exit_ts, _, profit, _, _, _, _ in outcome.trips:
        if not exit_ts:
            still_open[symbol] = still_open.get(symbol, 0.0) + profit
    scale = lane.initial_cash + lane.turnover
    assert {one.symbol: one.profit for one in lane.positions} == pytest.approx(
        still_open, rel=1e-9, abs=1e-12 * scale
    )
    made = lane.gross_profit - lane.gross_loss + math.fsum(one.profit for one in lane.positions)
    apart = lane.interest - lane.borrow - lane.funding
    # What fills at the last close, as with `this_close`, fills after the account was marked.
    worth = lane.cash + math.fsum(one.value for one in lane.positions)
    assert lane.initial_cash + made + apart == pytest.approx(worth, abs=1e-9 * scale)


def outcome_of(
    tables: dict[str, list[dict[str, Any]]],
    symbols: Sequence[str],
    lane: int,
    session_equity: list[float],
    sums: dict[str, float],
) -> Outcome:
    """One lane's rows of a run folder's tables, orders by id, in the reference's form."""
    own = {name: [row for row in rows if row["lane"] == lane] for name, rows in tables.items()}

    def signed(row: dict[str, Any], name: str) -> float:
        value: float = row[name] if row["side"] == "buy" else -row[name]
        return value

    fills = [
        (
            _ns(row["ts"]),
            symbols.index(row["symbol"]),
            signed(row, "quantity"),
            row["price"],
            row["commission"],
            row["order_id"],
        )
        for row in own["fills"]
    ]
    orders = [
        (
            row["order_id"],
            _ns(row["ts"]),
            symbols.index(row["symbol"]),
            signed(row, "quantity"),
            signed(row, "filled") if row["filled"] else 0.0,
            row["price"],
            ORDER_TYPES.index(row["type"]),
            ORDER_STATES.index(row["state"]),
            0 if row["done_ts"] is None else _ns(row["done_ts"]),
            row["limit"],
            row["stop"],
            REASONS.index(row["reason"]),
            row["parent"] or 0,
            row["found"],
            row["allowed"],
        )
        for row in sorted(own["orders"], key=lambda row: row["order_id"])
    ]
    equity = [(_ns(row["ts"]), row["equity"], row["cash"]) for row in own["equity"]]
    trips = [
        (
            symbols.index(row["symbol"]),
            row["quantity"] if row["side"] == "long" else -row["quantity"],
            _ns(row["entry_ts"]),
            row["entry_price"],
            0 if row["exit_ts"] is None else _ns(row["exit_ts"]),
            row["exit_price"],
            *(row[n] for n in ("profit", "commission", "max_adverse", "max_favourable", "bars")),
        )
        for row in own["round_trips"]
    ]
    return Outcome(fills, orders, equity, session_equity, trips, sums)


def _ns(instant: Any) -> int:
    return int(
        np.datetime64(instant.tz_localize(None) if instant.tzinfo else instant, "ns").astype(
            np.int64
        )
    )


def assert_same(found: Outcome, expected: Outcome) -> None:
    """Compare table by table, so that a difference shows where it is; NaN equals NaN."""
    for name in ("fills", "orders", "equity", "session_equity"):
        got, want = _comparable(getattr(found, name)), _comparable(getattr(expected, name))
        for row, (one, other) in enumerate(zip(got, want, strict=False)):
            assert one == other, f"{name}, row {row}"
        assert len(got) == len(want), name
    assert len(found.trips) == len(expected.trips)
    for row, (trip, other) in enumerate(zip(found.trips, expected.trips, strict=True)):
        exit_price = math.nan if trip[5] is None else trip[5]
        # Sums of the same terms in another order.
        like = pytest.approx(other, rel=1e-9, abs=1e-6, nan_ok=True)
        assert (*trip[:5], exit_price, *trip[6:]) == like, f"round trips, row {row}: {trip} {other}"
    assert found.digest == expected.digest
    assert found.sums == expected.sums


def _comparable(rows: list[Any]) -> list[Any]:
    """Put None for NaN, which is not equal to itself."""
    return [
        tuple(None if value != value else value for value in row) if isinstance(row, tuple) else row
        for row in rows
    ]
