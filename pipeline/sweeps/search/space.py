"""The space of a sweep: all parameter sets that a search can choose from.

A space has a branch for each strategy. A branch has a dimension for the universes, and then one for
each parameter that is swept. Candidates are positions on the dimensions, in arrays, so that the
constraints can judge a million of them before any becomes a `ParameterSet`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.config.sweep import SpaceConfig, SweepConfig
from pipeline.errors import ConfigError, nearest
from pipeline.strategy.strategy import Strategy, Value, parameters_of, values_of, why_constant
from pipeline.sweeps.search.constraint import Constraint
from pipeline.sweeps.search.dimension import Choices, Dimension, Positions, dimension_of

Candidates = tuple[Positions, ...]
"""Positions of n candidates, an array of n for each dimension of a branch."""

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """The strategy, universe and swept parameters of one lane; equal and hashed by content."""

    #: Index of the strategy in the configuration.
    strategy: int
    #: Name of the symbols that are traded, "" for all symbols of the run.
    universe: str
    #: Value of every swept parameter, by name. The mapping is never changed.
    parameters: Mapping[str, Value]

    def __hash__(self) -> int:
        return hash((self.strategy, self.universe, frozenset(self.parameters.items())))


class Axis(NamedTuple):
    """The name and the kind of a dimension.

    ``kind`` is int, float, bool, symbol, or the name of the dimensions "universe" and "strategy".
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Branch:
    """The sets of one strategy."""

    #: Index of the strategy in the configuration.
    strategy: int
    #: Name of the strategy in the configuration.
    name: str
    #: The universe, then the swept parameters in the configuration's order.
    dimensions: tuple[Dimension, ...]
    #: Values of the other parameters.
    fixed: Mapping[str, Value]
    #: Constraints that apply to this strategy.
    constraints: tuple[Constraint, ...]

    @cached_property
    def size(self) -> int | None:
        """The number of candidates, allowed or not; None if a dimension is a continuum."""
        sizes = [dimension.size for dimension in self.dimensions]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    @cached_property
    def free(self) -> int:
        """The number of dimensions with more than one value."""
        return sum(dimension.size != 1 for dimension in self.dimensions)

    def at(self, unit: NDArray[np.float64]) -> Candidates:
        """Return the candidates at points of the unit cube, float64[n, free] in [0, 1)."""
        columns = iter(unit.T)
        only = np.zeros(len(unit))
        return tuple(d.at(only if d.size == 1 else next(columns)) for d in self.dimensions)

    def grid(self, numbers: NDArray[np.int64]) -> Candidates:
        """Return the candidates with these numbers, int64[n] from 0 to ``size`` - 1.

        Candidates are numbered in the order of nested loops, the last dimension innermost.
        """
        found: list[Positions] = []
        for dimension in reversed(self.dimensions):
            assert dimension.size is not None
            numbers, position = np.divmod(numbers, dimension.size)
            found.append(position)
        return tuple(reversed(found))

    def numbers(self, candidates: Candidates) -> NDArray[np.int64]:
        """Return the numbers, int64[n], of candidates of a grid: the inverse of `grid`."""
        found = np.zeros(len(candidates[0]), np.int64)
        for dimension, positions in zip(self.dimensions, candidates, strict=True):
            assert dimension.size is not None
            found = found * dimension.size + positions.astype(np.int64)
        return found

    def allowed(self, candidates: Candidates) -> NDArray[np.bool]:
        """Return bool[n]: whether each candidate fulfils all constraints."""
        count = len(candidates[0])
        columns: dict[str, NDArray[Any]] = {
            name: np.asarray([value if isinstance(value, bool | str) else float(value)])
            for name, value in self.fixed.items()
        }
        # The universe is left out: it is no parameter, but a parameter may have its name.
        for dimension, positions in zip(self.dimensions[1:], candidates[1:], strict=True):
            if any(dimension.name in constraint.names for constraint in self.constraints):
                columns[dimension.name] = dimension.column(positions)
        result = np.ones(count, np.bool)
        for constraint in self.constraints:
            result &= constraint.holds(columns, count)
        return result

    def sets(self, candidates: Candidates) -> list[ParameterSet]:
        """Return the parameter sets of candidates."""
        universe, *parameters = (
            [dimension.value(position) for position in positions.tolist()]
            for dimension, positions in zip(self.dimensions, candidates, strict=True)
        )
        names = [dimension.name for dimension in self.dimensions[1:]]
        rows = zip(*parameters, strict=True) if parameters else [()] * len(universe)
        return [
            ParameterSet(self.strategy, str(where), dict(zip(names, row, strict=True)))
            for where, row in zip(universe, rows, strict=True)
        ]

    def allowed_numbers(self) -> Iterator[NDArray[np.int64]]:
        """Give the numbers of the grid's candidates that fulfil all constraints, in chunks."""
        assert self.size is not None
        for begin in range(0, self.size, _CHUNK):
            numbers = np.arange(begin, min(begin + _CHUNK, self.size), dtype=np.int64)
            yield numbers[self.allowed(self.grid(numbers))]


