"""What a lane costs per bar, and what each kind of order adds to it.

    python bench/lanes.py [--json] [--smoke] [--repeats N]

A new compiled lane walks one finished slot of 65,536 bars of one symbol in this process, again and
again: matching, marking, the strategy's hook, and nothing of the tape or of the result files.
Medians over `--repeats` rounds, all lanes taking turns. Bound: with 1,000 limit and stop orders at
rest, and one more placed and cancelled every 20 bars, at least 1 million bars/s.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from pipeline.native.code_cache import kernel_variables

os.environ.update(kernel_variables())  # before anything imports Numba

from bench.measure import Report, bench_parser, interleaved, sizes_of
from pipeline import MINUTE, Strategy, state
from pipeline import indicators as ind
from pipeline.codes import PRICE_COLUMNS
from pipeline.lane.kind import LaneKind
from pipeline.lane.lane import Lane
from pipeline.lane.outbox import Outbox
from pipeline.lane.slot_view import SlotView
from pipeline.lane.spec import LaneSpec, Terms
from pipeline.strategy.examples import SmaCross
from pipeline.tape.schedule import Schedule
from pipeline.tape.slot import Slot, SlotShape


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds, and bars of the slot."""

    repeats: int
    bars: int


FULL, SMOKE = Sizes(repeats=31, bars=65_536), Sizes(repeats=2, bars=1_024)
FAST, SLOW = 10, 30
RESTING = 1_000


class Averages(Strategy):
    """The two averages, for strategies that trade by them."""

    def indicators(self) -> dict[str, ind.Indicator]:
        return {"fast_avg": ind.sma(FAST), "slow_avg": ind.sma(SLOW)}


class Idle(Averages):
    """Looks at every bar and places nothing."""

    seen: float = state(0.0)

    def on_bar(self, bar: Any, ctx: Any) -> None:
        self.seen = bar.close


class Bracketed(Averages):
    """Enters with a stop-loss and a take-profit wherever the averages cross up."""

    above: bool = state(False)

    def on_bar(self, bar: Any, ctx: Any) -> None:
        above = bar.fast_avg > bar.slow_avg
        if above and not self.above and ctx.position(bar.symbol) == 0.0:
            ctx.bracket(bar.symbol, 1.0, bar.close - 5.0, bar.close + 5.0)
        self.above = above


class Trailing(Averages):
    """Holds one unit behind a trailing stop, and enters again where that was hit."""

    def on_bar(self, bar: Any, ctx: Any) -> None:
        if ctx.position(bar.symbol) + ctx.pending(bar.symbol) == 0.0:
            ctx.market(bar.symbol, 1.0)
            ctx.trailing_stop(bar.symbol, -1.0, amount=10.0)


class Crowded(Averages):
    """A thousand orders far from the market, and one that comes and goes."""

    seen: int = state(0)
    last: int = state(0)

    def on_bar(self, bar: Any, ctx: Any) -> None:
        if self.seen == 0:
            for place in range(RESTING // 2):
                ctx.limit(bar.symbol, 1.0, 1.0 + 0.001 * place)
                ctx.stop(bar.symbol, 1.0, 1e6 + place)
        self.seen += 1
        if self.seen % 20 == 0:
            ctx.cancel(self.last)
            self.last = ctx.limit(bar.symbol, 1.0, 0.5 * bar.close)


LANES: dict[str, type[Strategy]] = {
    "no orders": Idle,
    "market orders": SmaCross,
    "brackets": Bracketed,
    "trailing stops": Trailing,
    "1,000 at rest": Crowded,
}


def full_slot(bars: int) -> tuple[SlotShape, Slot]:
    """Return a slot of a random walk with its two averages, in memory of its own."""
    columns = (*PRICE_COLUMNS, "fast", "slow")
    shape = SlotShape.plan(["A"], ["1m"], [columns], lookback=1, rows=bars, quality=False)
    slot = Slot(shape, memoryview(bytearray(shape.layout.size)))
    table = slot.tables[0]
    fresh = slice(table.first, table.first + bars)
    close = np.round(np.random.default_rng(1).normal(size=bars).cumsum() + 2_000, 2)
    table.values[0, 0, fresh] = table.values[3, 0, fresh] = close
    table.values[1, 0, fresh], table.values[2, 0, fresh] = close + 0.5, close - 0.5
    for column, span in ((5, FAST), (6, SLOW)):
        mean = np.convolve(close, np.ones(span) / span, "full")[:bars]
        table.values[column, 0, fresh] = mean
    table.ts[0, fresh] = np.arange(bars) * MINUTE
    table.close_ts[0, fresh] = table.ts[0, fresh] + MINUTE
    table.count[0] = bars
    return shape, slot


def walks(shape: SlotShape, slot: Slot, bars: int) -> dict[str, Callable[[], float]]:
    """Return for every lane a function that walks the slot once and gives the ns per bar."""
    outbox, view = Outbox(bars, 1), SlotView(slot, shape, Schedule(shape))
    view.read()
    bindings = (("fast_avg", 0, 5), ("slow_avg", 0, 6))
    specs = [
        LaneSpec(number, cls(), "compiled", 0, bindings, (0,))
        for number, cls in enumerate(LANES.values())
    ]
    kinds = [LaneKind(spec, shape, Terms(1e6), tabled=True) for spec in specs]

    def walk(spec: LaneSpec) -> float:
        # A lane that has been here keeps orders from the slot's end, which are not live again.
        lane = Lane.make(spec, kinds[spec.number], outbox)
        start = time.perf_counter()
        lane.run(view, lambda lane: None)
        return (time.perf_counter() - start) / bars * 1e9

    found = {}
    for name, spec in zip(LANES, specs, strict=True):
        walk(spec)
        found[name] = partial(walk, spec)
    return found


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds [{FULL.repeats}]")
    options = parser.parse_args()
    sizes = sizes_of(options, FULL, SMOKE)
    report = Report("lanes", asdict(sizes), ["numpy", "numba"], judged=not options.smoke)
    samples = interleaved(walks(*full_slot(sizes.bars), sizes.bars), sizes.repeats)
    for name, values in samples.items():
        report.add(name, statistics.median(values), "ns per bar")
    crowded = 1e3 / statistics.median(samples["1,000 at rest"])
    report.add("1,000 at rest, rate", crowded, "M bars/s", at_least=1.0)
    return report.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
