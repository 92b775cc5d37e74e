"""Steers a live run from outside: gives it a command, and waits until it obeys (`shm.command`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.errors import RingtapeError, RunError
from pipeline.watch.live_runs import COMMAND, LiveRun
from shm.command import NO_MOMENT, Answer, CommandPage, Controller, Stage
from shm.errors import SegmentMismatch, SegmentMissing, Steered
from shm.names import LISTING
from shm.stale import lives

Verb: TypeAlias = Literal["pause", "resume", "step", "speed", "stop"]

#: How long a run has to obey.
PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Steering:
    """How a run has obeyed a command."""

    run_id: str
    #: "run" or "sweep".
    kind: str
    verb: Verb
    #: Whether the run stands still.
    paused: bool
    #: The multiple of real time; 0.0: as fast as it goes.
    speed: float
    #: The close of the last moment that it had handed on when it obeyed, ns UTC; None for none.
    close_ns: int | None
    #: Moments of this command that it has handed on, and those that are left; 0 but for "step".
    steps: int
    steps_left: int
    #: Whether the run is over, or its tape is: nothing is left to steer.
    ended: bool
    #: The share of the tape that every engine has walked, 0 to 1; None if it is not known.
    done: float | None


def steer(run: LiveRun, verb: Verb, amount: float = 1) -> Steering:
    """Give a run a command, and wait at most PATIENCE_SECONDS until it obeys.

    ``amount``: how many moments to "step", or the multiple of real time that "speed" asks for.

    Raises RunError if the run has not obeyed by then (it does once it can), if another process
    steers it at this moment, or if it has ended; RingtapeError if it cannot be steered, as a run in
    one process; ValueError for an amount that is none (`Controller`).
    """
    with ExitStack() as attached:
        try:
            view = attached.enter_context(closing(run.attach()))
            page = attached.enter_context(CommandPage.attach(_page_name(run)))
            given = _Given(run, page)
            controller = attached.enter_context(page.controller())
            given.give(controller, verb, amount)
        except SegmentMissing:
            raise RunError(f"run {run.run_id} has ended") from None
        except SegmentMismatch as error:
            raise RunError(f"run {run.run_id} cannot be steered now: {error}") from None
        except Steered as steered:
            raise RunError(
                f"run {run.run_id} is steered by process {steered.pid} at this moment, and by one"
                " process at a time; try again"
            ) from None
        given.wait()
        return given.outcome(view.about()["done"])


def _page_name(run: LiveRun) -> str:
    """Return the name of the command page of a run or a sweep."""
    if COMMAND not in run.segments and run.is_sweep:
        raise RingtapeError(f"{run.run_id} is a stress, which measures and cannot be steered")
    if COMMAND not in run.segments:
        raise RingtapeError(
            f"run {run.run_id} cannot be steered: it runs in the one process {run.pid}"
        )
    return run.segments[COMMAND]


class _Given:
    """A command that is given to a run, and how far the run obeys it."""

    def __init__(self, run: LiveRun, page: CommandPage) -> None:
        self._run = run
        self._page = page
        self._before = page.answer().steps
        self._deadline = 0.0

    def give(self, controller: Controller, verb: Verb, amount: float) -> None:
        """Write the command."""
        commands: dict[Verb, Callable[[], int]] = {
            "pause": controller.pause,
            "resume": controller.resume,
            "step": lambda: controller.step(int(amount)),
            "speed": lambda: controller.speed(amount),
            "stop": controller.stop,
        }
        self._verb = verb
        self._number = commands[verb]()
        wish = self._page.wish()
        assert wish is not None  # this process has written it
        self._steps = wish.steps
        self._deadline = time.monotonic() + PATIENCE_SECONDS

    def wait(self) -> None:
        """Return when the run has obeyed, or is over; RunError if it has not obeyed in time."""
        while not self._is_over() and not self._has_obeyed(self._page.answer()):
            if time.monotonic() > self._deadline:
                answer = self._page.answer()
                if answer.sequence >= self._number:
                    return
                raise RunError(
                    f"run {self._run.run_id} has not obeyed {self._verb!r} within"
                    f" {PATIENCE_SECONDS:g} s: {self._why_not(answer.stage)}"
                )
            time.sleep(_LOOK_SECONDS)

    def _has_obeyed(self, answer: Answer) -> bool:
        """Whether all is done that was asked for: all steps taken, the run stopped."""
        if answer.sequence < self._number or self._verb == "stop":
            return False
        return self._verb != "step" or answer.steps >= self._steps or answer.stage is Stage.ENDED

    def _why_not(self, stage: Stage) -> str:
        if stage is Stage.BEFORE:
            return "its tape has not begun; it obeys when that begins"
        if stage is Stage.UNDER_WAY:
            return "its coordinator is at work on a slot, or held up; it obeys after that"
        between = "it is between two tapes; it obeys in the next one"
        return between if self._run.is_sweep else "its tape has ended"

    def _is_over(self) -> bool:
        gone = not (LISTING / self._page.name).exists()
        return gone or not lives(self._run.pid)

    def outcome(self, done: float | None) -> Steering:
        """Say what is now."""
        answer, over = self._page.answer(), self._is_over()
        if over and self._verb != "stop" and answer.sequence < self._number:
            raise RunError(f"run {self._run.run_id} has ended")
        stepped = self._verb == "step"
        return Steering(
            run_id=self._run.run_id,
            kind="sweep" if self._run.is_sweep else "run",
            verb=self._verb,
            paused=answer.paused and not over,
            speed=answer.speed,
            close_ns=None if answer.close_ns == NO_MOMENT else answer.close_ns,
            steps=answer.steps - self._before if stepped else 0,
            steps_left=max(0, self._steps - answer.steps) if stepped else 0,
            ended=over or answer.stage is Stage.ENDED,
            done=done,
        )
