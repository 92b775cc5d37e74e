"""An expression is said never to find what it looks for only if it finds nothing."""

import ast
import collections
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.strategy.lookups.kinds import ANYTHING, Given, Kind, kind_of
from pipeline.strategy.lookups.reader import Reader

#: What the names of the expressions stand for: s is a symbol's index, n another number.
VALUES: dict[str, Any] = {
    "s": 0,
    "n": 1,
    "word": "ALFA",
    "digit": "0",
    "names": {"ALFA", "BRVO"},
    "held": {0: 1.0, 1: 2.0},
    "weights": {"ALFA": 0.5},
    "mixed": {"ALFA": 1, 0: 2},
    "empty": {},
    "listed": ["ALFA", "BRVO"],
    "numbers": [0, 1],
    "nested": {"w": {"ALFA": 1}, "h": {0: 1}, "n": {"ALFA"}},
    "pairs": {("ALFA", 1): 2},
    "places": {(0, 1): 2},
    "array": np.array(["ALFA"]),
    "counted": collections.Counter(["ALFA"]),
    "np": np,
    "both": lambda: None,
}
SYMBOLS = ("s",)


def told_by(text: str) -> list[tuple[str, str]]:
    """The mistakes in an expression: as it is written, and the text of each."""
    found: list[tuple[str, str]] = []

    def name(name: str) -> Kind:
        if name == "s":
            return Reader(lambda _: Given("event"), lambda *_: None).kind(
                ast.parse("bar.symbol", mode="eval").body
            )
        if name in ("self", "ctx", "bar"):
            return Given("event" if name == "bar" else name)
        if name in VALUES:
            return kind_of(VALUES[name])
        builtin = __builtins__
        names = builtin if isinstance(builtin, dict) else vars(builtin)
        return kind_of(names[name]) if name in names else ANYTHING

    reader = Reader(name, lambda node, number, text: found.append((ast.unparse(node), text)))
    reader.kind(ast.parse(text, mode="eval").body)
    return found


elements = st.sampled_from(["s", "n", "word", "digit", "'ALFA'", "'1'", "2", "None", "str(s)"])
keys = elements | st.tuples(elements, elements).map(lambda pair: f"({pair[0]}, {pair[1]})")
containers = st.recursive(
    st.sampled_from(
        [
            *("names", "held", "weights", "mixed", "empty", "listed", "numbers", "pairs", "places"),
            *("nested['w']", "nested['h']", "nested.get('n')", "counted", "nested['w'].items()"),
            *("{s}", "{s, n}", "[s]", "(s, n)", "{'ALFA'}", "['ALFA', '1']", "{s: 1}", "set()"),
            *("dict(ALFA=1)", "{n for n in listed}", "{n: 1 for n in numbers}", "{'ALFA': s}"),
        ]
    ),
    lambda inner: (
        inner.map(lambda one: f"set({one})")
        | inner.map(lambda one: f"list({one})")
        | inner.map(lambda one: f"[x for x in {one}]")
        | st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})")
        | st.tuples(inner, inner).map(lambda two: f"(set({two[0]}) | set({two[1]}))")
    ),
    max_leaves=3,
)
looks = st.one_of(
    st.tuples(keys, containers).map(lambda two: f"{two[0]} in {two[1]}"),
    st.tuples(keys, keys).map(lambda two: f"{two[0]} == {two[1]}"),
    st.tuples(containers, containers).map(lambda two: f"bool(set({two[0]}) & set({two[1]}))"),
    st.tuples(containers, containers).map(
        lambda two: f"not set({two[0]}).isdisjoint(set({two[1]}))"
    ),
    st.tuples(keys, containers).map(lambda two: f"list({two[1]}).count({two[0]}) > 0"),
    st.tuples(keys, st.sampled_from(["held", "weights", "mixed", "nested['w']", "pairs"])).map(
        lambda two: f"{two[1]}.get({two[0]}) is not None"
    ),
)


