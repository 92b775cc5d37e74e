"""Types of Numba in words that a user of Python knows."""

import re

_KINDS = (
    (r"Literal\[str\]\((.*)\)", "the text '{0}'"),
    (r"Literal\[int\]\((.*)\)|IntegerLiteral\((.*)\)", "an integer"),
    (r"unicode_type", "a text"),
    (r"u?int\d+", "an integer"),
    (r"float\d+", "a number"),
    (r"bool(ean)?|Literal\[bool\].*", "a bool"),
    (r"none|Omitted.*|omitted.*", "None"),
    (r"OptionalType\((.*)\)|Optional.*|\?.*", "a value or None"),
    (r"readonly array\(.*\)", "an array that may only be read"),
    (r"array\(.*\)|unaligned array\(.*\)", "an array"),
    (r"(Uni)?Tuple\(.*\)", "a tuple"),
    (r"reflected list\(.*|list\(.*|ListType.*", "a list"),
    (r"DictType.*", "a dict"),
    (r"reflected set.*|set\(.*", "a set"),
    (r"(?:Int)?Enum<.*>\((\w+)\)", "a member of {0}"),
    (r"ringtape\.Namespace\((\w+),.*", "{0}"),
    (r"ringtape\.Bar.*", "bar"),
    (r"ringtape\.Context", "ctx"),
    (r"ringtape\.Self.*", "self"),
    (r"ringtape\.Shown\((\w+).*", "{0}"),
    (r"type\(\w+\(<function .*", "a function"),
    (r"(\w+)\(\w+ x \d+\)", "the named tuple {0}"),
    (r"iter\(.*", "an iterator"),
    (r"class\(.*|Function\(<class .*", "a class"),
    (r"Function\(<.*", "a function"),
    (r"BoundFunction\(.*'(\w+)'\).*", "the method {0}"),
)


class Group(str):
    """A group of a pattern; ``{0:kind}`` is a type in words, ``{0:kinds}`` are several."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec == "kind":
            return kind_in_words(self)
        if spec == "kinds":
            return " and ".join(map(kind_in_words, arguments_in(self)))
        return str(self)


def kind_in_words(kind: str) -> str:
    """Return a type, as Numba writes it, in words."""
    for pattern, words in _KINDS:
        found = re.fullmatch(pattern, kind.strip(), re.DOTALL)
        if found is not None:
            return words.format(*(group or "" for group in found.groups()))
    return kind.strip()


def arguments_in(text: str) -> list[str]:
    """Split the arguments of a call, as Numba writes their types, at the outer commas."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign in "([<{") - (sign in ")]>}")
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [argument.strip() for argument in found if argument.strip()]
