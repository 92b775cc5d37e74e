import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.market.time.time_manager import TimeManager
from pipeline.stages.coordinator import Coordinator, Replay
from pipeline.stages.facts import TapeFacts
from pipeline.stages.metrics import PerformanceMetrics, metrics_rows
from pipeline.tape.slot import ROWS, SlotShape
from shm.command import CommandPage, Stage
from shm.names import new_run_id
from shm.stats import StatsBlock
from tests.reference.in_process import Slots
from tests.reference.market import Market, random_walk, session_table
from tests.strategies import MINUTE, START

SPANS = [(START, START + 8 * MINUTE), (START + 60 * MINUTE, START + 70 * MINUTE)]


@pytest.fixture
def stats() -> Iterator[StatsBlock]:
    with StatsBlock.create(new_run_id(), metrics_rows(1, 1)) as block:
        yield block


class Stand:
    """Where a producer stands; keeps what is published, and calls ``after`` each time."""

    def __init__(self, slots: Slots, after: Callable[[], None] = lambda: None) -> None:
        self._slots = slots
        self._after = after
        self.published: list[tuple[int, list[int]]] = []

    def claim(self, timeout: float | None = None) -> int:
        return 0

    def publish(self) -> None:
        slot = self._slots.views[0]
        table = slot.tables[0]
        found = []
        for symbol, count in enumerate(table.count.tolist()):
            found += table.ts[symbol, table.first : table.first + count].tolist()
        self.published.append((int(slot.header[ROWS]), found))
        self._after()


def market_of() -> Market:
    bars = {
        "A": random_walk(START + MINUTE * np.arange(-2, 75), 1),
        "B": random_walk(START + MINUTE * np.arange(0, 75, 2), 2),
    }
    return Market(bars, session_table(SPANS), ("1m",))


def coordinated(
    folder: Path,
    stats: StatsBlock,
    *,
    speed: float = 0.0,
    prefetch: int = 0,
    rows: int = 4,
    command: CommandPage | None = None,
    steer: Callable[[], None] = lambda: None,
) -> tuple[list[tuple[int, list[int]]], TapeFacts]:
    """What is published, and the facts; ``steer`` is called after each slot and in each wait."""
    market = market_of()
    columns = [("open", "high", "low", "close", "volume")]
    shape = SlotShape.plan("AB", ["1m"], columns, lookback=1, rows=rows, quality=False)
    slots = Slots.make(shape, 1)
    calendar = TimeManager("CRYPTO").over(market.sessions)
    replay = Replay(str(market.write(folder)), market.sessions, calendar, shape, speed, prefetch)
    metrics = PerformanceMetrics.for_row(stats, "coordinator")
    stand = Stand(slots, steer)
    with Coordinator(replay, slots.views, metrics, steer, command) as coordinator:
        deque(coordinator.turns(stand), 0)  # type: ignore[arg-type]
        facts = coordinator.facts()
    return stand.published, facts


@pytest.mark.parametrize("prefetch", [0, 1])
def test_every_bar_of_the_sessions_is_published_once(
    tmp_path: Path, stats: StatsBlock, prefetch: int
):
    published, facts = coordinated(tmp_path, stats, prefetch=prefetch)
    assert sorted(ts for _, part in published for ts in part) == bars_in_sessions()
    assert [len(part) for _, part in published] == [count for count, _ in published]
    assert facts.present == (18, 9)
    assert facts.expected == 18
    assert (facts.sessions, facts.first_session) == (2, "1970-01-30")
    assert not [one for one in threading.enumerate() if one.name.startswith("prefetch")]


