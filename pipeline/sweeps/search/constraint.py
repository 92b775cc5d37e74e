"""A constraint: an expression such as ``fast < slow`` that a set of parameters must fulfil.

The expression is parsed once, in Python's syntax, and evaluated on columns: an array per parameter
with an element per set. A million sets take a fraction of a second. A single set is evaluated in
the same way, so that it is judged as it would be among many.

Numbers are taken as float64, and true and false as 1 and 0 where a number is needed. A division by
zero has no value (NaN), and a comparison with what has no value is false, `!=` too.
"""

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, NoReturn

import numpy as np

from pipeline.errors import ConfigError

Column = np.ndarray[Any, np.dtype[Any]]

_ARITHMETIC: dict[type[ast.operator], Callable[[Column, Column], Column]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Column, Column], Column]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
#: Functions of numbers, each with the least number of its arguments.
_FUNCTIONS = {"abs": 1, "min": 2, "max": 2}
_GRAMMAR = "comparisons, + - * / // %, and, or, not, abs, min, max"
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Constraint:
    """One expression, checked to have only parts that a constraint may have."""

    text: str
    #: The setting that the expression comes from, for messages.
    where: str
    #: The parameters in it, in alphabetical order.
    names: tuple[str, ...]
    #: The parsed expression.
    tree: ast.expr

    @classmethod
    def parse(cls, text: str, where: str = "constraint") -> "Constraint":
        """Parse an expression.

        Raises:
            ConfigError: the text is no expression (the message says at which character), or it has
                a part that no constraint may have.
        """
        names: set[str] = set()
        try:
            with warnings.catch_warnings():  # Python warns of invalid escapes, such as "\d"
                warnings.simplefilter("ignore")
                tree = ast.parse(text.lstrip(), mode="eval").body
            _check(tree, names, lambda expected: _refuse(text, where, expected))
        except SyntaxError as error:
            before = len(text) - len(text.lstrip())
            place = f"character {before + error.offset}" if error.offset else "its end"
            _refuse(text, where, f"an expression: {error.msg} at {place}")
        except (ValueError, RecursionError, MemoryError):
            _refuse(text, where, "an expression that Python can read")
        return cls(text, where, tuple(sorted(names)), tree)

    def holds(
        self, columns: Mapping[str, Column], count: int
    ) -> np.ndarray[Any, np.dtype[np.bool]]:
        """Return bool[count]: whether each of ``count`` sets fulfils the constraint.

        ``columns`` has at least the parameters in ``names``, as float64, bool or str. Each has
        ``count`` elements, or one that all sets share.

        Raises:
            ConfigError: the constraint has a text in the place of a number, or a number in the
                place of a truth value.
        """
        with np.errstate(all="ignore"):
            result = self._truth(self.tree, columns)
        return np.broadcast_to(result, count)

    def _value(self, node: ast.expr, columns: Mapping[str, Column]) -> Column:
        match node:
            case ast.Constant(value=bool() | str() as value):
                return np.asarray([value])
            case ast.Constant(value=int() | float() as number):
                return np.asarray([float(number)])
            case ast.Name(id=name):
                return columns[name]
            case ast.BoolOp(op=op, values=parts):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return reduce(join, [self._truth(part, columns) for part in parts])
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return ~self._truth(part, columns)
            case ast.UnaryOp(op=op, operand=part):
                positive = self._number(part, columns)
                return -positive if isinstance(op, ast.USub) else positive
            case ast.BinOp(left=left, op=op, right=right):
                sides = self._number(left, columns), self._number(right, columns)
                result = _ARITHMETIC[type(op)](*sides)
                divides = isinstance(op, ast.Div | ast.FloorDiv | ast.Mod)
                return np.where(sides[1] == 0.0, np.nan, result) if divides else result
            case ast.Compare():
                return self._compare(node, columns)
            case ast.Call(func=ast.Name(id=name), args=parts):
                numbers = [self._number(part, columns) for part in parts]
                if name == "abs":
                    return np.abs(numbers[0])
                return reduce(np.minimum if name == "min" else np.maximum, numbers)
        raise AssertionError(f"_check let {ast.dump(node)} through")

    def _compare(self, node: ast.Compare, columns: Mapping[str, Column]) -> Column:
        parts = [node.left, *node.comparators]
        values = [self._value(part, columns) for part in parts]
        texts = [part for part, value in zip(parts, values, strict=True) if value.dtype.kind == "U"]
        if texts and len(texts) < len(parts):
            other = next(part for part in parts if part not in texts)
            _refuse(
                self.text,
                self.where,
                f"no comparison of text, {ast.unparse(texts[0])}, with a number,"
                f" {ast.unparse(other)}",
            )
        if not texts:
            values = [value.astype(np.float64) for value in values]
        steps = zip(node.ops, values[:-1], values[1:], strict=True)
        defined = [] if texts else [~np.isnan(value) for value in values]
        held = [_COMPARISONS[type(op)](a, b) for op, a, b in steps]
        return reduce(np.logical_and, [*held, *defined])

    def _number(self, node: ast.expr, columns: Mapping[str, Column]) -> Column:
        value = self._value(node, columns)
        if value.dtype.kind == "U":
            _refuse(self.text, self.where, f"a number where {ast.unparse(node)} is")
        return value.astype(np.float64)

    def _truth(self, node: ast.expr, columns: Mapping[str, Column]) -> Column:
        value = self._value(node, columns)
        if value.dtype.kind != "b":
            part = (
                "a comparison"
                if node is self.tree
                else f"a comparison where {ast.unparse(node)} is"
            )
            _refuse(self.text, self.where, f"{part}, or a parameter that is true or false")
        return value


def _refuse(text: str, where: str, expected: str) -> NoReturn:
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    raise ConfigError(" ".join(f'{where} is "{shown}", expected {expected}'.split()))


def _check(
    node: ast.expr, names: set[str], refuse: Callable[[str], NoReturn], depth: int = 1
) -> None:
    """Refuse parts that no constraint may have; collect the parameters that it names."""
    if depth > _DEEPEST:
        refuse(f"at most {_DEEPEST} expressions within each other")
    parts: list[ast.expr] = []
    match node:
        case ast.Constant(value=bool() | str()):
            pass
        case ast.Constant(value=int() | float() as number):
            # Python has parsed a float that is too large as infinity, but a whole number exactly.
            if abs(number) > 1e308:
                refuse("numbers that a float can hold")
        case ast.Name(id=name):
            names.add(name)
        case ast.BoolOp(values=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=part):
            parts = [part]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            divides = isinstance(op, ast.Div | ast.FloorDiv | ast.Mod)
            if divides and isinstance(right, ast.Constant) and right.value == 0:
                refuse(f"a division by something else than zero where {ast.unparse(node)} is")
            parts = [left, right]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARISONS for op in ops
        ):
            parts = [left, *others]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _FUNCTIONS:
            least = _FUNCTIONS[name]
            if len(parts) < least or (name == "abs" and len(parts) > 1):
                refuse(f"{name} of {'one number' if name == 'abs' else 'two numbers or more'}")
        case _:
            refuse(f"nothing but {_GRAMMAR}; {ast.unparse(node)} is something else")
    for part in parts:
        _check(part, names, refuse, depth + 1)
