"""The first result, the next one, and the one after an edit: this tree and an old one in turn.

    python bench/first.py --old PATH [--old-python PATH] [--json] [--smoke] [--repeats N] [--warm N]

PATH is a checkout of the version to compare with. Both run as `python -m pipeline.cli` in an empty
working directory, with the tree first on the path and caches of their own. Without `--old` this
tree is measured alone, and there are no ratios; with this tree as PATH they tell how noisy the
machine is. Linux only.

    first demo          `ringtape demo` with empty caches: writes the sample, compiles everything
    warm run            `ringtape run` of the tree's config/demo.json in the caches that this left
    run after an edit   the same with a strategy in a file, whose `on_bar` has a constant that no
                        run before it had
    an edit adds        what that takes longer than the warm run before it

Each by wall time, and the first three also by processor time: user and system time of all processes
of the command, in full and until the coordinator has published the first slot of the tape. That is
seen from outside, in the stats block of the run, to 10 ms. In a round both trees make a first demo,
then `--warm` times a warm run and a run after an edit, taking turns; which tree begins changes from
round to round. What is shown is new median / old median, and both medians with the least and the
most. Bounds of the wall times: first demo at most 0.3 of the old tree's, warm run at most 0.35, an
edit adds at most half of what it did.

All runs of the demonstration by one tree must have one digest. Where both trees have the same, runs
with the same edit must have one, too. Where they do not, because a rule of results has changed
since the old tree, the times are compared all the same, and a row says that the results differ.

With `--smoke` the caches begin with what this machine keeps of this tree's compiled code, so that
nothing but the hook is compiled.
"""

import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # before bench/, see measure.py

from bench.measure import Report, bench_parser, say, sizes_of
from pipeline.native.code_cache import cache_directory
from shm.errors import SegmentMismatch, SegmentMissing
from shm.names import list_segments
from shm.stats import StatsBlock


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rounds, warm runs and edits in each, and how the caches begin."""

    repeats: int
    warm: int
    caches: str


FULL, SMOKE = Sizes(repeats=3, warm=3, caches="empty"), Sizes(repeats=1, warm=1, caches="kept")
ROOT = Path(__file__).parents[1]
PACKAGES = ("numpy", "numba", "pyarrow", "multiprocess")
EDITED = """
from pipeline import Strategy, indicators as ind


class Edited(Strategy):
    fast: int = 10
    slow: int = 30
    quantity: float = 100

    def indicators(self):
        return {{"fast_avg": ind.sma(self.fast), "slow_avg": ind.sma(self.slow)}}

    def on_bar(self, bar, ctx):
        side = 1.0 if bar.fast_avg > bar.slow_avg + {margin} else -1.0
        ctx.target(bar.symbol, side * self.quantity)
"""
_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.01
_PATIENCE_SECONDS = 1_800.0


# -- one command --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What one command took, in seconds.

    wall: until it had ended. processor: user and system time of all its processes.
    to_first_bar: as much of that as was spent before the tape started; None where it was not seen.
    digest: of its result.
    """

    wall: float
    processor: float
    to_first_bar: float | None
    digest: str


