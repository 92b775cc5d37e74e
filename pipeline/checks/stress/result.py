"""What stress has found: one document, written as stress.json and read again by ``--compare``.

Rates are per second, times in seconds, sizes in bytes, shares 0 to 1. A *setting* is what can be
chosen in the ``pipeline`` section; a *load* is what is run with it. A part is None if its phase was
not asked for.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

#: The version of the document. Another one is not compared.
VERSION = 1

Stage = Literal["decode", "derive", "engine"]


class Value(BaseModel):
    """An immutable part of the document; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Spread(Value):
    """Samples of one measure, each of another repeat."""

    median: float
    low: float
    high: float
    samples: tuple[float, ...]

    @classmethod
    def of(cls, samples: "list[float] | tuple[float, ...]") -> Self:
        """Return the spread of at least one sample: median, least and greatest."""
        ordered = sorted(samples)
        middle = len(ordered) // 2
        median = (
            ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        )
        return cls(median=median, low=ordered[0], high=ordered[-1], samples=tuple(samples))


class Shares(Value):
    """What the processes of a stage did with their wall time, on average."""

    busy: float
    starved: float
    blocked: float


class Setting(Value):
    """The part of a configuration that stress chooses."""

    processors: int
    engines: int
    slots: int
    #: None: a number that suits symbols and strategies.
    slot_rows: int | None

    def section(self) -> dict[str, int]:
        """Return the setting as a ``pipeline`` section."""
        return {name: value for name, value in self.model_dump().items() if value is not None}

    def __str__(self) -> str:
        rows = "" if self.slot_rows is None else f" of {self.slot_rows:,} rows"
        return f"P {self.processors}, E {self.engines}, {self.slots} slots{rows}"


class Load(Value):
    """What is run: how much market, how many lanes."""

    symbols: int
    lanes: int
    streams: tuple[str, ...]
    #: Base bars of all symbols.
    bars: int
    sessions: int


class Workload(Value):
    """The market and the strategy that all phases run."""

    #: "the sample" or the path of the configuration.
    name: str
    strategy: str
    mode: str
    load: Load
    #: How often the market was repeated on disk to be long enough; 1: as it is.
    laps: int


class Machine(Value):
    """The machine that was measured."""

    model: str
    system: str
    python: str
    ringtape: str
    processors: int
    #: Those that a process may keep busy, and what limits them ("" if nothing does).
    usable: int
    limited_by: str
    memory: int
    memory_available: int
    #: Bytes of /dev/shm in all and free; None where there is none.
    shared_memory: int | None
    shared_memory_free: int | None
    #: Governor of the processor's frequency; "" if the system does not say.
    governor: str
    #: Share of processor time that other machines on the same host took while stress ran; None if
    #: the system does not say.
    steal: float | None
    #: Mean load of the machine before stress began, in processes; None if the system does not say.
    load_before: float | None


class Point(Value):
    """One setting and load of the closed loop, as fast as it goes."""

    setting: Setting
    load: Load
    bars_per_second: Spread
    evaluations_per_second: Spread
    peak_bytes: int
    stages: dict[Stage, Shares]
    #: The sentence of the verdict of the repeat in the middle.
    verdict: str


class Scaling(Value):
    """The Universal Scalability Law over the number of workers, fitted or not."""

    #: What is counted: "engines".
    worker: str
    workers: tuple[int, ...]
    rates: tuple[float, ...]
    #: Rate of one worker, serial share, crosstalk; None if they are not fitted.
    rate_of_one: float | None
    serial: float | None
    crosstalk: float | None
    #: Workers beyond which more take speed away; None if there is no such number or no fit.
    peak: float | None
    #: Root mean square of the errors as a share of the mean rate; None without a fit.
    error: float | None
    #: What the fit says, or why there is none, in a sentence.
    said: str


