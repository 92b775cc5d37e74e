"""The accidents of the chaos run. Each takes a command under way and says what it did to it.

An accident that finds nothing to hit, because the command is over or has no such process yet,
returns None; the round does not count then. `prepare_for` does what must be done before the
command starts, and `undo` what must be done before the next one.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from shm.names import LISTING
from tests.chaos import clock
from tests.chaos.place import Place, write_configuration
from tests.chaos.plan import Plan
from tests.chaos.scene import Scene

Accident = Callable[[Scene, Plan, random.Random], str | None]

_DAY = 86_400.0
#: Folders of a round that can be on a disk of their own.
_DISKS = ("out", "tmp", "cache", "target")


class CannotBeMadeError(Exception):
    """This machine does not allow the accident."""


def _clock(scene: Scene, plan: Plan, rng: random.Random) -> str:
    seconds = rng.choice((-1, 1)) * rng.choice((0.5, 5.0, 3600.0, _DAY, 400 * _DAY))
    clock.set_wrong(scene.place.folder / "clock", seconds)
    return f"clock set by {seconds:+g} s"


def _cut(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    folder = scene.place.folder
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and path.parent != folder / "tmp"
        and path.suffix not in (".out", ".err")
        and path.name != "clock"
    ]
    groups = sorted({path.relative_to(folder).parts[0] for path in files})
    group = rng.choice(groups)
    path = rng.choice([one for one in files if one.relative_to(folder).parts[0] == group])
    try:
        size = path.stat().st_size
        how = rng.choice(("cut", "emptied", "flipped"))
        if how == "flipped" and size:
            at = rng.randrange(size)
            with path.open("r+b") as file:
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 1 << rng.randrange(8)]))
        else:
            at = 0 if how == "emptied" else rng.randrange(size + 1)
            os.truncate(path, at)
    except FileNotFoundError:  # the command was quicker
        return None
    return f"{path.relative_to(folder)} of {size} bytes {how} at {at}"


def _fill(folder: Path) -> None:
    """Fill a disk to its last byte."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


def _disk(scene: Scene, plan: Plan, rng: random.Random) -> str:
    folder = scene.place.folder / _disk_of(plan)
    _fill(folder)
    return f"disk of {folder.name} filled"


def _disk_of(plan: Plan) -> str:
    return random.Random(f"{plan.seed}/{plan.number}/disk").choice(
        _DISKS if plan.action == "import" else _DISKS[:3]
    )


