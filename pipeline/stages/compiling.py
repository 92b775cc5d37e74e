"""Which code the processes of a run compile, told to a user who waits for it.

Kernels and hooks are compiled once and kept on disk. The first run after an upgrade compiles all
that it needs, which takes ten seconds or more, and every run compiles a hook that was edited.

    member        numba compiles an entry  ->  step, steps begun, steps known of its own cell
    supervisor    the cells of all members ->  "the lane loop (2 of 5)", for the progress line

A step of a member's cell (`shm.control`) is here a piece of compiled code, by its place in PIECES.
An entry that is found on disk is loaded in milliseconds and is no step.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from pipeline.market.indicators.layout import BUILT_IN
from pipeline.native.kernel import Kernel
from pipeline.native.plain import PLAIN
from pipeline.strategy.strategy import HOOKS
from pipeline.tape.slot import Slot, SlotShape
from shm.control import NO_STEP, Member, MemberSnapshot

_LOOKBACK = {
    "pipeline.tape.lookback:_carry": "the lookback",
    "pipeline.tape.lookback:_keep": "the lookback",
}
#: What every coordinator needs: the place of each entry, as module:function, and its words.
COORDINATION = {
    "pipeline.market.quality:_expected": "the expected bars",
    "pipeline.market.bars:assign_sessions": "the sessions of bars",
    **_LOOKBACK,
}
#: What every data processor needs.
PROCESSING = _LOOKBACK
_BESIDE_THE_LOOP = {
    "pipeline.strategy.compiled.operations:operate": "the orders",
    "pipeline.results.tally:absorb_at": "the results",
    "pipeline.tape.schedule:_read": "the schedule of a slot",
}
#: What every analysis engine needs.
ANALYSIS = {"pipeline.lane.slot_view:begin_slot": "the view of a slot", **_BESIDE_THE_LOOP}
#: What some of them need, depending on the configuration and the strategies.
_AT_TIMES = {
    "pipeline.market.indicators.table:compute_plan": "the indicators",
    **{f"pipeline.market.indicators.kinds:compute_{kind}": "the indicators" for kind in BUILT_IN},
    "pipeline.stages.processor:_derive_table": "the longer bars",
    "pipeline.stages.processor:_grade_table": "the quality of bars",
    "pipeline.strategy.compiled.hooks:do_nothing": "the hooks",
    "pipeline.lane.walk:walk_slot": "the lane loop",
    "pipeline.lane.group:walk_group": "the lane loop",
    "pipeline.lane.moment:open_moment": "the lane loop",
    "pipeline.lane.moment:fill_at_close": "the lane loop",
    "pipeline.lane.walk:end_walk": "the lane loop",
    "pipeline.lane.hook_calls:load_bars": "the lane loop",
    "pipeline.lane.session_turn:open_session": "the sessions of a lane",
    "pipeline.lane.session_turn:close_session": "the sessions of a lane",
    "pipeline.execution.account:empty_outbox_at": "the account",
    "pipeline.execution.lots:report_open_at": "the account",
    "pipeline.execution.book:end_moment_at": "the account",
}
_ENTRIES = {**COORDINATION, **PROCESSING, **ANALYSIS, **_AT_TIMES}
_PLACES = tuple(_ENTRIES)
#: The words of every step.
PIECES = (
    *_ENTRIES.values(),
    *(f"the hook {name}" for name in HOOKS),
    "a function of your own",
    "a kernel",
)
_HOOK = len(_ENTRIES)
_OWN, _OTHER = _HOOK + len(HOOKS), _HOOK + len(HOOKS) + 1
#: The name of a module in which `strategy.compiled.hooks` compiles a user's function begins so, and
#: ends with an underscore and a key of 32 digits.
_OF_A_USER, _KEY_LENGTH = "ringtape_hooks_", 33


@contextmanager
def telling(member: Member, needed: Iterable[str]) -> Iterator[None]:
    """Have this process write into its cell what it compiles, while the block lasts.

    ``needed``: places of entries that it needs whatever happens, so that others see how many are
    to be compiled. Without the compiler (`native.plain`) nothing is written.
    """
    if PLAIN:
        yield
        return
    from numba.core import event

    class Telling(event.Listener):  # type: ignore[misc]  # numba is untyped
        """Follows the outermost of the functions that are being compiled."""

        depth = 0
        known: int | None = None

        def on_start(self, started: Any) -> None:
            self.depth += 1
            if self.depth == 1:
                if self.known is None:
                    self.known = _missing(needed)
                member.prepare(step_of(started.data["dispatcher"].py_func), self.known)

        def on_end(self, ended: Any) -> None:
            self.depth -= 1
            if self.depth == 0:
                member.prepare(NO_STEP)

    with event.install_listener("numba:compile", Telling()):
        yield


def compile_lane_loop() -> None:
    """Compile the lane loop, or load it from disk.

    It takes as long as all else that the processes of a run compile. So an engine does it, and
    first, and others step aside and relieve it of the rest. What takes up a slot comes before,
    because it has parts that the lane loop has, too.
    """
    if PLAIN:
        return
    from pipeline.lane.slot_view import begin_slot
    from pipeline.lane.walk import walk_slot
    from pipeline.native.kernel import called_with_integers

    for kernel in (begin_slot, walk_slot):
        called_with_integers(kernel)


def relieve_engines(slot: Slot, shape: SlotShape) -> None:
    """Compile what engines need beside the lane loop, if it is not on disk.

    An engine that comes to it meanwhile waits, and finds it there. ``slot``: empty, and as engines
    have it, read-only.
    """
    if PLAIN or not _missing(_BESIDE_THE_LOOP):
        return
    from pipeline.lane.lane import Lane
    from pipeline.lane.slot_view import SlotView
    from pipeline.results.recorder import Recorder
    from pipeline.strategy.compiled import operations
    from pipeline.tape.schedule import Schedule

    operations.entry()
    Recorder.warm_up()
    Lane.warm_up()
    SlotView(slot, shape, Schedule(shape)).read()


def load_kept() -> None:
    """Load the machine code of all kernels that is on disk, for the processes that this one forks.

    The runs before needed it. What is compiled for one strategy is not loaded.
    """
    for place in _ENTRIES:
        found = _entry_at(place)
        if isinstance(found, Kernel):
            with suppress(OSError):  # a process that needs the kernel comes to it again
                found.entry.load()


def step_of(function: Any) -> int:
    """Return the step that compiles a function, ours or a user's."""
    module, name = function.__module__, function.__qualname__
    if module.startswith(_OF_A_USER):
        stem = module[:-_KEY_LENGTH]
        return next((_HOOK + i for i, hook in enumerate(HOOKS) if stem.endswith(f"_{hook}")), _OWN)
    place = f"{module}:{name}"
    if place in _ENTRIES:
        return _PLACES.index(place)
    return _OTHER if module.startswith("pipeline.") else _OWN


def words(members: Sequence[MemberSnapshot]) -> str:
    """Say what the members of a run compile, as "the lane loop (2 of 5)"; "" for nothing.

    The number is that of the pieces begun so far, of those known to be needed and not on disk. Of
    members that compile at the same time the last one's piece is named: an engine's, if there is
    one.
    """
    steps = [member.step for member in members if member.step != NO_STEP]
    if not steps:
        return ""
    begun = known = 0
    for member in members:
        begun |= member.steps_begun
        known |= member.steps_begun | member.steps_known
    return f"{PIECES[steps[-1]]} ({begun.bit_count()} of {known.bit_count()})"


def _missing(needed: Iterable[str]) -> int:
    """Return the steps, as bits, of those entries of which no code is on disk."""
    from pipeline.native.kept_code import KeptCode

    missing = 0
    for place in needed:
        found = _entry_at(place)
        if KeptCode(getattr(found, "py_func", found)).is_empty():
            missing |= 1 << _PLACES.index(place)
    return missing


def _entry_at(place: str) -> Any:
    """Return the kernel, or the function that is compiled, of which there are words."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
