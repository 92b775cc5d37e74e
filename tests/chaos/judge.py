"""What must hold after an accident: the right result or a clear error, and nothing left behind."""

import json
import re
import signal
from typing import Any

from pipeline.errors import RingtapeError
from tests.chaos.place import Place, contents_of, lanes_of
from tests.chaos.plan import Plan
from tests.chaos.scene import SUPERVISOR, Scene

#: Exit codes of commands that say why they ended.
_SAID = {1, 2, 129, 130, 143}
#: Python's exit code if it gets no memory even for its last output.
_CANNOT_FLUSH = 120
#: The exit code of the system's loader if it gets no memory for Python, which has not begun then.
_CANNOT_LOAD = 127
_PYTHON_CANNOT_START = ("error evaluating path", "Fatal Python error: init_")
#: How a library that ends a process by itself says that it got no memory.
_LIBRARY_SAYS_WHY = re.compile(r"OpenBLAS error: Memory allocation")
#: What Python, its libraries and the system write when nobody had thought of something.
_RAW = re.compile(
    r"Traceback|Exception ignored|Fatal Python|Error in |terminate called|LLVM ERROR"
    r"|resource_tracker|core dumped|UserWarning|RuntimeWarning"
)


def results_of(place: Place, plan: Plan, output: str) -> Any:
    """What a command came to that ended well."""
    if plan.action == "run":
        return json.loads(output)["digest"]
    if plan.action == "import":
        return contents_of(place.folder / "target")
    return lanes_of(place.ledger)


def right_results(place: Place, plan: Plan) -> Any:
    """What it must come to."""
    right = json.loads((place.prepared / "right.json").read_text())
    if plan.action == "import":
        return right["import"]
    return right[f"{'run' if plan.action == 'run' else 'sweep'} {plan.market}"]


def faults_of_result(scene: Scene, plan: Plan) -> list[str]:
    """Whether a command that ended with 0 has the right result."""
    try:
        found = results_of(scene.place, plan, scene.output())
    except (RingtapeError, ValueError, KeyError, OSError) as error:
        return [f"exit 0, but its result cannot be read: {error}"]
    right = right_results(scene.place, plan)
    if plan.kind == "memory" and plan.action in ("sweep", "resume"):
        # A set whose process gets no memory fails alone, and the next --resume computes it.
        right = {lane: "failed" if found.get(lane) == "failed" else right[lane] for lane in right}
    return [] if found == right else [f"exit 0 with another result: {found}, right is {right}"]


def faults_of_words(errors: str, code: int | None, plan: Plan, told: str) -> list[str]:
    """Whether what was written is in words, and an error says what it is in its last line."""
    lines = [line for line in errors.splitlines() if line.strip()]
    ours = bool(lines) and lines[-1].startswith("ringtape: ")
    raw = [line for line in lines if _RAW.search(line)]
    if raw and not _may_be_raw(errors, raw, ours or code == 0, plan, told):
        return [f"raw words: {raw[0][:200]!r} and {len(lines)} lines, the last {lines[-1][:200]!r}"]
    says_why = plan.kind == "memory" and lines and _LIBRARY_SAYS_WHY.match(lines[-1])
    if code in _SAID and not ours and not says_why and not _is_silent(plan, told) and not raw:
        return [f"exit {code} without a word of ours: {lines[-1:]}"]
    return []


def _may_be_raw(errors: str, raw: list[str], ended: bool, plan: Plan, told: str) -> bool:
    """Whether the words of others are all that there can be.

    A process that gets no memory or may open no file before a line of ours has run speaks as Python
    does. If it is a member, the command must still end with words of ours, or well. So does the
    tracker of a supervisor that was killed.
    """
    if any(words in line for line in raw for words in _PYTHON_CANNOT_START):
        return True
    if plan.kind == "orphan":
        return all("leaked" in line or "resource_tracker" in line for line in raw)
    if plan.kind not in ("memory", "limit"):
        return False
    return ended if SUPERVISOR not in told else ", in main\n" not in errors


def _is_silent(plan: Plan, told: str) -> bool:
    """Whether the command may not even write its error into a file."""
    return plan.kind == "limit" and "may write 0 bytes" in told and SUPERVISOR in told


def faults_of_code(code: int | None, plan: Plan, told: str) -> list[str]:
    """Whether the exit code is one that this accident may have."""
    if code is None:
        return ["the command hangs"]
    allowed = {0, 1, 2}
    if plan.kind == "clock" or (plan.kind == "stop" and "held_up_seconds" not in plan.pipeline):
        allowed = {0}
    if plan.kind == "signal":
        number = signal.Signals[told.split()[0]]
        allowed = {0, 1, 128 + number, -number}  # which it is before the command listens
    if plan.kind == "orphan":
        allowed = {0, -signal.SIGKILL}
    if plan.kind == "memory" and SUPERVISOR in told:  # a library in C++ ends a process without any
        allowed |= {-signal.SIGABRT, -signal.SIGSEGV, _CANNOT_FLUSH, _CANNOT_LOAD}
    return [] if code in allowed else [f"exit {code}, allowed are {sorted(allowed)}"]


def faults_of_folders(place: Place, plan: Plan) -> list[str]:
    """Whether each folder of a run is complete, or says that it is not."""
    out = place.folder / "out"
    found = []
    for folder in sorted(out.iterdir()) if out.is_dir() else ():
        if folder == place.ledger or not folder.is_dir() or (folder / "PARTIAL").exists():
            continue
        try:
            summary = json.loads((folder / "summary.json").read_text())
        except (OSError, ValueError) as error:
            found.append(f"{folder.name} is not marked as partial, and has no summary: {error}")
            continue
        if plan.action == "run" and summary["digest"] != right_results(place, plan):
            found.append(f"{folder.name} is not marked as partial, and has another digest")
        parts = [path.name for path in folder.rglob("*.part")]
        if parts:
            found.append(f"{folder.name} is complete, and has {parts}")
    return found


def faults_of_catalog(place: Place) -> list[str]:
    """Whether a catalog into which an import was cut short is as before or as after it."""
    right = json.loads((place.prepared / "right.json").read_text())
    try:
        found = contents_of(place.folder / "target")
    except RingtapeError as error:
        return [f"the catalog cannot be read after the import: {error}"]
    whole = found in (right["import"], right["import before"])
    return [] if whole else [f"the catalog is neither as before nor as after the import: {found}"]
