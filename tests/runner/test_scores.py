"""Which scores a sweep can have, and how others are refused before anything runs."""

import pytest

from pipeline.config.sweep import SweepConfig
from pipeline.errors import ConfigError
from pipeline.results.year import Year
from pipeline.runner.figures import (
    FIGURES,
    LESS_IS_BETTER,
    MORE_IS_BETTER,
    OF_BENCHMARK,
    OF_EQUITY,
)
from pipeline.runner.scores import check_length, check_scores, on_direction

SCORE = "a figure such as total_return, annual_return, volatility, sharpe_ratio or -max_drawdown"


def sweep_by(*scores: str, pruned_by: str | None = None) -> SweepConfig:
    pruning = None if pruned_by is None else {"score": pruned_by}
    return SweepConfig(space={"fast": [1]}, score=list(scores), pruning=pruning)


def refusal(sweep: SweepConfig, benchmark: str | None = "SPY") -> str:
    with pytest.raises(ConfigError) as caught:
        check_scores(sweep, benchmark)
    return str(caught.value)


def test_every_figure_is_a_score_both_ways():
    check_scores(sweep_by(*FIGURES), "SPY")
    check_scores(sweep_by(*(f"-{name}" for name in FIGURES)), "SPY")


@pytest.mark.parametrize("name", OF_EQUITY)
def test_lanes_are_pruned_by_what_equity_tells(name):
    check_scores(sweep_by("fills", pruned_by=f"-{name}"), None)


def test_what_is_no_figure_is_refused_with_the_nearest_one():
    assert refusal(sweep_by("total_return", "sharp_ratio")) == (
        f'sweep.score is "sharp_ratio", expected {SCORE}; did you mean sharpe_ratio?'
    )
    assert refusal(sweep_by("x\ny")) == f'sweep.score is "x\\ny", expected {SCORE}'


@pytest.mark.parametrize(
    "text", ["fills,-max_drawdown", "[fills,-max_drawdown]", "fills; -max_drawdown,"]
)
def test_a_list_without_its_quotes_is_told_as_it_is_taken(text: str):
    meant = '["fills","-max_drawdown"]'
    assert refusal(sweep_by(text)).endswith(
        f"expected a figure or a list of figures; write {meant}, in a shell --set "
        f"'sweep.score={meant}'"
    )


def test_a_figure_that_needs_more_than_equity_prunes_nothing():
    assert refusal(sweep_by("fills", pruned_by="win_rate")) == (
        f'sweep.pruning.score is "win_rate", expected {SCORE}'
    )


@pytest.mark.parametrize("name", OF_BENCHMARK)
def test_a_comparison_needs_a_benchmark(name):
    assert refusal(sweep_by(f"-{name}"), None) == (
        f'sweep.score is "-{name}", expected a figure that needs no benchmark, as long as'
        " benchmark is null"
    )


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        (
            sweep_by(
                "sharpe_ratio", "-max_drawdown", "beta", "-exposure", pruned_by="calmar_ratio"
            ),
            [],
        ),
        (
            sweep_by("max_drawdown", "commission"),
            [
                (
                    'sweep.score is "max_drawdown", and more of it was taken as better. Write'
                    ' "-max_drawdown" for less.'
                ),
                (
                    'sweep.score is "commission", and more of it was taken as better. Write'
                    ' "-commission" for less.'
                ),
            ],
        ),
        (
            sweep_by("-sharpe_ratio", pruned_by="volatility"),
            [
                (
                    'sweep.score is "-sharpe_ratio", and less of it was taken as better. Write'
                    ' "sharpe_ratio" for more.'
                ),
                (
                    'sweep.pruning.score is "volatility", and more of it was taken as better. Write'
                    ' "-volatility" for less.'
                ),
            ],
        ),
    ],
)
def test_a_score_that_ranks_the_worst_sets_first_is_told(sweep: SweepConfig, expected: list[str]):
    assert list(on_direction(sweep)) == expected


def test_figures_have_one_direction_at_most():
    assert LESS_IS_BETTER.isdisjoint(MORE_IS_BETTER)
    assert FIGURES.keys() >= (LESS_IS_BETTER | MORE_IS_BETTER)


def test_a_score_for_which_the_run_is_too_short_is_refused():
    scores = ("sharpe_ratio", "-calmar_ratio")
    with pytest.raises(ConfigError) as caught:
        check_length(sweep_by(*scores), 20, Year(252))
    assert str(caught.value) == (
        'sweep.score is "-calmar_ratio", expected a figure that is not extrapolated to a year, such'
        " as total_return or sharpe_ratio: the run has 20 of the 21 sessions that it takes"
    )
    check_length(sweep_by(*scores), 21, Year(252))
    check_length(sweep_by(scores[0]), 1, Year(252))
