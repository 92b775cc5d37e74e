"""Columns that Python packs are those that the page's script reads, to the last bit."""

import json
import math
import shutil
import subprocess
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.results.report.html.document import read_parts
from pipeline.results.report.html.packing import Packer, pack_columns

NODE = shutil.which("node")
READ = """
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
globalThis.document = { getElementById: (id) => ({ textContent: texts[id].text }) };
(async () => {
  const found = [];
  for (const id of texts.keys()) {
    const columns = await unpack(id, texts[id].head);
    const plain = (value) => (Number.isFinite(value) ? value : String(value));
    found.push(Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, Array.from(values, plain)]),
    ));
  }
  console.log(JSON.stringify(found));
})();
"""
RNG = np.random.default_rng(5)
WALK = 100 + np.cumsum(RNG.normal(0, 1, 500))
ODD = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-30, -1e30, 0.1, -0.1, np.nan])
#: Columns, and whether they lie on a grid.
COLUMNS: dict[str, tuple[npt.NDArray[Any], bool]] = {
    "times": (1_700_000_000 + 60 * np.arange(500), True),
    "far apart": (np.array([0, 2**51, -(2**51), 7]), True),
    "all the same": (np.full(9, 5), True),
    "one": (np.array([12.5]), True),
    "none": (np.empty(0), True),
    "cents": (np.round(WALK, 2), True),
    "quarters": (np.round(4 * WALK) / 4, True),
    "pips": (np.round(WALK / 100, 5), True),
    "negative": (-np.round(WALK, 1), True),
    "wide": (np.round(WALK * 1e9, 2), True),
    "off the grid": (WALK / 3, False),
    "singles": (WALK.astype(np.float32), False),
    "odd": (ODD, False),
}


def read(*blocks: Any) -> list[dict[str, list[float]]]:
    """What the script reads from blocks."""
    assert NODE is not None
    given = json.dumps([{"head": block.head, "text": block.text} for block in blocks])
    code = read_parts(["columns.js"]) + READ
    done = subprocess.run(
        [NODE, "-e", code], input=given, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, list[float]]] = json.loads(done.stdout)
    return [{k: [float(one) for one in values] for k, values in one.items()} for one in found]


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
def test_what_is_packed_is_read():
    blocks = []
    for values, _ in COLUMNS.values():
        packer = Packer(len(values))
        packer.delta("delta", values)
        packer.plain("plain", values)
        blocks.append(packer.block())
    closes = np.round(WALK, 2)
    candles = [closes - 0.25, closes + 0.5, closes - 0.75, closes]
    for divisor in (1.0, 3.0):
        packer = Packer(len(closes))
        assert packer.candles([np.round(one, 2) / divisor for one in candles]) is (divisor == 1.0)
        blocks.append(packer.block())
    found = read(*blocks)
    for (name, (values, exact)), columns in zip(COLUMNS.items(), found, strict=False):
        expected = values.astype(np.float64) if exact else values.astype(np.float32)
        for kind in ("delta", "plain"):
            np.testing.assert_array_equal(
                np.array(columns[kind], expected.dtype), expected, f"{name} {kind}"
            )
    for columns, divisor in zip(found[-2:], (1.0, 3.0), strict=True):
        for name, values in zip(("open", "high", "low", "close"), candles, strict=True):
            given = np.round(values, 2) / divisor
            expected = given if divisor == 1.0 else given.astype(np.float32).astype(np.float64)
            np.testing.assert_array_equal(columns[name], expected, name)


def test_a_grid_is_as_coarse_as_it_can_be():
    packer = Packer(500)
    packer.delta("quarters", COLUMNS["quarters"][0])
    packer.delta("times", COLUMNS["times"][0])
    grids = [column["grid"] for column in packer.block().head["columns"]]
    assert grids == [[25, 100], [20, 1]]
    assert math.gcd(1_700_000_000, 60) == 20


def test_equal_columns_give_equal_blocks():
    assert pack_columns({"a": WALK}) == pack_columns({"a": WALK.copy()})


def test_columns_of_another_length_are_refused():
    with pytest.raises(ValueError, match="a must have 3 rows, had 500"):
        Packer(3).delta("a", WALK)
