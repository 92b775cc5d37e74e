"""What Numba's messages about lists, sets, ranges and arrays mean."""

import ast

from pipeline.native.refusal_rows import Row

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
        r"imprecise type: (list|set|dict)",
        "it has an empty {0}, of which no type is known",
        "use an array of a size, as in np.zeros(20)",
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
