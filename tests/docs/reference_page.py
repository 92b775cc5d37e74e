"""The page of what hooks are given, pipeline/strategy/REFERENCE.md, made from the classes.

    python -m tests.docs.reference_page

writes it anew.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator

from pipeline.strategy.bar import Bar, Bars
from pipeline.strategy.context import Context
from pipeline.strategy.events import Fill, Order, Session
from pipeline.strategy.local_time import LocalTime
from pipeline.strategy.orders import Orders
from tests.docs.pages import ROOT

PAGE = ROOT / "pipeline" / "strategy" / "REFERENCE.md"
INTRODUCTION = """\
# What hooks are given

Every field and method of `bar`, `bars`, `fill`, `order`, `session` and `ctx`, the same compiled
and interpreted. None of them can be set, and a name that is not on this page is refused with the
nearest that is. A symbol is its index in the run's symbols; times are ns since 1970 UTC.
Indicators are attributes of `bar` and `bars` under the names that `indicators` gives them.

<!-- This page is made by: python -m tests.docs.reference_page -->
"""
#: Heading, what stands below it, and the classes whose members are listed.
SECTIONS: tuple[tuple[str, str, tuple[type, ...]], ...] = (
    ("bar", "Of `on_bar`.", (Bar,)),
    ("bars", "Of `on_bars`; arrays are by symbol.", (Bars,)),
    ("fill", "Of `on_fill`.", (Fill,)),
    ("order", "Of `on_order`.", (Order,)),
    ("session", "Of `on_session_open` and `on_session_close`.", (Session,)),
    ("ctx: questions", "Of every hook.", (Context,)),
    ("ctx.time", "The present moment in the exchange's time zone.", (LocalTime,)),
    (
        "ctx: orders",
        "What places an order returns its id; [the rule book](../execution/README.md) says more.",
        (Orders,),
    ),
)


def reference() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for heading, below, classes in SECTIONS:
        parts += [f"## {heading}\n", below + "\n", "| name | value | what it is |"]
        parts.append("| --- | --- | --- |")
        for cls in classes:
            parts += [_row(*member) for member in _members(cls)]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _row(name: str, value: str, text: str) -> str:
    cells = (f"`{name}`", value, " ".join(text.replace("``", "`").split()))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _members(cls: type) -> Iterator[tuple[str, str, str]]:
    """Give name or call, kind of value and description of each public member of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    for place, step in enumerate(tree.body):
        if isinstance(step, ast.AnnAssign) and isinstance(step.target, ast.Name):
            told = tree.body[place + 1]
            assert isinstance(told, ast.Expr)
            assert isinstance(told.value, ast.Constant)
            yield step.target.id, _kind(step.annotation), str(told.value.value)
        elif isinstance(step, ast.FunctionDef) and not step.name.startswith("_"):
            asked = any(isinstance(d, ast.Name) and d.id == "property" for d in step.decorator_list)
            name = step.name if asked else f"{step.name}({_arguments(step.args)})"
            yield name, _kind(step.returns), ast.get_docstring(step) or ""


def _arguments(arguments: ast.arguments) -> str:
    """Return the arguments of a method behind self, with = where one may be left out."""
    names = [argument.arg for argument in arguments.args]
    needed = len(names) - len(arguments.defaults)
    return ", ".join(name + "=" * (place >= needed) for place, name in enumerate(names) if place)


def _kind(annotation: ast.expr | None) -> str:
    """Return the kind of a value as a reader knows it."""
    words = ast.unparse(annotation) if annotation else ""
    if "NDArray" in words:
        return "array of " + ("int" if "int64" in words else "float")
    return "" if words == "Any" else words


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
