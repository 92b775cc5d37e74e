"""Runs the lanes of a sweep in passes, and records in the ledger how each lane ended.

An engine that dies takes its lanes with it. The lane that it was working on is suspect: it runs
again in an engine of its own, and is set aside if that engine dies too. The other lanes of the
engine just run again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.errors import ConfigError, RunError
from pipeline.lane.facts import LaneFacts
from pipeline.native.collector import uncollected
from pipeline.results.statistics import session_returns
from pipeline.runner.lane_summary import equity_figures, lane_summary
from pipeline.runner.lanes import Lanes
from pipeline.runner.memory import advice
from pipeline.runner.preparation import Division, Preparation, shape_of
from pipeline.stages.facts import TapeFacts
from pipeline.stages.halving import HalvingPlan, rungs_of
from pipeline.stages.stage_times import MemberTime, add_times
from pipeline.sweeps.dealing import spread
from pipeline.sweeps.executors.protocol import Executor, PassOutcome
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger
from pipeline.sweeps.progress import Meter
from pipeline.sweeps.ranking import figure, merit, set_said
from pipeline.sweeps.roster import Entry, Roster

#: A lane is set aside when it was at work this often while its engine died.
_STRIKES = 2
#: The sweep gives up after so many passes in a row in which engines died, no lane being at work.
_FRUITLESS = 3
#: So many lanes of each kind of unknown cost run first, to measure how long they take.
_PILOTS = 2


class Conductor:
    """Runs lanes until each has a row in the ledger, under the id ``sweep`` of the sweep."""

    def __init__(
        self,
        executor: Executor,
        roster: Roster,
        preparation: Preparation,
        ledger: Ledger,
        sweep: str,
        meter: Meter,
    ) -> None:
        self._executor = executor
        self._roster = roster
        self._preparation = preparation
        self._ledger = ledger
        self._sweep = sweep
        self._meter = meter
        self._settings = roster.settings
        self._strikes: Counter[str] = Counter()
        self._costs = ledger.costs(roster.code_hash)
        seconds = roster.sweep.lane_seconds
        self._limit = 0 if seconds is None else round(seconds * 1e9)
        #: What the processes of all passes did with their time.
        self.times: tuple[MemberTime, ...] = ()
        #: Slots of the tapes of all passes.
        self.slots = 0
        #: Commands from outside that the passes have obeyed, and the ns for which they stood still.
        self.commands = self.stood_ns = 0
        #: Facts of the coordinator in the last pass that replayed the whole tape.
        self.tape: TapeFacts | None = None

    def run(self, entries: Sequence[Entry]) -> None:
        """Run lanes in as many passes as they need."""
        for part, lanes in self._passes(entries):
            if self._roster.sweep.pruning is None:
                self._finish(part, lanes)
            else:
                self._finish_compared(part, lanes)

    # --- cutting into passes ---------------------------------------------------------------------

    def _passes(self, entries: Sequence[Entry]) -> Iterator[tuple[list[Entry], Lanes]]:
        most = self._roster.sweep.lanes_per_pass or len(entries)
        left = list(entries)
        pilots = self._pilots(left)
        if pilots:
            yield pilots, self._roster.lanes(pilots)
            taken = {entry.number for entry in pilots}
            left = [entry for entry in left if entry.number not in taken]
        while left:
            count, lanes = self._fitting(left[:most])
            yield left[:count], lanes
            left = left[count:]

    def _pilots(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return a few lanes of each kind of unknown cost; none where measuring has no use."""
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            groups.setdefault(entry.group, []).append(entry)
        unknown = [group for group in groups if group not in self._costs]
        worthwhile = len(entries) > 4 * _PILOTS * len(groups) * self._executor.engines
        if len(groups) < 2 or self._executor.engines < 2 or not worthwhile or self._compared:
            return []
        return [entry for group in unknown for entry in groups[group][:_PILOTS]]

    @property
    def _compared(self) -> bool:
        return self._roster.sweep.pruning is not None

    def _fitting(self, entries: Sequence[Entry]) -> tuple[int, Lanes]:
        """Return how many of the lanes, from the first, fit into one pass, and these lanes."""
        allowed, count = self._executor.allowed_bytes, len(entries)
        while True:
            lanes = self._roster.lanes(entries[:count])
            needed = self._executor.bytes_needed(lanes)
            if needed <= allowed:
                return count, lanes
            if count == 1 or self._compared:
                slots = self._settings.pipeline.slots
                lanes_said = "1 lane" if count == 1 else f"{count:,} lanes"
                raise ConfigError(
                    f"a pass of {lanes_said} needs {needed / 2**20:,.1f} MiB, there are "
                    f"{allowed / 2**20:,.1f} MiB; "
                    f"{advice(lanes, shape_of(self._settings, lanes), slots)}"
                )
            count = max(1, min(count - 1, int(count * allowed / needed)))

    # --- one pass after the other ----------------------------------------------------------------

    def _finish(self, entries: list[Entry], lanes: Lanes) -> None:
        """Run lanes that do not depend on each other until each has a row."""
        waiting, suspects, fruitless = entries, list[Entry](), 0
        while waiting:
            if waiting is not entries:
                lanes = self._roster.lanes(waiting)
            outcome = self._pass(waiting, lanes, self._shares(waiting))
            struck = self._enter(waiting, outcome)
            suspects += struck
            fruitless = 0 if struck or outcome.finished or outcome.lost else fruitless + 1
            if fruitless == _FRUITLESS:
                raise _given_up(outcome)
            waiting = [waiting[number] for number in outcome.unfinished]
        # A suspect runs in an engine of its own, so that it takes no other lane with it.
        engines, fruitless = self._executor.engines, 0
        while suspects:
            alone, suspects = suspects[:engines], suspects[engines:]
            shares = [[number] for number in range(len(alone))]
            outcome = self._pass(alone, self._roster.lanes(alone), shares)
            suspects += self._enter(alone, outcome)
            ended = outcome.suspects or outcome.finished or outcome.lost
            fruitless = 0 if ended else fruitless + 1
            if fruitless == _FRUITLESS:
                raise _given_up(outcome)
            suspects += [alone[number] for number in outcome.unfinished]

    def _finish_compared(self, entries: list[Entry], lanes: Lanes) -> None:
        """Run lanes that are compared while they run; all start anew when an engine dies."""
        fruitless = 0
        while True:
            outcome = self._pass(entries, lanes, self._shares(entries), self._halving())
            lame = bool(outcome.suspects or outcome.unfinished)
            before = len(entries)
            if not lame:
                self._enter(entries, outcome)
                return
            entries = self._without_struck_out(entries, outcome)
            if not entries:
                return
            lanes = self._roster.lanes(entries)
            fruitless = 0 if outcome.suspects or len(entries) < before else fruitless + 1
            if fruitless == _FRUITLESS:
                raise _given_up(outcome)

    def _without_struck_out(self, entries: list[Entry], outcome: PassOutcome) -> list[Entry]:
        gone = {
            number for number, why in outcome.suspects.items() if self._strike(entries[number], why)
        }
        return [entry for number, entry in enumerate(entries) if number not in gone]

    def _halving(self) -> HalvingPlan:
        pruning = self._roster.sweep.pruning
        assert pruning is not None
        rungs = rungs_of(pruning.rungs, len(self._preparation.sessions))
        return HalvingPlan(rungs, pruning.score, pruning.keep, self._preparation.year)

    def _shares(self, entries: Sequence[Entry]) -> list[list[int]]:
        """Divide lanes among engines by the measured cost of their kinds."""
        known = list(self._costs.values())
        usual = sum(known) / len(known) if known else 1.0
        costs = [self._costs.get(entry.group, usual) for entry in entries]
        return spread(costs, min(self._executor.engines, len(entries)))

    def _pass(
        self,
        entries: Sequence[Entry],
        lanes: Lanes,
        shares: list[list[int]],
        halving: HalvingPlan | None = None,
    ) -> PassOutcome:
        division = Division(shares, None, tolerant=True, limit=self._limit, halving=halving)
        report = self._meter.begin_pass(shares, self._preparation.extent.bars)
        outcome = self._executor.run_pass(lanes, division, report)
        if outcome.tape is not None:
            self.tape = outcome.tape
            self.commands += self.tape.commands
            self.stood_ns += self.tape.stood_ns
        self.times = add_times([self.times, outcome.times])
        self.slots += outcome.slots
        evaluations = sum(facts.bars for facts in outcome.finished.values())
        self._meter.end_pass(
            len(outcome.finished) + len(outcome.lost), evaluations, outcome.seconds
        )
        return outcome

    # --- how lanes ended -------------------------------------------------------------------------

    @uncollected()
    def _enter(self, entries: Sequence[Entry], outcome: PassOutcome) -> list[Entry]:
        """Record the lanes of a pass in the ledger; return the suspects that may try again."""
        rows = self._finished(entries, outcome.finished)
        rows |= {n: _failed(entries[n], why) for n, why in outcome.lost.items()}
        self._record(entries, rows, outcome.finished)
        self.note_best(entries, rows)
        self._measure(entries, outcome.finished)
        return [
            entries[number]
            for number, why in outcome.suspects.items()
            if not self._strike(entries[number], why)
        ]

    def note_best(self, entries: Sequence[Entry], rows: Mapping[int, LaneRow]) -> None:
        """Tell the meter the scores of lanes; ``rows`` are by index into ``entries``."""
        score, fewest = self._roster.sweep.score[0], self._roster.sweep.min_round_trips
        for number, row in rows.items():
            value = figure(row, score)
            if value is not None:
                said = set_said(entries[number].set.parameters)
                self._meter.found(merit(row, score, fewest), value, said)

    def _strike(self, entry: Entry, why: str) -> bool:
        """Count a death of a lane's engine; return True if the lane is set aside for it."""
        self._strikes[entry.key] += 1
        if self._strikes[entry.key] < _STRIKES:
            return False
        self._record([entry], {0: _failed(entry, f"set aside: its engine ended twice: {why}")}, {})
        self._meter.end_pass(1, 0, 0.0)
        return True

    def _record(
        self,
        entries: Sequence[Entry],
        rows: Mapping[int, LaneRow],
        finished: Mapping[int, LaneFacts],
    ) -> None:
        """Record rows, by index into ``entries``, with the returns of those that finished.

        The ledger takes lanes with equally many sessions together.
        """
        failed = [number for number, row in rows.items() if row.state == "failed"]
        self._meter.ended(
            [row.state for row in rows.values()],
            [f"{set_said(rows[number].parameters)}: {rows[number].error}" for number in failed],
        )
        by_length = _by_sessions(finished)
        without = sorted({*by_length.get(0, ()), *(rows.keys() - finished.keys())})
        for length, numbers in ({0: without} | by_length if without else by_length).items():
            dates, returns = np.zeros(0, np.int64), np.zeros((len(numbers), 0))
            if length:
                found = [finished[number] for number in numbers]
                dates = found[0].session_dates
                initial = np.array([one.initial_cash for one in found])
                returns = session_returns(initial, np.array([one.session_equity for one in found]))
            self._ledger.record(
                self._sweep,
                [entries[number].number for number in numbers],
                [rows[number] for number in numbers],
                dates,
                returns,
            )

    def _finished(
        self, entries: Sequence[Entry], finished: Mapping[int, LaneFacts]
    ) -> dict[int, LaneRow]:
        """Return the rows of lanes that have finished, by index into ``entries``."""
        rows = {}
        for sessions, numbers in _by_sessions(finished).items():
            benchmark = self._preparation.benchmark
            if benchmark is not None:
                benchmark = replace(benchmark, returns=benchmark.returns[:sessions])
            found = [finished[number] for number in numbers]
            figures = equity_figures(found, self._preparation.year, benchmark)
            for number, facts, of_equity in zip(numbers, found, figures, strict=True):
                rows[number] = self._row(entries[number], facts, of_equity)
        return rows

    def _row(self, entry: Entry, facts: LaneFacts, of_equity: Mapping[str, Any]) -> LaneRow:
        lane, pruned = entry.lane, facts.sessions < len(self._preparation.sessions)
        figures = lane_summary(
            self._settings, entry.name, lane.strategy, lane.mode, facts, of_equity
        )
        parameters = figures.pop("parameters")
        figures.pop("strategy")
        figures.pop("open")  # its sums are figures, too
        figures["sessions"] = facts.sessions
        digest = figures.pop("digest")
        return LaneRow(
            entry.key,
            entry.name,
            entry.set.universe,
            parameters,
            "pruned" if pruned else "done",
            "",
            "" if pruned else digest,
            figures,
            facts.seconds,
        )

    def _measure(self, entries: Sequence[Entry], finished: Mapping[int, LaneFacts]) -> None:
        """Note the seconds per bar of each kind of lane, for the passes to come."""
        taken: dict[tuple[str, str], list[float]] = {}
        for number, facts in finished.items():
            if facts.bars:
                cost = facts.seconds / facts.bars
                taken.setdefault(entries[number].group, []).append(cost)
        for group, costs in taken.items():
            self._costs[group] = sum(costs) / len(costs)


def _by_sessions(finished: Mapping[int, LaneFacts]) -> dict[int, list[int]]:
    """Return the numbers of lanes, ascending, by how many sessions they ran through."""
    found: dict[int, list[int]] = {}
    for number in sorted(finished):
        found.setdefault(finished[number].sessions, []).append(number)
    return found


def _given_up(outcome: PassOutcome) -> RunError:
    """Return the error of a sweep whose engines die before they come to a lane."""
    why = f": {outcome.died}" if outcome.died else ""
    return RunError(f"engines died in {_FRUITLESS} passes in a row, no lane being at work{why}")


def _failed(entry: Entry, why: str) -> LaneRow:
    return LaneRow(
        entry.key,
        entry.name,
        entry.set.universe,
        dict(entry.parameters),
        "failed",
        why,
        "",
        {},
        0.0,
    )
