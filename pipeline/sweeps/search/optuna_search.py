"""Searches that learn from scores: Optuna's samplers, asked and told in batches.

All trials are kept in a SQLite file, which Optuna writes in transactions. Whatever process is
killed, the file is whole, and no lock outlives its owner. (Optuna's journal would be spoilt by a
half-written line, and its lock stays until it is half a minute old.)

A sweep that is resumed makes the choices that it would have made. So all sets of the file are
handed out again, unchanged and in order; the ledger knows what most of them came to. And each trial
has a sampler of its own, whose seed follows from the sweep's seed and the number of earlier trials.

States of trials::

    running   the set was handed out
    complete  the set has scores
    pruned    the set is not allowed, failed or has no score; samplers learn to avoid it
    failed    the set was chosen before, or a kill cut the trial short; samplers ignore it
"""

import json
import logging
import math
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.sweep import SweepConfig
from pipeline.errors import ConfigError
from pipeline.sweeps.search.dimension import Continuum, Dimension
from pipeline.sweeps.search.listed import (
    PATIENCE,
    choose,
    excludes_all,
    numbers_if_few,
    random_blocks,
)
from pipeline.sweeps.search.space import Branch, Candidates, ParameterSet, Space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.trial import Trial

#: After so many trials in a row without a new set, one that was not chosen yet is drawn at random.
TRIES = 20

_NAME = "sweep"
_SETTINGS = {"space", "constraints", "universes", "method", "batch", "seed", "score"}
_SETTINGS |= {"min_round_trips"}
_STRATEGY = "strategy"


