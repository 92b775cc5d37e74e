"""Facts of the machine that stress measures."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import psutil

from pipeline.checks.stress.result import Machine
from shm.names import LISTING
from shm.processors import usable_processors


@dataclass
class MachineLook:
    """The facts of the machine, from before a stress to its end."""

    before: Machine
    _times: object = field(default_factory=lambda: _processor_times())

    def facts(self) -> Machine:
        """Return the facts, with the share of time that other machines took since the start."""
        return self.before.model_copy(update={"steal": _steal(self._times, _processor_times())})


def machine(root: Path = Path("/")) -> Machine:
    """Return the facts of the machine as they are now, without the steal time."""
    found = usable_processors()
    memory = psutil.virtual_memory()
    shared = shared_free = None
    if LISTING.is_dir():
        sizes = os.statvfs(LISTING)
        shared, shared_free = sizes.f_blocks * sizes.f_frsize, sizes.f_bavail * sizes.f_frsize
    load = None
    with suppress(OSError, AttributeError):
        load = os.getloadavg()[0]
    return Machine(
        model=_model(root),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        ringtape=metadata.version("ringtape"),
        processors=found.machine,
        usable=found.usable,
        limited_by=found.limited_by,
        memory=memory.total,
        memory_available=memory.available,
        shared_memory=shared,
        shared_memory_free=shared_free,
        governor=_first_line(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        steal=None,
        load_before=load,
    )


def _model(root: Path) -> str:
    """Return the name of the processor."""
    with suppress(OSError):
        for line in (root / "proc/cpuinfo").read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _first_line(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text().partition("\n")[0].strip()
    return ""


def _processor_times() -> object:
    return psutil.cpu_times()


def _steal(before: object, after: object) -> float | None:
    """Return the share of the time between two looks that was stolen; None if it is not known."""
    if not hasattr(before, "steal") or not hasattr(after, "steal"):
        return None
    spent = sum(after) - sum(before)  # type: ignore[call-overload]  # tuples of psutil
    stolen: float = after.steal - before.steal
    return max(0.0, stolen / spent) if spent else None
