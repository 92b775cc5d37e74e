"""Imports: how fast files of others become bars of a catalog, and with how much memory.

    python bench/market.py [--json] [--smoke] [--repeats N] [--rows N]

Random walks of 1-minute bars are written as CSV in three forms: with dates and times in ISO 8601,
as Binance's archive has them (epochs, twelve columns, no header), and as HistData has them
(semicolons, no header). Then

- one file of each form is read by Arrow, and imported; compared is processor time;
- seven files are read by Arrow, one after the other on one core, and imported; compared is time;
- many small files are imported.

Arrow reads with `pyarrow.csv.read_csv`, which finds the types itself, on one core. An import reads,
checks, writes and verifies. Each measurement has a process of its own, whose largest size is its
peak of memory, and both ways take turns.

Bounds: an import of seven files is at least half as fast as Arrow, and no import takes 1 GB.
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from multiprocess import get_context
from pyarrow import csv

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.markets import MINUTE, random_walk
from bench.measure import Report, bench_parser, interleaved, median_ratio, sizes_of
from pipeline import import_bars

BEGIN = int(np.datetime64("2012-01-02", "ns").astype(np.int64))
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds of both ways, rows of a file, many files and their rows."""

    repeats: int
    rows: int
    many: int
    rows_of_many: int


FULL = Sizes(repeats=5, rows=1_370_000, many=500, rows_of_many=20_000)
SMOKE = Sizes(repeats=1, rows=2_000, many=10, rows_of_many=50)


class Spent(NamedTuple):
    """What one measurement took."""

    seconds: float
    processor_seconds: float
    peak_bytes: int


class Form(NamedTuple):
    """A kind of file."""

    name: str
    """The name of the file of a symbol."""
    write: Callable[[pa.Table, Path], None]
    """Writes bars."""


def write_iso(bars: pa.Table, path: Path) -> None:
    """Write ``2012-01-02T00:01:00Z,open,high,low,close,volume`` below a header."""
    _write(path, [_text(bars["ts"], "%Y-%m-%dT%H:%M:%SZ"), *bars.columns[1:]], header=True)


def write_binance(bars: pa.Table, path: Path) -> None:
    """Write epochs in ms and eleven further columns, as Binance's archive of bars has them."""
    ms = pc.divide(bars["ts"].cast(pa.int64()), 1_000_000)
    prices, volume = bars.columns[1:5], bars["volume"]
    trades = pc.add(pc.divide(volume.cast(pa.int64()), 50), 1)
    half = pc.divide(volume, 2.0)
    quote = pc.round(pc.multiply(volume, bars["close"]), 2)
    taken = pc.round(pc.multiply(half, bars["close"]), 2)
    zero = pa.array(np.zeros(len(bars), np.int64))
    end = pc.add(ms, 59_999)
    _write(path, [ms, *prices, volume, end, quote, trades, half, taken, zero], header=False)


def write_histdata(bars: pa.Table, path: Path) -> None:
    """Write ``20120102 000100;open;high;low;close;volume`` without a header."""
    times = _text(bars["ts"], "%Y%m%d %H%M%S")
    _write(path, [times, *bars.columns[1:]], header=False, delimiter=";")


def _text(ts: pa.Array, form: str) -> pa.Array:
    return pc.strftime(ts.cast(pa.timestamp("s", "UTC")), form)


def _write(path: Path, columns: Sequence[pa.Array], *, header: bool, delimiter: str = ",") -> None:
    names = ["timestamp", "open", "high", "low", "close", "volume"]
    names += [f"further {number}" for number in range(len(columns) - len(names))]
    options = csv.WriteOptions(
        include_header=header, delimiter=delimiter, quoting_style="none", batch_size=65_536
    )
    csv.write_csv(pa.table(list(columns), names), path, options)


FORMS = {
    "ISO 8601": Form("S{number}.csv", write_iso),
    "Binance": Form("S{number}USDT-1m-2012-01.csv", write_binance),
    "HistData": Form("DAT_ASCII_EURUS{letter}_M1_2012.csv", write_histdata),
}


def write_file(folder: Path, form: Form, number: int, rows: int) -> Path:
    """Write the bars of one symbol in a form; return the file."""
    path = folder / form.name.format(number=number, letter=chr(ord("A") + number % 26))
    ts = BEGIN + MINUTE * np.arange(rows, dtype=np.int64)
    form.write(random_walk(ts, number), path)
    return path


