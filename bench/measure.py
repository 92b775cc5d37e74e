"""What the benches share: options, sizes, interleaved repeats, medians, bounds, table and JSON.

Every file of this folder that has a main guard is a bench; `.ci/run` runs each with `--smoke`. A
bench takes its options from `bench_parser`, and how much it does from one of two tables at its top,
`FULL` or `SMOKE`, which `sizes_of` chooses. It collects findings in a `Report` and ends with
`sys.exit(report.finish(as_json))`: 0 if every stated bound is met, 1 if one is missed. With
`--smoke` no bound is judged, and whatever cannot run raises.

Before a bench imports anything of the repository, it puts the repository before its own folder,
where `pipeline.py` would hide the package of that name:

    sys.path.insert(0, str(Path(__file__).parents[1]))
"""

import argparse
import gc
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import psutil

T = TypeVar("T")
Sizes = TypeVar("Sizes", bound=Any)
DATA = Path(tempfile.gettempdir(), "ringtape-bench")


def bench_parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows what every bench takes; the first line of `doc` describes it."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="toy sizes, which show that it runs; no bound is judged",
    )
    return parser


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Let a bench be told the folder that keeps its bars."""
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder that keeps the bars [%(default)s]"
    )


def sizes_of(options: argparse.Namespace, full: Sizes, smoke: Sizes) -> Sizes:
    """Return the table of sizes to run with; an option of a size's name, if given, replaces it."""
    table = smoke if options.smoke else full
    told = {one.name: getattr(options, one.name, None) for one in fields(table)}
    return replace(table, **{name: value for name, value in told.items() if value is not None})


def is_installed(package: str) -> bool:
    """Whether a contestant is there. One that is there and cannot run is a failure of the bench."""
    if find_spec(package) is None:
        say(f"{package} is left out: it is not installed")
        return False
    return True


def say(text: str) -> None:
    """Tell on stderr what is going on; the findings alone go to stdout."""
    print(text, file=sys.stderr, flush=True)


def interleaved(contestants: Mapping[str, Callable[[], T]], repeats: int) -> dict[str, list[T]]:
    """Measure every contestant once per round, so that a noisy moment meets all of them.

    Returns what each measured in the order of the rounds: sample i of one may be set against
    sample i of another.
    """
    samples: dict[str, list[T]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, measure in contestants.items():
            gc.collect()
            samples[name].append(measure())
    return samples


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Return a function that does the work and returns the seconds it took."""

    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the median of the ratios round by round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured value, with a bound below or above it or with none.

    `detail`: what the JSON document holds beside it, the samples for example.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool | None:
        """Whether the bound is met; None where no bound is stated."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return its row of the table."""
        bound = ""
        if self.at_least is not None:
            bound = f">= {_number(self.at_least)}"
        elif self.at_most is not None:
            bound = f"<= {_number(self.at_most)}"
        verdict = {True: "ok", False: "MISSED", None: ""}[self.ok]
        return self.name, f"{_number(self.value)} {self.unit}", bound, verdict, self.note

    def document(self) -> dict[str, Any]:
        """Return what the JSON document holds of it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "ok": self.ok,
            "note": self.note,
            **self.detail,
        }


class Report:
    """The findings of one bench; `packages` are those whose versions matter to it.

    Not `judged`: bounds are left out, as toy sizes keep none.
    """

    def __init__(
        self,
        bench: str,
        settings: Mapping[str, Any],
        packages: Iterable[str],
        *,
        judged: bool = True,
    ) -> None:
        self._bench = bench
        self._judged = judged
        self._settings = dict(settings)
        self._machine = machine(packages)
        self._began = time.perf_counter()
        self._findings: list[Finding] = []

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        note: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a finding, with a bound on one side or with none. ValueError if it is no number."""
        if not math.isfinite(value):
            raise ValueError(f"{name} of bench/{self._bench}.py must be a number, was {value}")
        if not self._judged:
            at_least = at_most = None
        found = Finding(name, float(value), unit, at_least, at_most, note, detail or {})
        self._findings.append(found)

    def finish(self, as_json: bool) -> int:
        """Print everything and return the exit code."""
        missed = [finding for finding in self._findings if finding.ok is False]
        if as_json:
            document = {
                "bench": self._bench,
                "ok": not missed,
                "judged": self._judged,
                "seconds": time.perf_counter() - self._began,
                "settings": self._settings,
                "machine": self._machine,
                "results": [finding.document() for finding in self._findings],
            }
            print(json.dumps(document, indent=2, default=str))
        else:
            print(self._table())
        return 1 if missed else 0

    def _table(self) -> str:
        about = self._machine
        place = f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB"
        settings = ", ".join(f"{name} {_setting(value)}" for name, value in self._settings.items())
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        lines = [
            f"bench/{self._bench}.py: {settings}",
            f"{place}, {about['system']}, load {about['load_before']}",
            f"Python {about['python']}, {versions}",
            "",
        ]
        rows = [("", "value", "bound", "", ""), *(one.cells() for one in self._findings)]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for name, value, *others in rows:
            cells = [name.ljust(widths[0]), value.rjust(widths[1])]
            cells += [text.ljust(width) for text, width in zip(others, widths[2:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)


def _setting(value: object) -> str:
    """Return a setting as the table tells it, whole numbers with thousands apart."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _number(value: float) -> str:
    """Three digits that count, and thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 1:
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:.3g}"


def machine(packages: Iterable[str]) -> dict[str, Any]:
    """Describe where this runs: processor, cores, memory, system, Python, versions, load."""
    return {
        "cpu": _cpu_model(),
        "cores": _usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in packages},
        "load_before": round(psutil.getloadavg()[0], 2),
    }


def _cpu_model() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
