"""Bars for catalogs, and what a catalog looks like on disk."""

import inspect
import itertools
import subprocess
import sys
import textwrap

import numpy as np

from pipeline.market.catalog.bar_columns import BarColumns
from tests.reference.own_process import environment

MINUTE = 60_000_000_000


def bars(rows, start=0, seed=1):
    """Bars at these minutes (or so many); each depends on its minute and the seed alone."""
    at = np.arange(rows) if isinstance(rows, int) else np.asarray(rows)
    close = 100 + (at * 7919 + seed * 31) % 400 / 100
    volume = (at * 104_729 + seed) % 1000.0
    ts = (start + at * MINUTE).astype(np.int64)
    return BarColumns(ts, (close, close + 0.02, close - 0.02, close, volume)).to_table()


def in_blocks(whole, cuts=()):
    """The same bars as `BarBlocks` that are cut at these rows; some blocks may be empty."""
    edges = [0, *sorted(min(cut, len(whole.ts)) for cut in cuts), len(whole.ts)]
    return Blocks([whole.rows(*edge) for edge in itertools.pairwise(edges)])


class Blocks:
    """Blocks of bars that anybody can go through as often as they like."""

    def __init__(self, parts):
        self.parts = parts

    def blocks(self):
        yield from self.parts


def tree(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def read_all(reader):
    blocks = []
    with reader:
        while (block := reader.next_block()) is not None:
            blocks.append(block)
    return blocks


def python(script, *arguments, **options):
    """Start an interpreter on a script that knows `Catalog`, `Series` and `bars`."""
    code = PRELUDE + inspect.getsource(bars) + textwrap.dedent(script)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment(),
        **options,
    )


PRELUDE = f"""
import sys
import numpy as np
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
MINUTE = {MINUTE}
"""
