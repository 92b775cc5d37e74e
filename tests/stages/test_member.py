"""How a process of a run begins and ends, whatever its job comes to."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import multiprocess
import pytest

from pipeline.errors import DataError
from pipeline.stages.facts import receive_facts
from pipeline.stages.member import STOPPED, Place, run_member
from pipeline.stages.metrics import metrics_rows
from shm.control import ControlPage, MemberSnapshot
from shm.errors import Aborted
from shm.names import new_run_id
from shm.ring import Ring
from shm.stats import StatsBlock
from tests.reference.children import child_processes


@dataclass(frozen=True)
class Ending:
    """The job of a member that ends in one way or another."""

    how: str

    def turns(self, station: Any, place: Any, member: Any) -> Any:
        yield
        if self.how == "forked":
            os.fork()
        if self.how == "refused":
            raise DataError("no bars\nof anything")
        if self.how == "broken":
            raise ZeroDivisionError("by nought")
        if self.how == "told to stop":
            raise Aborted("supervisor", "enough")
        return station, place.role, os.getpid()


@pytest.fixture
def shared() -> Iterator[tuple[ControlPage, StatsBlock, Ring]]:
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["coordinator", "engine 0"]) as control,
        StatsBlock.create(run_id, metrics_rows(1, 1)) as stats,
        Ring.create(run_id, 1, 64) as ring,
    ):
        yield control, stats, ring


def ended(shared: tuple[ControlPage, StatsBlock, Ring], how: str) -> tuple[Any, MemberSnapshot]:
    """Run a member to its end; its process and cell."""
    control, stats, ring = shared
    context = multiprocess.get_context("forkserver")
    receiving, sending = context.Pipe(duplex=False)
    place = Place(1, "engine 0", control, stats, ring, (), sending)
    with child_processes(context) as start:
        child = start(run_member, place, Ending(how), "here")
        sending.close()
        child.join(60)
        sent = receive_facts(receiving) if receiving.poll() and how == "done" else None
    receiving.close()
    if how == "done":
        assert sent == ("here", "engine 0", child.pid)
    return child, control.members()[1]


def test_a_member_that_is_done_sends_its_facts_and_says_so(shared):
    child, cell = ended(shared, "done")
    assert child.exitcode == 0
    assert (cell.pid, cell.exit_note, cell.failed) == (child.pid, "done", False)


def test_a_refusal_is_written_down_as_its_own_kind(shared):
    child, cell = ended(shared, "refused")
    assert (child.exitcode, cell.failed) == (1, True)
    assert cell.error == "DataError\nno bars; of anything"


def test_any_other_error_is_written_down_with_its_traceback(shared):
    child, cell = ended(shared, "broken")
    assert (child.exitcode, cell.failed) == (1, True)
    kind, line, trace = cell.error.split("\n", 2)
    assert (kind, line) == ("RunError", "ZeroDivisionError: by nought")
    assert "in turns" in trace


def test_a_member_cannot_be_forked(shared):
    child, cell = ended(shared, "forked")
    assert (child.exitcode, cell.failed) == (1, True)
    assert "RuntimeError: a process of a run cannot be forked" in cell.error


def test_a_member_that_was_told_to_stop_has_not_failed(shared):
    child, cell = ended(shared, "told to stop")
    assert (child.exitcode, cell.failed) == (STOPPED, False)
    assert "enough" in cell.exit_note
