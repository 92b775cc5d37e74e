"""The section on a sweep: which sets of parameters are tried, how they are chosen and judged."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from pipeline.config.refusal import LIST, OBJECT, expectation, list_or_object
from pipeline.config.values import (
    ParameterName,
    ParameterValue,
    Section,
    Symbols,
    Text,
    as_tuple,
)

#: Methods that are Optuna's, and need it installed.
OPTUNA_METHODS = ("tpe", "nsga2", "nsga3")


_Positive = Annotated[int, Field(gt=0)] | Annotated[float, Field(gt=0)]


class RangeConfig(Section):
    """The values of a parameter from one number to another."""

    # `from` is a word of Python, so the attributes are `start` and `stop`.
    model_config = ConfigDict(serialize_by_alias=True)

    start: int | float = Field(alias="from", description="First value.")
    stop: int | float = Field(
        alias="to", description="Last value, taken where the steps reach it. At least from."
    )
    step: _Positive | None = Field(
        default=None,
        description="From one value to the next. null: 1 for a whole parameter, any value between"
        " for another. Default null.",
    )
    count: int | None = Field(
        default=None,
        ge=2,
        le=1_000_000,
        description="How many values, evenly spaced, both ends among them, instead of a step; those"
        " of a whole parameter are rounded, and each is taken once. null: as step says."
        " Default null.",
    )
    log: bool = Field(
        default=False,
        description="Evenly spaced in the logarithm: from 1 to 100, as many below 10 as above."
        " from is above 0 then, and there is no step. Default false.",
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.stop < self.start:
            raise expectation(f"at least from {self.start}", field="to", value=self.stop)
        if self.step is not None and (self.count is not None or self.log):
            beside = "count" if self.count is not None else "log"
            raise expectation(f"not set beside {beside}", field="step", value=self.step)
        if self.log and self.start <= 0:
            raise expectation("a number above 0 beside log", field="from", value=self.start)
        return self


Values = Annotated[tuple[ParameterValue, ...], Field(min_length=1), BeforeValidator(as_tuple)]
DimensionConfig = Annotated[
    Annotated[RangeConfig, Tag(OBJECT)] | Annotated[Values, Tag(LIST)],
    Discriminator(list_or_object),
]
SpaceConfig = dict[ParameterName, DimensionConfig]
_Spaces = Annotated[tuple[SpaceConfig, ...], Field(min_length=1), BeforeValidator(as_tuple)]


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else as_tuple(value)


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len({value.removeprefix("-") for value in values}) < len(values):
        raise expectation("each figure once")
    return values


_Scores = Annotated[
    tuple[Text, ...],
    Field(min_length=1),
    BeforeValidator(_one_or_more),
    AfterValidator(_each_once),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    ),
]
_Expressions = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]


class PruningConfig(Section):
    """Successive halving: lanes that do badly at certain sessions' ends do not go on."""

    score: Text = Field(
        default="total_return",
        description="What lanes are compared by, over the sessions so far: total_return,"
        " sharpe_ratio, max_drawdown or another figure that equity alone gives. A minus in front:"
        " less is better. Default total_return.",
    )
    keep: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="Share of the lanes that goes on each time. Default 0.5.",
    )
    rungs: int = Field(
        default=3,
        ge=1,
        le=64,
        description="How many times, evenly spaced over the sessions of the run. Default 3.",
    )


