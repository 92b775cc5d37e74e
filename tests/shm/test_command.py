import math
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shm.command import NO_MOMENT, Answer, CommandPage, Stage
from shm.errors import Closed, SegmentMismatch, SegmentMissing, Steered
from shm.gate import Gate
from shm.names import LISTING, new_run_id
from shm.segment import Segment
from tests.shm.children import die_while_wishing, steer_until_killed

pytestmark = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)


@pytest.fixture
def page(run_id: str) -> Iterator[CommandPage]:
    with CommandPage.create(run_id) as made:
        yield made


def test_a_page_begins_without_wish_and_answer(page: CommandPage) -> None:
    wish = page.wish()
    assert wish is not None
    assert (wish.sequence, wish.paused, wish.steps, wish.speed, wish.stopped_by) == (
        *(0, False, 0),
        *(None, 0),
    )
    assert page.answer() == Answer(0, False, 0, 0.0, NO_MOMENT, Stage.BEFORE)
    assert page.version == 0


def test_an_opener_reads_the_wish_and_its_own_answer_comes_back(page: CommandPage) -> None:
    with CommandPage.attach(page.name) as other, other.controller() as controller:
        assert controller.pause() == 1
        assert controller.speed(2.5) == 2
        assert controller.stop() == 3
        wish = page.wish()
        assert wish is not None
        assert (wish.sequence, wish.paused, wish.speed) == (3, True, 2.5)
        assert wish.stopped_by == page.stopped_by == os.getpid()
        answer = Answer(3, True, 4, 2.5, 1_700_000_000 * 10**9, Stage.UNDER_WAY)
        page.write_answer(answer)
        assert other.answer() == answer
        assert other.paused


def test_the_version_is_even_and_changes_with_each_command(page: CommandPage) -> None:
    seen = [page.version]
    with page.controller() as controller:
        for command in (controller.pause, controller.step, controller.resume):
            command()
            seen.append(page.version)
    assert len(set(seen)) == 4
    assert not [version for version in seen if version % 2]


class Model:
    """What commands mean, without a page."""

    def __init__(self) -> None:
        self.paused, self.left = False, 0

    def obey(self, verb: str, moments: int) -> None:
        if verb == "step":
            self.left = moments + (self.left if self.paused else 0)
        else:
            self.left = 0
        self.paused = verb != "resume"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pause", "resume", "step"]), st.integers(1, 5), st.integers(0, 7)
        )
    )
)
def test_steps_add_up_while_the_run_stands_still_and_end_with_another_command(
    commands: list[tuple[str, int, int]],
) -> None:
    model = Model()
    with CommandPage.create(new_run_id()) as page, page.controller() as controller:
        for verb, moments, taken in commands:
            if verb == "step":
                controller.step(moments)
            else:
                getattr(controller, verb)()
            model.obey(verb, moments)
            wish, answer = page.wish(), page.answer()
            assert wish is not None
            left = max(0, wish.steps - answer.steps) if wish.paused else 0
            assert (wish.paused, left) == (model.paused, model.left)
            taken = min(taken, left)
            model.left -= taken
            page.write_answer(replace(answer, steps=answer.steps + taken))


@pytest.mark.parametrize("speed", [-1.0, math.inf, math.nan])
def test_a_speed_that_no_clock_has_is_refused(page: CommandPage, speed: float) -> None:
    with page.controller() as controller, pytest.raises(ValueError, match="speed must be a number"):
        controller.speed(speed)
    assert page.version == 0


def test_less_than_one_step_is_refused(page: CommandPage) -> None:
    with page.controller() as controller, pytest.raises(ValueError, match="at least 1, was 0"):
        controller.step(0)


def test_a_second_controller_is_refused_with_the_pid_of_the_first_until_that_is_killed(
    page: CommandPage, new_run: Callable[[], str], start: Callable[..., Any]
) -> None:
    with Gate(new_run(), "steers", producer="child", consumer="test") as steers:
        child = start(steer_until_killed, page, steers)
        steers.wait_until_ready(60)
        with pytest.raises(Steered) as refused, page.controller():
            pass
        assert (refused.value.name, refused.value.pid) == (page.name, child.pid)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    with page.controller() as controller:
        assert controller.resume() == 2, "the wish of the one that was killed has gone before"


def test_a_controller_of_the_same_process_is_refused_too(page: CommandPage) -> None:
    words = f"process {os.getpid()} steers"
    with page.controller(), pytest.raises(Steered, match=words), page.controller():
        pass
    with page.controller():
        pass


def test_a_wish_whose_writer_was_killed_is_none_and_the_next_one_counts(
    page: CommandPage, start: Callable[..., Any]
) -> None:
    child = start(die_while_wishing, page)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert page.version % 2 == 1
    assert page.wish() is None
    with page.controller() as controller:
        controller.resume()
    wish = page.wish()
    assert wish is not None
    assert not wish.paused


def test_a_page_whose_name_is_gone_cannot_be_steered(run_id: str) -> None:
    page = CommandPage.create(run_id)
    with CommandPage.attach(page.name) as other:
        page.close()
        with pytest.raises(SegmentMissing, match=page.name), other.controller():
            pass


def test_a_closed_page_is_refused(run_id: str) -> None:
    page = CommandPage.create(run_id)
    page.close()
    page.close()
    for use in (page.wish, page.answer, lambda: page.version, lambda: page.paused):
        with pytest.raises(Closed, match="command page"):
            use()


def test_another_segment_is_no_page(run_id: str) -> None:
    with Segment.create(run_id, "command", 64) as segment:
        segment.mark_ready()
        with pytest.raises(SegmentMismatch):
            CommandPage.attach(segment.name)
