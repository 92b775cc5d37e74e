"""Whole runs: Parquet on disk to results, against other engines, and what they need of memory.

    python bench/pipeline.py [--json] [--bars N] [--repeats N] [--only NAME ...]
    python bench/pipeline.py --memory      peak memory of 5 symbols x N bars; writes about 3 GB
    python bench/pipeline.py --smoke       both, in toy sizes

Run it from the repository. The bars (10 million 1-minute bars of one symbol around the clock, about
19 years; 500 symbols of 20 US sessions) are written once into `--data` and found there again. Files
are read from the system's cache, not from a cold disk.

SMA 10/30 crossing, one order at each cross, one processor and one engine. Rates are bars over
`run_seconds`, from the start of the tape to the last result written; starting processes and loading
compiled code is not in them, and is in `wall`. All contestants take turns, `--repeats` rounds of
them: rates are medians, ratios medians of the ratios within a round. Bounds:

- compiled: at least 10 million bars/s, and twice raptorbt (arrays in memory, its sma and
  `run_single_backtest`), on the same bars;
- interpreted: at least 400,000 bars/s and 5 times backtesting.py, each on fewer bars;
- streams: with 5m and 15m bars added, at most 20 % longer than with 1m alone;
- symbols: 500 of them with P = 1 and 2 at no less than half the rate of one;
- memory: the peaks of all processes of a run over 5 x N bars add up to at most 1.1 times those over
  a tenth of it.

How long `ringtape demo` takes is measured by `bench/first.py`.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.markets import Market, crypto_market, equity_market
from bench.measure import (
    Report,
    add_data_option,
    bench_parser,
    interleaved,
    is_installed,
    median_ratio,
    say,
    sizes_of,
)
from bench.rivals import CASH, FAST, QUANTITY, SLOW, BacktestingPy, Columns, RaptorBt
from pipeline.market.catalog.catalog import Catalog
from pipeline.runner.run import run


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds, base bars of a symbol by what replays them, symbols of many."""

    repeats: int
    bars: int
    interpreted_bars: int
    backtesting_bars: int
    many_symbols: int


FULL = Sizes(
    repeats=3,
    bars=10_000_000,
    interpreted_bars=1_000_000,
    backtesting_bars=100_000,
    many_symbols=500,
)
SMOKE = Sizes(
    repeats=1, bars=20_000, interpreted_bars=5_000, backtesting_bars=5_000, many_symbols=4
)
ROOT = Path(__file__).parents[1]
PACKAGES = ("numpy", "numba", "pyarrow", "multiprocess", "raptorbt", "backtesting")
NAMES = ("compiled", "streams", "interpreted", "symbols", "raptorbt", "backtesting")
WARM_UP_DAYS = 20
WARM_UP_BARS = 10_000


def configuration(
    market: Market,
    *,
    streams: tuple[str, ...] = ("1m",),
    mode: str = "compiled",
    processors: int = 1,
    last: date | None = None,
) -> dict[str, Any]:
    """Return the configuration of one run over a market, or over its beginning."""
    return market.settings(last) | {
        "session_data_config": {"symbols": list(market.symbols), "streams": list(streams)},
        "trading_config": {"initial_cash": CASH},
        "strategy": {
            "name": "pipeline.strategy.examples:SmaCross",
            "parameters": {"fast": FAST, "slow": SLOW, "quantity": QUANTITY},
            "mode": mode,
        },
        "pipeline": {"processors": processors},
    }


