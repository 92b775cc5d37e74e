"""A run is given a command and waited for; here this process is supervisor and coordinator, too."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import RingtapeError, RunError
from pipeline.watch.control import Steering, Verb, steer
from pipeline.watch.live_runs import LiveRun, live_runs
from shm.command import CommandPage, Stage
from shm.control import ControlPage, RunState
from shm.names import LISTING, new_run_id
from shm.notice import NoticePage
from shm.segment import Segment
from shm.stats import RowSpec, StatsBlock

pytestmark = pytest.mark.skipif(
    not LISTING.is_dir(), reason=f"this system does not list shared memory in {LISTING}"
)

CLOSE = 1_730_821_320 * 10**9


@pytest.fixture
def bare() -> Iterator[LiveRun]:
    """A run that has walked half of its bars, without a command page."""
    run_id = new_run_id()
    with (
        ControlPage.create(run_id, ["coordinator", "engine 0"], title="mine", bars=200) as control,
        StatsBlock.create(run_id, [RowSpec("engine 0", counters=("bars",))]) as stats,
    ):
        control.set_state(RunState.RUNNING)
        stats.row("engine 0").count("bars", 100)
        yield found_of(run_id)


@pytest.fixture
def page(bare: LiveRun) -> Iterator[CommandPage]:
    """Its command page; the tape is under way."""
    with CommandPage.create(bare.run_id) as made:
        made.write_answer(replace(made.answer(), close_ns=CLOSE, stage=Stage.UNDER_WAY))
        yield made


@pytest.fixture
def found(bare: LiveRun, page: CommandPage) -> LiveRun:
    """The run as it is found with its page."""
    assert page.name
    return found_of(bare.run_id)


def found_of(run_id: str) -> LiveRun:
    return next(one for one in live_runs() if one.run_id == run_id)


@pytest.fixture
def while_waited(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Do these things, one each time that the command looks and has to wait."""

    def set_up(*acts: Callable[[], object]) -> None:
        left = list(acts)
        monkeypatch.setattr("pipeline.watch.control.time.sleep", lambda _: left.pop(0)())

    return set_up


def obey(page: CommandPage, **more: Any) -> None:
    wish = page.wish()
    assert wish is not None
    said = {"sequence": wish.sequence, "paused": wish.paused, "speed": wish.speed or 0.0, **more}
    page.write_answer(replace(page.answer(), **said))


def test_what_is_now_is_told_once_the_run_has_obeyed(
    found: LiveRun, page: CommandPage, while_waited: Callable[..., None]
):
    while_waited(lambda: None, lambda: obey(page))
    assert steer(found, "pause") == Steering(
        found.run_id, "run", "pause", True, 0.0, CLOSE, 0, 0, False, 0.5
    )
    while_waited(lambda: obey(page))
    speed = steer(found, "speed", 2.5)
    assert (speed.paused, speed.speed) == (True, 2.5)
    while_waited(lambda: obey(page))
    assert not steer(found, "resume").paused


def test_steps_are_waited_for_and_those_that_are_left_are_told(
    found: LiveRun, page: CommandPage, while_waited: Callable[..., None]
):
    while_waited(lambda: obey(page), lambda: obey(page, steps=2), lambda: obey(page, steps=3))
    three = steer(found, "step", 3)
    assert (three.steps, three.steps_left, three.paused) == (3, 0, True)

    def time_passes() -> None:
        obey(page, steps=5)
        patch.setattr("pipeline.watch.control.time.monotonic", lambda: 1e18)

    with pytest.MonkeyPatch.context() as patch:
        while_waited(time_passes)
        some = steer(found, "step", 10)
    assert (some.steps, some.steps_left) == (2, 8)


