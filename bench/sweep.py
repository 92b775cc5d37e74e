"""Sweeps: evaluations (bars x sets) per second, against other engines, and their memory.

    python bench/sweep.py [--json] [--smoke] [--repeats N] [--only NAME ...]
                          [--vectorbt-python PATH]

Run it from the repository, with two cores free. Bars are written once into `--data` and found there
again. vectorbt is looked for in `--vectorbt-python` (an environment made by `pip install
"vectorbt[rust]"`), and a rival that is not there is left out. All contestants take turns,
`--repeats` rounds of them: rates are medians, ratios medians of the ratios within a round.

    compiled     SMA 5-24 x 30-275 crossing, 1,000 sets, on 200,000 1-minute bars of one symbol, one
                 engine and two: over `run_seconds`, from the start of the tape to the last figure
    raptorbt     the same sets in `batch_single_backtest`
    vectorbt     every tenth of them, which cost it what the others do: all columns at once, as its
                 documentation sweeps
    vectorbt-loop    the same one set at a time, the fastest way found; its ratio has no bound
    interpreted  40 sets on 42 days of these bars, hooks run by the interpreter, two engines
    backtesting  the same in `Backtest.optimize`
    memory       the peak of all processes, pages they share counted once, with E = 1 and 4
    large        10,000 sets x 100,000 bars: memory, and how long its report takes to open

Bounds: two engines at least 100 million/s, 1.7 times one, 10 times raptorbt and 80 times vectorbt;
interpreted 3 times backtesting.py; from E = 1 to 4 memory grows by at most 10 %, the interpreters
themselves apart; the large sweep takes at most 4 GiB, its report opens in 3 s.

What an engine's interpreter takes is measured, too: by how much a sweep of four sets grows from
E = 1 to 4, by three.
"""

import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.markets import Market, crypto_market
from bench.measure import (
    Report,
    add_data_option,
    bench_parser,
    interleaved,
    median_ratio,
    say,
    sizes_of,
)
from bench.sweep_rivals import CASH, QUANTITY, NotInstalledError, Rival
from pipeline.market.catalog.catalog import Catalog
from pipeline.sweeps.sweep import sweep
from tests.chromium import Page, find_chromium


