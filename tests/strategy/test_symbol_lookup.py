"""A symbol's index is not looked up among texts, however that is written."""

from typing import Any

import pytest

from pipeline.strategy.symbol import SymbolIndex, SymbolText

INDEX = SymbolIndex(2)
NAMES = {"ALFA", "BRVO"}
WEIGHTS = {"ALFA": 0.5}
HELD = {2: 7.0}
LISTED = ["ALFA"]
PAIRS = {("ALFA", 1): 1.0}
NESTED: dict[str, Any] = {"w": {"ALFA": 0.5}, "n": {"ALFA"}, "h": {2: 7.0}}


class Holder:
    NAMES = frozenset(("ALFA",))
    HELD: dict[int, float] = {}  # noqa: RUF012

    def __init__(self):
        self.weights = {"ALFA": 0.5}
        self.nested = NESTED

    @property
    def asked(self):
        raise AssertionError("a property must not be called")


HOLDER = Holder()
BESIDE: dict[object, float] = {"note": 1.0}
BESIDE[INDEX] = 7.0  # storing looks nothing up


@pytest.mark.parametrize(
    "look",
    [
        lambda: INDEX in {"ALFA"},
        lambda: INDEX not in {"ALFA", "BRVO"},
        lambda: INDEX in {2, "ALFA"},
        lambda: INDEX in NAMES,
        lambda: INDEX in frozenset(("ALFA",)),
        lambda: INDEX in set(NAMES),
        lambda: INDEX in WEIGHTS,
        lambda: INDEX in WEIGHTS.keys(),  # noqa: SIM118
        lambda: INDEX in {"ALFA": 1},
        lambda: WEIGHTS[INDEX],
        lambda: WEIGHTS.get(INDEX, 0.0),
        lambda: {"ALFA": 1}.get(INDEX),
        lambda: WEIGHTS.setdefault(INDEX, 0.0),
        lambda: INDEX in Holder.NAMES,
        lambda: HOLDER.weights.get(INDEX),
        lambda: [one for one in (INDEX,) if one in HOLDER.NAMES],
        lambda: NESTED["w"].get(INDEX),
        lambda: INDEX in NESTED["n"],
        lambda: HOLDER.nested["w"].get(INDEX),
        lambda: (INDEX, 1) in PAIRS,
        lambda: PAIRS.get((INDEX, 1)),
        lambda: {INDEX} & NAMES,
        lambda: {INDEX} | NAMES,
        lambda: {INDEX} <= NAMES,
        lambda: {INDEX}.isdisjoint(NAMES),
        lambda: NAMES.issuperset({INDEX}),
        lambda: NAMES.intersection([INDEX]),
        lambda: set([INDEX]) & NAMES,  # noqa: C405
        lambda: {one for one in (INDEX,)} & NAMES,  # noqa: C416
        lambda: INDEX in dict(ALFA=1),  # noqa: C408
        lambda: INDEX in {one for one in LISTED},  # noqa: C416
        lambda: {one: 1 for one in LISTED}.get(INDEX),  # noqa: C420
        lambda: INDEX in dict.fromkeys(LISTED),
        lambda: INDEX in (NAMES or set()),
        lambda: (INDEX, 0.5) in WEIGHTS.items(),
        lambda: LISTED.index(INDEX),
        lambda: LISTED.count(INDEX),
    ],
)
def test_a_look_among_texts_is_refused(look):
    with pytest.raises(TypeError, match="a symbol is a number here and never equals the text"):
        look()


@pytest.mark.parametrize(
    "look",
    [
        lambda: str(INDEX) == "ALFA",
        lambda: "ALFA" != str(INDEX),  # noqa: SIM300
        lambda: f"{INDEX}" == "ALFA",
        lambda: str(INDEX) in NAMES,
        lambda: str(INDEX) in LISTED,
        lambda: WEIGHTS.get(str(INDEX)),
        lambda: NESTED["w"].get(f"{INDEX}"),
        lambda: {str(INDEX)} & NAMES,
    ],
)
def test_so_is_one_for_its_text(look):
    with pytest.raises(TypeError, match="a text of a symbol is that of its number, as '0' is, and"):
        look()


def test_a_text_of_a_symbol_is_one_of_its_number():
    text = str(INDEX)
    assert type(text) is SymbolText
    assert text == "2" == f"{INDEX}"
    assert text != "3"
    assert hash(text) == hash("2")
    assert (f"{INDEX:>3}", f"{INDEX}!", repr(INDEX), "%s" % INDEX) == ("  2", "2!", "2", "2")  # noqa: UP031
    assert text is not None
    assert text != 2
    assert sorted(["3", text, "1"]) == ["1", "2", "3"]


def test_a_name_of_the_function_is_the_one_that_counts():
    NAMES = {2}  # noqa: N806
    assert INDEX in NAMES
    names = {"ALFA"}
    with pytest.raises(TypeError, match="'ALFA'"):
        assert INDEX in names


@pytest.mark.parametrize(
    ("look", "found"),
    [
        (lambda: INDEX in {1, 2}, True),
        (lambda: HELD[INDEX], 7.0),
        (lambda: HELD.get(INDEX), 7.0),
        (lambda: {INDEX: "ALFA"}[2], "ALFA"),
        (lambda: HOLDER.HELD.get(INDEX), None),
        (lambda: len({INDEX, 2, 3}), 2),
        (lambda: {"ALFA": HELD}["ALFA"][INDEX], 7.0),
        (lambda: INDEX in HELD and "ALFA" in WEIGHTS, True),
        (lambda: BESIDE[INDEX], 7.0),
        (lambda: BESIDE.get(INDEX), 7.0),
        (lambda: NESTED["h"][INDEX], 7.0),
        (lambda: (INDEX, 1) in {(2, 1)}, True),
        (lambda: {INDEX} & {2, 3}, {2}),
        (lambda: {INDEX: "ALFA"} | {3: "BRVO"}, {2: "ALFA", 3: "BRVO"}),
        (lambda: {str(INDEX)} & {"2"}, {"2"}),
        (lambda: {"2": 7.0}.get(str(INDEX)), 7.0),
    ],
)
def test_a_look_among_numbers_finds_what_an_int_finds(look, found):
    assert look() == found
    assert look() == found


def test_what_was_empty_is_looked_at_again():
    seen: dict[object, int] = {}
    for name in (None, "ALFA"):
        if name is not None:
            seen[name] = 1
            with pytest.raises(TypeError, match="'ALFA'"):
                seen.get(INDEX)
        else:
            assert INDEX not in seen


def test_no_property_is_called_and_no_source_is_needed():
    with pytest.raises(AssertionError, match="must not be called"):
        assert INDEX in HOLDER.asked
    assert eval("index in names", {"index": INDEX, "names": NAMES}) is False