class TapeWatch:
    """Sees from outside when the run of a supervisor has published the first slot of its tape."""

    def __init__(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._block: StatsBlock | None = None

    def has_started(self) -> bool:
        """Whether it has; False also where the stats block cannot be read."""
        if self._block is None:
            self._block = self._attach()
        if self._block is None:
            return False
        return self._block.snapshot()["coordinator"].full.counters["slots"] > 0

    def close(self) -> None:
        """Detach."""
        if self._block is not None:
            self._block.close()

    def _attach(self) -> StatsBlock | None:
        for name in list_segments():
            if name.owner_pid == self._supervisor and name.kind == "stats":
                with suppress(SegmentMissing, SegmentMismatch):  # half made, or gone
                    return StatsBlock.attach(name.text)
        return None


def become_subreaper() -> None:
    """Let processes whose parents have ended become children of this one, and so be counted."""
    if sys.platform != "linux":
        raise SystemExit(f"bench/first.py needs Linux to count processor time, not {sys.platform}")
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this process cannot become a subreaper")


def measured(line: Sequence[str], place: Path, variables: dict[str, str]) -> Taken:
    """Run a command that prints its summary; RuntimeError where it fails or does not end."""
    before = _ended_seconds()
    to_first_bar = None
    output, errors = place / "output", place / "errors"
    with output.open("w") as out, errors.open("w") as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            line, cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        watch = TapeWatch(process.pid)
        try:
            while process.poll() is None and to_first_bar is None:
                if watch.has_started():
                    to_first_bar = _ended_seconds() + _living_seconds() - before
                else:
                    time.sleep(_POLL_SECONDS)
            code = process.wait(_PATIENCE_SECONDS)
            wall = time.perf_counter() - start
        finally:
            watch.close()
            process.kill()
    if code:
        raise RuntimeError(f"{' '.join(line)} ended with {code}:\n{errors.read_text()}")
    _reap()
    digest = json.loads(output.read_text())["digest"]
    return Taken(wall, _ended_seconds() - before, to_first_bar, digest)


def _ended_seconds() -> float:
    """Return the processor time of all children that have ended and been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _living_seconds() -> float:
    """Return the processor time of all descendants that are there, and of their ended children."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def _reap() -> None:
    """Wait for what the command has left, its fork server for example, which ends by itself."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    left = [one.cmdline() for one in psutil.Process().children(recursive=True)]
                    raise RuntimeError(f"still there after {_PATIENCE_SECONDS:g} s: {left}")
                time.sleep(_POLL_SECONDS)


# -- one tree -----------------------------------------------------------------------------------


class Tree:
    """A checkout and the interpreter that runs it, with caches and a directory for each round."""

    def __init__(self, name: str, path: Path, python: str) -> None:
        self.name = name
        self._path, self._python = path.resolve(), python
        self._edits = 0

    def prepare(self) -> None:
        """Byte-compile it, as any run before would have; RuntimeError where another tree is run."""
        compiling = [self._python, "-m", "compileall", "-q", "pipeline", "shm"]
        subprocess.run(compiling, cwd=self._path, check=True)
        asking = [self._python, "-c", "import pipeline; print(pipeline.__file__)"]
        with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
            found = subprocess.run(
                asking,
                cwd=folder,
                env=self._variables(Path(folder)),
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
        if self._path not in Path(found).parents:
            raise RuntimeError(f"{self._python} runs {found}, not what is in {self._path}")

    def begin(self, place: Path, caches: str) -> None:
        """Work from now on in `place`, a folder that is made, with caches "empty" or "kept"."""
        self._place = place
        for folder in ("work", "cache", "xdg"):
            (place / folder).mkdir(parents=True)
        if caches == "kept":
            kept = cache_directory()
            shutil.copytree(kept, place / "cache" / kept.name)

    def demo(self) -> Taken:
        """Run the demonstration, sample and all."""
        return self._command("demo")

    def run(self) -> Taken:
        """Run the demonstration's configuration."""
        return self._command("run", str(self._path / "config" / "demo.json"))

    def run_edited(self) -> Taken:
        """Run it with a strategy that has just been edited."""
        self._edits += 1
        mine = self._place / "work" / "mine.py"
        mine.write_text(EDITED.format(margin=self._edits / 1_000), encoding="utf-8")
        config = str(self._path / "config" / "demo.json")
        return self._command("run", config, "--set", "strategy.name=mine.py:Edited")

    def _command(self, *arguments: str) -> Taken:
        line = [self._python, "-m", "pipeline.cli", *arguments, "--json"]
        return measured(line, self._place / "work", self._variables(self._place))

    def _variables(self, place: Path) -> dict[str, str]:
        paths = [str(self._path), *filter(None, [os.environ.get("PYTHONPATH")])]
        others = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        return {
            **others,
            "PYTHONPATH": os.pathsep.join(paths),
            "RINGTAPE_CACHE_DIR": str(place / "cache"),
            "XDG_CACHE_HOME": str(place / "xdg"),
        }


# -- in turn ------------------------------------------------------------------------------------

Samples = dict[str, list[Taken]]


def measure(trees: Sequence[Tree], sizes: Sizes) -> dict[str, Samples]:
    """Return what the commands took, by the tree's name and then by the command's."""
    found: dict[str, Samples] = {tree.name: defaultdict(list) for tree in trees}
    for number in range(sizes.repeats):
        say(f"round {number + 1} of {sizes.repeats}: first demo, then {sizes.warm} warm and edited")
        trees = trees[::-1]
        with tempfile.TemporaryDirectory(prefix="ringtape-bench-") as folder:
            for tree in trees:
                tree.begin(Path(folder, tree.name), sizes.caches)
                found[tree.name]["first demo"].append(tree.demo())
            for _ in range(sizes.warm):
                for tree in trees:
                    found[tree.name]["warm run"].append(tree.run())
                for tree in trees:
                    found[tree.name]["run after an edit"].append(tree.run_edited())
    return found


def difference(found: dict[str, Samples]) -> str:
    """Say that the trees' results of the demonstration differ; "" if they do not.

    RuntimeError where the runs of one tree have not come to the same, or where trees with the same
    results differ after the same edit.
    """
    plain = {tree: _digest(tree, samples) for tree, samples in found.items()}
    if len(set(plain.values())) != 1:
        named = ", ".join(f"{tree} {digest[:12]}" for tree, digest in plain.items())
        return f"the trees' results differ, only their times are compared; digests: {named}"
    for edited in zip(*(samples["run after an edit"] for samples in found.values()), strict=True):
        digests = {taken.digest for taken in edited}
        if len(digests) != 1:
            raise RuntimeError(f"runs of one edited strategy must have one digest, found {digests}")
    return ""


def _digest(tree: str, samples: Samples) -> str:
    """Return the digest of all runs of the demonstration by one tree."""
    digests = {taken.digest for name in ("first demo", "warm run") for taken in samples[name]}
    if len(digests) != 1:
        raise RuntimeError(
            f"runs of the demonstration by the {tree} tree must have one digest, found {digests}"
        )
    return digests.pop()


def add_rows(report: Report, found: dict[str, Samples]) -> None:
    """Add the rows of the table; the first says so if the trees' results differ."""
    if differ := difference(found):
        report.add("trees with the same results", 1, f"of {len(found)}", note=differ)
    bounds = {"first demo": 0.3, "warm run": 0.35}
    names = ("first demo", "warm run", "run after an edit")
    for name in names:
        seconds = _each(found, name, lambda taken: taken.wall)
        add_row(report, name, seconds, bounds.get(name))
    added = {
        tree: [
            edited.wall - warm.wall
            for edited, warm in zip(samples["run after an edit"], samples["warm run"], strict=True)
        ]
        for tree, samples in found.items()
    }
    add_row(report, "an edit adds", added, 0.5)
    for name in names:
        seconds = _each(found, name, lambda taken: taken.processor)
        add_row(report, f"{name}, processor time", seconds)
    for name in names:
        seconds = {}
        for tree, samples in found.items():
            seen = [one.to_first_bar for one in samples[name] if one.to_first_bar is not None]
            if len(seen) == len(samples[name]):
                seconds[tree] = seen
            else:  # its stats block may be one that this tree cannot read
                say(f"{name}: the tape of the {tree} tree was not seen to start in every run")
        if "new" in seconds:
            add_row(report, f"{name}, processor time until the tape starts", seconds)


def _each(
    found: dict[str, Samples], name: str, seconds: Callable[[Taken], float]
) -> dict[str, list[float]]:
    return {tree: [seconds(taken) for taken in samples[name]] for tree, samples in found.items()}


def add_row(
    report: Report, name: str, seconds: dict[str, list[float]], at_most: float | None = None
) -> None:
    """Add one row: new / old of the medians, and beside it both with their ranges.

    With one tree alone, its median in seconds.
    """
    medians = {tree: statistics.median(samples) for tree, samples in seconds.items()}
    notes = [
        f"{tree} {medians[tree]:.2f} s ({min(samples):.2f} to {max(samples):.2f})"
        for tree, samples in seconds.items()
    ]
    detail: dict[str, Any] = {
        tree: {"median": medians[tree], "min": min(samples), "max": max(samples), "all": samples}
        for tree, samples in seconds.items()
    }
    note = "; ".join(notes)
    if "old" not in medians:
        report.add(name, medians["new"], "s", note=note, detail=detail)
        return
    if medians["old"] <= 0.0:
        raise RuntimeError(f"{name} has no ratio to what the old tree took: {note}")
    ratio = medians["new"] / medians["old"]
    report.add(name, ratio, "x", at_most=at_most, note=note, detail=detail)


def main() -> int:
    parser = bench_parser(__doc__)
    parser.add_argument("--old", type=Path, metavar="PATH", help="checkout to compare with [none]")
    parser.add_argument(
        "--old-python", default=sys.executable, metavar="PATH", help="what runs it [this]"
    )
    parser.add_argument("--repeats", type=int, help=f"rounds [{FULL.repeats}]")
    parser.add_argument("--warm", type=int, help=f"warm runs and edits a round [{FULL.warm}]")
    chosen = parser.parse_args()
    sizes = sizes_of(chosen, FULL, SMOKE)
    trees = [Tree("new", ROOT, sys.executable)]
    if chosen.old is not None:
        trees.append(Tree("old", chosen.old, chosen.old_python))
    become_subreaper()
    for tree in trees:
        tree.prepare()
    report = Report("first", asdict(sizes), PACKAGES, judged=not chosen.smoke)
    add_rows(report, measure(trees, sizes))
    return report.finish(chosen.json)


if __name__ == "__main__":
    sys.exit(main())