@dataclass(frozen=True, slots=True)
class Space:
    """Sets of two averages: every fast one with every slow one, on so many bars of one symbol."""

    fast: range
    slow: range
    bars: int

    def sets(self) -> list[tuple[int, int]]:
        """Return all pairs, in the order of a grid."""
        return list(itertools.product(self.fast, self.slow))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    repeats: rounds of all contestants.
    compiled, few, large: what compiled contestants, interpreted ones and the large sweep do.
    every: of the compiled sets vectorbt gets one in so many.
    idle: a sweep of four sets, long enough to be looked at while it runs.
    engines: how many the memory of one is compared with.
    openings: how often the report is opened.
    every_seconds: how often the memory of all processes is looked at; each look costs milliseconds.
    """

    repeats: int
    compiled: Space
    few: Space
    large: Space
    every: int
    idle: Space
    engines: int
    openings: int
    every_seconds: float


FULL = Sizes(
    repeats=5,
    compiled=Space(range(5, 25), range(30, 280, 5), 200_000),
    few=Space(range(5, 25, 4), range(30, 190, 20), 60_480),
    large=Space(range(2, 52), range(60, 260), 100_000),
    every=10,
    idle=Space(range(5, 7), range(30, 40, 5), 2_000_000),
    engines=4,
    openings=3,
    every_seconds=0.02,
)
SMOKE = Sizes(
    repeats=1,
    compiled=Space(range(5, 9), range(30, 40, 5), 10_000),
    few=Space(range(5, 7), range(30, 40, 5), 2_880),
    large=Space(range(2, 12), range(60, 65), 10_000),
    every=2,
    idle=Space(range(5, 7), range(30, 40, 5), 20_000),
    engines=2,
    openings=1,
    every_seconds=0.5,
)
ROOT = Path(__file__).parents[1]
PACKAGES = ("numpy", "numba", "pandas", "pyarrow", "raptorbt", "backtesting")
NAMES = (
    *("compiled", "raptorbt", "vectorbt", "vectorbt-loop"),
    *("interpreted", "backtesting", "memory", "large"),
)
MINUTES_OF_DAY = 1_440
MIB = 2**20
#: A sweep on its own, so that no memory but its own is in its tree of processes.
ALONE = """
import json, sys
from pipeline.sweeps.sweep import sweep
print(json.dumps(sweep(sys.argv[1], out=sys.argv[2]).summary))
"""


def configuration(
    market: Market,
    engines: int,
    space: Space,
    *,
    mode: str = "compiled",
    last: date | None = None,
) -> dict[str, Any]:
    """Return the configuration of a sweep over a market, or over its beginning."""
    return market.settings(last) | {
        "session_data_config": {
            "symbols": list(market.symbols),
            "streams": ["1m"],
            "historical": {"enable_quality": False},
        },
        "trading_config": {"initial_cash": CASH},
        "strategy": {
            "name": "pipeline.strategy.examples:SmaCross",
            "parameters": {"quantity": QUANTITY},
            "mode": mode,
        },
        "pipeline": {"engines": engines},
        "sweep": {"space": {"fast": list(space.fast), "slow": list(space.slow)}, "best": 0},
    }


def summary_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Sweep, remove what it wrote, and return its summary."""
    with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
        summary = sweep(settings, out=folder).summary
    if summary["done"] != summary["lanes"]:
        raise RuntimeError(f"{summary['done']} of {summary['lanes']} lanes are done")
    return summary


def rival(
    name: str, python: str, market: Market, sets: Sequence[tuple[int, int]], last: date | None
) -> Rival:
    """Start a rival with bars, up to a date if one is given, and sets."""
    table = Catalog(market.catalog).load(market.symbols[0], "1m")
    names = ("ts", "open", "high", "low", "close", "volume")
    bars = np.vstack([table.column(one).to_numpy().astype(np.float64) for one in names])
    if last is not None:
        bars = bars[:, bars[0] < np.datetime64(last + timedelta(days=1), "ns").astype(np.int64)]
    with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
        np.save(Path(folder, "bars.npy"), bars)
        Path(folder, "sets.json").write_text(json.dumps(sets), encoding="utf-8")
        return Rival(name, python, Path(folder, "bars.npy"), Path(folder, "sets.json"))


