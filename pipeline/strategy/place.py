"""Where an attribute of a class stands in its source."""

import ast
import inspect
import textwrap
from typing import Any


def place_of(cls: type, name: str) -> str:
    """Return the beginning of a message about an attribute: ``file:line: Class.name``.

    The line is that of the attribute, or of the class where the attribute has none in the source.
    Without a source there is none.
    """
    for base in cls.__mro__:
        if name in vars(base) or name in vars(base).get("__annotations__", ()):
            return f"{_place_in(base, name)}{cls.__name__}.{name}"
    return f"{cls.__name__}.{name}"


def place_of_class(cls: type) -> str:
    """Return the beginning of a message about a class: ``file:line: Class``."""
    return f"{_place_in(cls, '')}{cls.__name__}"


def _place_in(cls: Any, name: str) -> str:
    try:
        lines, first = inspect.getsourcelines(cls)
        body = ast.parse(textwrap.dedent("".join(lines))).body[0]
        file = inspect.getfile(cls)
    except (OSError, TypeError, SyntaxError):
        return ""
    # Python puts the name of the class before a name with two underscores.
    names = name, name.removeprefix(f"_{cls.__name__.lstrip('_')}")
    for step in getattr(body, "body", ()):
        targets = [step.target] if isinstance(step, ast.AnnAssign) else getattr(step, "targets", ())
        named = any(isinstance(one, ast.Name) and one.id in names for one in targets)
        if named or getattr(step, "name", None) in names:
            return f"{file}:{first + step.lineno - 1}: "
    return f"{file}:{first}: "