def read_by_arrow(paths: Sequence[Path]) -> Spent:
    """Read files one after the other, on one core."""
    began = time.perf_counter(), time.process_time()
    for path in paths:
        options = csv.ReadOptions(use_threads=False, autogenerate_column_names=True)
        delimiter = ";" if path.name.startswith("DAT") else ","
        csv.read_csv(path, options, csv.ParseOptions(delimiter=delimiter))
    return _spent(*began)


def imported(paths: Sequence[Path]) -> Spent:
    """Import files into a new catalog."""
    with tempfile.TemporaryDirectory(dir=paths[0].parent) as folder:
        began = time.perf_counter(), time.process_time()
        found = import_bars(paths, folder)
        spent = _spent(*began)
    if len(found) != len(paths):
        raise ValueError(f"{len(paths)} files became {len(found)} series")
    return spent


def _spent(began: float, began_processor: float) -> Spent:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - began, time.process_time() - began_processor
    return Spent(*seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def alone(work: Callable[[Sequence[Path]], Spent], paths: Sequence[Path]) -> Spent:
    """Measure in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        spent: Spent = pool.apply(work, (paths,))
    return spent


def both_ways(paths: Sequence[Path], repeats: int) -> tuple[list[Spent], list[Spent]]:
    """Measure Arrow and the import in turn; return the rounds of each."""
    ways = {"arrow": read_by_arrow, "import": imported}
    found = interleaved(
        {name: lambda work=work: alone(work, paths) for name, work in ways.items()}, repeats
    )
    return found["arrow"], found["import"]


def one_file(report: Report, sizes: Sizes) -> Iterator[int]:
    """Measure a file of each form; yield the peaks of memory."""
    for name, form in FORMS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = write_file(Path(folder), form, 1, sizes.rows)
            arrow, ours = both_ways([path], sizes.repeats)
        yield max(one.peak_bytes for one in ours)
        report.add(
            f"{name}: rate of an import over Arrow's, processor time",
            median_ratio(
                [one.processor_seconds for one in arrow], [one.processor_seconds for one in ours]
            ),
            "times",
            note=f"{_rate(ours, sizes.rows):.2f} million rows/s of processor time",
            detail={"arrow": [*map(tuple, arrow)], "import": [*map(tuple, ours)]},
        )


def seven_files(report: Report, sizes: Sizes) -> int:
    """Measure seven files, imported at once; return the peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        forms = [*FORMS.values()]
        paths = [
            write_file(Path(folder), forms[number % len(forms)], number, sizes.rows)
            for number in range(7)
        ]
        arrow, ours = both_ways(paths, sizes.repeats)
    report.add(
        "seven files: rate of an import over Arrow's on one core",
        median_ratio([one.seconds for one in arrow], [one.seconds for one in ours]),
        "times",
        at_least=0.5,
        note=f"{7 * sizes.rows / statistics.median(one.seconds for one in ours) / 1e6:.2f} million "
        "rows/s",
        detail={"arrow": [*map(tuple, arrow)], "import": [*map(tuple, ours)]},
    )
    return max(one.peak_bytes for one in ours)


def many_files(sizes: Sizes) -> int:
    """Import many files; return the peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        form = FORMS["ISO 8601"]
        paths = [
            write_file(Path(folder), form, number, sizes.rows_of_many)
            for number in range(sizes.many)
        ]
        return alone(imported, paths).peak_bytes


def _rate(spent: Sequence[Spent], rows: int) -> float:
    return rows / statistics.median(one.processor_seconds for one in spent) / 1e6


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--repeats", type=int, help=f"rounds of both ways [{FULL.repeats}]")
    parser.add_argument("--rows", type=int, help=f"rows of a file [{FULL.rows}]")
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    report = Report("market", asdict(sizes), ["numpy", "pyarrow"], judged=not chosen.smoke)
    peaks = {"one file": max(one_file(report, sizes)), "seven files": seven_files(report, sizes)}
    peaks[f"{sizes.many} files"] = many_files(sizes)
    for name, peak in peaks.items():
        report.add(f"{name}: peak of memory", peak / MEGABYTE, "MB", at_most=1000.0)
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
