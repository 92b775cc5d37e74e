"""A run in one process: the jobs of all members, done in turn by the process that asks for the run.

::

    coordinator   publishes a slot  |
    processors    fill it           |  one round; then the next slot
    engines       walk it           |

The jobs, the ring, the edges and the control page are those of a run in many processes. Each wait
finds its token, because the member before has had its turn. So `breakpoint()` in a hook stops with
the terminal at hand, an editor's debugger steps into it, and coverage sees its lines.
"""

import os
import sys
import time
from bdb import BdbQuit
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from pipeline.errors import HookError
from pipeline.runner.crew import TICK_SECONDS, Crew
from shm.control import RunState
from shm.errors import ViewsInUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.stages.facts import MemberFacts, RunFacts
    from pipeline.stages.member import Turns
    from shm.stats import StatsBlock


@contextmanager
def _kept() -> "Iterator[None]":
    """Have the streams and the working directory of before the block after it.

    A hook may have changed them, which ends with its process in other runs.
    """
    streams, directory = (sys.stdout, sys.stderr), Path.cwd()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        os.chdir(directory)


class InlineCrew(Crew):
    """A crew whose members are all this process."""

    in_processes = False

    _turns: "dict[int, Turns[Any]]"

    @override
    def __enter__(self) -> Self:
        self._turns = {}
        return super().__enter__()

    @override
    def _memory_of_members(self) -> int:
        """Return 0: the members have no processes of their own."""
        return 0

    @override
    def start(self, tick: "Callable[[StatsBlock], None]") -> None:
        for index, job in enumerate(self._work.jobs):
            member = self.control.member(index)
            member.join()
            self._turns[index] = job.turns(self._stations[index], self._place(index, None), member)

    @override
    def watch(self, tick: "Callable[[StatsBlock], None]", lose: Any = None) -> "RunFacts":
        """Take the turns of all members until the tape has ended; return what they have found.

        Calls ``tick`` between two rounds, at most ten times a second. An error of a member is
        raised as it is. To quit the debugger in a hook is KeyboardInterrupt.
        """
        from pipeline.stages.member import fork_refused

        ticked = 0.0
        with fork_refused(), _kept():
            # The coordinator waits at its first turn for all others to be ready.
            for index in reversed(self._turns):
                self._take_turn(index)
            while self._turns:
                for index in list(self._turns):
                    self._take_turn(index)
                if time.monotonic() - ticked >= TICK_SECONDS:
                    self._note_tape()
                    tick(self.stats)
                    ticked = time.monotonic()
        for index in range(len(self.roles)):
            self.control.member(index).note_exit("done")
        tick(self.stats)
        self.control.set_state(RunState.DONE)
        return self._all_facts()

    def _take_turn(self, index: int) -> None:
        try:
            next(self._turns[index])
        except StopIteration as end:
            facts: MemberFacts = end.value
            self._facts[index] = facts
            del self._turns[index]
        except HookError as error:
            if isinstance(error.__cause__, BdbQuit):
                raise KeyboardInterrupt from None
            raise

    @override
    def __exit__(self, *error: Any) -> None:
        for turns in self._turns.values():
            turns.close()
        self._turns.clear()
        # An error's traceback, and a strategy that keeps a window, may still see the ring. Its name
        # is removed, and its memory goes with the last view.
        with suppress(ViewsInUse):
            super().__exit__(*error)