class OptunaSearch:
    """A search by tpe, nsga2 or nsga3; `sweeps.search.search.Search` is its protocol."""

    learns = True

    def __init__(self, sweep: SweepConfig, space: Space, storage: Path | None) -> None:
        assert sweep.samples is not None
        self._sweep = sweep
        self._branches = space.branches
        self._numbers = [numbers_if_few(branch) for branch in space.branches]
        self._distributions = _distributions(space.branches)
        self._check_any_allowed(space)
        counts = [math.inf if numbers is None else len(numbers) for numbers in self._numbers]
        self.total: int | None = int(min(sweep.samples, sum(counts)))
        # Genetic samplers cross only parameters that all trials have. So their trials have the
        # parameters of every strategy, of which the set takes those of its own.
        self._everything = sweep.method != "tpe"
        self._chosen: set[ParameterSet] = set()
        self._running: dict[ParameterSet, int] = {}
        #: Sets of the file: those to hand out again, and those that had been told before.
        self._again: list[ParameterSet] = []
        self._told: set[ParameterSet] = set()
        self._cut_short = False
        self._sampled = 0
        with _quiet():
            self._study = _open(sweep, space, storage)
            self._take_up()

    def ask(self, count: int) -> list[ParameterSet]:
        """Return the next sets, at most ``count``; none when the search is over.

        Those of the file come first, in the batches in which they were asked for if ``count`` is
        the same. A batch that a kill cut short is completed. Any other comes as it is, because the
        next choice depends on its scores.
        """
        given, self._again = self._again[:count], self._again[count:]
        if given and (self._again or not self._cut_short):
            return given
        assert self.total is not None
        with _quiet():
            while len(given) < count and len(self._chosen) < self.total:
                found = self._next()
                if found is None:
                    break
                given.append(found)
            self._cut_short = False
            if given:
                self._study.set_user_attr("asked", len(self._study.get_trials(deepcopy=False)))
        return given

    def tell(self, results: Sequence[tuple[ParameterSet, tuple[float, ...] | None]]) -> None:
        """Take the scores of sets, each in the order of ``sweep.score``; None if a set failed.

        Scores are plain figures, also where less is better. A set with a score of NaN counts as one
        that failed. What the file knows already is not told to it again.

        Raises:
            ValueError: a set was not asked for, or was told before.
        """
        from optuna.trial import TrialState

        fresh = [result for result in results if result[0] not in self._told]
        self._told.difference_update(one for one, _ in results)
        for one, _ in fresh:
            if one not in self._running:
                raise ValueError(f"{one} is told, expected one that was asked for and not told")
        # In the order in which they were chosen, so that no choice depends on which lane ended
        # first.
        with _quiet():
            for one, scores in sorted(fresh, key=lambda result: self._running[result[0]]):
                number = self._running.pop(one)
                if scores is None or any(math.isnan(score) for score in scores):
                    self._study.tell(number, state=TrialState.PRUNED)
                else:
                    self._study.tell(number, values=[float(score) for score in scores])

    def _check_any_allowed(self, space: Space) -> None:
        for branch, numbers in zip(self._branches, self._numbers, strict=True):
            if len(choose(branch, numbers, 1, "random", self._sweep.seed)[0]):
                return
        raise ConfigError(excludes_all(space))

    def _take_up(self) -> None:
        """Go through the trials of the storage, which a sweep that was ended has left."""
        from optuna.trial import TrialState

        asked = self._study.user_attrs.get("asked", 0)
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state == TrialState.WAITING:
                continue
            running = trial.state == TrialState.RUNNING
            place = self._place(trial.params)
            if place is None:  # killed while it was sampled
                if running:
                    self._study.tell(trial.number, state=TrialState.FAIL)
                continue
            self._sampled += 1
            if trial.state == TrialState.FAIL:
                continue
            one = self._accept(trial.number, place, running)
            if one is None:
                continue
            self._again.append(one)
            if running:
                self._cut_short |= trial.number >= asked
            else:
                self._told.add(one)
        self._again = self._again[: self.total]

    def _accept(
        self, number: int, place: tuple[Branch, Candidates], running: bool
    ) -> ParameterSet | None:
        """Note the set of a trial as chosen and return it; None unless it is allowed and new.

        A running trial of a set that is not allowed, or was chosen before, is ended.
        """
        from optuna.trial import TrialState

        branch, candidates = place
        if not branch.allowed(candidates)[0]:
            if running:
                self._study.tell(number, state=TrialState.PRUNED)
            return None
        one = branch.sets(candidates)[0]
        if one in self._chosen:
            if running:
                self._study.tell(number, state=TrialState.FAIL)
            return None
        self._chosen.add(one)
        if running:
            self._running[one] = number
        return one

    def _next(self) -> ParameterSet | None:
        """Return one more set; None if no more are found."""
        for _ in range(TRIES):
            if (found := self._try()) is not None:
                return found
        other = self._not_chosen()
        if other is None:
            return None
        self._study.enqueue_trial(other)
        return self._try()

    def _try(self) -> ParameterSet | None:
        seed = np.random.SeedSequence([self._sweep.seed, self._sampled]).generate_state(1)
        self._study.sampler = _sampler(self._sweep.method, int(seed[0]))
        trial = self._study.ask()
        self._suggest(trial)
        self._sampled += 1
        place = self._place(trial.params)
        assert place is not None
        return self._accept(trial.number, place, running=True)

    def _suggest(self, trial: "Trial") -> None:
        chosen = 0
        if len(self._branches) > 1:
            chosen = _suggest(trial, _STRATEGY, self._distributions[_STRATEGY])
        for branch in self._branches:
            if self._everything or branch.strategy == chosen:
                for dimension in branch.dimensions:
                    if dimension.size != 1:
                        key = _key(branch, dimension)
                        _suggest(trial, key, self._distributions[key])

    def _place(self, parameters: Mapping[str, Any]) -> tuple[Branch, Candidates] | None:
        """Return the candidate of a trial's parameters; None if some parameters are missing."""
        branch = self._branches[parameters.get(_STRATEGY, 0)]
        wanted = len(self._distributions) if self._everything else branch.free
        if not self._everything and len(self._branches) > 1:
            wanted += 1
        if len(parameters) < wanted:
            return None
        candidates = []
        for dimension in branch.dimensions:
            value = 0 if dimension.size == 1 else parameters[_key(branch, dimension)]
            candidates.append(np.array([value - _origin(dimension)]))
        return branch, tuple(candidates)

    def _not_chosen(self) -> dict[str, Any] | None:
        """Return the parameters of a random set that was not chosen yet; None if none is found."""
        rng = np.random.default_rng([self._sweep.seed, self._sampled, 1])
        for number in rng.permutation(len(self._branches)).tolist():
            branch = self._branches[number]
            for candidates in self._blocks(branch, self._numbers[number], rng):
                for row, one in enumerate(branch.sets(candidates)):
                    if one not in self._chosen:
                        return self._parameters(branch, tuple(c[row : row + 1] for c in candidates))
        return None

    def _blocks(
        self, branch: Branch, numbers: np.ndarray[Any, Any] | None, rng: np.random.Generator
    ) -> Iterator[Candidates]:
        """Give allowed candidates of a branch in random order: all of them, or very many."""
        if numbers is not None:
            order = rng.permutation(numbers)
            for begin in range(0, len(order), 1024):
                yield branch.grid(order[begin : begin + 1024])
            return
        drawn = 0
        for unit in random_blocks(branch, rng):
            candidates = branch.at(unit)
            allowed = branch.allowed(candidates)
            yield tuple(one[allowed] for one in candidates)
            drawn += len(unit)
            if drawn >= PATIENCE:
                return

    def _parameters(self, branch: Branch, candidate: Candidates) -> dict[str, Any]:
        """Return the parameters of a trial for a candidate: the inverse of `_place`."""
        found: dict[str, Any] = {_STRATEGY: branch.strategy} if len(self._branches) > 1 else {}
        for dimension, position in zip(branch.dimensions, candidate, strict=True):
            if dimension.size != 1:
                found[_key(branch, dimension)] = position.item() + _origin(dimension)
        return found


