"""Strategies to sweep, and spaces made of them, for the tests of choosing sets."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from pipeline.config.sweep import SweepConfig
from pipeline.strategy.strategy import Strategy, Symbol
from pipeline.sweeps.search.search import Search, make_search
from pipeline.sweeps.search.space import ParameterSet, Space

SYMBOLS = ("AAA", "BBB", "CCC")


class Crossing(Strategy):
    """Has a parameter of each type, and a constant."""

    LEVEL = 3
    fast: int = 10
    slow: int = 30
    stop: float = 0.5
    short: bool = False
    leader: Symbol = Symbol("AAA")


class Single(Strategy):
    """Has one parameter that the other has too, and one of its own."""

    fast: int = 10
    level: float = 1.0


def space_of(settings: dict[str, Any], *strategies: type[Strategy], **fixed: Any) -> Space:
    """Make the space of strategies, `Crossing` if none is given, with fixed parameters."""
    classes = strategies or (Crossing,)
    lanes = [(f"tests:{one.__name__}", one, fixed) for one in classes]
    return Space.of(SweepConfig(**settings), lanes, SYMBOLS)


def search_of(
    settings: dict[str, Any], *strategies: type[Strategy], storage: Path | None = None
) -> Search:
    """Make the search of strategies as `space_of` makes their space."""
    return make_search(SweepConfig(**settings), space_of(settings, *strategies), storage)


def of_range(start: float, stop: float, **others: Any) -> dict[str, Any]:
    """Write a range as a configuration does."""
    return {"from": start, "to": stop, **others}


wholes = st.lists(st.integers(-5, 40), min_size=1, max_size=4, unique=True) | st.builds(
    lambda start, width, step: of_range(start, start + width, step=step),
    st.integers(1, 9),
    st.integers(0, 8),
    st.integers(1, 3),
)
reals = (
    st.lists(st.floats(-9, 9).map(lambda x: x + 0.0), min_size=1, max_size=3, unique=True)
    | st.builds(
        lambda start, width, count: of_range(start, start + width, count=count),
        st.floats(0.25, 8),
        st.floats(0.5, 4),
        st.integers(2, 4),
    )
)  # fmt: skip
flags = st.sampled_from([[True], [False, True]])
leaders = st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True)

finite_spaces = st.fixed_dictionaries(
    {"fast": wholes},
    optional={"slow": wholes, "stop": reals, "short": flags, "leader": leaders},
)
any_spaces = st.fixed_dictionaries(
    {"fast": wholes | st.just(of_range(1, 400, log=True))},
    optional={
        "slow": wholes | st.just(of_range(1, 10_000)),
        "stop": reals | st.just(of_range(-1.5, 4)) | st.just(of_range(0.01, 100, log=True)),
        "short": flags,
        "leader": leaders,
    },
)
constraints = st.lists(
    st.sampled_from(
        [
            "fast < slow",
            "fast % 2 == 0",
            "short or stop > 0.5",
            'leader != "BBB"',
            "abs(fast - slow) >= 3",
            "1 < fast <= 30",
        ]
    ),
    max_size=2,
    unique=True,
)
universes = st.sampled_from([{}, {"one": ["AAA"]}, {"one": ["AAA"], "all": list(SYMBOLS)}])


def fulfils(one: ParameterSet, expressions: list[str], fixed: dict[str, Any]) -> bool:
    """Judge one set as Python does."""
    values = {**fixed, **one.parameters}
    return all(eval(text, {}, values) for text in expressions)
