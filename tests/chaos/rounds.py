"""One round: a command, an accident, and the same command once more."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import judge
from tests.chaos.accidents import CannotBeMadeError, clear_away, prepare_for, strike, undo
from tests.chaos.place import command, place_of
from tests.chaos.plan import Plan
from tests.chaos.scene import Scene, await_that, entries, names_in_memory, start

#: Seconds that commands take without an accident, about: by action, and more for a "spawn".
_SECONDS = {"run": 1.0, "sweep": 2.5, "resume": 2.5, "import": 0.7}
_SPAWNED, _COMPILED, _INTERPRETED, _EMPTY = 1.5, 1.0, 0.3, 12.0


@dataclass
class Round:
    """What came of a round. `told` is what the accident did, None if it found nothing to hit."""

    number: int
    kind: str
    action: str
    told: str | None = None
    skipped: str = ""
    code: int | None = None
    #: From the accident to the end of the command, and from there to that of its processes.
    seconds: float = 0.0
    settled: float = 0.0
    last: str = ""
    faults: list[str] = field(default_factory=list)


def play(prepared: Path, folder: Path, plan: Plan, own_memory: bool) -> Round:
    """Play one round; its folder is kept if something is wrong."""
    outcome = Round(plan.number, plan.kind, plan.action)
    place = place_of(prepared, folder, plan)
    try:
        more = prepare_for(place, plan, own_memory)
    except CannotBeMadeError as error:
        outcome.skipped = str(error)
        clear_away(place)
        return outcome
    scene = start(place, "first", command(plan), **more)
    try:
        _disturb(scene, plan, outcome)
        _judge(scene, plan, outcome, own_memory)
    finally:
        scene.kill()
    undo(scene, plan)
    _again(scene, plan, outcome, own_memory)
    if not outcome.faults:
        clear_away(place)
    return outcome


def expected_seconds(plan: Plan) -> float:
    """About how long the command of a round takes without an accident."""
    found = _SECONDS[plan.action]
    if plan.action == "import":
        return found
    if plan.pipeline["start_method"] == "spawn":
        found += _SPAWNED
    if plan.fresh and plan.mode == "compiled":
        found += _COMPILED
    return found + (_INTERPRETED if plan.mode == "interpreted" else 0) + _EMPTY * plan.empty


def _disturb(scene: Scene, plan: Plan, outcome: Round) -> None:
    """Wait for the moment, make the accident, and wait for the end of the command."""
    moment = plan.moment * expected_seconds(plan)
    await_that(lambda: scene.over or time.monotonic() - scene.began >= moment, moment + 60)
    if not scene.over:
        outcome.told = strike(scene, plan)
    struck = time.monotonic()
    outcome.code = scene.end()
    outcome.seconds = time.monotonic() - struck
    lines = scene.errors().splitlines()
    outcome.last = lines[-1] if lines else ""


def _judge(scene: Scene, plan: Plan, outcome: Round, own_memory: bool) -> None:
    """Add what is wrong with how a command ended that an accident met."""
    faults, code, told = outcome.faults, outcome.code, outcome.told or ""
    outcome.settled, alive = scene.settle()
    if alive:
        faults.append(f"still alive: {alive}")
    faults += judge.faults_of_words(scene.errors(), code, plan, told)
    faults += judge.faults_of_code(code, plan, told) if told else []
    spoilt = told.startswith(("csv", "config.json", "strategies.py"))
    if code == 0 and not spoilt:
        faults += judge.faults_of_result(scene, plan)
    if plan.kind not in ("cut", "remove"):
        faults += judge.faults_of_folders(scene.place, plan)
        faults += judge.faults_of_catalog(scene.place) if plan.action == "import" else []
    killed = code is not None and code < 0
    # Without memory no folder can be listed, so that the next start removes it.
    starved = plan.kind == "memory" and judge.SUPERVISOR in told
    if not killed and not starved:
        faults += _left(scene, own_memory)


def _again(before: Scene, plan: Plan, outcome: Round, own_memory: bool) -> None:
    """Do the same once more without an accident, and add what is wrong then."""
    place, told = before.place, outcome.told or ""
    scene = start(place, "next", command(plan))
    try:
        code = scene.end()
        if code in (1, 2) and told.startswith(("out/ledger", "target")):  # and says so
            outcome.faults += judge.faults_of_words(scene.errors(), code, plan, "")
            return
        if code:
            outcome.faults.append(f"the next command ended with {code}: {scene.errors()[-300:]!r}")
            return
        faults = judge.faults_of_result(scene, plan) + judge.faults_of_words(
            scene.errors(), code, plan, ""
        )
        alive = scene.settle()[1]
        faults += [f"still alive: {alive}"] if alive else []
        faults += _left(scene, own_memory)
        outcome.faults += [f"the next command: {fault}" for fault in faults]
    finally:
        scene.kill()


def _left(scene: Scene, own_memory: bool) -> list[str]:
    """What a command has left in shared memory and in the temporary directory."""
    names = names_in_memory(own_memory, scene.process.pid)
    found = [f"left in shared memory: {names}"] if names else []
    folder = scene.place.folder / "tmp"
    files = [one for one in entries(folder) if one != "filler" and not _is_trial(folder / one)]
    return found + ([f"left in the temporary directory: {files}"] if files else [])


def _is_trial(path: Path) -> bool:
    """Whether this is the file with which Python tries a temporary directory.

    Each Python process makes it for a moment. One that is killed then leaves it behind.
    """
    named = re.fullmatch(r"[a-z0-9_]{8}", path.name) is not None
    return named and path.is_file() and path.read_bytes() in (b"", b"blat")