class Recommendation(Value):
    """The setting to use, and the one beside it."""

    setting: Setting
    rate: Spread
    runner_up: Setting | None
    runner_up_rate: Spread | None
    #: Median over repeats of the rate over that of the runner-up; None without one.
    ratio: float | None
    #: Whether that ratio differs from 1 by more than the repeats differ from each other.
    beyond_noise: bool | None

    def beside(self) -> str:
        """Return in words how the runner-up compares; "" if no other setting was to be tried."""
        if self.runner_up is None or self.ratio is None:
            return ""
        word = "slower" if self.ratio >= 1 else "faster"
        noise = "beyond the noise" if self.beyond_noise else "within the noise"
        return (
            f"{self.runner_up}: {abs(1 - 1 / self.ratio):.1%} {word} in the median of the last"
            f" {len(self.rate.samples)} rounds of both in turn, {noise}"
        )


class ClosedLoop(Value):
    """As fast as it goes: all points, how it scales, and what to use."""

    #: In the order in which they were first measured.
    points: tuple[Point, ...]
    scaling: Scaling
    recommendation: Recommendation
    #: Cases that could not be run, each with the reason.
    left_out: tuple[str, ...] = ()


class Latency(Value):
    """Times from the planned moment of a bar until an engine was done with it, in seconds."""

    count: int
    mean: float
    p50: float
    p90: float
    p99: float
    p999: float
    maximum: float


class OpenPoint(Value):
    """Bars offered at a fixed rate by a clock."""

    #: Bars per second that were planned, and that engines were done with.
    offered: float
    achieved: float
    seconds: float
    #: Bars that are offered at once: 1 for an even stream.
    burst: int
    latency: Latency
    #: How late the generator itself began with bars, with room for them: p99 in seconds.
    generator_lag: float
    #: Bars that waited when the last bar was offered, less those that waited halfway.
    backlog_growth: int
    #: Whether the rate was held; None if the generator bounds, so that nothing can be said.
    holds: bool | None
    #: Why, in a sentence.
    said: str


class OpenLoop(Value):
    """Latency by offered rate."""

    points: tuple[OpenPoint, ...]


class Knee(Value):
    """The highest offered rate that holds its latency target and grows no backlog."""

    #: Bars per second; None if no rate held.
    rate: float | None
    #: The lowest rate that was tried and did not hold; None if all held.
    fails_at: float | None
    #: The target of the p99 in seconds.
    target: float
    #: By rising rate.
    tried: tuple[OpenPoint, ...]
    said: str


class Slope(Value):
    """How a measure of the soak grows: Theil and Sen's slope with its 95 % interval."""

    measure: str
    unit: str
    per_hour: float
    low: float
    high: float
    #: Whether the interval lies above zero, and the growth is large enough to matter.
    grows: bool
    #: Whether it would, but is too little so far to be told from a process that settles.
    perhaps: bool = False

    @property
    def answer(self) -> str:
        """Whether it grows, in a word."""
        return "yes" if self.grows else "perhaps" if self.perhaps else "no"


class Soak(Value):
    """A long run at a fixed rate, and what grew in it."""

    seconds: float
    #: Bars per second that were offered.
    offered: float
    #: Seconds since the beginning, and by measure the value then.
    at: tuple[float, ...]
    series: dict[str, tuple[float, ...]]
    slopes: tuple[Slope, ...]
    said: str


class Fault(Value):
    """What a run said when one of its processes was stopped or killed."""

    role: str
    #: "stopped for 1 s" or "killed".
    fault: str
    #: What the run said; "" if it said nothing.
    said: str
    #: Seconds until it said so; None if it said nothing.
    seconds: float | None
    #: Whether the run went on to its end.
    went_on: bool
    #: Names of processes, segments and semaphores that were left behind.
    left_behind: tuple[str, ...]


class StressResult(Value):
    """All that stress has found."""

    version: int = VERSION
    #: When it began, ISO 8601 UTC.
    began: str
    seconds: float
    machine: Machine
    workload: Workload
    closed: ClosedLoop | None = None
    open: OpenLoop | None = None
    knee: Knee | None = None
    soak: Soak | None = None
    faults: tuple[Fault, ...] | None = None
    notes: tuple[str, ...] = ()

    def offered(self) -> list[OpenPoint]:
        """Return all points that were offered at a rate, even ones first, by rising rate.

        Those of the search for the knee are among them.
        """
        found = [] if self.open is None else list(self.open.points)
        found += [] if self.knee is None else [one for one in self.knee.tried if one not in found]
        return sorted(found, key=lambda one: (one.burst > 1, one.offered))
