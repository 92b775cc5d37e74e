"""What Numba's messages about lists, sets, ranges and arrays mean."""

import ast

from pipeline.native.differing_rows import LOOKED_UP
from pipeline.native.refusal_rows import Row

#: Operations and methods of sets that take another set, or an item.
_OF_SETS = (
    r"and_|or_|xor|sub|iand|ior|ixor|isub|eq|ne|lt|le|gt|ge|remove|discard|is(?:sub|super)set"
    r"|isdisjoint|update|(?:union|intersection|(?:symmetric_)?difference)(?:_update)?"
)
#: Rows that are tried before those about everything.
ROWS_OF_CONTAINERS = (
    Row(
        r"Cannot modify readonly array|Cannot set.*readonly",
        "it writes into an array that may only be read",
        "work on a copy, as in ctx.window(...).copy()",
        python=False,
    ),
    Row(
        # Of `w /= w[0]` and of `counts += 0.5` Numba finds no version, and does not notice.
        r"'NoneType' object has no .*'args'",
        "it changes an array that may only be read, or puts floats into one of whole numbers",
        "work on a copy, as in ctx.window(...).copy(), or make it of floats, as in np.zeros(3)",
        python=False,
    ),
    Row(
        r"imprecise type: list",
        "it has an empty list, of which no type is known",
        "use an array of a size, as in np.zeros(20); for numbers[1:2] = [] write numbers.pop(1)",
    ),
    Row(
        r"imprecise type: (set|dict)",
        "it has an empty {0}, of which no type is known",
        "use an array of a size, as in np.zeros(20)",
    ),
    Row(
        r"AssertionError in listobj\.py",
        "it has lists of several types where one is meant, as [0, 1] if up else [0.5]",
        "give all of them one type, as in [0.0, 1.0] if up else [0.5]",
    ),
    Row(
        r"arg mismatch: i64 != double",
        *LOOKED_UP,
    ),
    Row(
        rf">>> (?:ol_set_|set_)?({_OF_SETS})\((?:reflected )?set\(\w+\)",
        "it has the operation {0} of sets, or of a set and an item, that are of several types",
        "give them one type, as in {{1.0, 2.0}}",
    ),
    Row(
        r"\n([^\n]+) as (key|value) is forbidden",
        "it has a dict with {0:kind} as a {1}",
        "make it a tuple, as in {{1: (0.5, 1.5)}}",
    ),
    Row(
        r"cannot safely cast float64 to int64\..*?typedobjectutils\.py",
        "it has a number that may have decimals as a key or a value of a dict of whole numbers",
        "make all keys or all values of the dict floats, as in {{1: 0.0}}, or write int(...) "
        "around the number",
    ),
    Row(
        r"Invalid use of getiter with parameters \((?:Uni)?Tuple\(type\(UsersPart",
        "it goes through functions, of which each is of a type of its own",
        "call one after the other",
    ),
    Row(
        r"Invalid use of getiter with parameters \((Tuple\([^\n]*\))\)",
        "it goes through a tuple of values of several types",
        "give them one type, or do for each what the loop does",
    ),
    Row(
        r"Invalid use of getiter with parameters \(([^\n]*)\)",
        "it goes through {0:kind}, which is none of many values",
        python=False,
    ),
    Row(
        r"implementation of function Function\(<class '(float|int)'>\).*?>>> \w+\((?:Optional|\?)",
        "it calls {0} with a value that may be None, as that of levels.get(key, 0.0) may be here",
        "write levels[key] if key in levels else 0.0",
        python=None,
    ),
    Row(
        r"op_(?:LIST_EXTEND|SET_UPDATE|DICT_MERGE|DICT_UPDATE) at the start of a block",
        "it makes a list of constants within a `try`",
        "make it above the try, or of variables, as in [x, y, z]",
        node=ast.Try,
    ),
    Row(
        r"<built-in function getitem>.*?>>> getitem\(range_state",
        "it takes an element of a range",
        "write list(range(...))[-1], or calculate it",
    ),
)
#: Numba takes the set for what the comprehension goes through.
_SET = Row(
    r"Unknown attribute 'add' of type",
    "it has a set comprehension, {{... for ...}}",
    "write set([... for ...])",
    node=ast.SetComp,
)
_DELETED = Row(
    r"AssertionError in lowering\.py",
    "it deletes items of a list of whole numbers",
    "write numbers.pop(0)",
    node=ast.Delete,
)
#: Rows that count only where a function has what they are about.
CONTAINERS_IF_THERE = _SET, _DELETED
