"""Runs rounds of accidents: `python -m tests.chaos --rounds 1000 --seed 1`.

Each round starts a run, a sweep, a resumed sweep or an import, with settings drawn by the seed. At
a random moment it kills, stops or signals a process, fills a disk, cuts or removes a file, sets the
clock, or takes memory. Then the result must be right or the error clear, the next command must be
right, and nothing may be left: no process, no shared memory, no folder.
"""

import argparse
import json
import selectors
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.chaos.plan import KINDS
from tests.chaos.prepare import prepare
from tests.reference.own_process import environment

_NAME_SPACES = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


def main() -> int:
    options = _options()
    kinds = tuple(options.kinds.split(",")) if options.kinds else KINDS
    folder = Path(tempfile.mkdtemp(prefix="ringtape-chaos-"))
    _say(f"seed {options.seed}; in {folder}")
    prepare(folder / "prepared")
    found = []
    for outcome in play_all(
        folder, options.seed, options.rounds, options.jobs, kinds, options.first
    ):
        found.append(outcome)
        if outcome["faults"] or options.verbose:
            _say(json.dumps(outcome))
        elif len(found) % 25 == 0:
            _say(f"{len(found)} of {options.rounds} rounds")
    _say(table(found))
    wrong = sum(bool(outcome["faults"]) for outcome in found)
    if wrong:
        _say(f"{wrong} rounds went wrong; their folders are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--jobs", type=int, default=2, help="rounds at the same time")
    parser.add_argument("--kinds", help=f"some of {','.join(KINDS)}")
    parser.add_argument("--verbose", action="store_true", help="a line about each round")
    return parser.parse_args()


def play_all(
    folder: Path, seed: int, rounds: int, jobs: int, kinds: tuple[str, ...] = KINDS, first: int = 0
) -> Any:
    """Play rounds in several jobs; yield what came of each, as its job has written it."""
    allowed = not subprocess.run(
        [*_NAME_SPACES, "true"], capture_output=True, check=False
    ).returncode
    program = [*(_NAME_SPACES if allowed else []), sys.executable, "-m", "tests.chaos.job"]
    last = first + rounds
    working = []
    for job in range(jobs):
        numbers = map(str, (seed, first + job, jobs, last))
        arguments = [str(folder / "prepared"), str(folder), *numbers, *kinds]
        working.append(
            subprocess.Popen(
                [*program, *arguments], env=environment(), stdout=subprocess.PIPE, text=True
            )
        )
    try:
        yield from _lines_of(working)
    finally:
        for one in working:
            one.kill()
            one.communicate()


def _lines_of(working: list[subprocess.Popen[str]]) -> Any:
    """Yield the lines of several processes as they come, each read from JSON."""
    with selectors.DefaultSelector() as selector:
        for one in working:
            assert one.stdout is not None
            selector.register(one.stdout, selectors.EVENT_READ, one)
        while selector.get_map():
            for key, _ in selector.select():
                line = key.fileobj.readline()  # type: ignore[union-attr]
                if line:
                    yield json.loads(line)
                    continue
                selector.unregister(key.fileobj)
                if key.data.wait():
                    raise RuntimeError(f"a job ended with {key.data.returncode}")


def table(found: list[dict[str, Any]]) -> str:
    """Count the rounds of each kind: hit, without anything to hit, wrong; and their times."""
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for outcome in found:
        by_kind[outcome["kind"]].append(outcome)
    lines = [f"{'kind':8} {'hit':>5} {'over':>5} {'wrong':>5} {'p50 s':>6} {'max s':>6} exit codes"]
    for kind, rounds in sorted(by_kind.items()):
        hit = [one for one in rounds if one["told"]]
        times = [one["seconds"] for one in hit] or [0.0]
        codes = Counter(one["code"] for one in hit)
        told = ", ".join(f"{code}: {count}" for code, count in codes.most_common())
        wrong = sum(bool(one["faults"]) for one in rounds)
        lines.append(
            f"{kind:8} {len(hit):5} {len(rounds) - len(hit):5} {wrong:5} "
            f"{statistics.median(times):6.1f} {max(times):6.1f} {told}"
        )
    lines += sorted(
        {f"not made ({one['kind']}): {one['skipped']}" for one in found if one["skipped"]}
    )
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
