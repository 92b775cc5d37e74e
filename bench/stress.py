"""Whether stress tells the truth: about stages that sleep, about the best setting, about onlookers.

    python bench/stress.py [--json] [--only NAME ...] [--repeats N]
    python bench/stress.py --smoke

Sleeps are injected into stages, so that it is known what bounds a run, and at which rate:

- verdicts: runs in which stages sleep, alone and in pairs; the share that is judged right (a pair
  within 10 % of each other is "balanced"). Bound: 95 % of 60 runs;
- saturation: bars per second of a run whose stage sleeps s for each bar, times s. Bound: 1 within
  5 %, for each stage;
- processors: the knee of a load that a processor sleeps through, with two processors over one.
  Bound: 1.8 to 2.2.

Without sleeps:

- recommended: the rate of the setting that the closed loop recommends over that of the best one of
  a whole grid, both run anew in turn. Bound: 0.9, in 4 of 5 repeats;
- onlookers: the rate of a run that `ringtape top` and a scraper of its metrics look at each second
  over one that nobody looks at, in interleaved pairs; and the share of a core that `top` takes.
  Bounds: 0.98 and 2 %.
"""

import itertools
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.measure import Report, bench_parser, say, sizes_of
from pipeline.checks.stress.breakpoint import find_knee
from pipeline.checks.stress.closed_loop import closed_loop, plan_of
from pipeline.checks.stress.market import enlarged
from pipeline.checks.stress.open_loop import offered
from pipeline.checks.stress.result import OpenPoint, Setting
from pipeline.checks.stress.rig import Case, Rig
from pipeline.checks.stress.rounds import Rounds
from pipeline.checks.stress.scaling import fit
from pipeline.checks.stress.workload import prepare_workload, sample_settings
from pipeline.config.session import SessionConfig
from pipeline.watch.metrics import metrics_shown
from shm.processors import usable_processors
from tests.reference.slowed import Slowing


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    #: Runs with sleeps, and bars of each.
    verdicts: int
    slowed_bars: int
    #: Repeats of saturation and of the recommended setting, and pairs of runs with onlookers.
    repeats: int
    recommendations: int
    pairs: int
    #: Bars of a run with onlookers.
    watched_bars: int
    #: Seconds for which a rate is offered.
    offer_seconds: float
    #: Part of the rate at which a stage saturates below which no knee is looked for.
    lowest: float


FULL = Sizes(
    verdicts=60,
    slowed_bars=60_000,
    repeats=3,
    recommendations=5,
    pairs=15,
    watched_bars=20_000_000,
    offer_seconds=2.0,
    lowest=0.01,
)
SMOKE = Sizes(
    verdicts=2,
    slowed_bars=5_000,
    repeats=1,
    recommendations=0,
    pairs=1,
    watched_bars=100_000,
    offer_seconds=0.6,
    lowest=2.0,
)
NAMES = ("verdicts", "saturation", "processors", "recommended", "onlookers")
STAGES = ("decode", "derive", "engine")
SLOT_ROWS = 500
SLOW = 0.012
SERVICE = 100e-6
#: The p99 of the latency of what sleeps, in seconds.
TARGET = 0.1


def slowed_case(processors: int, bars: int) -> Case:
    """Return a case of small slots, so that there are many of them."""
    setting = Setting(processors=processors, engines=1, slots=4, slot_rows=SLOT_ROWS)
    return Case(setting, 5, 2, ("1m",), bars)


def with_sleeps(chance: random.Random) -> tuple[Slowing, str]:
    """Return sleeps for one stage or two, and the verdict that is right."""
    one, other = chance.sample(STAGES, 2)
    kind = chance.randrange(3)
    if kind == 0:
        return slowing({one: SLOW}), one
    if kind == 1:
        return slowing({one: SLOW, other: chance.uniform(0.2, 0.7) * SLOW}), one
    return slowing({one: SLOW, other: chance.uniform(0.96, 1.0) * SLOW}), "balanced"


def slowing(seconds: dict[str, float], *, by_bar: bool = False) -> Slowing:
    """Return sleeps by stage."""
    decode, derive, engine = (seconds.get(stage, 0.0) for stage in STAGES)
    return Slowing(decode, derive, engine, by_bar)


def measure_verdicts(settings: SessionConfig, sizes: Sizes, report: Report) -> None:
    """Judge runs whose stages sleep."""
    chance, right = random.Random(5), 0
    for _ in range(sizes.verdicts):
        sleeps, bound = with_sleeps(chance)
        found = Rig(settings, sleeps).run(slowed_case(1, sizes.slowed_bars)).verdict
        right += found.bound == bound
        if found.bound != bound:
            say(f"{sleeps}: {found.bound}, expected {bound}")
    report.add("verdicts judged right", right / sizes.verdicts, "", at_least=0.95)


def measure_saturation(settings: SessionConfig, sizes: Sizes, report: Report) -> None:
    """Let each stage sleep for each bar, and see at which rate it saturates."""
    bars = sizes.slowed_bars // 2
    for stage in STAGES:
        rig = Rig(settings, slowing({stage: SERVICE}, by_bar=True))
        rates = [
            rig.run(slowed_case(1, bars)).bars_per_second * SERVICE for _ in range(sizes.repeats)
        ]
        found = statistics.median(rates)
        report.add(f"saturation, {stage}", found, "of 1 / s", at_least=0.95, at_most=1.05)


