"""The protocol of a search, which chooses the sets of a sweep: each once, equal for equal seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipeline.config.sweep import OPTUNA_METHODS, SweepConfig
from pipeline.sweeps.search.listed import grid, sample
from pipeline.sweeps.search.space import ParameterSet, Space


class Search(Protocol):
    """Chooses parameter sets."""

    #: The most sets that the search chooses; None if that is not known.
    total: int | None
    #: Whether it chooses sets by the scores of others.
    learns: bool

    def ask(self, count: int) -> list[ParameterSet]:
        """Return the next sets, at most ``count``; none when the search is over."""
        ...

    def tell(self, results: Sequence[tuple[ParameterSet, tuple[float, ...] | None]]) -> None:
        """Take the scores of sets, each in the order of ``sweep.score``; None if a set failed.

        It need not be told unless it ``learns``.
        """
        ...


def make_search(sweep: SweepConfig, space: Space, storage: Path | None) -> Search:
    """Make the search that a configuration describes.

    ``storage`` is the file in which Optuna keeps its trials, so that a sweep that was ended in any
    way goes on where it was. None keeps them in memory. The other methods need no file.

    Raises:
        ConfigError: a grid of infinitely or far too many sets, constraints that allow none, or a
            storage of another sweep.
    """
    if sweep.method in OPTUNA_METHODS:
        from pipeline.sweeps.search.optuna_search import OptunaSearch

        return OptunaSearch(sweep, space, storage)
    return grid(space) if sweep.method == "grid" else sample(sweep, space)
