"""Plays rounds one after the other, and writes a line of JSON about each.

`python -m tests.chaos.job PREPARED FOLDER SEED FIRST STEP LAST [KIND...]`; started by `__main__`,
in name spaces of its own where the machine allows that.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from shm.names import LISTING
from tests.chaos.plan import KINDS, plan_of
from tests.chaos.rounds import play


def main(arguments: list[str]) -> None:
    prepared, folder = map(Path, arguments[:2])
    seed, first, step, last = map(int, arguments[2:6])
    kinds = tuple(arguments[6:]) or KINDS
    own_memory = os.getpid() == 1 and _own_memory()
    for number in range(first, last, step):
        plan = plan_of(seed, number, kinds)
        outcome = play(prepared, folder / f"round-{number}", plan, own_memory)
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


def _own_memory() -> bool:
    """Have shared memory of this name space alone, if the machine allows it."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=256m", "none", str(LISTING)]
    return not subprocess.run(mount, capture_output=True, check=False).returncode


if __name__ == "__main__":
    main(sys.argv[1:])
