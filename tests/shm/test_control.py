import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.control import ERROR_BYTES, ControlPage, RunState
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
    for use in (member.beat, member.join, page.members, page.check, lambda: page.state):
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
