"""The figures of a lane are what its part of the summary says in one number each."""

from pathlib import Path

import numpy as np

from pipeline import run
from pipeline.execution import fields
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.results.relative import relative_statistics
from pipeline.results.statistics import lane_statistics
from pipeline.results.year import Year
from pipeline.runner.figures import FIGURES, OF_ACCOUNT, OF_BENCHMARK, OF_EQUITY
from tests.reference.processes import settings_of

SMA = {"name": "pipeline.strategy.examples:SmaCross", "parameters": {"fast": 10}}
NOTHING, NO_DATES = np.empty(0), np.empty(0, np.int64)


def test_figures_are_the_numbers_of_a_lane_in_the_summary(sample: Path, tmp_path: Path):
    config = settings_of("US_EQUITY", "2024-11-01", "2024-12-03", [SYMBOLS[0]], ["1m"], sample)
    config["strategy"] = SMA
    config["benchmark"] = SYMBOLS[0]
    summary = run(config, out=tmp_path).summary
    (lane,) = summary["lanes"]
    numbers = {name: type(value) for name, value in lane.items() if isinstance(value, int | float)}
    assert set(FIGURES) == set(numbers) - {"lane"}
    for name, kind in FIGURES.items():
        assert (kind == "count") == (numbers[name] is int), name
    assert {name: summary["assumptions"][name] for name in fields.TOUCHED} == {
        name: lane[name] for name in fields.TOUCHED
    }


def test_no_figure_has_two_sources():
    assert len({*OF_EQUITY, *OF_BENCHMARK, *OF_ACCOUNT}) == (
        len(OF_EQUITY) + len(OF_BENCHMARK) + len(OF_ACCOUNT)
    )


def test_equity_gives_the_figures_that_are_said_to_come_from_it():
    statistics = lane_statistics(1.0, NOTHING, NO_DATES, Year(252), 0.0)
    assert list(OF_EQUITY) == list(statistics)


def test_a_benchmark_gives_the_figures_that_are_said_to_come_from_it():
    assert list(OF_BENCHMARK) == list(relative_statistics(NOTHING, NOTHING, NO_DATES, Year(252)))