def summary_of(settings: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Run it, remove what it wrote, and return its summary."""
    result = run(settings, out=out)
    shutil.rmtree(result.run_dir)
    return result.summary


def run_contestants(
    market: Market, wanted: frozenset[str], sizes: Sizes, data: Path, out: Path
) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return the runs of Ringtape to measure by name, each run once already on a few bars."""
    settings: dict[str, dict[str, Any]] = {}
    if "compiled" in wanted:
        settings["compiled"] = configuration(market)
    if "streams" in wanted:
        settings["streams"] = configuration(market, streams=("1m", "5m", "15m"))
    if "interpreted" in wanted:
        last = market.first + timedelta(days=sizes.interpreted_bars // 1440 - 1)
        settings["interpreted"] = configuration(market, mode="interpreted", last=last)
    if "symbols" in wanted:
        many = equity_market(data, sizes.many_symbols)
        for processors in (1, 2):
            settings[f"symbols, P = {processors}"] = configuration(many, processors=processors)
    for name, setting in settings.items():
        say(f"warming up: {name}")
        summary_of(setting | {"backtest_config": beginning(setting["backtest_config"])}, out)
    return {name: partial(summary_of, setting, out) for name, setting in settings.items()}


def beginning(dates: Mapping[str, str]) -> dict[str, str]:
    """Return the first days of a time from `start_date` to `end_date`, ISO dates."""
    last = date.fromisoformat(dates["start_date"]) + timedelta(days=WARM_UP_DAYS)
    return {**dates, "end_date": min(dates["end_date"], str(last))}


def rival_contestants(
    market: Market, wanted: frozenset[str], sizes: Sizes
) -> dict[str, Callable[[], float]]:
    """Return the rivals to measure by name; one that is not installed is left out."""
    engines: dict[str, tuple[Any, int]] = {
        "raptorbt": (RaptorBt, market.bars),
        "backtesting": (BacktestingPy, sizes.backtesting_bars),
    }
    chosen = {
        name: engine for name, engine in engines.items() if name in wanted and is_installed(name)
    }
    if not chosen:
        return {}
    bars = Columns.from_table(Catalog(market.catalog).load(market.symbols[0], "1m"))
    contestants: dict[str, Callable[[], float]] = {}
    for name, (engine, count) in chosen.items():
        say(f"warming up: {name}")
        engine(bars.first(WARM_UP_BARS)).rate()
        contestants[name] = engine(bars.first(count)).rate
    return contestants


def measure_speed(report: Report, wanted: frozenset[str], sizes: Sizes, data: Path) -> None:
    """Measure runs and rivals in turn, and add what came out."""
    say(f"one symbol of {sizes.bars:,} bars in {data}")
    market = crypto_market(data, 1, sizes.bars)
    with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
        runs = run_contestants(market, wanted, sizes, data, Path(folder))
        rivals = rival_contestants(market, wanted, sizes)
        say(f"measuring {sizes.repeats} rounds of: {', '.join([*runs, *rivals])}")
        contestants: dict[str, Callable[[], Any]] = {**runs, **rivals}
        found = interleaved(contestants, sizes.repeats)
    summaries = {name: found[name] for name in runs}
    rates = {name: [one["bars_per_second"] for one in summaries[name]] for name in runs}
    rates |= {name: found[name] for name in rivals}
    if "compiled" in summaries:
        measured = {one["bars"] for one in summaries["compiled"]}
        if measured != {market.bars}:
            raise RuntimeError(f"{market.bars} bars are in the catalog, {measured} were replayed")
    add_rates(report, summaries, rates)
    add_ratios(report, rates)


def add_rates(
    report: Report, summaries: Mapping[str, list[dict[str, Any]]], rates: Mapping[str, list[float]]
) -> None:
    """Add each contestant's rate, with its bound where it has one."""
    bounds = {"compiled": 10.0, "interpreted": 0.4}
    for name, samples in rates.items():
        note = ""
        if name in summaries:
            walls = [one["seconds"] for one in summaries[name]]
            last = summaries[name][-1]
            note = (
                f"{last['bars']:,} bars, {last['fills']:,} fills, "
                f"wall {statistics.median(walls):.2f} s"
            )
        rate = statistics.median(samples) / 1e6
        report.add(name, rate, "M bars/s", at_least=bounds.get(name), note=note)


def add_ratios(report: Report, rates: Mapping[str, list[float]]) -> None:
    """Add the ratios whose two sides were measured."""
    for name, rival, bound in (("compiled", "raptorbt", 2.0), ("interpreted", "backtesting", 5.0)):
        if name in rates and rival in rates:
            ratio = median_ratio(rates[name], rates[rival])
            report.add(f"{name} / {rival}", ratio, "x", at_least=bound)
    if "compiled" not in rates:
        return
    if "streams" in rates:
        cost = 100 * (median_ratio(rates["compiled"], rates["streams"]) - 1)
        report.add("added 5m and 15m bars", cost, "% longer", at_most=20.0)
    for name in rates:
        if name.startswith("symbols"):
            ratio = median_ratio(rates[name], rates["compiled"])
            report.add(f"{name} / compiled", ratio, "x", at_least=0.5)


def command(*arguments: object) -> list[str]:
    """Return the command line of `ringtape` with these arguments."""
    return [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return the environment for a command, which finds the packages also if not installed."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def peak_memory(settings: Mapping[str, Any], out: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Run it by command; peak resident bytes of each process, by role, and the summary.

    The supervisor, the fork server and the resource tracker, which the summary does not tell of,
    are looked at from outside fifty times a second.
    """
    path = out / "memory.json"
    path.write_text(json.dumps(settings, default=str), encoding="utf-8")
    peaks: dict[int, int] = {}
    with (out / "summary").open("w+", encoding="utf-8") as answer:
        line = command("run", path, "--out", out / "runs", "--json")
        supervisor = psutil.Popen(line, stdout=answer, cwd=out, env=environment())
        while supervisor.poll() is None:
            note_peaks(supervisor, peaks)
            time.sleep(0.02)
        answer.seek(0)
        if supervisor.returncode:
            raise RuntimeError(f"{' '.join(line)} ended with {supervisor.returncode}")
        summary = json.load(answer)
    shutil.rmtree(summary["run_dir"])
    by_role = {"supervisor": peaks.pop(supervisor.pid)}
    for member in summary["processes"]:
        sampled = peaks.pop(member["pid"], 0)
        by_role[member["role"]] = max(sampled, member["peak_rss_bytes"])
    by_role["others"] = sum(peaks.values())
    return by_role, summary


def note_peaks(supervisor: psutil.Process, peaks: dict[int, int]) -> None:
    """Note the peak resident bytes so far of a process and all below it."""
    below: list[psutil.Process] = []
    with suppress(psutil.Error):
        below = supervisor.children(recursive=True)
    for process in [supervisor, *below]:
        with suppress(psutil.Error, OSError):  # gone meanwhile
            peaks[process.pid] = max(peaks.get(process.pid, 0), high_water(process))


def high_water(process: psutil.Process) -> int:
    """Return the most that was ever resident, where the system tells, else what is now."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def measure_memory(report: Report, data: Path, bars: int) -> None:
    """Add the peak memory of a long run and of one a tenth as long."""
    totals = {}
    with tempfile.TemporaryDirectory(prefix="ringtape-bench-", dir=data) as folder:
        for count in (bars // 10, bars):
            say(f"memory: 5 symbols of {count:,} bars in {data}")
            market = crypto_market(data, 5, count)
            roles, summary = peak_memory(configuration(market), Path(folder))
            totals[count] = sum(roles.values())
            note = ", ".join(f"{role} {peak / 1e6:.0f}" for role, peak in roles.items())
            rate = f"{summary['bars_per_second'] / 1e6:.1f} M bars/s"
            report.add(
                f"memory, {market.bars:,} bars", totals[count] / 1e6, "MB", note=f"{note}; {rate}"
            )
    ratio = totals[bars] / totals[bars // 10]
    report.add("memory, ten times the bars", ratio, "x", at_most=1.1)


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--bars", type=int, help=f"of one symbol [{FULL.bars}]")
    parser.add_argument("--repeats", type=int, help=f"rounds of all contestants [{FULL.repeats}]")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="contestants [all]")
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    add_data_option(parser)
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    chosen.data.mkdir(parents=True, exist_ok=True)
    report = Report("pipeline", asdict(sizes), PACKAGES, judged=not chosen.smoke)
    if chosen.smoke or not chosen.memory:
        measure_speed(report, frozenset(chosen.only), sizes, chosen.data)
    if chosen.smoke or chosen.memory:
        measure_memory(report, chosen.data, sizes.bars)
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
