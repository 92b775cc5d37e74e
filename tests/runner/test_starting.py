"""What a run starts with: little in this process, everything in the fork server."""

import json
import os
import subprocess
import sys
from pathlib import Path

from pipeline.config.session import example_path

ROOT = Path(__file__).parents[2]
#: Libraries that take a second to import together, and that only the processes of a run need.
HEAVY = ("exchange_calendars", "llvmlite", "numba", "pandas", "scipy")
SCRIPT = f"""
import json, sys
from pipeline import run
result = run(sys.argv[1], overrides=[f"catalog={{sys.argv[2]}}"], out=sys.argv[3])
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""


def test_a_supervisor_imports_neither_compiler_nor_calendars(sample: Path, tmp_path: Path):
    """Once the sessions of its calendar are kept; the first run of all builds them."""
    line = [sys.executable, "-c", SCRIPT, str(example_path("demo.json")), str(sample)]

    def imported() -> list[str]:
        done = subprocess.run(
            [*line, str(tmp_path)],
            cwd=ROOT,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=True,
        )
        found: list[str] = json.loads(done.stdout)
        return found

    imported()
    assert imported() == []
