"""A dimension of a space: the values that one parameter takes, and how they lie in [0, 1).

The position of a candidate on a dimension is the index of a value or, on a continuum, the value
itself. Candidates are kept as positions, in an array per dimension, until one is chosen.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.sweep import RangeConfig
from pipeline.errors import ConfigError
from pipeline.strategy.strategy import Parameter, Symbol, Value

Positions = NDArray[np.int64] | NDArray[np.float64]

#: Whole numbers up to this one are exact as float64, in which constraints are evaluated.
LARGEST = 2**53

#: The most values of a range with steps.
MOST_VALUES = 1_000_000


@dataclass(frozen=True)
class Choices:
    """A dimension of finitely many values, each with an index.

    ``kind`` is int, float, bool, symbol or universe. ``log`` is for a range of whole numbers, and
    spreads the logarithms of drawn values evenly.
    """

    name: str
    kind: str
    values: Sequence[Value]
    log: bool = False

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.values)

    @property
    def ordered(self) -> bool:
        """Whether the values ascend or descend, so that near indices mean near values."""
        if isinstance(self.values, range) or len(self.values) == 1:
            return True
        return self.kind in ("int", "float") and bool(
            np.all(np.diff(self._table) > 0) or np.all(np.diff(self._table) < 0)
        )

    def value(self, position: int) -> Value:
        """Return the value at an index."""
        return self.values[position]

    def column(self, positions: Positions) -> NDArray[Any]:
        """Return the values at indices as an array of float64, bool or str, for constraints."""
        if isinstance(self.values, range):
            return np.asarray(self.values.start + positions * self.values.step, np.float64)
        return self._table[positions]

    def at(self, unit: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the index for each point of [0, 1); all are equally likely unless ``log``."""
        if self.log:
            low, high = int(self.values[0]), int(self.values[-1])
            width = math.log(high + 1) - math.log(low)
            found = np.floor(np.exp(math.log(low) + unit * width)).astype(np.int64) - low
        else:
            found = np.floor(unit * self.size).astype(np.int64)
        return np.clip(found, 0, self.size - 1)

    @cached_property
    def _table(self) -> NDArray[Any]:
        numbers = self.kind in ("int", "float")
        return np.asarray(self.values, np.float64 if numbers else None)


@dataclass(frozen=True)
class Continuum:
    """A dimension of all numbers from ``low`` to ``high``; a position is the value itself."""

    name: str
    low: float
    high: float
    log: bool = False
    kind: str = "float"

    @property
    def size(self) -> None:
        """None, because there are infinitely many values."""
        return None

    def value(self, position: float) -> Value:
        """Return the value at a position, which is the position itself."""
        return float(position)

    def column(self, positions: Positions) -> NDArray[Any]:
        """Return the values at positions, as float64."""
        return positions.astype(np.float64)

    def at(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value for each point of [0, 1); its logarithm is evenly spread if ``log``."""
        if self.log:
            first, last = math.log(self.low), math.log(self.high)
            found = np.exp(first + unit * (last - first))
        else:
            found = self.low * (1.0 - unit) + self.high * unit
        return np.clip(found, self.low, self.high)


Dimension = Choices | Continuum


def dimension_of(
    where: str,
    parameter: Parameter,
    setting: RangeConfig | Sequence[Value],
    symbols: Sequence[str] = (),
) -> Dimension:
    """Make the dimension of a parameter from the setting named ``where``.

    ``symbols`` are those that a parameter of type Symbol may name; it may name any if there are
    none.

    Raises:
        ConfigError: a value is not of the parameter's type or occurs twice, or there are too many.
    """
    kind = "symbol" if parameter.type is Symbol else parameter.type.__name__
    if isinstance(setting, RangeConfig):
        if kind == "int":
            return _whole_range(where, parameter.name, setting)
        if kind == "float":
            return _range(where, parameter.name, setting)
        expected = "true, false or both" if kind == "bool" else "symbols"
        raise ConfigError(f"{where} is a range, expected a list of {expected}")
    values = [_checked(where, kind, value, symbols) for value in setting]
    seen: set[Value] = set()
    for value in values:
        if value in seen:
            raise ConfigError(f"{where} has the value {value!r} twice, expected each value once")
        seen.add(value)
    return Choices(parameter.name, kind, tuple(values))


def _checked(where: str, kind: str, value: Value, symbols: Sequence[str]) -> Value:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "int":
            fits = number and isinstance(value, int) and abs(value) <= LARGEST
            expected = f"whole numbers from -{LARGEST} to {LARGEST}"
        case "float":
            fits = number and abs(value) <= sys.float_info.max  # type: ignore[arg-type]
            expected = "finite numbers"
        case "bool":
            fits, expected = isinstance(value, bool), "true or false"
        case _:
            fits = isinstance(value, str) and (not symbols or value in symbols)
            expected = f"symbols out of {', '.join(symbols)}" if symbols else "names of symbols"
    if not fits:
        raise ConfigError(f"{where} has the value {value!r}, expected {expected}")
    return float(value) if kind == "float" else value


def _ends(where: str, kind: str, setting: RangeConfig) -> tuple[Value, Value]:
    return (
        _checked(f"{where}.from", kind, setting.start, ()),
        _checked(f"{where}.to", kind, setting.stop, ()),
    )


def _whole_range(where: str, name: str, setting: RangeConfig) -> Choices:
    first, last = (int(end) for end in _ends(where, "int", setting))
    if setting.count is not None:
        rounded = (round(point) for point in _points(first, last, setting.count, setting.log))
        return Choices(name, "int", tuple(dict.fromkeys(rounded)))
    step = 1 if setting.step is None else _checked(f"{where}.step", "int", setting.step, ())
    return Choices(name, "int", range(first, last + 1, int(step)), setting.log)


def _range(where: str, name: str, setting: RangeConfig) -> Dimension:
    first, last = (float(end) for end in _ends(where, "float", setting))
    if first == last:
        return Choices(name, "float", (first,))
    if setting.count is not None:
        points = (float(point) for point in _points(first, last, setting.count, setting.log))
        return Choices(name, "float", tuple(dict.fromkeys(points)))
    if setting.step is None:
        return Continuum(name, first, last, setting.log)
    begin, step = _exact(first), _exact(setting.step)
    count = (_exact(last) - begin) // step + 1
    if count > MOST_VALUES:
        raise ConfigError(
            f"{where}.step is {setting.step}, which makes {count} values,"
            f" expected at most {MOST_VALUES}; without a step any value between is taken"
        )
    values = (float(begin + step * number) for number in range(count))
    return Choices(name, "float", tuple(dict.fromkeys(values)))


def _points(first: float, last: float, count: int, log: bool) -> Sequence[float | Fraction]:
    """Return ``count`` points, of which ``first`` and ``last`` are the exact ends."""
    if log:
        parts = (number / (count - 1) for number in range(1, count - 1))
        # Twelve digits give 0.01 and not 0.010000000000000002, and are even enough.
        inner = (float(f"{first ** (1 - part) * last**part:.12g}") for part in parts)
        return [first, *(min(max(point, first), last) for point in inner), last]
    begin, width = _exact(first), _exact(last) - _exact(first)
    return [begin + width * number / (count - 1) for number in range(count)]


def _exact(number: float) -> Fraction:
    """Return a number exactly as it is written, so that steps of 0.1 lead to 0.3."""
    return Fraction(str(number))