def measure_processors(settings: SessionConfig, sizes: Sizes, report: Report) -> None:
    """Find the knee of one and of two processors that sleep."""
    rig = Rig(settings, Slowing(derive=SERVICE, by_bar=True))
    knees = []
    for processors in (1, 2):
        case = slowed_case(processors, sizes.slowed_bars)

        def offer(rate: float, case: Case = case) -> OpenPoint:
            return offered(rig, case, rate, sizes.offer_seconds, TARGET)

        saturated = processors / SERVICE
        lowest = sizes.lowest * saturated
        knee = find_knee(offer, [], max(0.5 * saturated, lowest), TARGET, lowest)
        say(f"{processors} processors: {knee.said}")
        knees.append(knee.rate or 0.0)
    ratio = knees[1] / knees[0] if knees[0] else 0.0
    report.add("knee, P = 2 over P = 1", ratio, "x", at_least=1.8, at_most=2.2)


def measure_recommended(sizes: Sizes, report: Report) -> None:
    """Compare what the closed loop recommends with the best setting of a whole grid."""
    usable = usable_processors().usable
    good = []
    for _ in range(sizes.recommendations):
        prepared = prepare_workload(sample_settings(), "the sample")
        plan = plan_of(prepared.own, usable, ("1m",), 120.0)
        plan = replace(plan, workers=(), loads=())
        rounds = Rounds(prepared.rig)
        found = closed_loop(plan, rounds, fit, prepared.with_bars, time.monotonic() + 40)
        grid = Rounds(prepared.rig)
        cases = [
            replace(
                prepared.own,
                setting=Setting(processors=p, engines=e, slots=slots, slot_rows=rows),
            )
            for p, e, rows, slots in itertools.product(
                plan.processors, plan.engines, plan.slot_rows, plan.slots
            )
        ]
        grid.run(cases, 1)
        best = grid.best(cases)[:5]
        chosen = replace(prepared.own, setting=found.recommendation.setting)
        anew = Rounds(prepared.rig)
        anew.run([chosen, *best], 7)
        ratio = anew.median(chosen) / max(anew.median(case) for case in best)
        say(f"recommended {chosen.setting}, best {anew.best(best)[0].setting}: {ratio:.3f}")
        good.append(ratio)
    if good:
        fourth = sorted(good, reverse=True)[min(3, len(good) - 1)]
        note = "the fourth of 5: " + ", ".join(f"{ratio:.3f}" for ratio in good)
        report.add("recommended over the best", fourth, "x", at_least=0.9, note=note)


def measure_onlookers(settings: SessionConfig, sizes: Sizes, report: Report) -> None:
    """Run pairs, one with onlookers and one without."""
    rig = Rig(enlarged(settings, sizes.watched_bars).settings)
    setting = Setting(processors=1, engines=1, slots=4, slot_rows=None)
    case = Case(setting, 5, 8, ("1m",), sizes.watched_bars)
    rig.run(case)
    ratios: list[float] = []
    shares: list[float] = []
    for number in range(sizes.pairs):
        ways: list[Callable[[], float]] = [
            lambda: rig.run(case).bars_per_second,
            lambda: watched_rate(rig, case, shares),
        ]
        # Every other pair begins with the other way.
        rates = [ways[place]() for place in ((0, 1) if number % 2 else (1, 0))]
        plain, watched = rates if number % 2 else rates[::-1]
        ratios.append(watched / plain)
    ordered = sorted(ratios)
    # The 4th and the 12th of 15 are a 96 % interval of the median.
    low, high = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
    note = f"interval {low:.3f} to {high:.3f}"
    report.add("rate with onlookers", statistics.median(ratios), "x", at_least=0.98, note=note)
    if shares:  # a toy run is over before top has begun
        report.add("core that top takes", 100 * statistics.median(shares), "%", at_most=2.0)


def watched_rate(rig: Rig, case: Case, shares: list[float]) -> float:
    """Return the rate of a run that `top` and a scraper look at; note the share that top takes."""
    with onlookers(shares):
        return rig.run(case).bars_per_second


@contextmanager
def onlookers(shares: list[float]) -> Iterator[None]:
    """Have `top` and a scraper look at this process's runs during the block."""
    port = 20_000 + os.getpid() % 20_000
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(1.0):
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read()

    def watch() -> None:
        """Begin `top` as soon as there is a run, and note what it takes until it ends."""
        command = [sys.executable, "-m", "pipeline.cli", "top"]
        while not ended.wait(0.1):
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            with subprocess.Popen(command, **quiet) as top:  # type: ignore[call-overload]
                note_share(top.pid, ended, shares)
                top.terminate()

    threads = [threading.Thread(target=scrape), threading.Thread(target=watch)]
    with metrics_shown(str(port), None):
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def note_share(pid: int, ended: threading.Event, shares: list[float]) -> None:
    """Note the share of a core that a process takes, from a second after its start to its end."""
    process = psutil.Process(pid)
    if ended.wait(1.5):
        return
    with suppress(psutil.Error):
        began, before = time.monotonic(), sum(process.cpu_times()[:2])
        spent = before
        while not ended.wait(0.2) and process.status() != psutil.STATUS_ZOMBIE:
            spent = sum(process.cpu_times()[:2])
        passed = time.monotonic() - began
        if passed > 1.0:
            shares.append((spent - before) / passed)


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--repeats", type=int, help=f"repeats of saturation [{FULL.repeats}]")
    options = parser.parse_args()
    sizes = sizes_of(options, FULL, SMOKE)
    report = Report("stress", {"only": " ".join(options.only)}, ["numpy"], judged=not options.smoke)
    whole = sample_settings().model_dump()
    plain = SessionConfig.load({**whole, "sweep": None})
    if "verdicts" in options.only:
        measure_verdicts(plain, sizes, report)
    if "saturation" in options.only:
        measure_saturation(plain, sizes, report)
    if "processors" in options.only:
        measure_processors(plain, sizes, report)
    if "recommended" in options.only:
        measure_recommended(sizes, report)
    if "onlookers" in options.only:
        measure_onlookers(plain, sizes, report)
    return report.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
