"""Checks the scores of a configuration's sweep section, before any lane is run."""

import json
from collections.abc import Collection, Iterator

from pipeline.config.hints import words_meant
from pipeline.config.sweep import SweepConfig
from pipeline.errors import ConfigError, nearest
from pipeline.results.year import Year
from pipeline.runner.figures import (
    EXTRAPOLATED,
    FIGURES,
    LESS_IS_BETTER,
    MORE_IS_BETTER,
    OF_BENCHMARK,
    OF_EQUITY,
)


def check_scores(sweep: SweepConfig | None, benchmark: str | None) -> None:
    """Refuse scores that are no figures of a lane, or that need a benchmark where there is none.

    Lanes can only be pruned by figures that follow from equity alone. ConfigError names the
    setting, the score and the expected scores in one line. A configuration without a sweep has
    nothing to check.
    """
    if sweep is None:
        return
    setting = "sweep.score"
    for score in sweep.score:
        _check_one(setting, score)
        _check_figure(setting, score, FIGURES)
        if benchmark is None and score.removeprefix("-") in OF_BENCHMARK:
            expected = "a figure that needs no benchmark, as long as benchmark is null"
            raise ConfigError(f"{setting} is {_written(score)}, expected {expected}")
    if sweep.pruning is not None:
        _check_figure("sweep.pruning.score", sweep.pruning.score, OF_EQUITY)


def on_direction(sweep: SweepConfig) -> Iterator[str]:
    """Give a note on each score that ranks first the sets that are likely worst."""
    scores = [("sweep.score", score) for score in sweep.score]
    if sweep.pruning is not None:
        scores.append(("sweep.pruning.score", sweep.pruning.score))
    for setting, score in scores:
        name = score.removeprefix("-")
        if score in LESS_IS_BETTER:
            yield (
                f"{setting} is {_written(score)}, and more of it was taken as better. Write"
                f" {_written('-' + name)} for less."
            )
        elif score != name and name in MORE_IS_BETTER:
            yield (
                f"{setting} is {_written(score)}, and less of it was taken as better. Write"
                f" {_written(name)} for more."
            )


def check_length(sweep: SweepConfig, sessions: int, year: Year) -> None:
    """Refuse scores that no lane of a sweep would have, because its run is too short for them.

    ConfigError names the score, the sessions that the run has and those that it needs.
    """
    if year.is_long_enough(sessions):
        return
    for score in sweep.score:
        if score.removeprefix("-") in EXTRAPOLATED:
            raise ConfigError(
                f"sweep.score is {_written(score)}, expected a figure that is not extrapolated to a"
                f" year, such as total_return or sharpe_ratio: the run has {sessions} of the"
                f" {year.fewest_sessions} sessions that it takes"
            )


def _check_one(setting: str, score: str) -> None:
    """Refuse several figures in one text."""
    words = words_meant(score)
    if words != [score] and words and all(word.removeprefix("-") in FIGURES for word in words):
        meant = json.dumps(words, separators=(",", ":"))
        raise ConfigError(
            f"{setting} is {_written(score)}, expected a figure or a list of figures; write {meant}"
            f", in a shell --set '{setting}={meant}'"
        )


def _check_figure(setting: str, score: str, figures: Collection[str]) -> None:
    name = score.removeprefix("-")
    if name in figures:
        return
    some = ", ".join(list(figures)[:4])
    near = nearest(name, figures, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ConfigError(
        f"{setting} is {_written(score)}, expected a figure such as {some} or -max_drawdown{hint}"
    )


def _written(score: str) -> str:
    """Write a score as a configuration file would."""
    return json.dumps(score, ensure_ascii=False)
