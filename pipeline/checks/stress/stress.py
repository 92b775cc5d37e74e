"""One stress of this machine, from a configuration to its result.

::

    closed       as fast as it goes: scaling, the best setting, what loads cost
    open         bars offered at some rates: how long they wait
    breakpoint   the highest rate that holds
    soak         a long run at 70 % of it: what grows
    faults       each role stopped and killed: what the run says

A phase that needs what another one finds runs with a first try of it, if that one is not asked for.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pipeline.checks.stress.breakpoint import find_knee
from pipeline.checks.stress.closed_loop import closed_loop, plan_of
from pipeline.checks.stress.faults import do_faults
from pipeline.checks.stress.machine import MachineLook, machine
from pipeline.checks.stress.open_loop import BURST_RATES, RATES, burst_of, offered
from pipeline.checks.stress.result import (
    ClosedLoop,
    Fault,
    Knee,
    Machine,
    OpenLoop,
    OpenPoint,
    Soak,
    StressResult,
)
from pipeline.checks.stress.rig import Case, Measured, Onlooker
from pipeline.checks.stress.rounds import Rounds
from pipeline.checks.stress.scaling import fit
from pipeline.checks.stress.slopes import slope
from pipeline.checks.stress.soak import SHARE, soak
from pipeline.checks.stress.workload import Prepared, prepare_workload
from pipeline.config.session import SessionConfig
from pipeline.results.report.figures import many
from pipeline.sweeps.status import SweepStatus, sweep_status
from shm.names import new_run_id
from shm.processors import usable_processors

PHASES: Final = ("closed", "open", "breakpoint", "soak", "faults")
#: Parts of the time that phases get, if all are asked for.
_PARTS: Final = {"closed": 10, "open": 4, "breakpoint": 5, "soak": 3, "faults": 4}
#: Seconds for which a rate is offered, at most and at least; between them this share of all time.
_OFFER_SECONDS: Final = (2.0, 0.6)
_OFFER_SHARE: Final = 0.02
#: Seconds for which one is in a lap of a soak.
_LAP_SECONDS: Final = 60.0
#: A load above this share of the processors, before anything began, is told.
_LOADED: Final = 0.5
#: Share of the knee at which faults are done, and for how many seconds.
_FAULT_SHARE: Final = 0.3
_FAULT_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stress is asked for."""

    phases: tuple[str, ...] = PHASES
    #: About how many minutes it may take.
    minutes: float = 5.0
    #: The p99 of the latency that is to hold, in seconds.
    target: float = 0.010


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stress is."""

    #: "preparing" or a phase.
    phase: str
    #: How much of it is done, 0 to 1, by time.
    share: float
    #: About how many seconds are left.
    left: float
    #: What was just found, as a line; "" for nothing.
    line: str = ""


#: Is told how far a stress is.
Tell = Callable[[Progress], None]


def stress(
    settings: SessionConfig,
    name: str,
    asked: Asked,
    tell: Tell = lambda progress: None,
    keep: Callable[[StressResult], None] = lambda result: None,
) -> StressResult:
    """Stress this machine with a configuration, which is called ``name``.

    Raises what `run` raises. At a KeyboardInterrupt ``keep`` is given what the phases before have
    found, if there was one.
    """
    with sweep_status(new_run_id(), {"kind": "stress", "session_name": name}) as status:
        return _stress(settings, name, _Conduct(asked, tell, status), keep)


def _stress(
    settings: SessionConfig, name: str, conduct: "_Conduct", keep: Callable[[StressResult], None]
) -> StressResult:
    """Run all phases; see `stress`."""
    began, started = datetime.now(UTC), time.monotonic()
    look = MachineLook(machine())

    def result(*notes: str) -> StressResult:
        facts = look.facts()
        return StressResult(
            began=began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=time.monotonic() - started,
            machine=facts,
            workload=conduct.prepared.described,
            closed=conduct.closed,
            open=OpenLoop(points=tuple(conduct.points)) if conduct.points else None,
            knee=conduct.knee,
            soak=conduct.soak,
            faults=conduct.faults,
            notes=(*notes, *_of_machine(facts), *conduct.notes()),
        )

    conduct.prepare(settings, name)
    phases = conduct.asked.phases
    for number, phase in enumerate(phases):
        try:
            conduct.run(phase)
        except KeyboardInterrupt:
            if number or conduct.soak:
                left = ", ".join(phases[number:])
                keep(result(f"It was interrupted, so this is missing or not whole: {left}."))
            raise
    return result()


def _of_machine(facts: Machine) -> Iterator[str]:
    """Say that the machine was not quiet."""
    load = facts.load_before
    if load is not None and load > _LOADED * facts.usable:
        processors = many(facts.usable, "processor")
        yield (
            f"This machine was at work before (load {load:.1f} on {processors}): its figures are"
            " those of what other programs left."
        )


class _Conduct:
    """Runs the phases one after the other, and keeps what they have found."""

    prepared: Prepared

    def __init__(self, asked: Asked, tell: Tell, status: SweepStatus) -> None:
        self.asked = asked
        self._tell = tell
        self._status = status
        self._began = time.monotonic()
        self._phase, self._phase_began, self._planned = "preparing", self._began, 15.0
        self.closed: ClosedLoop | None = None
        self.points: list[OpenPoint] = []
        self.knee: Knee | None = None
        self.soak: Soak | None = None
        self.faults: tuple[Fault, ...] | None = None

    # --- how far it is ---------------------------------------------------------------------------

    @property
    def _total(self) -> float:
        return 60.0 * self.asked.minutes

    def _begin(self, phase: str) -> None:
        """Begin a phase, with its part of the time that is left."""
        left = self._began + self._total - time.monotonic()
        phases = self.asked.phases
        parts = sum(_PARTS[one] for one in phases[phases.index(phase) :])
        self._phase, self._phase_began = phase, time.monotonic()
        self._planned = max(1.0, left * _PARTS[phase] / parts)
        self._say()

    def _say(self, line: str = "") -> None:
        now = time.monotonic()
        share = min(1.0, (now - self._phase_began) / self._planned)
        left = max(0.0, self._began + self._total - now)
        self._tell(Progress(self._phase, share, left, line))
        self._status.say(share=min(1.0, (now - self._began) / self._total), phase=self._phase)

    # --- the phases ------------------------------------------------------------------------------

    def prepare(self, settings: SessionConfig, name: str) -> None:
        """Make the market long enough, and try it."""
        self._say()
        self.prepared = prepare_workload(settings, name, self._status.shown)
        load = self.prepared.described.load
        self._say(f"{load.bars:,} bars of {load.symbols} symbols, {load.lanes} lanes")

    def run(self, phase: str) -> None:
        """Run one phase."""
        self._begin(phase)
        {
            "closed": self._run_closed,
            "open": self._run_open,
            "breakpoint": self._run_breakpoint,
            "soak": self._run_soak,
            "faults": self._run_faults,
        }[phase]()

    def _run_closed(self) -> None:
        prepared = self.prepared
        intervals = prepared.rig.settings.session_data_config.streams
        plan = plan_of(prepared.own, usable_processors().usable, intervals, self._planned)
        rounds = Rounds(prepared.rig, self._ran)
        until = self._phase_began + self._planned
        self.closed = closed_loop(plan, rounds, fit, prepared.with_bars, until)
        self._say(f"recommended: {self.closed.recommendation.setting}")

    def _ran(self, measured: Measured) -> None:
        load = measured.load
        self._say(
            f"{measured.case.setting}, {load.symbols} symbols, {load.lanes} lanes,"
            f" {'+'.join(load.streams)}: {measured.bars_per_second:,.0f} bars/s"
        )

    @property
    def _case(self) -> Case:
        """The configuration's own case, with the recommended setting if there is one."""
        if self.closed is None:
            return self.prepared.own
        return replace(self.prepared.own, setting=self.closed.recommendation.setting)

    @property
    def _fastest(self) -> float:
        """Bars per second of the own case as fast as it goes."""
        return self.prepared.rate if self.closed is None else self.closed.recommendation.rate.median

    def _offer(
        self,
        rate: float,
        seconds: float | None = None,
        burst: int = 1,
        onlooker: Onlooker = lambda crew: None,
    ) -> OpenPoint:
        return offered(
            self.prepared.rig,
            self._case,
            rate,
            self._offer_seconds if seconds is None else seconds,
            self.asked.target,
            burst=burst,
            onlooker=onlooker,
        )

    @property
    def _offer_seconds(self) -> float:
        most, least = _OFFER_SECONDS
        return max(least, min(most, _OFFER_SHARE * self._total))

    def _offered(self, rate: float, burst: int = 1) -> OpenPoint:
        point = self._offer(rate, burst=burst)
        bursts = "" if burst == 1 else f" in bursts of {burst:,}"
        self._say(f"{rate:,.0f} bars/s{bursts}: {point.said}")
        return point

    def _run_open(self) -> None:
        fastest = self._fastest
        self.points += [self._offered(fastest * share) for share in RATES]
        self.points += [
            self._offered(fastest * share, burst_of(fastest * share)) for share in BURST_RATES
        ]

    def _run_breakpoint(self) -> None:
        self.knee = self._find_knee()
        self._say(self.knee.said)

    def _find_knee(self) -> Knee:
        return find_knee(self._offered, self.points, self._fastest / 4, self.asked.target)

    @property
    def _knee_rate(self) -> float:
        """The knee, looked for if nobody asked for it; a tenth of the fastest rate if none held."""
        knee = self.knee or self._find_knee()
        return knee.rate or self._fastest / 10

    def _run_soak(self) -> None:
        rate = SHARE * self._knee_rate
        until = self._phase_began + self._planned
        minutes = max(1.0, until - time.monotonic()) / 60.0
        self.soak = soak(
            lambda offered_rate, look: self._offer(offered_rate, _LAP_SECONDS, onlooker=look),
            rate,
            minutes,
            slope,
            lambda share: self._say(),
            self._keep_soak,
        )
        self._say(self.soak.said)

    def _keep_soak(self, soak: Soak) -> None:
        self.soak = soak

    def _run_faults(self) -> None:
        rate = _FAULT_SHARE * self._knee_rate

        def one(look: Onlooker) -> OpenPoint:
            return self._offer(rate, _FAULT_SECONDS, onlooker=look)

        self.faults = do_faults(one, lambda fault: self._say(_said(fault)))

    def notes(self) -> Sequence[str]:
        """Return what a reader should know of the result."""
        found = []
        described = self.prepared.described
        if described.laps > 1:
            found.append(
                f"The market was repeated {described.laps} times to be long enough to measure on;"
                " results of strategies mean nothing here."
            )
        if self.closed is not None:
            found += [f"Left out: {case}." for case in self.closed.left_out]
        if described.load.lanes == 1:
            found.append(
                "One lane cannot be shared out: more engines help a configuration with more lanes."
            )
        return found


def _said(fault: Fault) -> str:
    after = "" if fault.seconds is None else f" (after {fault.seconds:.2f} s)"
    return f"{fault.role} {fault.fault}: {fault.said}{after}"
