"""Searches whose sets depend on no score: a grid, random sets, Latin hypercubes, Sobol's sequence.

Their sets are known beforehand, so asking for few at a time gives what asking for all would.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.sweep import SweepConfig
from pipeline.errors import ConfigError
from pipeline.sweeps.search.dimension import Continuum, Positions
from pipeline.sweeps.search.space import Branch, Candidates, ParameterSet, Space

Unit = NDArray[np.float64]
"""Points of the unit cube, float64[n, dimensions] in [0, 1)."""

#: A grid of more candidates than these is refused, as nobody would see its end.
LARGEST_GRID = 100_000_000

#: Up to these candidates, those allowed are counted, and a search can choose out of all of them.
COUNTED = 1 << 20

#: Candidates in a row without a set that is allowed and not chosen yet, after which none is sought.
PATIENCE = 1 << 20

_BLOCK = 1 << 10


class ListedSearch:
    """A search whose sets depend on no score."""

    def __init__(self, sets: Iterable[ParameterSet], total: int) -> None:
        self.total: int | None = total
        self._sets = iter(sets)

    def ask(self, count: int) -> list[ParameterSet]:
        """Give the next sets, at most ``count``; none when it is over."""
        return list(islice(self._sets, count))

    def tell(self, results: Sequence[tuple[ParameterSet, tuple[float, ...] | None]]) -> None:
        """Take no notice of scores."""


def sample(sweep: SweepConfig, space: Space) -> ListedSearch:
    """Return the search that chooses ``sweep.samples`` sets by random, latin_hypercube or sobol.

    ConfigError where the constraints allow none.
    """
    assert sweep.samples is not None
    counted = [numbers_if_few(branch) for branch in space.branches]
    most = [
        (math.inf if branch.size is None else branch.size) if numbers is None else len(numbers)
        for branch, numbers in zip(space.branches, counted, strict=True)
    ]
    chosen = [
        choose(branch, numbers, share, sweep.method, sweep.seed)
        for branch, numbers, share in zip(
            space.branches, counted, shares(sweep.samples, most), strict=True
        )
    ]
    total = sum(len(one[0]) for one in chosen)
    if not total:
        raise ConfigError(excludes_all(space))
    pairs = zip(space.branches, chosen, strict=True)
    return ListedSearch((one for branch, c in pairs for one in _sets(branch, c)), total)


def shares(samples: int, most: Sequence[float]) -> list[int]:
    """Divide samples among branches, of which each has so many sets: evenly, earlier ones first."""
    given = [0] * len(most)
    left, rest = samples, list(range(len(most)))
    while rest:
        each, more = divmod(left, len(rest))
        small = [number for number in rest if most[number] <= each]
        if not small:
            for place, number in enumerate(rest):
                given[number] = each + (place < more)
            break
        for number in small:
            given[number] = int(most[number])
            left -= given[number]
            rest.remove(number)
    return given


def excludes_all(space: Space, exactly: bool = False) -> str:
    """Say that the constraints leave nothing to choose from; ``exactly``: each set was judged."""
    texts = "; ".join(dict.fromkeys(c.text for b in space.branches for c in b.constraints))
    if exactly or all(b.size is not None and b.size <= COUNTED for b in space.branches):
        return f"sweep.constraints exclude all of the {space.size:,} sets: {texts}"
    return (
        "sweep.constraints allow less than one set in a thousand: of"
        f" {PATIENCE:,} candidates none was allowed: {texts}"
    )


def numbers_if_few(branch: Branch) -> NDArray[np.int64] | None:
    """Give the numbers of all sets of a branch, or None if it has too many candidates to look."""
    if branch.size is None or branch.size > COUNTED:
        return None
    return np.concatenate(list(branch.allowed_numbers()))


def choose(
    branch: Branch, numbers: NDArray[np.int64] | None, count: int, method: str, seed: int
) -> Candidates:
    """Choose up to ``count`` sets of a branch by random, latin_hypercube or sobol.

    ``numbers``: all there are (`numbers_if_few`). Fewer are chosen only where no more are found.
    """
    if numbers is not None and count >= len(numbers):
        # Nothing to choose; a sequence might take long to meet the last one.
        return branch.grid(numbers)
    rng = np.random.default_rng([seed, branch.strategy])
    if method == "random":
        if numbers is not None:
            return branch.grid(rng.permutation(numbers)[:count])
        return _first(branch, random_blocks(branch, rng), count)
    if method == "sobol":
        found = _first(branch, _sobol_blocks(branch, rng), count)
    else:
        found = _hypercube(branch, count, [seed, branch.strategy])
    missing = count - len(found[0])
    if numbers is None or not missing:
        return found
    rest = np.setdiff1d(numbers, branch.numbers(found), assume_unique=True)
    more = branch.grid(rng.permutation(rest)[:missing])
    return _joined([found, more])


def grid(space: Space) -> ListedSearch:
    """Return the search that takes every allowed set.

    ConfigError for a grid of infinitely or far too many sets, and where constraints allow none.
    """
    for branch in space.branches:
        for dimension in branch.dimensions:
            if isinstance(dimension, Continuum):
                raise ConfigError(
                    f"sweep.space: {dimension.name} of {branch.name} has neither step nor count,"
                    " expected one of them for method grid"
                )
    size = space.size
    assert size is not None
    if size > LARGEST_GRID:
        raise ConfigError(
            f"sweep.space has {size:,} candidates, expected at most {LARGEST_GRID:,} for method"
            " grid; take larger steps, or samples by another method"
        )
    total = sum(_count(branch) for branch in space.branches)
    if not total:
        raise ConfigError(excludes_all(space, exactly=True))
    return ListedSearch(
        (
            one
            for branch in space.branches
            for numbers in branch.allowed_numbers()
            for one in _sets(branch, branch.grid(numbers))
        ),
        total,
    )


def _count(branch: Branch) -> int:
    if not branch.constraints and branch.size is not None:
        return branch.size
    return sum(len(numbers) for numbers in branch.allowed_numbers())


def _sets(branch: Branch, candidates: Candidates, at_once: int = 1024) -> Iterator[ParameterSet]:
    """Make candidates sets, few at a time: arrays take a fraction of their memory."""
    for begin in range(0, len(candidates[0]), at_once):
        yield from branch.sets(tuple(one[begin : begin + at_once] for one in candidates))


def _first(branch: Branch, blocks: Iterable[Unit], count: int) -> Candidates:
    """Give the first sets, each once, that blocks of points come to, up to ``count``."""
    fresh = Fresh(branch)
    kept: list[Candidates] = []
    found = in_vain = 0
    for unit in blocks if count else ():
        candidates = fresh.of(unit)
        new = len(candidates[0])
        in_vain = 0 if new else in_vain + len(unit)
        found += new
        kept.append(candidates)
        if found >= count or in_vain >= PATIENCE:
            break
    kept.append(branch.at(np.empty((0, branch.free))))
    return tuple(one[:count] for one in _joined(kept))


def _joined(parts: Sequence[Candidates]) -> Candidates:
    """Put candidates of one branch one after another."""
    columns: list[Positions] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return tuple(columns)


class Fresh:
    """Lets those candidates of a branch through that are allowed and were not met before."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self._met: set[bytes] = set()

    def of(self, unit: Unit) -> Candidates:
        """Give the candidates at points of the unit cube that are sets, each once."""
        candidates = self.branch.at(unit)
        allowed = np.flatnonzero(self.branch.allowed(candidates))
        # Adding zero turns -0.0, which equals it, into 0.0.
        rows = np.stack([one[allowed] + 0.0 for one in candidates], axis=1)
        kept = []
        for place, row in zip(allowed.tolist(), rows, strict=True):
            if (key := row.tobytes()) not in self._met:
                self._met.add(key)
                kept.append(place)
        return tuple(one[kept] for one in candidates)


def random_blocks(branch: Branch, rng: np.random.Generator) -> Iterator[Unit]:
    """Walk points of the unit cube at random, without an end."""
    while True:
        yield rng.random((_BLOCK, branch.free))


def _sobol_blocks(branch: Branch, rng: np.random.Generator) -> Iterator[Unit]:
    """Walk Sobol's sequence, scrambled; it has 2 ** 30 points."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(branch.free, rng=rng)
    for _ in range(2**30 // _BLOCK):
        yield sequence.random(_BLOCK)


def _hypercube(branch: Branch, count: int, seed: Any) -> Candidates:
    """Give sets of a Latin hypercube as large as it must be for ``count`` to be allowed.

    One design, and not one for each part, keeps what is chosen evenly spread.
    """
    from scipy.stats import qmc

    points = count
    while count:
        design = qmc.LatinHypercube(branch.free, rng=np.random.default_rng(seed))
        found = Fresh(branch).of(design.random(points))
        if len(found[0]) >= count or points >= max(PATIENCE, 2 * count):
            return tuple(one[:count] for one in found)
        share = max(len(found[0]) / points, 0.1)
        points = math.ceil(max(points * 1.1, count / share))
    return branch.at(np.empty((0, branch.free)))
