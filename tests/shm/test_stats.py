import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.control import ControlPage
from shm.errors import Closed, SegmentMismatch
from shm.gate import Gate
from shm.names import new_run_id
from shm.segment import Segment
from shm.stats import Figures, RowSpec, StatsBlock
from tests.reference.own_process import python
from tests.shm.children import record_for_ever

ROWS = [RowSpec("coordinator", ("slots", "bars"), ("wait",)), RowSpec("engine 0", (), ("a", "b"))]
NOTHING = (0, 0, 0, 0)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("count"), st.integers(0, 10**6)),
        st.tuples(st.just("record"), st.lists(st.integers(0, 10**12), max_size=60)),
        st.tuples(st.just("flush"), st.none()),
        st.tuples(st.just("session"), st.none()),
        st.tuples(st.just("all"), st.none()),
    ),
    max_size=20,
)


def moments(figures: Figures, timer: str) -> tuple[int, int, int, int]:
    found = figures.timers[timer]
    assert found.counts.sum() == found.count
    return found.count, found.total, found.minimum, found.maximum


def moments_of(values: list[int]) -> tuple[int, int, int, int]:
    return (len(values), sum(values), min(values), max(values)) if values else NOTHING


@given(steps)
def test_a_row_tells_what_was_recorded_in_the_session_and_in_all(
    steps: list[tuple[str, Any]],
) -> None:
    """Against plain lists."""
    session: list[int] = []
    before: list[int] = []
    counted = counted_before = 0
    with StatsBlock.create(new_run_id(), ROWS) as block, StatsBlock.attach(block.name) as reader:
        row = block.row("coordinator")
        for what, value in steps:
            if what == "count":
                row.count("bars", value)
                counted += value
            elif what == "record":
                for one in value:
                    row.timer("wait").record(one)
                session += value
            elif what == "flush":
                row.flush()
            elif what == "session":
                row.reset_session()
                before, session = before + session, []
                counted_before, counted = counted_before + counted, 0
            else:
                row.reset()
                before, session, counted, counted_before = [], [], 0, 0
        row.flush()
        seen = reader.snapshot()["coordinator"]
        assert seen.consistent
        assert moments(seen.session, "wait") == moments_of(session)
        assert moments(seen.full, "wait") == moments_of(before + session)
        assert seen.session.counters == {"slots": 0, "bars": counted}
        assert seen.full.counters == {"slots": 0, "bars": counted_before + counted}
        assert reader.counters()["coordinator"] == seen.full.counters
        everything = before + session
        timed = {"wait_count": len(everything), "wait_ns": sum(everything)}
        assert reader.timed()["coordinator"] == timed


def test_a_block_describes_itself(run_id: str) -> None:
    with StatsBlock.create(run_id, ROWS) as block, StatsBlock.attach(block.name) as reader:
        assert reader.specs == tuple(ROWS)
        assert list(reader.snapshot()) == ["coordinator", "engine 0"]


def test_many_timings_are_folded_by_themselves(run_id: str) -> None:
    with StatsBlock.create(run_id, ROWS) as block:
        for value in range(1024):
            block.row("engine 0").timer("a").record(value)
        seen = block.snapshot()["engine 0"].full
        assert moments(seen, "a") == moments_of(list(range(1024)))
        assert moments(seen, "b") == NOTHING


@pytest.mark.parametrize("others", [0, 100], ids=["few", "many"])
def test_a_negative_timing_is_refused_and_the_row_goes_on(run_id: str, others: int) -> None:
    with StatsBlock.create(run_id, ROWS) as block:
        row = block.row("engine 0")
        for value in [*range(others), -5]:
            row.timer("a").record(value)
        with pytest.raises(ValueError, match=r"timer 'a' of row 'engine 0' .* was -5"):
            row.flush()
        row.timer("a").record(7)
        row.flush()
        assert moments(block.snapshot()["engine 0"].full, "a") == (1, 7, 7, 7)


