"""What a function assigns to names and attributes, wherever that stands in it."""

import ast
from collections.abc import Callable, Iterator

from pipeline.dependencies.trees import FunctionTree
from pipeline.strategy.lookups.filled import is_inside, parents_in
from pipeline.strategy.lookups.kinds import ANYTHING, Kind, items_of, join
from pipeline.strategy.lookups.reader import bound

_INNER = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
#: Tells the kind of what is assigned, with the help of one who tells that of an expression.
_Read = Callable[[Callable[[ast.expr], Kind]], Kind]


def statements_of(tree: ast.AST) -> Iterator[ast.AST]:
    """Give the statements of a function, and what in them is no expression.

    Those of functions and classes that are written in it are left out.
    """
    stack: list[ast.AST] = list(getattr(tree, "body", ()))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _INNER):
            stack += [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr)]


class Assignments:
    """What a function assigns: by name, and to attributes."""

    def __init__(self, tree: FunctionTree | None) -> None:
        self.names: dict[str, list[_Read]] = {}
        self.attributes: list[tuple[ast.Attribute, _Read]] = []
        if tree is None:
            return
        parents = parents_in(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.NamedExpr):
                self._assign(node.target, _unknown if is_inside(node, parents) else _of(node.value))
        for node in () if isinstance(tree, ast.Lambda) else statements_of(tree):
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, _of(node.value))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._assign(node.target, _of(node.value))
        elif isinstance(node, ast.AugAssign):
            if not isinstance(node.op, ast.BitOr | ast.BitAnd | ast.BitXor | ast.Sub):
                self._assign(node.target, _unknown)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._assign(node.target, _items_of(node.iter))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._assign(node.optional_vars, _unknown)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._unknown(*((one.asname or one.name).partition(".")[0] for one in node.names))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            self._unknown(*node.names)
        elif isinstance(node, ast.MatchMapping):
            self._unknown(node.rest)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar | _INNER):
            self._unknown(node.name)

    def _unknown(self, *names: str | None) -> None:
        for name in filter(None, names):
            self.names.setdefault(name, []).append(_unknown)

    def _assign(self, target: ast.expr, read: _Read) -> None:
        if isinstance(target, ast.Attribute):
            self.attributes.append((target, read))
        for name, _ in bound(target, ANYTHING):
            self.names.setdefault(name, []).append(_part_of(name, target, read))
        if isinstance(target, ast.Tuple | ast.List):
            inner = [one for one in ast.walk(target) if isinstance(one, ast.Attribute)]
            self.attributes += [(one, _unknown) for one in inner if isinstance(one.ctx, ast.Store)]


def _unknown(kind: Callable[[ast.expr], Kind]) -> Kind:
    return ANYTHING


def _of(value: ast.expr) -> _Read:
    return lambda kind: kind(value)


def _items_of(value: ast.expr) -> _Read:
    return lambda kind: items_of(kind(value))


def _part_of(name: str, target: ast.expr, read: _Read) -> _Read:
    """Return the kind of what a name is given, of all that is assigned to a target."""
    return lambda kind: join(one for found, one in bound(target, read(kind)) if found == name)
