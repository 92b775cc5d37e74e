"""Bars on disk: what it costs to believe only what is verified.

    python bench/catalog.py [--json] [--smoke] [--repeats N] [--bars N]

One series of 1-minute bars is read from a catalog's file, row group by row group:

- decoded: without looking at checksums, as Arrow does unless it is told otherwise;
- checksums: the checksum of each page is checked as it is decoded, as in every run;
- on the tape's doorstep: the same, and each row is checked as in every run;
- whole: the file is decoded and its content hashed, once after each change of the file.

Bounds: checksums and rows take at most as long again as decoding alone. All ways take turns,
`--repeats` rounds of them; ratios are medians of the ratios within a round.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.markets import random_walk
from bench.measure import Report, bench_parser, interleaved, median_ratio, sizes_of, timed
from pipeline.market.catalog.bar_file import file_hash
from pipeline.market.catalog.catalog import Catalog
from pipeline.tape.admission import Admission

MINUTE = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds of all ways, bars of the series."""

    repeats: int
    bars: int


FULL = Sizes(repeats=9, bars=2_000_000)
SMOKE = Sizes(repeats=1, bars=5_000)


def ways_of(catalog: Catalog) -> dict[str, Callable[[], float]]:
    """Return what is timed, by name."""
    path = catalog.path / catalog.entry("A", "1m").file

    def decode() -> None:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for group in range(file.metadata.num_row_groups):
                file.read_row_group(group, use_threads=False)

    def read(admission: Admission | None) -> None:
        with catalog.reader("A", "1m") as reader:
            while (block := reader.next_block()) is not None:
                if admission is not None:
                    admission.check(*block)

    def verify() -> None:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            file_hash(path, file)

    return {
        "decoded": timed(decode),
        "checksums": timed(lambda: read(None)),
        "on the tape's doorstep": timed(lambda: read(Admission("A 1m"))),
        "whole": timed(verify),
    }


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds of all ways [{FULL.repeats}]")
    parser.add_argument("--bars", type=int, help=f"bars of the series [{FULL.bars}]")
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    report = Report("catalog", asdict(sizes), ["numpy", "pyarrow"], judged=not chosen.smoke)
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(Path(folder))
        ts = MINUTE * np.arange(sizes.bars, dtype=np.int64)
        catalog.write("A", "1m", random_walk(ts, 1), "bench")
        ways = ways_of(catalog)
        for way in ways.values():
            way()
        times = interleaved(ways, sizes.repeats)
    for name, seconds in times.items():
        value = statistics.median(seconds) / sizes.bars * 1e9
        ratio = median_ratio(seconds, times["decoded"])
        bound = 2.0 if name in ("checksums", "on the tape's doorstep") else None
        report.add(name, value, "ns per bar")
        if name != "decoded":
            report.add(f"{name} / decoded", ratio, "x", at_most=bound)
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
