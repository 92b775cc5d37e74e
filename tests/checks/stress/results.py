"""Results of stress, made by hand: what the page, the text and the comparison are tested on."""

from collections.abc import Sequence

from pipeline.checks.stress.result import (
    ClosedLoop,
    Fault,
    Knee,
    Latency,
    Load,
    Machine,
    OpenLoop,
    OpenPoint,
    Point,
    Recommendation,
    Scaling,
    Setting,
    Shares,
    Slope,
    Soak,
    Spread,
    StressResult,
    Workload,
)
from pipeline.checks.stress.scaling import law

GIB = 2**30
MIB = 2**20
COUNTS = (1, 2, 3, 4, 6, 8)
LAW = (2e6, 0.05, 0.002)

LOAD = Load(symbols=5, lanes=64, streams=("1m", "5m", "15m"), bars=1_500_000, sessions=780)
MACHINE = Machine(
    model="AMD EPYC 7B13",
    system="Linux 6.8",
    python="3.12.4",
    ringtape="0.1.0",
    processors=16,
    usable=8,
    limited_by="the quota of its control group",
    memory=64 * GIB,
    memory_available=48 * GIB,
    shared_memory=32 * GIB,
    shared_memory_free=31 * GIB,
    governor="performance",
    steal=0.012,
    load_before=0.42,
)
WORKLOAD = Workload(
    name="the sample",
    strategy="pipeline.strategy.examples:SmaCross",
    mode="compiled",
    load=LOAD,
    laps=26,
)


def setting(
    engines: int = 1, processors: int = 1, slots: int = 4, slot_rows: int | None = None
) -> Setting:
    return Setting(processors=processors, engines=engines, slots=slots, slot_rows=slot_rows)


def around(rate: float, spread: float = 0.02, repeats: int = 3) -> Spread:
    """Return samples that lie evenly around a rate, as far apart as ``spread`` in all."""
    steps = [at / max(1, repeats - 1) - 0.5 if repeats > 1 else 0.0 for at in range(repeats)]
    return Spread.of([rate * (1 + spread * step) for step in steps])


def point(rate: Spread, chosen: Setting, load: Load = LOAD, peak: int = 600 * MIB) -> Point:
    return Point(
        setting=chosen,
        load=load,
        bars_per_second=rate,
        evaluations_per_second=Spread.of([load.lanes * one for one in rate.samples]),
        peak_bytes=peak,
        stages={
            "decode": Shares(busy=0.21, starved=0.0, blocked=0.79),
            "derive": Shares(busy=0.46, starved=0.09, blocked=0.45),
            "engine": Shares(busy=0.97, starved=0.03, blocked=0.0),
        },
        verdict="engine-bound: two engines would give about 1.8 x.",
    )


def closed(factor: float = 1.0) -> ClosedLoop:
    """Return a closed loop over engines, slots and loads; all rates are multiplied."""
    rates = {count: factor * float(law(count, *LAW)) for count in COUNTS}
    points = [
        point(around(rate), setting(count), peak=(400 + 60 * count) * MIB)
        for count, rate in rates.items()
    ]
    best = setting(8)
    points += [
        point(around(0.9 * rates[8], repeats=2), setting(8, slots=2)),
        point(around(0.95 * rates[8], repeats=2), setting(8, slot_rows=8192)),
        *(
            point(around(64 / lanes * rates[8], repeats=1), best, _of(lanes=lanes))
            for lanes in (1, 8, 256)
        ),
        point(around(1.1 * rates[8], repeats=1), best, _of(streams=("1m",))),
    ]
    scaling = Scaling(
        worker="engines",
        workers=COUNTS,
        rates=tuple(rates.values()),
        rate_of_one=factor * LAW[0],
        serial=LAW[1],
        crosstalk=LAW[2],
        peak=21.8,
        error=0.012,
        said="Serial share 5.0%, crosstalk 0.002: more than 21 engines do not pay.",
    )
    recommendation = Recommendation(
        setting=best,
        rate=around(rates[8], repeats=5),
        runner_up=setting(6),
        runner_up_rate=around(rates[6], repeats=5),
        ratio=rates[8] / rates[6],
        beyond_noise=True,
    )
    return ClosedLoop(points=tuple(points), scaling=scaling, recommendation=recommendation)


