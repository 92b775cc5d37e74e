"""What one call costs that a strategy or a stage makes over and over again.

    python bench/calls.py [--json] [--smoke] [--repeats N]

- get_bars: the window of the last 20 bars of a symbol; without a copy it is a look-up, and the
  array of a column is made when it is asked for, so that is measured too;
- append: a block of 390 rows (a session of minutes), ts, close_ts and five prices, per bar;
- record: one timing into the stats block, `record_...` alone and with its `start_timer`, the
  folding of full buffers into shared memory included;
- count: one of 10,000 latencies into a histogram, all of them in one compiled call.

Everything works on a slot of a real ring and a real stats block in shared memory. Processor time of
this process, so that the time others have the core for does not count; medians over `--repeats`
rounds of many calls each, all calls taking turns. Bounds: get_bars 0.2 microseconds, append 0.02
per bar, record 0.3, count 0.02.

The predecessor, inside one process, with threads: get 0.136, append 0.188, record 1.215.
"""

import statistics
import sys
import time
import timeit
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.measure import Report, bench_parser, interleaved, sizes_of
from pipeline.codes import PRICE_COLUMNS
from pipeline.stages.metrics import PerformanceMetrics, metrics_rows
from pipeline.tape.session_data import SessionData
from pipeline.tape.slot import Slot, SlotShape
from pipeline.tape.slot_writer import SlotWriter
from shm.names import new_run_id
from shm.ring import Ring
from shm.stats import StatsBlock

SYMBOLS, WINDOW, BLOCK, LATENCIES = 5, 20, 390, 10_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds, and by what the calls of a round are divided."""

    repeats: int
    calls_divided_by: int


FULL, SMOKE = Sizes(repeats=31, calls_divided_by=1), Sizes(repeats=2, calls_divided_by=100)
PREDECESSOR = {"get_bars": 0.136, "append": 0.188, "record": 1.215}

Calls = dict[str, tuple[Callable[[], object], int]]


def reading(slot: Slot, shape: SlotShape) -> Calls:
    """Return the calls of a strategy in the middle of a full slot."""
    cursor = np.array([table.first + table.count // 2 for table in slot.tables])
    data = SessionData(shape)
    data.bind(slot, cursor)
    names = {"data": data, "n": WINDOW}
    return {
        "get_bars": timed("data.get_bars('S1', n)", names, 20_000),
        "get_bars, by interval": timed("data.get_bars('S1', n, '5m')", names, 20_000),
        "get_bars and its closes": timed("data.get_bars('S1', n).close", names, 10_000),
        "latest_bar": timed("data.latest_bar('S1')", names, 2_000),
    }


def appending(slot: Slot, shape: SlotShape) -> Calls:
    """Return the appending of one block to an empty slot; per bar it is the 390th of that."""
    writer = SlotWriter(shape)
    writer.bind(slot)
    ts = np.arange(BLOCK)
    columns = [np.arange(BLOCK, dtype=np.float64) for _ in PRICE_COLUMNS]
    names = {"writer": writer, "ts": ts, "columns": columns, "count": slot.tables[0].count.data}
    statement = "count[0] = 0; writer.append(0, 0, ts, ts, columns)"
    return {"append": timed(statement, names, 1_000)}


def recording(block: StatsBlock) -> Calls:
    """Return the recording of timings by an engine."""
    metrics = PerformanceMetrics.for_row(block, "engine 0")
    names: dict[str, object] = {"metrics": metrics, "start": metrics.start_timer()}
    latencies = np.random.default_rng(5).lognormal(13.0, 1.5, LATENCIES).astype(np.int64)
    metrics.record_latencies(latencies)
    names["latencies"] = latencies
    return {
        "count": timed("metrics.record_latencies(latencies)", names, 1_000),
        "record": timed("metrics.record_analysis_engine(start)", names, 10_240),
        "start and record": timed(
            "metrics.record_analysis_engine(metrics.start_timer())", names, 10_240
        ),
    }


def timed(statement: str, names: dict[str, object], calls: int) -> tuple[timeit.Timer, int]:
    """Return a timer of `statement`, which sees `names`, and how often to call it a round."""
    return timeit.Timer(statement, timer=time.process_time, globals=names), calls


def microseconds(timer: timeit.Timer, calls: int) -> float:
    """Return what one call takes."""
    return timer.timeit(calls) / calls * 1e6


def measure(sizes: Sizes) -> dict[str, float]:
    """Return the median microseconds of every call."""
    columns = [PRICE_COLUMNS, PRICE_COLUMNS]
    shape = SlotShape.plan(
        [f"S{i}" for i in range(SYMBOLS)],
        ["1m", "5m"],
        columns,
        lookback=200,
        rows=4_096,
        quality=False,
    )
    with ExitStack() as owned:
        run_id = new_run_id()
        ring = owned.enter_context(Ring.create(run_id, 2, shape.layout.size))
        block = owned.enter_context(StatsBlock.create(run_id, metrics_rows(1, 1)))
        full, empty = Slot(shape, ring.slot(0)), Slot(shape, ring.slot(1))
        for table in full.tables:
            table.count[:] = 4_096
            table.seen[:] = 100_000
        calls = {**reading(full, shape), **appending(empty, shape), **recording(block)}
        contestants = {
            name: (
                lambda timer=timer, often=often // sizes.calls_divided_by: microseconds(
                    timer, often
                )
            )
            for name, (timer, often) in calls.items()
        }
        samples = interleaved(contestants, sizes.repeats)
        # The ring closes only when nothing looks into it any more.
        del calls, contestants, full, empty, table
    return {name: statistics.median(values) for name, values in samples.items()}


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds [{FULL.repeats}]")
    options = parser.parse_args()
    sizes = sizes_of(options, FULL, SMOKE)
    settings = {**asdict(sizes), "window": WINDOW, "block": BLOCK}
    report = Report("calls", settings, ["numpy"], judged=not options.smoke)
    found = measure(sizes)
    found["append"] /= BLOCK
    found["count"] /= LATENCIES
    bounds = {"get_bars": 0.2, "append": 0.02, "record": 0.3, "count": 0.02}
    for name, value in found.items():
        unit = {"append": "us per bar", "count": "us each"}.get(name, "us")
        before = PREDECESSOR.get(name)
        note = f"predecessor {before}" if before is not None else ""
        report.add(name, value, unit, at_most=bounds.get(name), note=note)
    return report.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
