"""What the control groups of this process leave it: memory and processors.

A container, a batch system or systemd limits a process by the group that it is in, and by every
group above that one. Linux has two versions of groups, and may have both at once::

    version 1    a tree of groups for each controller, such as /sys/fs/cgroup/memory
    version 2    one tree of groups, mostly at /sys/fs/cgroup, with files for all controllers

A container may see its own group as the root of the tree. On other systems there are no groups.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: The folder that holds proc and the mount points; tests have one of their own.
_ROOT = Path("/")
#: Where version 2 is looked for besides its mount points.
_USUAL = "/sys/fs/cgroup"


class _Tree(NamedTuple):
    """A mounted tree of groups."""

    version: int
    #: The group that is its root, as /proc/self/cgroup writes groups.
    root: str
    #: Where it is mounted.
    mounted: str


def memory_left() -> int | None:
    """Return the bytes that the groups leave to their processes; None without any limit.

    It is the least that a group on the way up has left, 0 if one has more than its limit. File
    cache counts as free.
    """
    left = [_left(version, group) for version, group in _groups("memory")]
    least = min((one for one in left if one is not None), default=None)
    return None if least is None else max(0, least)


def processor_quota() -> float | None:
    """Return the processors' time that the groups allow, in processors; None without any limit."""
    found = [_quota(version, group) for version, group in _groups("cpu")]
    return min((one for one in found if one is not None), default=None)


def _left(version: int, group: Path) -> int | None:
    """Return the bytes that one group has left, which may be below zero; None without a limit."""
    limit, used, prefix = {
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
        2: ("memory.max", "memory.current", ""),
    }[version]
    try:
        most = (group / limit).read_text().strip()
        if most == "max":
            return None
        taken = int((group / used).read_text())
        lines = (group / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):
        return None
    stat = dict(line.split(maxsplit=1) for line in lines)
    cache = (int(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("inactive", "active"))
    return int(most) - taken + sum(cache)


def _quota(version: int, group: Path) -> float | None:
    """Return how many processors one group may keep busy; None without a limit."""
    try:
        if version == 2:
            quota, period = (group / "cpu.max").read_text().split()
        else:
            quota, period = (
                (group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
    except (OSError, ValueError):
        return None
    return None if quota == "max" or int(quota) < 0 else int(quota) / int(period)


def _groups(controller: str) -> Iterator[tuple[int, Path]]:
    """Yield version and folder of this process's groups, each before the one above it."""
    own = _own_groups(controller)
    for tree in _trees(controller):
        path = own.get(tree.version, "/")
        inside = path.startswith(f"{tree.root.rstrip('/')}/")
        below = path[len(tree.root.rstrip("/")) :].strip("/") if inside else ""
        names = [name for name in below.split("/") if name]
        if ".." in names:  # a group outside of what this process sees
            names = []
        for depth in range(len(names), -1, -1):
            yield tree.version, _ROOT.joinpath(tree.mounted.lstrip("/"), *names[:depth])


def _own_groups(controller: str) -> dict[int, str]:
    """Return this process's group of a controller by version, as its tree has it."""
    found = {}
    for line in _lines("proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            found[1] = path
        elif number == "0" and not controllers:
            found[2] = path
    return found


def _trees(controller: str) -> list[_Tree]:
    """Return the trees in which a controller's limits may be found."""
    found = []
    for line in _lines("proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        root, mounted = (_unescaped(word) for word in before.split()[3:5])
        kind, _, options = after.split(maxsplit=2)
        if kind == "cgroup" and controller in options.split(","):
            found.append(_Tree(1, root, mounted))
        elif kind == "cgroup2":
            found.append(_Tree(2, root, mounted))
    if all(tree.mounted != _USUAL for tree in found):
        found.append(_Tree(2, "/", _USUAL))
    return found


def _unescaped(word: str) -> str:
    """Return a word of a list of mounts, in which spaces and the like are octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), word)


def _lines(path: str) -> list[str]:
    try:
        return (_ROOT / path).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
