"""The section on a sweep: the sets of parameters, how they are chosen, and their scores."""

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

#: Methods of Optuna, which must be installed for them.
OPTUNA_METHODS = ("tpe", "nsga2", "nsga3")


_Positive = Annotated[int, Field(gt=0)] | Annotated[float, Field(gt=0)]


class RangeConfig(Section):
    """The values of a parameter from one number to another."""

    # `from` is a keyword of Python, so the attributes are called `start` and `stop`.
    model_config = ConfigDict(serialize_by_alias=True)

    start: int | float = Field(alias="from", description="First value.")
    stop: int | float = Field(
        alias="to", description="Last value, at least from. It is taken if the steps reach it."
    )
    step: _Positive | None = Field(
        default=None,
        description="Distance from one value to the next. null: 1 for a parameter that is a whole"
        " number, and any value in between for another. Default null.",
    )
    count: int | None = Field(
        default=None,
        ge=2,
        le=1_000_000,
        description="Number of values, evenly spaced and with both ends, instead of a step. Values"
        " of a parameter that is a whole number are rounded, and each is taken once. null: step"
        " decides. Default null.",
    )
    log: bool = Field(
        default=False,
        description="Space the values evenly in the logarithm: from 1 to 100, as many are below 10"
        " as above. from must then be above 0, and there is no step. Default false.",
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.stop < self.start:
            raise expectation(f"at least from {self.start}", field="to", value=self.stop)
        if self.step is not None and (self.count is not None or self.log):
            beside = "count" if self.count is not None else "log"
            raise expectation(f"not to be set beside {beside}", field="step", value=self.step)
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
    """Successive halving: at the end of certain sessions, the worst lanes are ended."""

    score: Text = Field(
        default="total_return",
        description="Figure by which lanes are compared, over the sessions so far: total_return,"
        " sharpe_ratio, max_drawdown or another figure that follows from equity alone. A minus in"
        " front: less is better. Default total_return.",
    )
    keep: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="Share of the lanes that go on each time. Default 0.5.",
    )
    rungs: int = Field(
        default=3,
        ge=1,
        le=64,
        description="Number of comparisons, evenly spaced over the sessions of the run. Default 3.",
    )


class SweepConfig(Section):
    """The sets of parameters that are tried, how they are chosen, and their scores.

    The scores must be figures of a lane in summary.json, which is checked when a run or a sweep
    begins.
    """

    space: Annotated[
        Annotated[SpaceConfig, Tag(OBJECT)] | Annotated[_Spaces, Tag(LIST)],
        Discriminator(list_or_object),
    ] = Field(
        description="Values of the parameters by name: a list of values, or a range with from and"
        " to. They take the place of those under strategy.parameters. One object for all"
        " strategies, or a list with an object for each."
    )
    constraints: _Expressions = Field(
        default=(),
        description="Conditions on the parameters that every set must fulfil, such as fast < slow."
        " They may use comparisons (also chains), + - * / // %, and, or, not, abs, min, max. A"
        " condition does not apply to a strategy that lacks one of its parameters. Default [].",
    )
    universes: dict[Text, Symbols] = Field(
        default={},
        description="Lists of the run's symbols, by name. Every set is tried on each list, and its"
        " lane trades no other symbols. {}: all symbols. Default {}.",
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
        description="Number of sets that are chosen. Several strategies share them evenly, except"
        " through Optuna. It is null for a grid, and for no other method. Default null.",
    )
    batch: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Number of sets that Optuna chooses at once, before any of their scores is"
        " known. They are the lanes of one pass. The choice depends on this number. Default 64.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description="Equal seeds give equal sets. Default 0.",
    )
    score: _Scores = Field(
        default=("sharpe_ratio",),
        description="Figure by which sets are ranked: a figure of a lane in summary.json, or a list"
        " of figures. A minus in front: less is better. Default sharpe_ratio.",
    )
    min_round_trips: int = Field(
        default=0,
        ge=0,
        description="Fewest round trips that a set must end to have a rank. Sets with fewer stand"
        " in the ledger and the report without one, and samplers learn to avoid them. Default 0.",
    )
    best: int = Field(
        default=5,
        ge=0,
        le=1000,
        description="Number of the best sets that are run again in full detail. Default 5.",
    )
    pruning: PruningConfig | None = Field(
        default=None,
        description="Early end of bad lanes. null: all lanes go on to the end. Default null.",
    )
    lane_seconds: float | None = Field(
        default=None,
        gt=0,
        description="Most seconds that one lane may take in all. A lane that takes longer is set"
        " aside. null: no bound. Default null.",
    )
    memory: float | None = Field(
        default=None,
        gt=0,
        description="GiB that the shared memory and the lanes may take. A sweep that needs more is"
        " cut into passes. null: the free memory of the machine. Default null.",
    )
    lanes_per_pass: int | None = Field(
        default=None,
        ge=1,
        description="Most lanes in one pass over the market. null: as many as memory allows."
        " Default null.",
    )

    @property
    def spaces(self) -> tuple[SpaceConfig, ...]:
        """The spaces in the order of the strategies; a single one if `space` is one object."""
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
                " it with: pip install 'optuna>=4.2'",
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
    """Refuse universes with symbols that the session lacks, and spaces without their strategies.

    Raises as a validator does. A session without a sweep is accepted.
    """
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
