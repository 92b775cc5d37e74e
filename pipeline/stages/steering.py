"""How the coordinator obeys somebody who steers the run from outside (`shm.command`).

::

    claim a slot      looks at the page while it waits for room
    hold              stands still while the run is paused
    cut the tape      one moment, if the run is paused (a step) or a clock sets the pace
    pace              waits for the clock, which stands still while the run is paused
    hand on           counts a step; the answer says how far the tape is

Where the cuts lie and when slots are handed on changes no result, so no command does.
"""

import time
from collections.abc import Callable

from pipeline.tape.clock import Clock
from shm.command import NO_MOMENT, Answer, CommandPage, Stage, Wish
from shm.errors import WaitTimeout
from shm.ring import Producer

#: How often the page is looked at during a wait.
_SLICE_SECONDS = 0.05


class Steering:
    """What the coordinator does between two slots; without a ``page`` only a clock sets its pace.

    ``speed``: that of the run's settings. ``check`` is called about every 50 ms of a wait, gives
    the process's sign of life, and may raise to end the wait.
    """

    def __init__(self, page: CommandPage | None, speed: float, check: Callable[[], None]) -> None:
        self._page = page
        self._check = check
        self._speed = speed
        self._clock = Clock(speed) if speed > 0 else None
        #: For how many ns the tape stood still.
        self.stood_ns = 0
        self._seen = 0  # the version of the wish that was obeyed
        self._command = self._obeyed_before = 0
        self._paused = self._stopped = False
        self._granted = self._taken = 0
        self._close = NO_MOMENT

    @property
    def paced(self) -> bool:
        """Whether a clock sets the pace."""
        return self._clock is not None

    @property
    def by_moment(self) -> bool:
        """Whether the next slot holds one moment."""
        return self._paused or self._clock is not None

    @property
    def commands(self) -> int:
        """How many commands were obeyed during this tape."""
        return self._command - self._obeyed_before

    def begin(self) -> None:
        """Begin a tape, steered as the page says by now."""
        if self._page is not None:
            before = self._page.answer()
            self._taken = before.steps
            self._command = self._obeyed_before = before.sequence
            self._look()
            self._tell(Stage.UNDER_WAY)

    def claim(self, producer: Producer) -> int:
        """Claim the next slot. Raises what `Producer.claim` raises, but for a timeout."""
        if self._page is None:
            return producer.claim()
        while True:
            try:
                return producer.claim(_SLICE_SECONDS)
            except WaitTimeout:
                self._look()

    def hold(self) -> bool:
        """Return when the run may hand on another slot, and whether there was a wait for that."""
        self._look()
        if not self._stands:
            return False
        began = time.monotonic_ns()
        before, shown = self._clock, self._clock.now() if self._clock is not None else 0
        while self._stands:
            self._check()
            if not self._look():
                time.sleep(_SLICE_SECONDS)
        if self._clock is not None:  # it has gone on meanwhile, or is another one
            self._clock.show(shown if self._clock is before else self._close)
        self.stood_ns += time.monotonic_ns() - began
        return True

    def pace(self, opens: int, close: int) -> None:
        """Return when the clock shows ``close``, that of the next moment, or a step asks for it.

        ``opens``: the open of that moment's session, ns UTC. Closed hours take no time.
        """
        if self._clock is not None and self._close <= opens:
            self._clock.show(opens)
        while self._clock is not None and not self._paused:
            left = self._clock.seconds_until(close)
            if left <= 0:
                return
            self._check()
            time.sleep(min(left, _SLICE_SECONDS))
            self.hold()

    def handed_on(self, close: int) -> None:
        """Note that all moments up to ``close`` have been handed on."""
        self._close = close
        if self._paused:
            self._taken += 1
            if self._clock is not None:
                self._clock.show(close)
            self._tell(Stage.UNDER_WAY)

    def end(self) -> None:
        """End the tape."""
        if self._page is not None:
            self._paused = False
            self._tell(Stage.ENDED)

    @property
    def _stands(self) -> bool:
        return self._stopped or (self._paused and self._taken >= self._granted)

    def _look(self) -> bool:
        """Obey the wish if it is another one than before; return whether it was."""
        if self._page is None:
            return False
        version = self._page.version
        if version == self._seen or version % 2:
            return False
        wish = self._page.wish()
        if wish is None:
            return False
        self._seen = version
        self._obey(wish)
        self._tell(Stage.UNDER_WAY)
        return True

    def _obey(self, wish: Wish) -> None:
        self._command = wish.sequence
        self._paused, self._granted = wish.paused, wish.steps
        self._stopped = wish.stopped_by != 0
        if wish.speed is None or wish.speed == self._speed:
            return
        self._speed = wish.speed
        if not self._speed:
            self._clock = None
        elif self._clock is not None:
            self._clock.go_at(self._speed)
        else:
            self._clock = Clock(self._speed)
            self._clock.show(self._close)

    def _tell(self, stage: Stage) -> None:
        if self._page is not None:
            self._page.write_answer(
                Answer(
                    self._command,
                    self._paused,
                    self._taken,
                    self._speed,
                    self._close,
                    stage,
                )
            )
