"""Strategies in files, and their hashes as another process finds them."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from tests.reference import own_process

STRATEGY = textwrap.dedent("""
    from pipeline import Strategy
    import helper

    LEVEL = 1.0


    class Own(Strategy):
        fast: int = 10
        stop: float = 0.5

        def on_bar(self, bar, ctx):
            from late import later
            if bar.close > LEVEL + helper.level() + later():
                ctx.target(bar.symbol, 1.0)


    class Other(Own):
        fast: int = 20
    """)
FILES = {
    "own.py": STRATEGY,
    "helper.py": "import deeper\n\n\ndef level():\n    return deeper.LEVEL\n",
    "deeper.py": "LEVEL = 2.0\n",
    "late.py": "import importlib\n\n\ndef later():\n    return importlib.import_module('x').X\n",
    "x.py": "X = 1\n",
    "unused.py": "NOTHING = 1\n",
}
PACKAGE = {
    "pack/__init__.py": "",
    "pack/own.py": STRATEGY.replace("import helper", "from . import helper").replace(
        "from late", "from .inner.late"
    ),
    "pack/helper.py": "from .deeper import LEVEL\n\n\ndef level():\n    return LEVEL\n",
    "pack/deeper.py": "LEVEL = 2.0\n",
    "pack/inner/__init__.py": "",
    "pack/inner/late.py": "from ..x import X\n\n\ndef later():\n    return X\n",
    "pack/x.py": "X = 1\n",
    "pack/unused.py": "NOTHING = 1\n",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def hash_of(name: str, working: Path) -> str:
    """The hash of a strategy as a process in some working directory finds it."""
    code = (
        "import sys; from pipeline.sweeps.keys.keys import strategy_hash;"
        "from pipeline.strategy.source import load_class;"
        "print(strategy_hash(load_class(sys.argv[1]), sys.argv[1]))"
    )
    return python(code, name, working=working)


def python(code: str, *arguments: str, working: Path) -> str:
    """What an interpreter prints of some code."""
    variables = own_process.environment(PYTHONDONTWRITEBYTECODE="1")
    done = own_process.python(
        *("-P", "-c", code, *arguments), check=False, env=variables, cwd=working
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