class Space:
    """All sets of a sweep, as branches in the order of the strategies."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self.branches = tuple(branches)

    @classmethod
    def of(
        cls,
        sweep: SweepConfig,
        strategies: Sequence[tuple[str, type[Strategy], Mapping[str, Value]]],
        symbols: Sequence[str] = (),
    ) -> "Space":
        """Make the space that a configuration describes.

        ``strategies`` are the name, the class and the fixed parameters of each strategy, in the
        configuration's order. Swept values take the place of fixed ones. ``symbols`` are those of
        the run, which parameters of type Symbol may name; they may name any if there are none.

        Raises:
            ConfigError: a parameter does not exist, a value is not of its type, nothing varies,
                or a constraint does not parse or names a parameter that no strategy has.
            StrategyError: a fixed parameter is wrong.
        """
        each = isinstance(sweep.space, tuple)
        spaces = sweep.spaces if each else sweep.spaces * len(strategies)
        if len(spaces) != len(strategies):
            raise ConfigError(
                f"sweep.space has {len(spaces)} objects, expected one for each of the"
                f" {len(strategies)} strategies"
            )
        if not any(spaces) and len(strategies) < 2 and len(sweep.universes) < 2:
            raise ConfigError("sweep.space is empty, expected values of at least one parameter")
        constraints = [
            Constraint.parse(text, f"sweep.constraints.{number}")
            for number, text in enumerate(sweep.constraints)
        ]
        _check_names(constraints, [strategy for _, strategy, _ in strategies])
        universe = Choices("universe", "universe", tuple(sweep.universes) or ("",))
        branches = []
        for number, (name, strategy, fixed) in enumerate(strategies):
            where = f"sweep.space.{number}" if each else "sweep.space"
            swept = _dimensions(where, spaces[number], strategy, symbols)
            values = values_of(strategy(**fixed))
            about = tuple(one for one in constraints if values.keys() >= set(one.names))
            for dimension in swept:
                del values[dimension.name]
            branch = Branch(number, name, (universe, *swept), values, about)
            # Refuses a constraint that compares text with numbers.
            branch.allowed(branch.at(np.zeros((1, branch.free))))
            branches.append(branch)
        return cls(branches)

    @cached_property
    def size(self) -> int | None:
        """The number of candidates, allowed or not; None if a dimension is a continuum."""
        sizes = [branch.size for branch in self.branches]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @cached_property
    def dimensions(self) -> tuple[Axis, ...]:
        """Strategy and universe, if there are several, and the parameters of all branches."""
        found: dict[str, str] = {}
        for branch in self.branches:
            found |= {d.name: d.kind for d in branch.dimensions[1:] if d.name not in found}
        several = [Axis("strategy", "strategy")] if len(self.branches) > 1 else []
        universe = self.branches[0].dimensions[0]
        universes = [Axis("universe", "universe")] if universe.size != 1 else []
        return (*several, *universes, *(Axis(name, kind) for name, kind in found.items()))


def _dimensions(
    where: str, space: SpaceConfig, strategy: type[Strategy], symbols: Sequence[str]
) -> tuple[Dimension, ...]:
    declared = {parameter.name: parameter for parameter in parameters_of(strategy)}
    found = []
    for name, setting in space.items():
        if name not in declared:
            constant = why_constant(strategy, name)
            hint = f": {constant}" if constant else _hint(name, declared)
            raise ConfigError(f"{where}.{name} is not a parameter of {strategy.__name__}{hint}")
        found.append(dimension_of(f"{where}.{name}", declared[name], setting, symbols))
    return tuple(found)


def _check_names(constraints: Sequence[Constraint], strategies: Sequence[type[Strategy]]) -> None:
    """Refuse a constraint with a parameter that no strategy has, or that no strategy can check."""
    declared = [{p.name for p in parameters_of(strategy)} for strategy in strategies]
    known = set().union(*declared)
    for constraint in constraints:
        text = f'{constraint.where} is "{constraint.text}"'
        for name in constraint.names:
            if name not in known:
                hint = _hint(name, sorted(known))
                raise ConfigError(f"{text}, but {name} is not a parameter{hint}")
        if not any(names >= set(constraint.names) for names in declared):
            raise ConfigError(f"{text}, but no strategy has all of {', '.join(constraint.names)}")


def _hint(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    near = nearest(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(known) or 'none'}"
