"""What the refusals of `differing` mean: what was found, and what to write."""

from pipeline.native.refusal_rows import Row

#: What is said of a float that is looked up in a set of whole numbers, and what to write.
LOOKED_UP = (
    "it looks for a number that may have decimals in a set of whole numbers, which cuts it",
    "make it a set of floats, as in {{1.0, 2.0}}",
)
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
        r"cut: put into a list of whole numbers",
        "it puts a number that may have decimals into a list of whole numbers, which cuts it",
        "make it a list of floats, as in [0.0] * 3, or write int(...) around the number",
    ),
    Row(r"cut: looked up in a set of whole numbers", *LOOKED_UP),
    Row(
        r"cut: (?:put into a list|looked up in a set) of bools",
        "it has a number for a list or a set of bools, which makes a bool of it where it is "
        "compiled",
        "write 1 and 0 there in place of True and False",
    ),
    Row(
        r"text of a bool or a number",
        "it makes a text of a variable that is True or False in one case and a number in another",
        "give it one type, as in 1 if up else 5",
    ),
    Row(
        r"class compared by `is`",
        "it compares a class by `is`",
        "isinstance(x, (bool, int, float)) is true of numbers, isinstance(x, tuple) of tuples",
    ),
    Row(
        r"(number|text|tuple) compared by `is`",
        "it compares a {0} by `is`",
        "write ==, which compares values; `is` is for None, and for a bool with True or False",
    ),
    Row(
        r"isinstance of a number",
        "it asks by isinstance which kind of number a value is, which may be another kind where it "
        "is compiled",
        "x == int(x) tells whole numbers, and isinstance(x, (bool, int, float)) is true of all",
    ),
    Row(
        r'isinstance\(\) cannot determine the type of variable "(\w+)" due to a branch',
        "it asks by isinstance for the type of {0}, which is set in several places",
        "ask where it is set, or keep the answer in a variable of its own",
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