def bars_in_sessions() -> list[int]:
    """The opens of all bars of A, and of B, which has every other one."""
    minutes = range(START, START + 75 * MINUTE, MINUTE)
    inside = [ts for ts in minutes if any(begin <= ts < end for begin, end in SPANS)]
    return sorted(inside + [ts for ts in inside if (ts - START) // MINUTE % 2 == 0])


def test_what_was_done_is_counted_and_timed(tmp_path: Path, stats: StatsBlock):
    published, _ = coordinated(tmp_path, stats)
    row = stats.snapshot()["coordinator"].full
    assert row.counters["bars"] == 27
    assert row.counters["sessions"] == 2
    assert row.counters["slots"] == len(published)
    assert row.timers["session_duration"].count == row.timers["session_gap"].count == 2


def test_each_session_is_begun_in_the_calendar_and_in_the_figures(
    tmp_path: Path, stats: StatsBlock
):
    published, facts = coordinated(tmp_path, stats)
    asked = facts.calendar
    assert (asked.invalidations, asked.queries, asked.misses) == (2, 2, 2)
    row = stats.snapshot()["coordinator"]
    second = [{ts >= SPANS[1][0] for ts in part} for _, part in published]
    assert all(len(slot) == 1 for slot in second), "no slot holds bars of both sessions"
    assert row.session.counters["slots"] == second.count({True})
    assert row.full.counters["sessions"] == 2
    assert row.session.counters["sessions"] == 1
    assert row.session.counters["bars"] == 15
    assert row.session.timers["session_duration"].count == 1


def test_a_clock_asks_the_calendar_at_every_slot_and_has_most_answers_from_its_cache(
    tmp_path: Path, stats: StatsBlock
):
    published, facts = coordinated(tmp_path, stats, speed=60_000.0)
    asked = facts.calendar
    assert asked.invalidations == 2
    assert asked.queries == len(published) + 2
    assert asked.misses == 2


def test_a_clock_gives_each_timestamp_a_slot_and_takes_its_time(tmp_path: Path, stats: StatsBlock):
    began = time.monotonic()
    published, _ = coordinated(tmp_path, stats, speed=6_000.0)
    seconds = time.monotonic() - began
    assert [count for count, _ in published] == [2, 1] * 9
    # 18 minutes of trading at 6,000 times the pace; the hour between takes none.
    assert seconds >= 18 * 60 / 6_000


COMMANDS = st.one_of(
    st.tuples(st.sampled_from(["pause", "resume"])),
    st.tuples(st.just("step"), st.integers(1, 4)),
    st.tuples(st.just("speed"), st.sampled_from([0.0, 60_000.0, 1e9])),
    st.just(()),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(COMMANDS, max_size=30), st.sampled_from([0.0, 1e6]), st.sampled_from([1, 4, 50]))
def test_no_command_changes_what_is_published(
    tmp_path: Path, commands: list[tuple[Any, ...]], speed: float, rows: int
):
    """Each goes out at the next slot or wait, and at the end the run is let go on."""
    left = [*commands, ("speed", 0.0)]
    with (
        StatsBlock.create(new_run_id(), metrics_rows(1, 1)) as stats,
        CommandPage.create(new_run_id()) as page,
        page.controller() as controller,
    ):

        def steer() -> None:
            command = left.pop(0) if left else ("resume",)
            if command:
                getattr(controller, command[0])(*command[1:])

        published, facts = coordinated(
            tmp_path, stats, speed=speed, rows=rows, command=page, steer=steer
        )
        assert page.answer().stage is Stage.ENDED
    assert sorted(ts for _, part in published for ts in part) == bars_in_sessions()
    last = [max(part) for _, part in published]
    assert last == sorted(last)
    assert facts.present == (18, 9)


def test_time_that_is_spent_paused_is_starved(tmp_path: Path, stats: StatsBlock):
    waits: list[float] = []
    with CommandPage.create(new_run_id()) as page, page.controller() as controller:

        def steer() -> None:
            if not page.version:
                controller.pause()
            elif page.answer().paused:
                waits.append(time.monotonic())
                if len(waits) == 4:
                    controller.resume()

        coordinated(tmp_path, stats, command=page, steer=steer)
    paused = (waits[-1] - waits[0]) * 1e9
    counters = stats.snapshot()["coordinator"].full.counters
    assert counters["starved_ns"] >= paused
    assert counters["blocked_ns"] < paused


def test_a_range_without_a_bar_is_refused_naming_symbols_and_dates(
    tmp_path: Path, stats: StatsBlock
):
    market = market_of()
    far = session_table([(START + 900 * MINUTE, START + 910 * MINUTE)])
    shape = SlotShape.plan("AB", ["1m"], [("open",) * 5], lookback=1, rows=4, quality=False)
    slots = Slots.make(shape, 1)
    calendar = TimeManager("CRYPTO").over(far)
    replay = Replay(str(market.write(tmp_path)), far, calendar, shape, 0.0, 1)
    metrics = PerformanceMetrics.for_row(stats, "coordinator")
    words = r"no 1m bars in sessions from 1970-01-30 to 1970-01-30 for any of: A, B"
    with (
        pytest.raises(DataError, match=words),
        Coordinator(replay, slots.views, metrics, lambda: None),
    ):
        pass
