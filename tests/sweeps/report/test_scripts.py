"""The page's scripts as functions, without a browser: levels of a heatmap, texts of numbers."""

import json
import math
import random
import shutil
import subprocess
from typing import Any

import pytest

from pipeline.results.report.html.document import read_parts
from pipeline.sweeps.report import report

NODE = shutil.which("node")
FILES = ("format.js", "dimensions.js", "axes.js")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")


def evaluated(expression: str, **given: Any) -> Any:
    """The value of an expression in which the page's functions and ``given`` are known."""
    scripts = [read_parts(["numbers.js"]), read_parts(FILES, report._PAGE)]
    names = [f"const {name} = {json.dumps(value)};" for name, value in given.items()]
    code = "\n".join([*scripts, *names, f"console.log(JSON.stringify({expression}))"])
    assert NODE is not None
    options: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "check": False}
    done = subprocess.run([NODE, "-"], input=code, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(name: str, values: list[float]) -> dict[str, Any]:
    return {"name": name, "kind": "number", "values": values}


def sizes(across: dict[str, Any], up: dict[str, Any] | None = None) -> list[int]:
    """How many columns and rows a heatmap over these dimensions has."""
    return evaluated(
        "(({ x, y }) => [x.labels.length, y.labels.length])(levelsOfPair(across, up))",
        across=across,
        up=up,
    )


def drawn(seed: int, count: int = 96) -> list[float]:
    return [random.Random(seed * 1000 + i).uniform(1.0, 90.0) for i in range(count)]


def test_values_that_were_drawn_are_put_into_ranges():
    """96 sets of which no two share a value: 36 cells, not a diagonal of 96 x 96."""
    assert sizes(numbers("a", drawn(1)), numbers("b", drawn(2))) == [6, 6]
    assert sizes(numbers("a", drawn(1))) == [10, 1]
    logs = [10**value for value in drawn(3)]
    assert sizes(numbers("a", logs), numbers("b", drawn(2))) == [6, 6]
    whole = [float(round(value * 1000)) for value in drawn(4)]
    assert sizes(numbers("a", whole)) == [10, 1]


@pytest.mark.parametrize(
    ("across", "up", "expected"),
    [
        ([i % 60 for i in range(1200)], [i // 60 for i in range(1200)], [60, 20]),
        (list(range(40)), [2 * i for i in range(40)], [40, 40]),
        ([1.3**i for i in range(30)], None, [30, 1]),
        ([round(1.5**i) for i in range(2, 15)], None, [13, 1]),
        ([1, 2, 5, 10, 20, 50, 1000], None, [7, 1]),
        ([i**3 for i in range(20)] * 3, [i // 20 for i in range(60)], [20, 3]),
    ],
    ids=["a grid", "a diagonal", "by the logarithm", "rounded", "a list", "a long list of a grid"],
)
def test_values_of_a_grid_keep_a_level_each(across, up, expected):
    assert sizes(numbers("a", across), None if up is None else numbers("b", up)) == expected


def test_no_zero_has_a_minus():
    texts = evaluated(
        "given.map((v) => ['percent', 'ratio', 'count', 'money', 'number']"
        ".map((kind) => formatNumber(v, kind)))",
        given=[-0.00001, -0.0, -12.5],
    )
    assert texts == [
        ["0.00 %", "0.00", "0", "0.00", "\N{MINUS SIGN}0.00001"],
        ["0.00 %", "0.00", "0", "0.00", "0"],
        [
            *("\N{MINUS SIGN}1,250.00 %", "\N{MINUS SIGN}12.50", "\N{MINUS SIGN}13"),
            *("\N{MINUS SIGN}12.50", "\N{MINUS SIGN}12.5"),
        ],
    ]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("money", [100_000.0, 100_000.02]),
        ("ratio", [0.9999, 1.0003]),
        ("percent", [-0.00001, 0.00002]),
        ("count", [3, 12_000]),
    ],
)
def test_ticks_of_a_narrow_range_differ(kind, values):
    figure = {"label": "x", "kind": kind, "values": values}
    texts = evaluated("figureAxis(figure).ticks.map((tick) => tick.text)", figure=figure)
    assert len(texts) >= 3
    assert len(set(texts)) == len(texts)
    assert all(
        math.isfinite(float(text.translate({0x2212: "-", 44: "", 37: ""}))) for text in texts
    )
