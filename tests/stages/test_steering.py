"""The coordinator's side of a steered run, without processes, in a time that the tests make."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.stages.steering import Steering
from shm.command import NO_MOMENT, CommandPage, Controller, Stage
from shm.errors import Aborted, WaitTimeout
from shm.names import LISTING, new_run_id
from shm.seqlock import SeqLock

MINUTE = 60 * 10**9
OPEN = 1_000 * MINUTE

pytestmark = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)


class Time:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.ns = 10**12

    def sleep(self, seconds: float) -> None:
        self.ns += max(1, round(seconds * 1e9))

    @property
    def seconds(self) -> float:
        return (self.ns - 10**12) / 1e9


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr("time.monotonic_ns", lambda: made.ns)
    monkeypatch.setattr("pipeline.stages.steering.time.sleep", made.sleep)
    return made


@pytest.fixture
def page() -> Iterator[CommandPage]:
    with CommandPage.create(new_run_id()) as made:
        yield made


@pytest.fixture
def controller(page: CommandPage) -> Iterator[Controller]:
    with page.controller() as made:
        yield made


def script(*acts: Callable[[], Any]) -> Callable[[], None]:
    """What is done at each look around of a wait, in turn."""
    left = list(acts)

    def check() -> None:
        if not left:
            raise Aborted("test", "the script is over")
        left.pop(0)()

    return check


def nothing() -> None:
    """A look around at which nobody does anything."""


def test_without_a_page_nothing_is_waited_for(time: Time):
    steering = Steering(None, 0.0, script())
    steering.begin()
    assert not steering.hold()
    assert not steering.paced
    assert not steering.by_moment
    steering.pace(OPEN, OPEN + MINUTE)
    steering.handed_on(OPEN + MINUTE)
    steering.end()
    assert time.seconds == 0


def test_a_paused_run_stands_still_until_it_goes_on(
    page: CommandPage, controller: Controller, time: Time
):
    steering = Steering(page, 0.0, script(nothing, nothing, controller.resume))
    steering.begin()
    assert not steering.hold()
    steering.handed_on(OPEN)
    number = controller.pause()
    told = []
    steering._check = script(lambda: told.append(page.answer()), nothing, controller.resume)
    assert steering.hold()
    assert time.seconds == pytest.approx(0.1)
    (answer,) = told
    assert (answer.sequence, answer.paused, answer.close_ns) == (number, True, OPEN)
    assert (page.answer().paused, page.answer().stage) == (False, Stage.UNDER_WAY)
    assert not steering.by_moment
    assert (steering.commands, steering.stood_ns) == (2, 100_000_000)


def test_each_step_hands_on_one_moment(page: CommandPage, controller: Controller, time: Time):
    controller.step(2)
    steering = Steering(page, 0.0, script(lambda: controller.step(1), nothing))
    steering.begin()
    for moment in (1, 2):
        assert not steering.hold()
        assert steering.by_moment
        steering.handed_on(OPEN + moment * MINUTE)
        assert page.answer().steps == moment
        assert page.answer().close_ns == OPEN + moment * MINUTE
    assert steering.hold(), "the third is waited for"
    steering.handed_on(OPEN + 3 * MINUTE)
    with pytest.raises(Aborted):
        steering.hold()
    assert page.answer().steps == 3


def test_a_pass_that_comes_later_is_steered_as_the_one_before(
    page: CommandPage, controller: Controller
):
    controller.speed(5.0)
    controller.step(3)
    first = Steering(page, 0.0, script())
    first.begin()
    first.handed_on(OPEN)
    first.end()
    assert (page.answer().paused, page.answer().stage) == (False, Stage.ENDED)
    later = Steering(page, 0.0, script())
    later.begin()
    assert (first.commands, later.commands) == (2, 0)
    answer = page.answer()
    assert (answer.paused, answer.steps, answer.speed) == (True, 1, 5.0)
    assert (answer.stage, answer.close_ns) == (Stage.UNDER_WAY, NO_MOMENT)
    for _ in range(2):
        assert not later.hold()
        later.handed_on(OPEN)
    with pytest.raises(Aborted):
        later.hold()


def test_a_pause_is_answered_while_there_is_no_room(page: CommandPage, controller: Controller):
    class Full:
        """A ring that has room at the third look."""

        looks = 0

        def claim(self, timeout: float | None = None) -> int:
            self.looks += 1
            if self.looks < 3:
                raise WaitTimeout("it", "engine 0", timeout or 0.0)
            assert page.answer().paused
            return 7

    steering = Steering(page, 0.0, script())
    steering.begin()
    controller.pause()
    assert steering.claim(Full()) == 7  # type: ignore[arg-type]


def test_a_clock_stands_still_while_the_run_does(
    page: CommandPage, controller: Controller, time: Time
):
    acts: list[Callable[[], Any]] = [nothing] * 290
    acts[100] = controller.pause
    acts[180] = controller.resume
    steering = Steering(page, 6.0, script(*acts))
    steering.begin()
    steering.pace(OPEN, OPEN + MINUTE)
    stood = 0.05 * 80
    assert time.seconds == pytest.approx(10 + stood, abs=0.11)


def test_closed_hours_take_no_time(page: CommandPage, time: Time):
    steering = Steering(page, 60.0, nothing)
    steering.begin()
    for opens in (OPEN, OPEN + 500 * MINUTE):
        steering.pace(opens, opens + MINUTE)
        steering.handed_on(opens + MINUTE)
    assert time.seconds == pytest.approx(2, rel=1e-6)
    steering.pace(opens, opens + 3 * MINUTE)
    assert time.seconds == pytest.approx(4, rel=1e-6)


def test_a_run_that_went_as_fast_as_it_could_is_paced_from_where_it_is(
    page: CommandPage, controller: Controller, time: Time
):
    steering = Steering(page, 0.0, nothing)
    steering.begin()
    steering.handed_on(OPEN + 90 * MINUTE)
    assert not steering.by_moment
    controller.speed(60.0)
    assert not steering.hold()
    assert steering.by_moment
    assert steering.paced
    steering.pace(OPEN, OPEN + 92 * MINUTE)
    assert time.seconds == pytest.approx(2, rel=1e-6)
    assert page.answer().speed == 60.0


def test_a_wait_for_the_clock_ends_when_the_clock_is_put_away(
    page: CommandPage, controller: Controller, time: Time
):
    steering = Steering(page, 1.0, script(nothing, lambda: controller.speed(0.0)))
    steering.begin()
    steering.pace(OPEN, OPEN + 60 * MINUTE)
    assert time.seconds == pytest.approx(0.1)
    assert not steering.by_moment


def test_another_speed_counts_from_the_present(
    page: CommandPage, controller: Controller, time: Time
):
    acts: list[Callable[[], Any]] = [nothing] * 600
    acts[599] = lambda: controller.speed(600.0)
    steering = Steering(page, 1.0, script(*acts, *[nothing] * 3))
    steering.begin()
    steering.pace(OPEN, OPEN + MINUTE)
    assert time.seconds == pytest.approx(30 + 30 / 600, abs=1e-3)


def test_a_step_does_not_wait_for_the_clock(page: CommandPage, controller: Controller, time: Time):
    steering = Steering(page, 1.0, script(nothing, controller.step, *[nothing] * 2_000))
    steering.begin()
    steering.pace(OPEN, OPEN + MINUTE)
    steering.handed_on(OPEN + MINUTE)
    assert time.seconds == pytest.approx(0.1)
    controller.resume()
    assert not steering.hold()
    steering.pace(OPEN, OPEN + 2 * MINUTE)
    assert time.seconds == pytest.approx(60.1), "the next moment is a minute after the step"


def test_a_run_that_is_told_to_end_hands_on_nothing_more(
    page: CommandPage, controller: Controller, time: Time
):
    steering = Steering(page, 0.0, script(nothing, nothing))
    steering.begin()
    number = controller.stop()
    with pytest.raises(Aborted, match="the script is over"):
        steering.hold()
    assert page.answer().sequence == number


def test_a_wish_that_is_half_written_is_not_obeyed_and_costs_no_wait(
    page: CommandPage, controller: Controller, time: Time
):
    steering = Steering(page, 0.0, script())
    steering.begin()
    with SeqLock(page._wish_cells()):
        page._wish_cells()[2] = 1
        assert not steering.hold()
    controller.speed(2.0)
    with pytest.raises(Aborted):
        steering.hold()
    assert page.answer().speed == 2.0