def _kill(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    victims = scene.processes(others=True)
    if not victims:
        return None
    chosen = rng.sample(victims, min(len(victims), rng.choice((1, 1, 1, 2, 9))))
    return _sent(scene, chosen, signal.SIGKILL)


def _orphan(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    supervisor = psutil.Process(scene.process.pid)
    victims = [supervisor] if rng.random() < 0.7 else scene.processes()
    return _sent(scene, victims, signal.SIGKILL)


def _signal(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    number = rng.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    whom = rng.choice(("group", "supervisor", "supervisor", "member"))
    times = rng.choice((1, 1, 2))
    told = None
    for again in range(times):
        if again:
            time.sleep(rng.uniform(0.0, 0.3))
        if whom == "group":
            try:
                os.killpg(scene.process.pid, number)
            except ProcessLookupError:
                break
            told = f"{signal.Signals(number).name} to the group x {again + 1}"
            continue
        victims = scene.processes(others=True) if whom == "member" else []
        victims = victims or [psutil.Process(scene.process.pid)]
        done = _sent(scene, [rng.choice(victims)], number)
        told = f"{done} x {again + 1}" if done else told
    return told


def _stop(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    victims = scene.processes(others=True)
    supervisor = psutil.Process(scene.process.pid)
    for_ever = "held_up_seconds" in plan.pipeline and bool(victims)
    victims = victims if for_ever else [*victims, supervisor]
    chosen = rng.choice(victims)
    told = _sent(scene, [chosen], signal.SIGSTOP)
    if told is None or for_ever:
        return told and f"{told} for ever"
    seconds = rng.uniform(0.1, 2.5)
    time.sleep(seconds)
    _sent(scene, [chosen], signal.SIGCONT)
    return f"{told} for {seconds:.1f} s"


def _memory(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    how = rng.choice(("shared", "address space", "data"))
    if how == "shared" and LISTING.is_dir():
        _fill(LISTING)
        return "shared memory filled"
    victim = rng.choice(scene.processes())
    info = victim.memory_info()
    room = rng.choice((0, 1 << 20, 16 << 20))
    number = resource.RLIMIT_DATA if how == "data" else resource.RLIMIT_AS
    most = (info.data if how == "data" else info.vms) + room
    resource.prlimit(victim.pid, number, (most, most))
    return f"{how} of {scene.described(victim)} limited to {room >> 20} MiB more"


def _limit(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    victim = rng.choice(scene.processes())
    if rng.random() < 0.6:
        most = victim.num_fds() + rng.choice((0, 0, 1, 3))
        resource.prlimit(victim.pid, resource.RLIMIT_NOFILE, (most, most))
        return f"{scene.described(victim)} may open {most} files"
    most = rng.choice((0, 4096, 65536))
    resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (most, most))
    return f"{scene.described(victim)} may write {most} bytes"


def _remove(scene: Scene, plan: Plan, rng: random.Random) -> str | None:
    folder = scene.place.folder
    name = rng.choice(("out", "tmp", "cache", "catalog", "csv", "one file"))
    if name != "one file":
        shutil.rmtree(folder / name, ignore_errors=True)
        return f"{name} removed"
    found = [one for one in sorted(folder.rglob("*")) if one.is_file() and one.parent != folder]
    chosen = rng.choice(found)
    chosen.unlink(missing_ok=True)
    return f"{chosen.relative_to(folder)} removed"


_ACCIDENTS: dict[str, Accident] = {
    "clock": _clock,
    "cut": _cut,
    "disk": _disk,
    "kill": _kill,
    "limit": _limit,
    "memory": _memory,
    "orphan": _orphan,
    "remove": _remove,
    "signal": _signal,
    "stop": _stop,
}


def prepare_for(place: Place, plan: Plan, own_memory: bool) -> dict[str, str]:
    """Do what the accident needs before the command starts; return variables of the command.

    Raises `CannotBeMadeError`. `own_memory`: no other run of this machine uses the shared memory.
    """
    if plan.kind == "clock":
        library = place.prepared / "clock.so"
        if not library.exists():
            raise CannotBeMadeError("needs a C compiler to show another clock")
        return clock.variables(library, place.folder / "clock")
    if plan.kind == "memory" and not own_memory:
        raise CannotBeMadeError("needs a name space in which to fill shared memory")
    if plan.kind == "disk":
        folder = place.folder / _disk_of(plan)
        folder.mkdir(exist_ok=True)
        kept = place.folder / "kept"
        shutil.copytree(folder, kept)
        options = ["-t", "tmpfs", "-o", "size=24m", "none", str(folder)]
        done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotBeMadeError(f"needs to mount a disk: {done.stderr.strip()}")
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        shutil.rmtree(kept)
    return {}


def strike(scene: Scene, plan: Plan) -> str | None:
    """Make the accident of a round; None if there was nothing to hit."""
    try:
        return _ACCIDENTS[plan.kind](scene, plan, plan.rng)
    except (psutil.Error, ProcessLookupError):  # a process ended meanwhile
        return None


def undo(scene: Scene, plan: Plan) -> None:
    """Take back what would be in the way of the next command."""
    place = scene.place
    for folder in (*(place.folder / name for name in _DISKS), LISTING):
        (folder / "filler").unlink(missing_ok=True)
    place.restore()
    write_configuration(place, plan)


def clear_away(place: Place) -> None:
    """Remove the folder of a round, and the disk in it."""
    for name in _DISKS:
        if (place.folder / name).is_mount():
            subprocess.run(["umount", "--lazy", str(place.folder / name)], check=True)
    shutil.rmtree(place.folder)


def _sent(scene: Scene, victims: list[psutil.Process], number: signal.Signals) -> str | None:
    """Send a signal to processes; say to which, None if all were gone."""
    told = []
    for one in victims:
        words = scene.described(one)
        try:
            one.send_signal(number)
            told.append(words)
        except psutil.NoSuchProcess:
            continue
    return f"{number.name} to {', '.join(told)}" if told else None
