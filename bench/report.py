"""The page of a run: how large it is, and how fast a browser shows and zooms it.

    python bench/report.py [--json] [--smoke] [--repeats N] [--bars N]

A crossing of averages trades one symbol of 1-minute bars, some 20,000 times in a million bars, and
the page of this run is written and opened in a headless Chromium, a new one each time. Measured are

- the size of the page, and how long it takes to write;
- the first paint, and when the price chart and the table of trades are drawn;
- a zoom from all bars to some minutes and back in steps of the mouse wheel: the slowest step, from
  the event to the second frame after it, and the most bars that the chart was given;
- the heap of the page's scripts, arrays included, after all that.

Bounds, for a million bars: 12 MB, first paint and drawn within 2 s, 100 ms for a step, 50,000 bars,
400 MB.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.markets import crypto_market
from bench.measure import Report, add_data_option, bench_parser, say, sizes_of
from pipeline.results.folder import RunFolder
from pipeline.runner.reporting.report import write_report
from pipeline.runner.run import run
from tests.chromium import Page, find_chromium


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: openings of the page, bars, steps of the wheel in each direction."""

    repeats: int
    bars: int
    steps: int


FULL = Sizes(repeats=3, bars=1_000_000, steps=110)
SMOKE = Sizes(repeats=1, bars=20_000, steps=5)
MEGABYTE = 1e6

_READY = "runReport.then(({ drawn }) => drawn)"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_ZOOM = """
(async (steps) => {
  const { chart } = await runReport;
  chart.box.scrollIntoView({ block: "center" });
  const canvas = chart.box.querySelector("tr td:nth-child(2) canvas");
  const { x, y, width, height } = canvas.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let [slowest, most] = [0, 0];
  const levels = new Set();
  for (let step = 0; step < 2 * steps; step++) {
    const began = performance.now();
    canvas.dispatchEvent(new WheelEvent("wheel", {
      deltaY: step < steps ? -100 : 100,
      clientX: x + 0.6 * width,
      clientY: y + 0.3 * height,
      bubbles: true,
      cancelable: true,
    }));
    await frame();
    await frame();
    slowest = Math.max(slowest, performance.now() - began);
    most = Math.max(most, chart.high - chart.low);
    levels.add(chart.pyramid.level(chart.at).name);
  }
  return { slowest, most, levels: [...levels] };
})
"""


def written(folder: Path, sizes: Sizes, data: Path) -> tuple[Path, int, float, int]:
    """Run a strategy and write its page; return it, its bytes, the seconds and the round trips."""
    market = crypto_market(data, 1, sizes.bars)
    settings = {
        **market.settings(),
        "session_data_config": {"symbols": list(market.symbols), "streams": ["1m"]},
        "execution": {"commission_bps": 1.0},
        "strategy": {
            "name": "pipeline.strategy.examples:SmaCross",
            "parameters": {"fast": 20, "slow": 60, "quantity": 10},
        },
    }
    result = run(settings, out=folder)
    began = time.perf_counter()
    made = write_report(RunFolder(result.run_dir))
    seconds = time.perf_counter() - began
    assert made.bars == sizes.bars, f"the page has {made.bars:,} of {sizes.bars:,} bars"
    return made.path, made.size, seconds, int(result.statistics["round_trips"])


def opened(page: Path, steps: int) -> dict[str, Any]:
    """Open a page in a new browser, zoom in and out; return what that took."""
    with tempfile.TemporaryDirectory() as folder, Page(Path(folder)) as browser:
        browser.resize(1400, 1000)
        drawn = browser.open(page, _READY)
        paint = browser.evaluate(_PAINT)
        zoom = browser.evaluate(f"({_ZOOM})({steps})")
        used = browser.call("Runtime.getHeapUsage")
        assert browser.messages == [], browser.messages
        heap = used["usedSize"] + used.get("backingStorageSize", 0)
        return {"drawn": drawn, "paint": drawn if paint is None else paint, "heap": heap, **zoom}


def main() -> int:
    """Measure, and return the exit code."""
    parser = bench_parser(__doc__)
    add_data_option(parser)
    parser.add_argument("--repeats", type=int, help="how often the page is opened")
    parser.add_argument("--bars", type=int, help="how many bars it has")
    options = parser.parse_args()
    sizes = sizes_of(options, FULL, SMOKE)
    report = Report("report", asdict(sizes), ["numpy", "pyarrow"], judged=not options.smoke)
    with tempfile.TemporaryDirectory() as folder:
        page, size, seconds, trips = written(Path(folder), sizes, options.data)
        report.add("page", size / MEGABYTE, "MB", at_most=12, note=f"{trips:,} round trips")
        report.add("written in", seconds, "s")
        if find_chromium() is None:
            say("the page is not opened: no Chromium is installed")
            return report.finish(options.json)
        rounds = [opened(page, sizes.steps) for _ in range(sizes.repeats)]
    for name, key, least in (("first paint", "paint", 2_000), ("all drawn", "drawn", 2_000)):
        report.add(name, statistics.median(one[key] for one in rounds), "ms", at_most=least)
    slowest = statistics.median(one["slowest"] for one in rounds)
    levels = ", ".join(rounds[0]["levels"])
    report.add("slowest step of a zoom", slowest, "ms", at_most=100, note=levels)
    most = max(one["most"] for one in rounds)
    report.add("most bars in the chart", most, "bars", at_most=50_000)
    heap = max(one["heap"] for one in rounds)
    report.add("heap", heap / MEGABYTE, "MB", at_most=400)
    return report.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
