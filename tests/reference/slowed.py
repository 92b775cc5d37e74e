"""Jobs that take longer: each slot is held for a while before it is handed on."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.runner.work import Work
from pipeline.tape.slot import ROWS


@dataclass(frozen=True)
class Slowed:
    """A job that sleeps before it hands a slot on: seconds for each slot and for each bar in it."""

    job: Any
    per_slot: float = 0.0
    per_bar: float = 0.0

    def turns(self, station: Any, place: Any, member: Any) -> Any:
        """Do the job at a slowed station."""
        return self.job.turns(_Station(station, self, place.ring), place, member)


class _Station:
    """A station that sleeps before it hands a slot on."""

    def __init__(self, station: Any, slowed: Slowed, ring: Any) -> None:
        self._station, self._slowed, self._ring = station, slowed, ring
        self._index = 0

    def take(self, timeout: float | None = None) -> int:
        self._index = self._station.take(timeout)
        return self._index

    def claim(self, timeout: float | None = None) -> int:
        self._index = self._station.claim(timeout)
        return self._index

    def release(self) -> None:
        self._sleep()
        self._station.release()

    def publish(self) -> None:
        self._sleep()
        self._station.publish()

    def _sleep(self) -> None:
        header = np.frombuffer(self._ring.slot(self._index)[:64], np.int64)
        time.sleep(self._slowed.per_slot + self._slowed.per_bar * int(header[ROWS]))


@dataclass(frozen=True)
class Slowing:
    """Slows the jobs of a run; what a `stress.rig.Rig` does to its jobs.

    The time of a bar is shared by the processes of a stage, as their work is.
    """

    decode: float = 0.0
    derive: float = 0.0
    engine: float = 0.0
    #: Whether the seconds are those of a bar, not of a slot.
    by_bar: bool = False

    def __call__(self, work: Work) -> Work:
        """Return the jobs, slowed."""
        return replace(
            work,
            coordination=self._slowed(work.coordination, self.decode, 1),
            processing=[
                self._slowed(job, self.derive, len(work.processing)) for job in work.processing
            ],
            analysis=[self._slowed(job, self.engine, 1) for job in work.analysis],
        )

    def _slowed(self, job: Any, seconds: float, shared_by: int) -> Any:
        if self.by_bar:
            return Slowed(job, per_bar=seconds / shared_by)
        return Slowed(job, per_slot=seconds)
