"""How lanes are cut into passes, and what happens to lanes whose engine dies; passes are stubs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import SessionConfig
from pipeline.errors import ConfigError, RunError
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.time.query_cache import CacheStatistics
from pipeline.results.year import Year
from pipeline.runner.lanes import Lanes
from pipeline.runner.preparation import Division, prepare
from pipeline.stages.facts import MemorySizes, TapeFacts
from pipeline.stages.halving import HalvingPlan
from pipeline.sweeps.conduct import Conductor
from pipeline.sweeps.executors.protocol import PassOutcome, PassReport
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger
from pipeline.sweeps.progress import Meter
from pipeline.sweeps.roster import Entry, Roster
from pipeline.sweeps.search.search import make_search
from tests.lane_facts import facts_of
from tests.reference.processes import settings_of
from tests.sweeps.ledgers import sweep_row

ASKED = CacheStatistics(1, 0, 0, 1, 1, 100, 1)
TAPE = TapeFacts(0, (1,), 1, 1, "2024-11-25", "2024-11-25", ASKED, MemorySizes(1, 1))
Fate = Callable[["Pass"], PassOutcome]
FAST, DEAR = "tests.reference.traders:Crosser", "tests.reference.traders:Tinkerer"


@dataclass(frozen=True)
class Pass:
    """What an executor was asked to run; ``lanes`` are the values of the swept parameter."""

    lanes: list[int]
    shares: Sequence[Sequence[int]]
    halving: HalvingPlan | None
    limit: int


def outcome_of(
    asked: Pass, lost: Any = None, suspects: Any = None, unfinished: Sequence[int] = ()
) -> PassOutcome:
    """All finish but these, each with a bar, a session and as many seconds as `fast` says."""
    gone = {*(lost or {}), *(suspects or {}), *unfinished}
    facts = {
        number: facts_of(
            session_dates=np.zeros(1, np.int64),
            initial_cash=100.0,
            session_equity=np.array([101.0]),
            bars=1,
            seconds=float(fast),
        )
        for number, fast in enumerate(asked.lanes)
        if number not in gone
    }
    return PassOutcome(facts, lost or {}, suspects or {}, list(unfinished), TAPE, 0.5)


class Stage:
    """A conductor, and an executor whose passes end as they are told to."""

    def __init__(self, roster: Roster, ledger: Ledger, engines: int) -> None:
        self.roster, self.ledger = roster, ledger
        self.engines, self.allowed_bytes, self.bytes_of_a_lane = engines, 100 << 20, 0
        self.passes: list[Pass] = []
        self.fates: list[Fate] = []
        self.meter = Meter(None, None)
        ledger.begin(sweep_row(code_hash=roster.code_hash))
        self.conductor = Conductor(
            self, roster, prepare(roster.settings), ledger, "demo", self.meter
        )

    def bytes_needed(self, lanes: Lanes) -> int:
        return self.bytes_of_a_lane * len(lanes.specs)

    def run_pass(self, lanes: Lanes, division: Division, report: PassReport) -> PassOutcome:
        found = [
            getattr(spec.strategy, "fast", None) or getattr(spec.strategy, "span", 0)
            for spec in lanes.specs
        ]
        asked = Pass(found, division.shares, division.halving, division.limit)
        self.passes.append(asked)
        return self.fates.pop(0)(asked) if self.fates else outcome_of(asked)

    def entries(self) -> list[Entry]:
        sets = make_search(self.roster.sweep, self.roster.space, Path("none")).ask(10_000)
        return self.roster.entries(sets, 0)

    def run(self, *fates: Fate) -> list[LaneRow]:
        self.fates = list(fates)
        self.conductor.run(self.entries())
        assert self.fates == []
        return self.ledger.lanes("demo")


@pytest.fixture
def stage(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Stage]]:
    """Make a stage of ``lanes`` lanes of one strategy, or as many of each of two."""
    with Ledger.open(tmp_path) as ledger:

        def make(lanes: int, engines: int = 2, *, two: bool = False, **section: Any) -> Stage:
            config = settings_of(
                "US_EQUITY", "2024-11-25", "2024-12-02", SYMBOLS[:1], ["1m"], sample
            )
            names = [FAST, DEAR] if two else [FAST]
            config["strategy"] = [{"name": name} for name in names]
            spaces = [{"fast": {"from": 1, "to": lanes}}, {"span": {"from": 1, "to": lanes}}]
            config["sweep"] = {
                "space": spaces[: len(names)],
                "score": "total_return",
                **section,
            }
            return Stage(Roster(SessionConfig.load(config), None), ledger, engines)

        def row(self: Conductor, entry: Entry, facts: Any, of_equity: Any) -> LaneRow:
            return LaneRow(
                *(entry.key, entry.name, entry.set.universe, dict(entry.parameters), "done", ""),
                *("digest", {"total_return": 1.0, "bars": 1}, facts.seconds),
            )

        monkeypatch.setattr(Conductor, "_row", row)
        yield make


def states(rows: Sequence[LaneRow]) -> list[str]:
    return [row.state for row in rows]


# --- passes --------------------------------------------------------------------------------------


def test_all_lanes_go_into_one_pass_dealt_to_all_engines(stage):
    it = stage(7, engines=3)
    assert states(it.run()) == ["done"] * 7
    (one,) = it.passes
    assert one.lanes == [1, 2, 3, 4, 5, 6, 7]
    assert one.shares == [[0, 3, 6], [1, 4], [2, 5]]
    assert (one.halving, one.limit) == (None, 0)
    assert (it.meter.lanes, it.meter.evaluations, it.meter.seconds) == (7, 7, 0.5)
    assert it.conductor.tape is TAPE


def test_no_pass_has_more_lanes_than_allowed_nor_more_engines_than_lanes(stage):
    it = stage(7, engines=3, lanes_per_pass=3, lane_seconds=1.5)
    assert states(it.run()) == ["done"] * 7
    assert [one.lanes for one in it.passes] == [[1, 2, 3], [4, 5, 6], [7]]
    assert it.passes[-1].shares == [[0]]
    assert {one.limit for one in it.passes} == {1_500_000_000}


def test_what_does_not_fit_is_cut_and_a_single_lane_that_does_not_is_refused(stage):
    it = stage(7)
    it.bytes_of_a_lane = 400 << 20
    with pytest.raises(ConfigError, match=r"a pass of 1 lane needs 400\.0 MiB, there are 100\.0"):
        it.run()
    it.bytes_of_a_lane = 32 << 20
    assert states(it.run()) == ["done"] * 7
    assert [one.lanes for one in it.passes] == [[1, 2, 3], [4, 5, 6], [7]]
    compared = stage(7, pruning={"keep": 0.5})
    compared.bytes_of_a_lane = 32 << 20
    with pytest.raises(ConfigError, match="a pass of 7 lanes needs 224"):
        compared.run()


def test_two_lanes_of_each_unknown_kind_go_ahead_and_the_rest_is_spread_by_what_they_took(stage):
    it = stage(20, engines=2, two=True)

    def measured(asked: Pass) -> PassOutcome:
        outcome = outcome_of(asked)
        took = {
            number: facts._replace(seconds=1.0 if number < 2 else 9.0)
            for number, facts in outcome.finished.items()
        }
        return replace(outcome, finished=took)

    assert states(it.run(measured)) == ["done"] * 40
    pilots, rest = it.passes
    assert pilots.lanes == [1, 2, 1, 2]
    assert rest.lanes == [*range(3, 21), *range(3, 21)]
    loads = [sum(9.0 if lane >= 18 else 1.0 for lane in share) for share in rest.shares]
    assert abs(loads[0] - loads[1]) <= 9.0
    again = stage(24, engines=2, two=True)
    again.run()
    assert len(again.passes) == 1  # the ledger knows what these kinds take


@pytest.mark.parametrize(
    ("lanes", "options"),
    [(16, {"engines": 2}), (60, {"engines": 1}), (60, {"pruning": {"keep": 0.5}})],
)
def test_there_are_no_pilots_where_they_are_of_no_use(stage, lanes: int, options: dict):
    it = stage(lanes, two=True, **options)
    it.run()
    assert len(it.passes) == 1


# --- engines that die ----------------------------------------------------------------------------


def test_lanes_that_are_lost_fail_at_once_and_are_not_tried_again(stage):
    it = stage(4)
    rows = it.run(lambda asked: outcome_of(asked, lost={2: "raised"}))
    assert states(rows) == ["done", "done", "failed", "done"]
    assert (rows[2].error, rows[2].digest, rows[2].statistics) == ("raised", "", {})
    assert rows[2].parameters["fast"] == 3
    assert len(it.passes) == 1


def test_unfinished_lanes_run_again_and_a_suspect_then_alone(stage):
    it = stage(6)
    rows = it.run(lambda asked: outcome_of(asked, suspects={3: "died"}, unfinished=[1, 5]))
    assert states(rows) == ["done"] * 6
    assert [one.lanes for one in it.passes] == [[1, 2, 3, 4, 5, 6], [2, 6], [4]]
    assert it.passes[-1].shares == [[0]]


def test_who_kills_its_engine_twice_is_set_aside(stage):
    it = stage(5)
    rows = it.run(
        lambda asked: outcome_of(asked, suspects={0: "died", 4: "fell"}, unfinished=[1]),
        outcome_of,
        lambda asked: outcome_of(asked, suspects={1: "fell again"}),
    )
    assert states(rows) == ["done"] * 4 + ["failed"]
    assert rows[4].error == "set aside: its engine ended twice: fell again"
    assert [one.lanes for one in it.passes] == [[1, 2, 3, 4, 5], [2], [1, 5]]
    assert it.passes[-1].shares == [[0], [1]]
    assert it.meter.lanes == 5


def test_suspects_get_an_engine_each_and_no_more_at_once_than_there_are(stage):
    it = stage(5, engines=2)
    all_of_them = dict.fromkeys(range(5), "died")
    rows = it.run(lambda asked: outcome_of(asked, suspects=all_of_them))
    assert states(rows) == ["done"] * 5
    assert [one.lanes for one in it.passes[1:]] == [[1, 2], [3, 4], [5]]


def test_engines_that_die_of_no_lane_are_given_up_on(stage):
    it = stage(3)

    def nothing(asked: Pass) -> PassOutcome:
        return outcome_of(asked, unfinished=range(len(asked.lanes)))

    with pytest.raises(RunError, match="engines died in 3 passes in a row, no lane being at work"):
        it.run(nothing, nothing, nothing)
    assert it.ledger.lanes("demo") == []
    assert states(it.run(nothing, nothing)) == ["done"] * 3

    def why(asked: Pass) -> PassOutcome:
        return replace(nothing(asked), died="its file is gone")

    with pytest.raises(RunError, match="no lane being at work: its file is gone"):
        it.run(why, why, why)


def test_lanes_that_are_compared_all_start_anew_when_an_engine_dies(stage):
    it = stage(4, pruning={"keep": 0.5, "rungs": 2})
    rows = it.run(
        lambda asked: outcome_of(asked, unfinished=[0, 1, 2, 3]),
        lambda asked: outcome_of(asked, suspects={2: "died"}, unfinished=[0, 1, 3]),
        lambda asked: outcome_of(asked, suspects={2: "died again"}, unfinished=[0, 1, 3]),
    )
    assert states(rows) == ["done", "done", "failed", "done"]
    assert rows[2].error == "set aside: its engine ended twice: died again"
    assert [one.lanes for one in it.passes] == [[1, 2, 3, 4]] * 3 + [[1, 2, 4]]
    (plan,) = {one.halving for one in it.passes}
    assert plan == HalvingPlan((2, 3), "total_return", 0.5, Year(252))


def test_nothing_is_left_to_compare_when_all_are_set_aside(stage):
    it = stage(1, pruning={"keep": 0.5, "rungs": 1})

    def died(asked: Pass) -> PassOutcome:
        return outcome_of(asked, suspects={0: "died"})

    assert states(it.run(died, died)) == ["failed"]


def test_rows_are_recorded_with_the_returns_of_their_sessions(stage):
    it = stage(3)
    rows = it.run(lambda asked: outcome_of(asked, lost={1: "raised"}))
    returns = it.ledger.returns(row.key for row in rows)
    found = [returns[row.key][1].tolist() for row in rows]
    assert found == [[pytest.approx(0.01)], [], [pytest.approx(0.01)]]
