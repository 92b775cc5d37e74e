"""Bars on their way into a catalog: how long a write takes, and how much memory.

    python bench/writing.py [--json] [--smoke] [--repeats N] [--bars N] [--most N]

One series of 1-minute bars, which is in memory, is written:

- encoded: by Arrow alone into a file of the same encoding, with nothing checked or hashed;
- new: into a catalog that does not have it;
- the same again: into the catalog that has it, which changes nothing;
- a bar more: with one bar behind its end, so that all is compared and written again;
- a bar replaced: with one other value in its middle.

The bars of a second series come block by block and are never in memory together. A process of its
own writes `--most` of them, and then merges others, some of which are there. Its peak memory is
bounded.

Bounds: a new series takes at most twice as long as encoding it, and the process stays under 300 MB.
All ways take turns, `--repeats` rounds of them; ratios are medians of the ratios within a round.
"""

import argparse
import itertools
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.markets import MINUTE, random_walk
from bench.measure import Report, bench_parser, interleaved, median_ratio, sizes_of, timed
from pipeline.codes import PRICE_COLUMNS
from pipeline.market.catalog.bar_columns import BLOCK_ROWS, BarColumns
from pipeline.market.catalog.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds of all ways, bars in memory, bars in blocks."""

    repeats: int
    bars: int
    most: int


FULL = Sizes(repeats=5, bars=10_000_000, most=50_000_000)
SMOKE = Sizes(repeats=1, bars=20_000, most=200_000)


@dataclass(frozen=True, slots=True)
class Made:
    """Bars that are made when they are gone through: ``count`` of every ``step``-th minute."""

    count: int
    step: int = 1
    phase: int = 0

    def blocks(self) -> Iterator[BarColumns]:
        """Yield prices that depend on their minute alone."""
        for first in range(0, self.count, BLOCK_ROWS):
            minute = self.phase + self.step * np.arange(first, min(first + BLOCK_ROWS, self.count))
            close = 100 + minute * 7919 % 4_000 / 100
            columns = close, close + 0.02, close - 0.02, close, minute * 104_729 % 1_000.0
            yield BarColumns(minute * MINUTE, columns)


def write_in_blocks(folder: str, most: int) -> None:
    """Write and merge bars in blocks; print the peak memory after each, in bytes."""
    catalog = Catalog(folder)
    peaks = []
    for bars in (Made(most), Made(most // 10, step=10, phase=most - most // 100)):
        catalog.write("A", "1m", bars, "bench")
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    print(json.dumps(peaks))


def ways_of(folder: Path, table: pa.Table) -> dict[str, Callable[[], float]]:
    """Return what is timed, by name."""
    there = {name: Catalog(folder / name) for name in ("same", "more", "replaced")}
    for catalog in there.values():
        catalog.write("A", "1m", table, "bench")
    rounds = itertools.count(1)

    def encode() -> None:
        pq.write_table(
            table,
            folder / "alone.parquet",
            row_group_size=BLOCK_ROWS,
            compression="none",
            use_dictionary=list(PRICE_COLUMNS),
            column_encoding={"ts": "DELTA_BINARY_PACKED"},
            write_page_checksum=True,
        )

    def one_bar(minute: int, volume: float) -> BarColumns:
        values = *(np.array([50.0]) for _ in range(4)), np.array([volume])
        return BarColumns(np.array([minute * MINUTE]), values)

    def write_new() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            Catalog(made).write("A", "1m", table, "bench")

    def write_more() -> None:
        further = one_bar(table.num_rows + next(rounds), 1.0)
        there["more"].write("A", "1m", further, "bench")

    def write_other() -> None:
        other = one_bar(table.num_rows // 2, float(next(rounds)))
        there["replaced"].write("A", "1m", other, "bench", replace=True)

    return {
        "encoded": timed(encode),
        "new": timed(write_new),
        "the same again": timed(lambda: there["same"].write("A", "1m", table, "bench")),
        "a bar more": timed(write_more),
        "a bar replaced": timed(write_other),
    }


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds of all ways [{FULL.repeats}]")
    parser.add_argument("--bars", type=int, help=f"bars in memory [{FULL.bars}]")
    parser.add_argument("--most", type=int, help=f"bars in blocks [{FULL.most}]")
    parser.add_argument("--write", metavar="DIR", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    if chosen.write is not None:
        write_in_blocks(chosen.write, sizes.most)
        return 0
    report = Report("writing", asdict(sizes), ["numpy", "pyarrow"], judged=not chosen.smoke)
    with tempfile.TemporaryDirectory() as folder:
        table = random_walk(MINUTE * np.arange(sizes.bars, dtype=np.int64), 1)
        times = interleaved(ways_of(Path(folder), table), sizes.repeats)
    for name, seconds in times.items():
        report.add(name, statistics.median(seconds) / sizes.bars * 1e9, "ns per bar")
        if name != "encoded":
            bound = 2.0 if name == "new" else None
            ratio = median_ratio(seconds, times["encoded"])
            report.add(f"{name} / encoded", ratio, "x", at_most=bound)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--write", folder, "--most", str(sizes.most)]
        written, merged = json.loads(subprocess.check_output(command))
    report.add("peak memory of a write", written / 1e6, "MB", at_most=300.0)
    report.add("peak memory of a write and a merge", merged / 1e6, "MB", at_most=300.0)
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