def test_a_timing_that_is_no_whole_number_is_refused(run_id: str) -> None:
    with StatsBlock.create(run_id, ROWS) as block, pytest.raises(TypeError):
        block.row("engine 0").timer("a").record(1.5)  # type: ignore[arg-type]


def test_unknown_names_are_refused(run_id: str) -> None:
    with StatsBlock.create(run_id, ROWS) as block:
        with pytest.raises(KeyError, match="none"):
            block.row("none")
        with pytest.raises(KeyError, match="none"):
            block.row("coordinator").timer("none")
        with pytest.raises(KeyError, match="none"):
            block.row("coordinator").count("none")


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([RowSpec("a"), RowSpec("a")], "row must be given once, 'a'"),
        ([RowSpec("a", ("x", "x"))], "counter of row 'a' must be given once, 'x'"),
        ([RowSpec("a", (), ("x", "x"))], "timer of row 'a' must be given once, 'x'"),
    ],
)
def test_names_given_twice_are_refused(run_id: str, rows: list[RowSpec], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        StatsBlock.create(run_id, rows)


@pytest.mark.parametrize("size", [1, 64, 4096])
def test_a_segment_of_another_kind_is_refused(run_id: str, size: int) -> None:
    with Segment.create(run_id, "a", size) as segment:
        segment.mark_ready()
        with pytest.raises(SegmentMismatch):
            StatsBlock.attach(segment.name)


def test_closing_flushes_and_a_closed_block_refuses(run_id: str) -> None:
    with StatsBlock.create(run_id, ROWS) as reader:
        block = StatsBlock.attach(reader.name)
        row = block.row("coordinator")
        timer = row.timer("wait")
        timer.record(5)
        block.close()
        block.close()
        assert reader.snapshot()["coordinator"].full.timers["wait"].count == 1
        for use in (block.snapshot, lambda: timer.record(1), lambda: row.count("bars"), row.reset):
            with pytest.raises(Closed):
                use()


def check_together(figures: Figures) -> None:
    assert moments(figures, "a") == moments(figures, "b")


VIEWER = """
import sys
from shm.stats import StatsBlock
with StatsBlock.attach(sys.argv[1]) as block:
    before = block.snapshot()["engine 0"].full.timers["a"].count
    while (now := block.snapshot()["engine 0"]).full.timers["a"].count == before:
        pass
    print(now.consistent, now.full.timers["a"].p99 <= 49)
"""


def test_readers_see_whole_rows_of_a_hot_writer_and_never_disturb_it(
    run_id: str, start: Callable[..., Any]
) -> None:
    with (
        ControlPage.create(run_id, ["writer"]) as control,
        StatsBlock.create(run_id, ROWS) as block,
        Gate(run_id, "go", producer="writer", consumer="test") as running,
    ):
        child = start(record_for_ever, block, control, running)
        running.wait_until_ready(30)
        for _ in range(300):
            seen = block.snapshot()["engine 0"]
            assert seen.consistent
            check_together(seen.session)
            check_together(seen.full)
        viewer = python("-W", "error", "-c", VIEWER, block.name, check=False)
        assert (viewer.returncode, viewer.stdout, viewer.stderr) == (0, "True True\n", "")
        assert child.is_alive()
        StatsBlock.attach(block.name).close()
        control.abort("test", "enough")
        child.join()
        assert child.exitcode == 0
        check_together(block.snapshot()["engine 0"].full)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_the_rows_of_a_killed_writer_can_be_read(run_id: str, start: Callable[..., Any]) -> None:
    with (
        ControlPage.create(run_id, ["writer"]) as control,
        StatsBlock.create(run_id, ROWS) as block,
        Gate(run_id, "go", producer="writer", consumer="test") as running,
    ):
        child = start(record_for_ever, block, control, running)
        running.wait_until_ready(30)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        seen = block.snapshot()["engine 0"]
        if seen.consistent:
            check_together(seen.full)
