"""What the benches share."""

import json
import math
from dataclasses import dataclass

import pytest

from bench.measure import Report, bench_parser, interleaved, is_installed, median_ratio, sizes_of


@dataclass(frozen=True)
class Sizes:
    repeats: int
    bars: int


FULL, SMOKE = Sizes(5, 1_000), Sizes(1, 10)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], FULL),
        (["--smoke"], SMOKE),
        (["--repeats", "3"], Sizes(3, 1_000)),
        (["--smoke", "--repeats", "3"], Sizes(3, 10)),
    ],
)
def test_sizes_come_from_a_table_unless_an_option_names_one(
    arguments: list[str], expected: Sizes
) -> None:
    parser = bench_parser("What it measures.")
    parser.add_argument("--repeats", type=int)
    assert sizes_of(parser.parse_args(arguments), FULL, SMOKE) == expected


def test_a_missed_bound_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("some", {"bars": 1_000}, [])
    report.add("rate", 1.0, "bars/s", at_least=2.0)
    assert report.finish(as_json=False) == 1
    said = capsys.readouterr().out
    assert "MISSED" in said
    assert "bars 1,000" in said


def test_toy_sizes_keep_no_bound(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("some", {}, [], judged=False)
    report.add("rate", 1.0, "bars/s", at_least=2.0)
    assert report.finish(as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["judged"] is False
    assert document["results"][0]["ok"] is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"rate of bench/some\.py must be a number"):
        Report("some", {}, []).add("rate", value, "bars/s")


def test_a_contestant_is_left_out_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_installed("numpy")
    assert not is_installed("surely_not_installed")
    assert "surely_not_installed is left out" in capsys.readouterr().err


def test_contestants_take_turns() -> None:
    order: list[str] = []
    found = interleaved({name: lambda name=name: order.append(name) for name in "ab"}, 2)
    assert order == ["a", "b", "a", "b"]
    assert {name: len(samples) for name, samples in found.items()} == {"a": 2, "b": 2}


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert median_ratio([2.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == 3.0
