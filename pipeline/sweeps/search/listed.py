"""Searches whose sets depend on no score: a grid, random sets, Latin hypercubes, Sobol's sequence.

The sets are known in advance, so it does not matter how many are asked for at a time.
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

#: The most candidates of a grid. A larger one is refused, because no sweep would come to its end.
LARGEST_GRID = 100_000_000

#: A branch of at most so many candidates is searched for its allowed sets, to choose from all.
COUNTED = 1 << 20

#: A search ends after so many candidates in a row none of which is allowed and new.
PATIENCE = 1 << 20

_BLOCK = 1 << 10


class ListedSearch:
    """A search whose sets depend on no score."""

    learns = False

    def __init__(self, sets: Iterable[ParameterSet], total: int) -> None:
        self.total: int | None = total
        self._sets = iter(sets)

    def ask(self, count: int) -> list[ParameterSet]:
        """Return the next sets, at most ``count``; none when the search is over."""
        return list(islice(self._sets, count))

    def tell(self, results: Sequence[tuple[ParameterSet, tuple[float, ...] | None]]) -> None:
        """Ignore the scores."""


def sample(sweep: SweepConfig, space: Space) -> ListedSearch:
    """Return the search that chooses ``sweep.samples`` sets by random, latin_hypercube or sobol.

    ConfigError if the constraints allow no set.
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
    """Return how many samples each branch gets: evenly many, up to the ``most`` that it has.

    Where they cannot be divided evenly, earlier branches get one more.
    """
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
    """Return the message that the constraints exclude all sets.

    ``exactly`` says that every set was tried.
    """
    texts = "; ".join(dict.fromkeys(c.text for b in space.branches for c in b.constraints))
    if exactly or all(b.size is not None and b.size <= COUNTED for b in space.branches):
        return f"sweep.constraints exclude all of the {space.size:,} sets: {texts}"
    return (
        "sweep.constraints allow less than one set in a thousand: of"
        f" {PATIENCE:,} candidates none was allowed: {texts}"
    )


def numbers_if_few(branch: Branch) -> NDArray[np.int64] | None:
    """Return the numbers of all sets of a branch; None if it has more than COUNTED candidates."""
    if branch.size is None or branch.size > COUNTED:
        return None
    return np.concatenate(list(branch.allowed_numbers()))


def choose(
    branch: Branch, numbers: NDArray[np.int64] | None, count: int, method: str, seed: int
) -> Candidates:
    """Choose up to ``count`` sets of a branch by random, latin_hypercube or sobol.

    ``numbers`` are those of all its sets, if they are known (`numbers_if_few`). Fewer than
    ``count`` are chosen only if no more are found.
    """
    if numbers is not None and count >= len(numbers):
        # All sets are taken. A random sequence might take long to meet the last one.
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

    ConfigError if the grid has infinitely or far too many sets, or the constraints allow none.
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
    """Make sets of candidates, few at a time, because arrays take a fraction of their memory."""
    for begin in range(0, len(candidates[0]), at_once):
        yield from branch.sets(tuple(one[begin : begin + at_once] for one in candidates))


def _first(branch: Branch, blocks: Iterable[Unit], count: int) -> Candidates:
    """Return the first ``count`` different sets at the points of the blocks, or fewer."""
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
    """Concatenate candidates of one branch."""
    columns: list[Positions] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return tuple(columns)


class Fresh:
    """Filters candidates of a branch: only those that are allowed and new pass."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self._met: set[bytes] = set()

    def of(self, unit: Unit) -> Candidates:
        """Return the candidates at points of the unit cube that are allowed and new."""
        candidates = self.branch.at(unit)
        allowed = np.flatnonzero(self.branch.allowed(candidates))
        # Adding zero turns -0.0 into 0.0, so that equal candidates have equal bytes.
        rows = np.stack([one[allowed] + 0.0 for one in candidates], axis=1)
        kept = []
        for place, row in zip(allowed.tolist(), rows, strict=True):
            if (key := row.tobytes()) not in self._met:
                self._met.add(key)
                kept.append(place)
        return tuple(one[kept] for one in candidates)


def random_blocks(branch: Branch, rng: np.random.Generator) -> Iterator[Unit]:
    """Give random points of the unit cube, without an end."""
    while True:
        yield rng.random((_BLOCK, branch.free))


def _sobol_blocks(branch: Branch, rng: np.random.Generator) -> Iterator[Unit]:
    """Give the points of Sobol's sequence, scrambled; it has 2 ** 30 points."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(branch.free, rng=rng)
    for _ in range(2**30 // _BLOCK):
        yield sequence.random(_BLOCK)


def _hypercube(branch: Branch, count: int, seed: Any) -> Candidates:
    """Return sets of a Latin hypercube that is large enough for ``count`` allowed sets.

    All sets come from one hypercube, because only then are they evenly spread.
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