@given(looks)
def test_what_is_told_is_never_found(text: str):
    """Python is asked with the number in place of the symbol, which it compares without a word."""
    if len(told_by(text)) == 1 and "|" not in text:
        try:
            found = eval(text, dict(VALUES))
        except TypeError:  # of what cannot be hashed
            return
        assert not found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s == 'ALFA'", "ALFA"),
        ("'ALFA' != s", "ALFA"),
        ("0 < n == 'ALFA'", "ALFA"),
        ("s in {2, 'ALFA'}", "ALFA"),
        ("s not in names", "ALFA"),
        ("s in weights.keys()", "ALFA"),
        ("weights[s]", "ALFA"),
        ("weights.get(s, 0.0)", "ALFA"),
        ("nested['w'].get(s)", "ALFA"),
        ("nested.get('w')[s]", "ALFA"),
        ("s in nested['n']", "ALFA"),
        ("{s} & names", "ALFA"),
        ("names - {s}", "ALFA"),
        ("{s} <= names", "ALFA"),
        ("names.isdisjoint([s])", "ALFA"),
        ("{s}.union(names)", "ALFA"),
        ("set(ctx.symbols) & names", "ALFA"),
        ("frozenset((s,)) ^ names", "ALFA"),
        ("(s, 1) in pairs", "ALFA"),
        ("pairs.get((s, n))", "ALFA"),
        ("(s, 0.5) in weights.items()", "ALFA"),
        ("s in dict(ALFA=1)", "ALFA"),
        ("s in dict([('ALFA', 1)])", "ALFA"),
        ("s in {**weights}", "ALFA"),
        ("s in {one for one in listed}", "ALFA"),
        ("s in {one: 1 for one, _ in weights.items()}", "ALFA"),
        ("s in dict.fromkeys(listed)", "ALFA"),
        ("s in [*listed]", "ALFA"),
        ("s in listed + listed", "ALFA"),
        ("s in (names or set())", "ALFA"),
        ("s in (names if n else weights)", "ALFA"),
        ("s in sorted(names)", "ALFA"),
        ("s in listed[1:]", "ALFA"),
        ("s in [one.upper() for one in listed]", ""),
        ("s in 'ALFA BRVO'.split()", ""),
        ("listed.index(s)", "ALFA"),
        ("['ALFA'].count(s)", "ALFA"),
        ("s in array", "ALFA"),
        ("np.isin(s, listed)", "ALFA"),
        ("np.isin(ctx.symbols, np.array(listed))", "ALFA"),
        ("counted[s]", "ALFA"),
        ("str(s) == 'ALFA'", "ALFA"),
        ("f'{s}' == word", "ALFA"),
        ("f'{s}-1' == 'ALFA-1'", "ALFA-1"),
        ("f'{s}-{word}' == 'ALFA-ALFA'", "ALFA-ALFA"),
        ("'x' + str(s) in names", "ALFA"),
        ("weights.get(str(s))", "ALFA"),
        ("str(s) in 'ALFA,BRVO'", "ALFA,BRVO"),
        ("str(s).startswith('A')", "A"),
        ("'ALFA'.find(str(s))", "ALFA"),
        ("'ALFA' in ctx.symbols", "ALFA"),
        ("'ALFA' in {one: 0.0 for one in ctx.symbols}", "ALFA"),
        ("'ALFA' in set(ctx.symbols)", "ALFA"),
        ("ctx.symbol('ALFA') == 'ALFA'", "ALFA"),
        ("any(s == one for one in listed)", "ALFA"),
        ("[one for one in range(3) if one in names]", "ALFA"),
        ("[i for i, _ in enumerate(listed) if i == 'ALFA']", "ALFA"),
        ("(lambda x: s in names)(1)", "ALFA"),
        ("int(s) in names", "ALFA"),
        ("max(ctx.symbols) in names", "ALFA"),
        ("(found := s) in names", "ALFA"),
    ],
)
def test_a_mistake_is_told_once_with_a_text(text: str, told: str):
    assert [found for _, found in told_by(text)] == [told]


@pytest.mark.parametrize(
    "text",
    [
        "s in held",
        "s in numbers",
        "s in mixed",
        "s in empty",
        "held.get(s)",
        "empty.get(s)",
        "(s, 1) in places",
        "(s, 1, 2) in pairs",
        "listed[s] == 'ALFA'",
        "listed.index('ALFA') == s",
        "listed.pop(s)",
        "{listed[x]: x for x in ctx.symbols}['ALFA'] == s",
        "ctx.data.symbols[s] in names",
        "{ctx.symbol(x) for x in listed} & {s}",
        "s in {ctx.symbol(x): w for x, w in weights.items()}",
        "str(s) == '0'",
        "str(s) in {'0', 'ALFA'}",
        "f'{s}' in 'sym 0'",
        "s + 1 in numbers",
        "s in unknown",
        "unknown(s) == 'ALFA'",
        "bar.close == 1",
        "n in (0, 4)",
        "word in names and word == 'ALFA'",
        "'{}'.format(s) == 'ALFA'",
        "dict(zip(range(2), listed))[s] == 'ALFA'",
        "names - {'ALFA'}",
        "n - 1 in numbers",
        "s == None",
        "mixed.get('total')",
        "[x for x in listed if x == 'ALFA']",
        "held | {'total': 1}",
    ],
)
def test_what_may_be_found_is_not(text: str):
    assert told_by(text) == []
