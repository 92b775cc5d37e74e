"""Runs and sweeps of this process that are steered from outside, and by themselves."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest

from pipeline.errors import RunError
from pipeline.runner.progress import Progress
from pipeline.sweeps.progress import SweepProgress
from pipeline.watch.control import Steering, steer
from pipeline.watch.live_runs import LiveRun, live_runs
from shm.command import CommandPage, Stage
from shm.names import list_segments

Act: TypeAlias = Callable[[LiveRun], object]


def own_run() -> LiveRun | None:
    """The run or sweep of this process that is alive."""
    return next((one for one in live_runs() if one.pid == os.getpid()), None)


def act(verb: Any, amount: float = 1) -> Callable[[LiveRun], Steering]:
    """What gives a run a command and waits until it obeys."""
    return lambda found: steer(found, verb, amount)


@contextmanager
def beginning_with(verb: str) -> Iterator[None]:
    """Have the runs of the block get a command as soon as their page is made."""
    create = CommandPage.create

    def made(run_id: str) -> CommandPage:
        page = create(run_id)
        with page.controller() as controller:
            getattr(controller, verb)()
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CommandPage, "create", made)
        yield


def under_way() -> bool:
    """Whether the run or sweep of this process has a tape under way."""
    for name in list_segments():
        if name.kind == "command" and name.owner_pid == os.getpid():
            with CommandPage.attach(name.text) as page:
                return page.answer().stage is Stage.UNDER_WAY
    return False


class Driver:
    """Takes the progress of a run that stands still, and does one act each time it is told.

    While it acts, the supervisor waits, and no other tape begins. So it does nothing between tapes.
    """

    def __init__(self, acts: list[Act]) -> None:
        self.acts = acts
        self.seen: list[Any] = []

    def __call__(self, progress: Progress | SweepProgress) -> None:
        if not self.seen and not progress.paused:
            return  # the tape has not begun
        self.seen.append(progress)
        found = own_run()
        if found is None or not self.acts or not under_way():
            return
        done = self.acts.pop(0)
        try:
            done(found)
        except RunError:  # the tape has ended meanwhile
            self.acts.insert(0, done)
