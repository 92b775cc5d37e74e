"""What the refusals of `differing` mean: what was found, and what to write."""

from pipeline.native.refusal_rows import Row

#: Rows about what compiled code would calculate in another way than Python.
DIFFERING = (
    Row(
        r"order of a set: goes through one",
        "it goes through a set, which is in another order where it is compiled",
        "write sorted(...) around it, or make it a tuple",
    ),
    Row(
        r"order of a set: calls (pop) of one",
        "it calls {0} of a set, which takes another item where it is compiled",
        "make it a list, or take min(...) of it and discard that",
    ),
    Row(
        r"order of a set: calls (\w*) with one",
        "it calls {0} with a set, which is in another order where it is compiled",
        "write sorted(...) around the set, or make it a tuple",
    ),
    Row(
        r"float given to (a slice|\w+)\b(?!\.)",
        "it gives {0} a number that may have decimals, where Python takes whole ones only",
        "write int(...) around it",
        python=False,
    ),
    Row(
        r"function of Python given to (\w+)",
        "it gives {0} a function of Python",
        "write a comprehension, as in [int(x) for x in numbers]",
    ),
    Row(
        r"narrow type (\w+) in place of (\w+)",
        "it has numbers of NumPy's {0}, which compiled code calculates in another way",
        "make them {1}",
    ),
    Row(
        r"unsigned number beside a signed one",
        "it calculates with an unsigned and a signed whole number, which is signed where it is "
        "compiled",
        "make both of them int64, or both uint64",
    ),
)