def _of(**other: object) -> Load:
    return LOAD.model_copy(update=other)


def offered(rate: float, p99: float, burst: int = 1, *, holds: bool | None = None) -> OpenPoint:
    return OpenPoint(
        offered=rate,
        achieved=rate,
        seconds=2.0,
        burst=burst,
        latency=Latency(
            count=int(2 * rate),
            mean=0.3 * p99,
            p50=0.2 * p99,
            p90=0.6 * p99,
            p99=p99,
            p999=1.4 * p99,
            maximum=2 * p99,
        ),
        generator_lag=0.0004,
        backlog_growth=0,
        holds=p99 <= 0.010 if holds is None else holds,
        said=f"p99 is {1e3 * p99:.3g} ms.",
    )


def open_loop(factor: float = 1.0) -> OpenLoop:
    pairs = ((10e3, 0.0021), (100e3, 0.0025), (1e6, 0.004), (3e6, 0.009), (6e6, 0.35))
    even = [offered(rate, factor * p99) for rate, p99 in pairs]
    return OpenLoop(points=(*even, offered(1e6, factor * 0.0075, burst=5_000)))


def knee(rate: float | None = 3.4e6, target: float = 0.010) -> Knee:
    tried = (offered(3.4e6, 0.0094), offered(3.4e6, 0.0097), offered(3.6e6, 0.013))
    return Knee(
        rate=rate,
        fails_at=3.6e6,
        target=target,
        tried=tried,
        said="3,400,000 bars/s held a p99 of 10 ms, 3,600,000 did not.",
    )


def soak(leak: float = 0.0, seconds: int = 600, rate: float = 2.4e6) -> Soak:
    """Return a soak in which the processes take ``leak`` MiB more in an hour."""
    at = tuple(float(second) for second in range(0, seconds, 10))
    memory = tuple(MIB * (500 + leak * one / 3600 + 0.2 * (one % 70 / 70)) for one in at)
    found = [
        _slope("memory of the processes", "bytes", MIB * leak, 2.0 * MIB, leak > 25),
        _slope("open files", "files", 0.0, 0.0),
        _slope("latency p99", "seconds", 0.0002, 0.0006),
    ]
    series = {
        "memory of the processes": memory,
        "open files": (48.0,) * len(at),
        "latency p99": tuple(0.006 + 0.0005 * (one % 90 / 90) for one in at),
    }
    said = "Nothing grows." if leak <= 25 else f"Grows: memory of the processes (+{leak:,.1f} MiB)."
    return Soak(
        seconds=float(seconds), offered=rate, at=at, series=series, slopes=tuple(found), said=said
    )


def _slope(measure: str, unit: str, per_hour: float, width: float, grows: bool = False) -> Slope:
    low, high = per_hour - width, per_hour + width
    return Slope(measure=measure, unit=unit, per_hour=per_hour, low=low, high=high, grows=grows)


def faults(left_behind: Sequence[str] = ()) -> tuple[Fault, ...]:
    ended = "engine 0 (pid 4242) was ended by SIGKILL (out of memory?); it reported no error"
    return (
        Fault(
            role="engine 0",
            fault="stopped for 1 s",
            said="The run went on; a bar waited for 1.08 s at most.",
            seconds=None,
            went_on=True,
            left_behind=(),
        ),
        Fault(
            role="engine 0",
            fault="killed",
            said=ended,
            seconds=0.14,
            went_on=False,
            left_behind=tuple(left_behind),
        ),
    )


def result(**other: object) -> StressResult:
    """Return a result of all phases; parts of it can be given otherwise, or as None."""
    parts: dict[str, object] = {
        "began": "2026-03-02T09:30:00Z",
        "seconds": 298.0,
        "machine": MACHINE,
        "workload": WORKLOAD,
        "closed": closed(),
        "open": open_loop(),
        "knee": knee(),
        "soak": soak(),
        "faults": faults(),
        "notes": ("The market was repeated 26 times to be long enough to measure on.",),
    }
    return StressResult.model_validate({**parts, **other})
