import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.control import ERROR_BYTES, LAST_STEP, NO_STEP, NO_TASK, ControlPage, RunState
from shm.errors import Aborted, Closed, SegmentMismatch
from shm.names import new_run_id
from shm.segment import Segment
from tests.shm.children import live

ROLES = ["coordinator", "processor 0", "engine 0"]


def test_an_opener_reads_roles_and_state(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page, ControlPage.attach(page.name) as other:
        assert other.roles == tuple(ROLES)
        assert other.state is RunState.STARTING
        for state in RunState:
            page.set_state(state)
            assert other.state is state


def test_a_member_that_has_not_joined_is_blank(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        member = page.members()[1]
        assert (member.index, member.role, member.consistent) == (1, "processor 0", True)
        assert (member.pid, member.heartbeat_ns, member.peak_memory) == (0, 0, 0)
        assert (member.failed, member.exit_note, member.error) == (False, "", "")
        assert member.task == NO_TASK


def test_members_write_only_their_own_cell(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        blank = page.members()
        member = page.member(1)
        member.join()
        member.fail("it fell")
        member.note_exit("left")
        now = page.members()
        assert (now[0], now[2]) == (blank[0], blank[2])
        assert (now[1].pid, now[1].failed, now[1].error) == (os.getpid(), True, "it fell")
        assert now[1].exit_note == "left"
        assert now[1].peak_memory > 1_000_000
        member.beat()
        assert page.members()[1].heartbeat_ns > now[1].heartbeat_ns


def test_a_member_says_where_it_is_stuck_until_it_is_not(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        member = page.member(1)
        member.note_stuck("mine.py:3", 7)
        assert [one.stuck for one in page.members()] == ["", "mine.py:3", ""]
        assert page.members()[1].stuck_since_ns == 7
        member.note_stuck("", 0)
        assert page.members()[1].stuck == ""
        assert not member.prepares
        member.prepare(3)
        assert member.prepares


def test_an_opener_reads_what_the_run_is_called_and_how_much_it_expects(run_id: str) -> None:
    before = time.time_ns()
    with (
        ControlPage.create(run_id, ROLES, title="demo\nruns/x", bars=12) as page,
        ControlPage.attach(page.name) as other,
    ):
        assert (other.title, other.bars) == ("demo\nruns/x", 12)
        assert before <= other.began_ns <= time.time_ns()


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=2000), min_size=1
    )
)
def test_a_text_is_kept_whole_or_cut_between_characters(texts: list[str]) -> None:
    with ControlPage.create(new_run_id(), ROLES) as page:
        for text in texts:
            page.member(0).fail(text)
            found = page.members()[0].error
            assert text.startswith(found)
            assert found == text or len(found.encode()) > ERROR_BYTES - 4


def test_the_first_abort_counts(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page, ControlPage.attach(page.name) as other:
        other.check()
        assert not other.aborted
        page.abort("engine 0", "it fell")
        page.abort("engine 1", "it fell too")
        assert other.aborted
        with pytest.raises(Aborted, match=r"because of engine 0: it fell$"):
            other.check()


def test_a_member_says_what_it_is_at_work_on_and_since_when(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        member = page.member(1)
        member.join()
        assert page.members()[1].task == NO_TASK
        before = time.monotonic_ns()
        member.begin(7)
        after = time.monotonic_ns()
        now = page.members()
        assert now[1].task == 7
        assert before <= now[1].since_ns <= after
        assert {one.task for one in (now[0], now[2])} == {NO_TASK}
        member.begin(NO_TASK)
        assert page.members()[1].task == NO_TASK


def test_a_member_says_which_step_it_prepares_which_it_has_begun_and_which_it_knows(
    run_id: str,
) -> None:
    with ControlPage.create(run_id, ROLES) as page, ControlPage.attach(page.name) as other:
        member = page.member(1)

        def cell() -> tuple[int, int, int]:
            seen = other.members()[1]
            return seen.step, seen.steps_begun, seen.steps_known

        assert cell() == (NO_STEP, 0, 0)
        member.join()
        assert cell() == (NO_STEP, 0, 0)
        member.prepare(2, known=0b1101)
        assert cell() == (2, 0b100, 0b1101)
        member.prepare(1)
        assert cell() == (1, 0b110, 0b1111)
        member.prepare(LAST_STEP)
        assert cell() == (LAST_STEP, 1 << 62 | 0b110, 1 << 62 | 0b1111)
        member.prepare(NO_STEP)
        assert cell() == (NO_STEP, 1 << 62 | 0b110, 1 << 62 | 0b1111)
        assert {one.step for one in other.members()[::2]} == {NO_STEP}


@pytest.mark.parametrize("step", [NO_STEP - 1, LAST_STEP + 1])
def test_a_step_that_no_word_has_a_bit_for_is_refused(run_id: str, step: int) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        with pytest.raises(ValueError, match=f"step must be -1 to 62, was {step}"):
            page.member(0).prepare(step)
        assert page.members()[0].step == NO_STEP


@pytest.mark.parametrize("spent", [0, 5_000_000_000, -5_000_000_000])
def test_time_spent_before_counts_as_if_it_had_begun_so_much_earlier(
    run_id: str, spent: int
) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        member = page.member(2)
        member.join()
        before = time.monotonic_ns()
        member.begin(3, spent)
        after = time.monotonic_ns()
        assert before <= page.members()[2].since_ns + spent <= after


def test_a_dismissal_is_of_one_member_and_seen_by_openers(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page, ControlPage.attach(page.name) as other:
        assert [other.is_dismissed(role) for role in ROLES] == [False] * 3
        blank = other.members()
        page.dismiss("engine 0")
        page.dismiss("engine 0")
        assert [other.is_dismissed(role) for role in ROLES] == [False, False, True]
        assert other.members() == blank
        other.check()
        assert not other.aborted


def test_who_is_no_member_is_not_dismissed_and_cannot_be(run_id: str) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        assert not page.is_dismissed("nobody")
        with pytest.raises(ValueError, match="tuple"):
            page.dismiss("nobody")


@pytest.mark.parametrize("index", [-1, 3])
def test_an_unknown_member_is_refused(run_id: str, index: int) -> None:
    with (
        ControlPage.create(run_id, ROLES) as page,
        pytest.raises(IndexError, match=f"member must be 0 to 2, was {index}"),
    ):
        page.member(index)


@pytest.mark.parametrize("roles", [[""], ["x" * 65]])
def test_a_role_that_does_not_fit_is_refused(run_id: str, roles: list[str]) -> None:
    with pytest.raises(ValueError, match="role must have 1 to 64 bytes"):
        ControlPage.create(run_id, roles)


def test_a_segment_of_another_kind_is_refused(run_id: str) -> None:
    with Segment.create(run_id, "a", 64) as segment:
        segment.mark_ready()
        with pytest.raises(SegmentMismatch, match="layout hash"):
            ControlPage.attach(segment.name)


def test_a_closed_page_refuses_its_members_too(run_id: str) -> None:
    page = ControlPage.create(run_id, ROLES)
    member = page.member(0)
    page.close()
    page.close()
    uses: list[Callable[[], object]] = [
        *(member.beat, member.join, page.members, page.check),
        lambda: page.state,
        lambda: member.begin(1),
        lambda: page.dismiss("engine 0"),
        lambda: page.is_dismissed("engine 0"),
    ]
    for use in uses:
        with pytest.raises(Closed, match="control page"):
            use()


def test_every_process_writes_its_cell_and_the_supervisor_reads_all(
    run_id: str, start: Callable[..., Any]
) -> None:
    with ControlPage.create(run_id, ROLES) as page:
        children = [start(live, page, index) for index in range(len(ROLES))]
        for child in children:
            child.join()
        found = [(m.pid, m.error, m.exit_note, m.consistent) for m in page.members()]
        assert found == [(c.pid, f"error {i}", "done", True) for i, c in enumerate(children)]