class SweepConfig(Section):
    """Which sets of parameters are tried, how they are chosen and what they are judged by.

    Which names of scores there are is for a sweep to say (`sweeps.scores`): they are the figures
    of a lane, which a configuration does not know.
    """

    space: Annotated[
        Annotated[SpaceConfig, Tag(OBJECT)] | Annotated[_Spaces, Tag(LIST)],
        Discriminator(list_or_object),
    ] = Field(
        description="Values of the parameters by name: a list of them, or a range with from and to."
        " They stand in place of those under strategy.parameters. One object for every strategy, or"
        " a list with an object for each."
    )
    constraints: _Expressions = Field(
        default=(),
        description="What sets must fulfil, in terms of the strategy's parameters: fast < slow."
        " Comparisons (chains too), + - * / // %, and, or, not, abs, min, max. One that names"
        " a parameter which some strategy lacks says nothing of that strategy. Default [].",
    )
    universes: dict[Text, Symbols] = Field(
        default={},
        description="Lists of the run's symbols, by name: every set is tried on each of them, and"
        " a lane trades no other symbols. {}: all symbols. Default {}.",
    )
    method: Literal["grid", "random", "latin_hypercube", "sobol", "tpe", "nsga2", "nsga3"] = Field(
        default="grid",
        description="How sets are chosen. grid: all of them. random: evenly at random."
        " latin_hypercube, sobol: evenly spread. tpe, nsga2, nsga3: by the scores of earlier sets,"
        " through Optuna, an extra of its own. Default grid.",
    )
    samples: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="How many sets are chosen; several strategies share them evenly, except through"
        " Optuna. null for a grid, and for nothing else. Default null.",
    )
    batch: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Through Optuna: sets chosen at once, before any of their scores is known; they"
        " are the lanes of one pass. What is chosen depends on it. Default 64.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description="Equal seeds give equal sets. Default 0.",
    )
    score: _Scores = Field(
        default=("sharpe_ratio",),
        description="What sets are judged by: a figure of a lane in summary.json, or a list of"
        " several. A minus in front: less is better. Default sharpe_ratio.",
    )
    best: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="How many of the best sets are run again in full detail. Default 5.",
    )
    pruning: PruningConfig | None = Field(
        default=None,
        description="Which lanes do not go on to the end. null: all do. Default null.",
    )
    lane_seconds: float | None = Field(
        default=None,
        gt=0,
        description="Seconds that one lane may take in all; a lane over it is set aside. null: no"
        " bound. Default null.",
    )
    memory: float | None = Field(
        default=None,
        gt=0,
        description="GiB that the shared memory and the lanes may take; what does not fit is cut"
        " into passes. null: what the machine has free. Default null.",
    )
    lanes_per_pass: int | None = Field(
        default=None,
        ge=1,
        description="Most lanes of one pass over the market. null: as many as memory allows."
        " Default null.",
    )

    @property
    def spaces(self) -> tuple[SpaceConfig, ...]:
        """The spaces in the strategies' order, a single one when `space` is one object."""
        return self.space if isinstance(self.space, tuple) else (self.space,)

    @model_validator(mode="after")
    def _samples_suit_the_method(self) -> Self:
        if self.method == "grid" and self.samples is not None:
            raise expectation("null for method grid", field="samples", value=self.samples)
        if self.method != "grid" and self.samples is None:
            raise expectation(
                f"a whole number of at least 1 for method {self.method}", field="samples"
            )
        return self

    @model_validator(mode="after")
    def _optuna_is_there(self) -> Self:
        if self.method in OPTUNA_METHODS and find_spec("optuna") is None:
            raise expectation(
                "grid, random, latin_hypercube or sobol without Optuna, which is missing; install"
                " it with: pip install 'ringtape[optuna]'",
                field="method",
                value=self.method,
            )
        return self

    @model_validator(mode="after")
    def _universes_have_names_and_symbols(self) -> Self:
        for name, symbols in self.universes.items():
            if not name:
                raise expectation("a name that is not empty", field="universes", value=name)
            if not symbols:
                raise expectation("at least one symbol", field=f"universes.{name}", value=[])
        return self


def check_against_session(
    sweep: SweepConfig | None, symbols: Sequence[str], strategies: int
) -> None:
    """Refuse what a session lacks: symbols, and strategies for all the spaces."""
    if sweep is None:
        return
    for name, universe in sweep.universes.items():
        for symbol in universe:
            if symbol not in symbols:
                raise expectation(
                    f"symbols out of {', '.join(symbols)}",
                    field=f"sweep.universes.{name}",
                    value=symbol,
                )
    if isinstance(sweep.space, tuple) and len(sweep.space) != strategies:
        raise expectation(
            f"an object for each of the {strategies} strategies, or one for all",
            field="sweep.space",
            value=_as_written(sweep.space),
        )


def _as_written(spaces: Sequence[SpaceConfig]) -> list[Any]:
    return [
        {name: d.model_dump() if isinstance(d, RangeConfig) else d for name, d in space.items()}
        for space in spaces
    ]
