"""What plain Python does of what the compiler refuses is tried, not guessed."""

import pytest

from pipeline.native.samples import attribute_is_there, module_has, operation_runs

ARRAY = "array(float64, 1d, C)"


@pytest.mark.parametrize(
    ("name", "kinds", "runs"),
    [
        ("getitem", "float64, int64", False),
        ("getitem", f"{ARRAY}, int64", True),
        ("getitem", "UniTuple(float64 x 2), Literal[int](1)", True),
        ("gt", "BoundFunction((<class 'ContextType'>, 'position') for X), int64", False),
        ("truth", "BoundFunction((<class 'ContextType'>, 'position') for X)", False),
        ("gt", "ringtape.Context, int64", False),
        ("add", "float64, unicode_type", False),
        ("add", "float64, none", False),
        ("or_", "DictType[int64,float64], DictType[int64,float64]", True),
        ("len", "float64", False),
        ("len", "reflected list(float64)<iv=None>", True),
        ("zeros", "IntEnum<int64>(Leg)", True),
        ("setitem", "readonly array(float64, 1d, C), int64, float64", None),
        ("or_", "Enum<int64>(Sides), Enum<int64>(Sides)", None),
        ("open", "unicode_type", None),
        ("save", f"unicode_type, {ARRAY}", None),
    ],
)
def test_an_operation_runs_if_it_does_on_values_of_the_types(
    name: str, kinds: str, runs: bool | None
):
    assert operation_runs(name, kinds) is runs


def test_what_values_and_modules_have():
    assert attribute_is_there("mean", "float64") is False
    assert attribute_is_there("is_integer", "float64") is True
    assert attribute_is_there("mean", ARRAY) is True
    assert attribute_is_there("mean", "something else") is None
    assert module_has("sqrt", "math")
    assert not module_has("sqroot", "math")
    assert not module_has("sqrt", "no.such.module")