def test_steps_over_the_end_of_the_tape_are_not_waited_for(
    found: LiveRun, page: CommandPage, while_waited: Callable[..., None]
):
    while_waited(lambda: obey(page, steps=1, paused=False, stage=Stage.ENDED))
    last = steer(found, "step", 3)
    assert (last.steps, last.steps_left, last.ended) == (1, 2, True)


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (Stage.BEFORE, "its tape has not begun; it obeys when that begins"),
        (Stage.UNDER_WAY, "its coordinator is at work on a slot"),
        (Stage.ENDED, "its tape has ended$"),
    ],
)
@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_a_run_that_does_not_obey_in_time_is_a_failure_that_says_why(
    found: LiveRun,
    page: CommandPage,
    monkeypatch: pytest.MonkeyPatch,
    verb: Verb,
    stage: Stage,
    why: str,
):
    monkeypatch.setattr("pipeline.watch.control.PATIENCE_SECONDS", 0.0)
    page.write_answer(replace(page.answer(), stage=stage))
    words = rf"^run {found.run_id} has not obeyed '{verb}' within 0 s: {why}"
    with pytest.raises(RunError, match=words):
        steer(found, verb)
    wish = page.wish()
    assert wish is not None
    assert wish.sequence == 1, "the wish stands"


def test_a_run_that_is_stopped_is_waited_for_until_its_page_is_gone(
    found: LiveRun, page: CommandPage, while_waited: Callable[..., None]
):
    while_waited(lambda: obey(page), page._segment._mapping.unlink)  # type: ignore[union-attr]
    stopped = steer(found, "stop")
    assert (stopped.ended, stopped.paused, stopped.done) == (True, False, 0.5)


def test_a_second_controller_is_told_who_the_first_is(found: LiveRun, page: CommandPage):
    with page.controller():
        words = f"run {found.run_id} is steered by process {os.getpid()} at this moment"
        with pytest.raises(RunError, match=words):
            steer(found, "pause")
    assert page.version == 0


def test_a_run_that_has_ended_is_a_failure(found: LiveRun):
    names = {kind: f"rt-ffffffff-1-{kind}" for kind in found.segments}
    gone = LiveRun("ffffffff", found.pid, names)
    with pytest.raises(RunError, match=r"^run ffffffff has ended$"):
        steer(gone, "pause")


def test_a_page_that_is_not_ready_says_so(bare: LiveRun):
    words = rf"^run {bare.run_id} cannot be steered now: segment '.*' has"
    with Segment.create(bare.run_id, "command", 128), pytest.raises(RunError, match=words):
        steer(found_of(bare.run_id), "pause")


def test_a_run_without_a_page_cannot_be_steered(bare: LiveRun):
    with pytest.raises(RingtapeError, match="cannot be steered: it runs in the one process") as no:
        steer(bare, "pause")
    assert no.value.exit_code == 2


def test_a_sweep_is_steered_by_its_own_page_and_its_onlookers_see_that_it_is_paused(
    while_waited: Callable[..., None],
):
    run_id = new_run_id()
    with NoticePage.create(run_id) as notice, CommandPage.create(run_id) as page:
        said = {"kind": "sweep", "state": "running", "lanes_total": 4, "evaluations_total": 8}
        notice.write(json.dumps({**said, "evaluations": 2, "share": 0.25}))
        sweep = found_of(run_id)
        while_waited(lambda: obey(page))
        paused = steer(sweep, "pause")
        assert (paused.paused, paused.done) == (True, 0.25)
        assert sweep.describe()["state"] == "paused"
        page.write_answer(replace(page.answer(), paused=False, stage=Stage.ENDED))
        assert sweep.describe()["state"] == "running"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pipeline.watch.control.PATIENCE_SECONDS", 0.0)
            with pytest.raises(RunError, match="it is between two tapes; it obeys in the next"):
                steer(sweep, "resume")


def test_onlookers_see_that_a_run_is_paused(
    found: LiveRun, page: CommandPage, while_waited: Callable[..., None]
):
    assert found.describe()["state"] == "running"
    while_waited(lambda: obey(page))
    steer(found, "pause")
    assert found.describe()["state"] == "paused"


def test_a_stress_cannot_be_steered():
    run_id = new_run_id()
    with NoticePage.create(run_id):
        (found,) = (run for run in live_runs() if run.run_id == run_id)
        with pytest.raises(
            RingtapeError, match="is a stress, which measures and cannot be steered"
        ):
            steer(found, "pause")