def measure_speed(
    report: Report, wanted: frozenset[str], sizes: Sizes, data: Path, vectorbt_python: str
) -> None:
    """Measure sweeps and rivals in turn, and add what came out."""
    market = crypto_market(data, 1, sizes.compiled.bars)
    last = market.first + timedelta(days=sizes.few.bars // MINUTES_OF_DAY - 1)
    sets, few = sizes.compiled.sets(), sizes.few.sets()
    settings = {}
    if "compiled" in wanted:
        settings |= {f"compiled, E = {e}": configuration(market, e, sizes.compiled) for e in (1, 2)}
    if "interpreted" in wanted:
        settings["interpreted, E = 2"] = configuration(
            market, 2, sizes.few, mode="interpreted", last=last
        )
    for name, setting in settings.items():
        say(f"warming up: {name}")
        summary_of(setting | {"sweep": {"space": {"fast": [5, 6], "slow": [30]}, "best": 0}})
    rivals: dict[str, tuple[str, Sequence[tuple[int, int]], date | None]] = {
        "raptorbt": (sys.executable, sets, None),
        "vectorbt": (vectorbt_python, sets[:: sizes.every], None),
        "vectorbt-loop": (vectorbt_python, sets[:: sizes.every], None),
        "backtesting": (sys.executable, few, last),
    }
    found: dict[str, list[Any]]
    abouts = {}
    with ExitStack() as stack:
        contestants: dict[str, Callable[[], Any]] = {
            name: partial(summary_of, setting) for name, setting in settings.items()
        }
        for name in [name for name in rivals if name in wanted]:
            say(f"warming up: {name}")
            python, its_sets, its_last = rivals[name]
            try:
                one = rival(name, python, market, its_sets, its_last)
            except NotInstalledError as error:
                say(f"{name} is left out: {error}")
                continue
            stack.callback(one.close)
            contestants[name], abouts[name] = one.rate, one.about
        say(f"measuring {sizes.repeats} rounds of: {', '.join(contestants)}")
        found = interleaved(contestants, sizes.repeats)
    rates = {name: found[name] for name in abouts}
    for name in settings:
        rates[name] = [one["evaluations_per_second"] for one in found[name]]
        seconds = statistics.median(one["seconds"] for one in found[name])
        last_one = found[name][-1]
        evaluations = f"{last_one['lanes']:,} sets x {last_one['bars']:,} bars"
        abouts[name] = f"{evaluations}, wall {seconds:.2f} s, passes {last_one['passes']}"
    add_rates(report, rates, abouts)


def add_rates(report: Report, rates: Mapping[str, list[float]], abouts: Mapping[str, str]) -> None:
    """Add each contestant's rate, and the ratios whose two sides were measured."""
    bounds = {"compiled, E = 2": 100.0}
    for name, samples in sorted(rates.items(), key=lambda one: -max(one[1])):
        note = f"{abouts[name]}; {min(samples) / 1e6:.3g} to {max(samples) / 1e6:.3g}"
        value = statistics.median(samples) / 1e6
        report.add(name, value, "M evaluations/s", at_least=bounds.get(name), note=note)
    ratios = (
        ("compiled, E = 2", "compiled, E = 1", 1.7),
        ("compiled, E = 2", "raptorbt", 10.0),
        ("compiled, E = 2", "vectorbt", 80.0),
        ("compiled, E = 2", "vectorbt-loop", None),
        ("interpreted, E = 2", "backtesting", 3.0),
    )
    for name, other, bound in ratios:
        if name in rates and other in rates:
            ratio = median_ratio(rates[name], rates[other])
            report.add(f"{name} / {other.partition(', ')[2] or other}", ratio, "x", at_least=bound)


def tree_bytes(top: psutil.Process) -> int:
    """Return the memory of a process and all below it, pages that they share counted once."""
    total = 0
    with suppress(psutil.Error):
        for process in [top, *top.children(recursive=True)]:
            with suppress(psutil.Error):  # gone meanwhile
                sizes = process.memory_full_info()
                total += getattr(sizes, "pss", None) or sizes.uss
    return total


def alone(
    settings: Mapping[str, Any], out: Path, every_seconds: float
) -> tuple[int, dict[str, Any]]:
    """Sweep in a process of its own; peak of the tree looked at from outside, and the summary."""
    path = out / "sweep.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    peak = 0
    with (out / "summary").open("w+", encoding="utf-8") as answer:
        line = [sys.executable, "-c", ALONE, str(path), str(out / "runs")]
        top = psutil.Popen(line, stdout=answer, cwd=ROOT)
        while top.poll() is None:
            peak = max(peak, tree_bytes(top))
            time.sleep(every_seconds)
        if top.returncode:
            raise subprocess.CalledProcessError(top.returncode, line[:2])
        answer.seek(0)
        summary = json.load(answer)
    return max(peak, summary["peak_memory_bytes"]), summary


def measure_memory(report: Report, sizes: Sizes, data: Path) -> None:
    """Add the peaks of one engine and of several, with their interpreters and without."""
    market = crypto_market(data, 1, sizes.compiled.bars)
    idle = crypto_market(data, 1, sizes.idle.bars)
    told: dict[str, int] = {}

    def peak(name: str, settings: Mapping[str, Any]) -> int:
        with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
            found, summary = alone(settings, Path(folder), sizes.every_seconds)
        told[name] = summary["peak_memory_bytes"]
        return found

    engines = (1, sizes.engines)
    cases = {f"E = {e}": configuration(market, e, sizes.compiled) for e in engines}
    cases |= {f"four sets, E = {e}": configuration(idle, e, sizes.idle) for e in engines}
    say(f"measuring {sizes.repeats} rounds of memory: {', '.join(cases)}")
    contestants = {name: partial(peak, name, settings) for name, settings in cases.items()}
    peaks = interleaved(contestants, sizes.repeats)
    for name, samples in peaks.items():
        note = f"peak_memory_bytes of its summary: {told[name] / MIB:.0f} MiB"
        report.add(f"memory, {name}", statistics.median(samples) / MIB, "MiB", note=note)
    few, many = (peaks[f"E = {e}"] for e in engines)
    idle_few, idle_many = (peaks[f"four sets, E = {e}"] for e in engines)
    added = sizes.engines - 1
    interpreters = [(b - a) / added for a, b in zip(idle_few, idle_many, strict=True)]
    one = statistics.median(interpreters)
    report.add("an engine's interpreter", one / MIB, "MiB", note="and what it has imported")
    growth = 100 * (median_ratio(many, few) - 1)
    report.add(f"memory, E = 1 to {sizes.engines}", growth, "%", note="with the interpreters")
    apart = median_ratio(
        [peak - sizes.engines * one for peak in many], [peak - one for peak in few]
    )
    report.add("the same without them", 100 * (apart - 1), "%", at_most=10.0)


def measure_large(report: Report, sizes: Sizes, data: Path) -> None:
    """Add time and memory of the large sweep, and how long its report takes to open."""
    space = sizes.large
    settings = configuration(crypto_market(data, 1, space.bars), 2, space)
    name = f"{len(space.sets()):,} lanes x {space.bars:,} bars"
    say(name)
    with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
        peak, summary = alone(settings, Path(folder), sizes.every_seconds)
        report.add(
            name,
            peak / MIB,
            "MiB",
            at_most=4096,
            note=f"run {summary['run_seconds']:.1f} s, wall {summary['seconds']:.1f} s, "
            f"{summary['evaluations_per_second'] / 1e6:.0f} M evaluations/s, "
            f"passes {summary['passes']}",
        )
        if find_chromium() is None:
            say("the report is not opened: no chromium is installed")
            return
        seconds = seconds_to_open(Path(summary["report"]), sizes.openings)
        size = Path(summary["report"]).stat().st_size / MIB
        note = f"{size:.1f} MiB, until its charts are drawn"
        report.add("its report opens", statistics.median(seconds), "s", at_most=3.0, note=note)


def seconds_to_open(page: Path, openings: int) -> list[float]:
    """Return how long a headless Chromium took to load a report and draw it, each time."""
    seconds = []
    for _ in range(openings):
        with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
            shutil.copy(page, folder)
            with Page(Path(folder)) as browser:
                start = time.perf_counter()
                browser.open(Path(folder, page.name), "sweepReport.drawn")
                seconds.append(time.perf_counter() - start)
    return seconds


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds of all contestants [{FULL.repeats}]")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="parts [all]")
    parser.add_argument(
        "--vectorbt-python", default=sys.executable, metavar="PATH", help="who has vectorbt [this]"
    )
    add_data_option(parser)
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    chosen.data.mkdir(parents=True, exist_ok=True)
    wanted = frozenset(chosen.only)
    report = Report("sweep", {"repeats": sizes.repeats}, PACKAGES, judged=not chosen.smoke)
    if wanted - {"memory", "large"}:
        measure_speed(report, wanted, sizes, chosen.data, chosen.vectorbt_python)
    if "memory" in wanted:
        measure_memory(report, sizes, chosen.data)
    if "large" in wanted:
        measure_large(report, sizes, chosen.data)
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
