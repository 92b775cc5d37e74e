"""Options in messages, as arguments of a function."""

import re

import pytest

from pipeline.errors import DataError
from pipeline.market.importers.option_words import in_python, told_in_python
from pipeline.market.importers.options import Options


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("give it with --symbol", "give it with symbol="),
        ("such as --interval 1m", 'such as interval="1m"'),
        ("--tz Europe/Athens takes it", 'tz="Europe/Athens" takes it'),
        ("the zone with --tz, such as UTC", "the zone with tz=, such as UTC"),
        ("--end-stamped says otherwise", 'stamped="close" says otherwise'),
        ("--sort sorts them", "sort=True sorts them"),
        ("--bad-rows drop leaves", 'bad_rows="drop" leaves'),
        ("such as --columns ts=Date,close=5", 'such as columns={"ts": "Date", "close": 5}'),
        ("--scale 1e-9 or so", "scale=1e-9 or so"),
        ("leave --layout out", "leave layout= out"),
        ("a - b -- c", "a - b -- c"),
    ],
)
def test_options_become_arguments(text: str, told: str):
    assert in_python(text) == told


def test_every_option_of_an_import_has_its_argument():
    """The names differ by the sign between their words alone, but for the ends of bars."""
    names = {name for name in Options.__dataclass_fields__ if name != "stamped"}
    for name in names:
        said = in_python(f"--{name.replace('_', '-')}")
        assert re.fullmatch(rf"{name}=(True)?", said)


def test_refusals_are_told_so_and_others_are_left():
    with pytest.raises(DataError, match=r"^give tz=$") as caught, told_in_python():
        raise DataError("give --tz")
    assert isinstance(caught.value.__cause__, DataError)
    with pytest.raises(ValueError, match="--tz"), told_in_python():
        raise ValueError("--tz")
