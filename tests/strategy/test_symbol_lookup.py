"""A symbol's index is not looked up among texts, however that is written."""

import pytest

from pipeline.strategy.symbol import SymbolIndex

INDEX = SymbolIndex(2)
NAMES = {"ALFA", "BRVO"}
WEIGHTS = {"ALFA": 0.5}
HELD = {2: 7.0}


class Holder:
    NAMES = frozenset(("ALFA",))
    HELD: dict[int, float] = {}  # noqa: RUF012

    def __init__(self):
        self.weights = {"ALFA": 0.5}

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
    ],
)
def test_a_look_among_texts_is_refused(look):
    with pytest.raises(TypeError, match="a symbol is a number here and never equals the text"):
        look()


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
