"""What is not compiled, by its name, in Python's words: instructions and functions of modules."""

import builtins
import sys

from pipeline.errors import nearest
from pipeline.native.samples import module_has

_COMPILED = "functions of your own, of math and most of NumPy's are compiled"
_OWN_FUNCTION = "write what it does in a function of your own"
#: What stands for functions of math that are not compiled.
_IN_PLACE_OF = {
    "dist": "math.sqrt of the sum of the squares is",
    "fmod": "np.fmod(x, y) is",
    "fsum": "sum([...]) is, which rounds at each step",
    "modf": "int(x) has the whole part, and x - int(x) the rest",
    "ulp": "np.spacing(x) is",
}
#: What Python's instructions that are not compiled stand for, and what to write in their place.
INSTRUCTIONS = {
    "MATCH_SEQUENCE": ("a `case` of a sequence, like (a, b)", "compare its items with if and elif"),
    "MATCH_MAPPING": ("a `case` of a dict, like {...}", "compare its items with if and elif"),
    "MATCH_CLASS": ("a `case` of a class, like Name(...)", "compare its fields with if and elif"),
    "UNPACK_EX": ("an assignment to *names, like a, *rest = x", "write a, rest = x[0], x[1:]"),
    "LOAD_BUILD_CLASS": ("a class inside", "write it at the top of the file"),
    "GET_YIELD_FROM_ITER": ("a `yield from`", "write a loop with a yield"),
    "GET_AWAITABLE": ("an `await`", "write it without"),
}


def builtin(name: str) -> str:
    """Return what a function calls that is no function of the user's."""
    if hasattr(builtins, name):
        return f"it calls {name}, which is not compiled"
    return f"{name} is a function of a library; {_COMPILED}"


def instruction(name: str) -> str:
    """Return what a function has that one of Python's instructions stands for."""
    if name not in INSTRUCTIONS:
        return f"it needs Python's instruction {name}"
    found, hint = INSTRUCTIONS[name]
    return f"it has {found}; {hint}"


def of_module(name: str, module: str) -> str:
    """Return what a function uses of a library, or that the library has no such thing."""
    if module == "math" and module_has(name, module):
        return f"math.{name} is not compiled; {_IN_PLACE_OF.get(name, _OWN_FUNCTION)}"
    if module_has(name, module):
        return f"it uses {module}.{name}, of a library; {_COMPILED}"
    near = nearest(name, dir(sys.modules.get(module)))
    return f"{module} has no {str(name)!r}{f'; did you mean {near[0]}?' if near else ''}"
