"""States that are no numbers, or do not fit their types, are refused with their lines."""

import pytest

from pipeline import Strategy, state
from pipeline.errors import StrategyError
from tests.strategy.class_lines import line_of

ANY = "expected int, float or bool"
KEPT = "; ctx.window has the past, and each number to be kept is a state of its own"


class Empty(Strategy):
    closes: float = state([])  # type: ignore[arg-type]


class Listed(Strategy):
    closes: list[float] = state([1.0])  # type: ignore[arg-type]


class Absent(Strategy):
    entry: float = state(None)  # type: ignore[arg-type]


class Worded(Strategy):
    side: int = state("long")  # type: ignore[arg-type]


class Half(Strategy):
    bars: int = state(0.5)


class Huge(Strategy):
    bars: int = state(2**63)


class Two(Strategy):
    often: bool = state(2)


class Bare(Strategy):
    seen = state(0)


class Hidden(Strategy):
    _seen: int = state(3)


class Mangled(Strategy):
    __seen: bool = state(True)


class BareList(Strategy):
    closes = state([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cls", "name", "line", "said"),
    [
        (Empty, "closes", "closes: float = state([])", "float and begins as [], expected a number"),
        (
            Listed,
            "closes",
            "closes: list[float] = state([1.0])",
            "list, expected int, float or bool",
        ),
        (
            Absent,
            "entry",
            "entry: float = state(None)",
            "float and begins as None, expected a number",
        ),
    ],
)
def test_a_state_that_is_no_number_is_refused_with_its_line(cls, name, line, said):
    hint = "; nan stands for a number that is not there" if cls is Absent else KEPT
    _assert_refused(
        cls, name, f"{line}  # type: ignore[arg-type]", f"is a state of type {said}{hint}"
    )


@pytest.mark.parametrize(
    ("cls", "name", "line", "said"),
    [
        (
            Worded,
            "side",
            'side: int = state("long")  # type: ignore[arg-type]',
            "is a state of type int and begins as 'long', expected a whole number of 64 bits",
        ),
        (
            Half,
            "bars",
            "bars: int = state(0.5)",
            "is a state of type int and begins as 0.5, expected a whole number of 64 bits",
        ),
        (
            Huge,
            "bars",
            "bars: int = state(2**63)",
            f"is a state of type int and begins as {2**63}, expected a whole number of 64 bits",
        ),
        (
            Two,
            "often",
            "often: bool = state(2)",
            "is a state of type bool and begins as 2, expected True or False",
        ),
        (
            Bare,
            "seen",
            "seen = state(0)",
            f"is a state without a type, {ANY}; write seen: int = state(0)",
        ),
        (
            Hidden,
            "_seen",
            "_seen: int = state(3)",
            "is a state, whose name must not begin with an underscore; write seen: int = state(3)",
        ),
        (
            Mangled,
            "_Mangled__seen",
            "__seen: bool = state(True)",
            (
                "is a state, whose name must not begin with an underscore; write seen: bool = "
                "state(True)"
            ),
        ),
        (
            BareList,
            "closes",
            "closes = state([])  # type: ignore[arg-type]",
            f"is a state without a type, {ANY}; write closes: float = state(0.0)",
        ),
    ],
)
def test_so_is_one_that_does_not_fit_its_type_or_has_none(cls, name, line, said):
    _assert_refused(cls, name, line, said)


def _assert_refused(cls: type, name: str, line: str, said: str) -> None:
    with pytest.raises(StrategyError) as told:
        cls()
    assert str(told.value) == f"{line_of(__file__, cls, line)}.{name} {said}"
