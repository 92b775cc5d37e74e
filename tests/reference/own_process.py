"""Python in a process of its own, which imports this tree wherever it is started."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The tree that these tests are part of.
ROOT = Path(__file__).parents[2]


def environment(**more: str | None) -> dict[str, str]:
    """The variables of this process, this tree as PYTHONPATH, and ``more``; None removes one."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    return {name: value for name, value in variables.items() if value is not None}


def python(
    *arguments: str | Path, check: bool = True, env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments until it ends, and give its exit code and what it wrote.

    The process has the variables of `environment`, or those of ``env`` alone. ``options`` are those
    of `subprocess.run`, such as ``cwd`` and ``stdin``. Unless ``check`` is False, an exit code that
    is not 0 raises `subprocess.CalledProcessError`.
    """
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment() if env is None else env,
        capture_output=True,
        text=True,
        check=check,
        **options,
    )