def _key(branch: Branch, dimension: Dimension) -> str:
    """Return the name of a dimension in trials. Names of strategies' parameters have a dot."""
    if dimension.kind == "universe":
        return dimension.kind
    return f"{branch.strategy}.{dimension.name}"


def _origin(dimension: Dimension) -> int:
    """Return the value of a trial's parameter at position 0.

    It is 0 but for whole numbers by logarithm, which are the parameter's values themselves.
    """
    return int(dimension.value(0)) if dimension.log and dimension.size is not None else 0


def _distributions(branches: Sequence[Branch]) -> dict[str, "BaseDistribution"]:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    found: dict[str, BaseDistribution] = {}
    if len(branches) > 1:
        found[_STRATEGY] = CategoricalDistribution(range(len(branches)))
    for branch in branches:
        for dimension in branch.dimensions:
            key = _key(branch, dimension)
            if isinstance(dimension, Continuum):
                found[key] = FloatDistribution(dimension.low, dimension.high, log=dimension.log)
            elif dimension.size == 1:
                continue
            elif dimension.ordered:
                low = _origin(dimension)
                found[key] = IntDistribution(low, low + dimension.size - 1, log=dimension.log)
            else:
                found[key] = CategoricalDistribution(range(dimension.size))
    return found


def _suggest(trial: "Trial", key: str, distribution: "BaseDistribution") -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    match distribution:
        case FloatDistribution(low=low, high=high, log=log):
            return trial.suggest_float(key, low, high, log=log)
        case IntDistribution(low=low, high=high, log=log):
            return trial.suggest_int(key, low, high, log=log)
    return trial.suggest_categorical(key, distribution.choices)  # type: ignore[attr-defined]


def _sampler(method: str, seed: int) -> "BaseSampler":
    from optuna import samplers
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        # The options used here are experimental in older versions, and unchanged in newer ones.
        warnings.simplefilter("ignore", ExperimentalWarning)
        match method:
            case "nsga2":
                return samplers.NSGAIISampler(seed=seed)
            case "nsga3":
                return samplers.NSGAIIISampler(seed=seed)
        # The constant liar keeps the sets of a batch apart while none of their scores is known.
        return samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def _open(sweep: SweepConfig, space: Space, path: Path | None) -> "Study":
    """Open the study in a file, or begin one.

    Raises:
        ConfigError: the file is no storage of Optuna's, or holds the search of another sweep.
    """
    import optuna

    minimize, maximize = optuna.study.StudyDirection.MINIMIZE, optuna.study.StudyDirection.MAXIMIZE
    directions = [minimize if name.startswith("-") else maximize for name in sweep.score]
    storage = None if path is None else _storage(path)
    study = optuna.create_study(
        study_name=_NAME, storage=storage, directions=directions, load_if_exists=True
    )
    strategies = [[branch.name, dict(branch.fixed)] for branch in space.branches]
    settings = json.dumps([json.loads(sweep.model_dump_json(include=_SETTINGS)), strategies])
    known = study.user_attrs.get("sweep")
    if known is None:
        study.set_user_attr("sweep", settings)
    elif known != settings:
        raise ConfigError(f"{path} holds the search of a sweep with other settings")
    return study


def _storage(path: Path) -> "BaseStorage":
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError

    # A creator is given and no address, because characters of a path may have a meaning in one.
    options = {"creator": lambda: _connect(path)}
    try:
        return RDBStorage("sqlite:///sweep", engine_kwargs=options)
    except (SQLAlchemyError, RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{path} cannot be used as a storage of Optuna: {reason}") from None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
    # A trial is a dozen transactions, which do not wait for the disk. A power cut may undo the last
    # trials, which are then chosen again; a killed process undoes none.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna from logging every trial: it logs warnings and errors only."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
