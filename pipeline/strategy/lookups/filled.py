"""What is put into a container that has a name, by the functions that use the name."""

import ast
from collections.abc import Callable, Iterable, Mapping

from pipeline.strategy.lookups.kinds import ANYTHING, NOTHING, Kind, Many, items_of, join

#: Methods that put their last argument, the items of it, or a key into a container.
_PUT_ONE = frozenset(("append", "appendleft", "add", "insert"))
_PUT_ALL = frozenset(("extend", "extendleft", "update", "union_update"))
_PUT_KEY = frozenset(("setdefault",))
#: Methods that put nothing into it, and do not give it away.
_PUT_NOTHING = frozenset(
    (
        *("get", "pop", "popleft", "popitem", "keys", "values", "items", "copy", "index", "count"),
        *("remove", "discard", "clear", "sort", "reverse", "issubset", "issuperset", "isdisjoint"),
        *("union", "intersection", "difference", "symmetric_difference", "intersection_update"),
        *("difference_update", "most_common", "__contains__", "__getitem__"),
    )
)
#: Functions that only look at it.
_LOOKING = frozenset(
    (
        *("len", "set", "frozenset", "list", "sorted", "tuple", "sum", "min", "max", "any", "all"),
        *("enumerate", "zip", "bool", "print", "dict", "iter", "reversed", "str", "repr"),
    )
)
_PLAIN_USES = (
    *(ast.Compare, ast.BinOp, ast.UnaryOp, ast.If, ast.While, ast.IfExp, ast.Expr, ast.Assert),
    *(ast.For, ast.comprehension, ast.FormattedValue),
)
_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)

Parents = Mapping[ast.AST, ast.AST]


def parents_in(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Return the node above each node of a tree."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def put_into(
    uses: Iterable[ast.expr],
    parents: Parents,
    kind: Callable[[ast.expr], Kind],
    *,
    keys: bool,
) -> Kind:
    """Return the kind of what the uses of a container put into it.

    ``uses``: expressions of a function that stand for the container. ``parents``: the nodes above
    those of the function. ``kind`` reads other expressions there. ``keys``: whether it is a dict.
    ANYTHING if it is given away, or filled where names stand for other things.
    """
    return join(_put(use, parents, kind, keys) for use in uses)


def filled(held: Many, put: Kind) -> Kind:
    """Return the kind of a container into which something has been put."""
    if put is NOTHING:
        return held
    return Many(join((held.items, put)), held.sort, ANYTHING if held.sort == "dict" else NOTHING)


def _put(use: ast.expr, parents: Parents, kind: Callable[[ast.expr], Kind], keys: bool) -> Kind:
    above = parents[use]
    read: Iterable[ast.expr] = ()
    all_of = False
    if isinstance(above, ast.AugAssign) and above.target is use:
        read, all_of = [above.value], True
    elif isinstance(above, ast.Subscript) and above.value is use:
        if not isinstance(above.ctx, ast.Store):
            return NOTHING
        assigned = parents[above]
        value = [assigned.value] if isinstance(assigned, ast.Assign) else []
        read = [above.slice] if keys else value
        if not read:
            return ANYTHING
    elif isinstance(above, ast.Attribute) and isinstance(parents[above], ast.Call):
        if above.attr in _PUT_NOTHING:
            return NOTHING
        given = parents[above].args  # type: ignore[attr-defined]
        if above.attr not in _PUT_ONE | _PUT_ALL | _PUT_KEY or not given:
            return ANYTHING
        all_of = above.attr in _PUT_ALL
        read = given[:1] if above.attr in _PUT_KEY else given[-1:]
    elif isinstance(above, ast.Call):
        looks = isinstance(above.func, ast.Name) and above.func.id in _LOOKING
        return NOTHING if looks else ANYTHING
    else:
        return NOTHING if isinstance(above, _PLAIN_USES) else ANYTHING
    if is_inside(use, parents):
        return ANYTHING
    return join(items_of(kind(one)) if all_of else kind(one) for one in read)


def is_inside(node: ast.AST, parents: Parents) -> bool:
    """Whether a node lies where names may be others than in the function that it is in."""
    while node in parents:
        node = parents[node]
        if isinstance(node, _SCOPES) and node in parents:
            return True
    return False
