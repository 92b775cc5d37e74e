"""SessionConfig: everything that one session is run with, as one immutable value.

A configuration is written as JSON or TOML, or given from Python as a dict. It is checked as a whole
before anything starts, and strictly: the text ``"10"`` is not a number, an unknown setting is
refused, a value that cannot be read is never replaced by a default. Each field's description is
its documentation; `SessionConfig.json_schema` publishes them.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from pipeline.config.currency import Conversion, find_conversions
from pipeline.config.execution.account import TradingConfig
from pipeline.config.execution.costs import ExecutionConfig
from pipeline.config.execution.instruments import InstrumentConfig
from pipeline.config.refusal import LIST, OBJECT, expectation, explain, list_or_object
from pipeline.config.source import apply_overrides, read_config
from pipeline.config.sweep import SweepConfig, check_against_session
from pipeline.config.values import (
    Date,
    ParameterName,
    ParameterValue,
    PathText,
    Section,
    SessionName,
    StrategyName,
    Streams,
    Symbol,
    Symbols,
    Text,
    as_tuple,
)
from pipeline.errors import ConfigError


class BacktestConfig(Section):
    """Which part of history is replayed, and at what pace."""

    start_date: Date = Field(
        description="First trading date, YYYY-MM-DD, inclusive. Need not be a trading day."
    )
    end_date: Date = Field(
        description="Last trading date, YYYY-MM-DD, inclusive. On or after start_date."
    )
    speed_multiplier: float = Field(
        default=0.0,
        ge=0,
        description="Pace, in multiples of real time. 0: data-driven, as fast as the slowest stage,"
        " which loses nothing because the others wait. Above 0: clock-driven, one slot per"
        " timestamp (60 replays one hour of market time per minute); a stage that is late counts"
        " as an overrun, and its data is still delivered. Results are the same either way."
        " Default 0.",
    )
    prefetch_days: int = Field(
        default=1,
        ge=0,
        le=60,
        description="Trading days of data that the coordinator decodes ahead of the tape, in a"
        " background thread. 0: decode on demand. Costs memory in proportion. Default 1.",
    )

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end_date < self.start_date:
            raise expectation(
                f"a date on or after start_date {self.start_date}",
                field="end_date",
                value=str(self.end_date),
            )
        return self


class HistoricalConfig(Section):
    """What is prepared from the past before a session opens."""

    enable_quality: bool = Field(
        default=True,
        description="Grade the historical bars of every symbol and interval: 100 x bars present /"
        " bars expected by the calendar, in percent. Default true.",
    )


class GapFillerConfig(Section):
    """What is done about missing bars while a session runs. They are never filled silently."""

    enable_session_quality: bool = Field(
        default=False,
        description="Keep the quality (percent) of the running session up to date with every bar"
        " that arrives or is missing. Default false.",
    )


class SessionDataConfig(Section):
    """Which bars the session sees."""

    symbols: Symbols = Field(
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="Symbols, as the catalog names them. Their order is the order in which events"
        " of one moment are handled.",
    )
    streams: Streams = Field(
        default=("1m",),
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="Intervals of bars: a whole number and s, m, h or d. The first is the base"
        " interval, which the catalog must hold; the others are derived from it, so each is a"
        ' multiple of it. Default ["1m"].',
    )
    trading_hours: Literal["regular", "extended"] = Field(
        default="regular",
        description="Sessions span the exchange's regular hours, or also those before the open and"
        " after the close. Default regular.",
    )
    prices: Literal["raw", "adjusted"] = Field(
        default="raw",
        description="What becomes of the splits and dividends in the catalog. raw: prices as they"
        " were traded; before a session opens, positions, orders at rest and the past that"
        " strategies see are split, and dividends are booked. adjusted: prices and volumes before a"
        " split or dividend are scaled by it, seen from the run's last session, and nothing is"
        " booked. Default raw.",
    )
    historical: HistoricalConfig = Field(
        default=HistoricalConfig(), description="What is prepared before a session opens."
    )
    gap_filler: GapFillerConfig = Field(
        default=GapFillerConfig(), description="What is done about missing bars."
    )


class StrategyConfig(Section):
    """One lane: a strategy with its parameters and an account of its own."""

    name: StrategyName = Field(
        description='Where the class is: "module:Class", importable, or "path/to/file.py:Class",'
        " relative to the working directory.",
    )
    parameters: dict[ParameterName, ParameterValue] = Field(
        default={},
        description="Values of the strategy's parameters by name; those not named keep the"
        " strategy's own defaults. Default {}.",
    )
    mode: Literal["compiled", "interpreted"] = Field(
        default="compiled",
        description="compiled: on_bar runs as machine code, through Numba, for speed. interpreted:"
        " as plain Python, for writing and debugging, and for code that Numba does not take."
        " Results are the same either way. Default compiled.",
    )
    symbols: Symbols | None = Field(
        default=None,
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="The lane's universe: which of the run's symbols it is called for and can"
        " trade; nothing is known of the others, and an order in one of them is never filled."
        " null: all. Default null.",
    )


class PipelineConfig(Section):
    """The processes and the shared memory of the run. Results do not depend on any of it."""

    processors: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Data processor processes; the symbols are divided among them. Default 1.",
    )
    engines: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Analysis engine processes; the lanes are divided among them. Default 1.",
    )
    slots: int = Field(
        default=4,
        ge=1,
        le=1024,
        description="Slots of the ring: how many blocks are under way at once. 1 makes every stage"
        " wait for the one before. Default 4.",
    )
    slot_rows: int | None = Field(
        default=None,
        ge=1,
        description="Fresh base bars per symbol that one slot has room for. 1: one timestamp per"
        " slot, always so when clock-driven. null: chosen from the number of symbols."
        " Default null.",
    )
    start_method: Literal["forkserver", "spawn"] = Field(
        default="forkserver",
        description="How processes are started. forkserver (Linux, macOS) is quicker; spawn works"
        " everywhere. Default forkserver.",
    )


_Lanes = Annotated[tuple[StrategyConfig, ...], Field(min_length=1), BeforeValidator(as_tuple)]
Strategies = Annotated[
    Annotated[StrategyConfig, Tag(OBJECT)] | Annotated[_Lanes, Tag(LIST)],
    Discriminator(list_or_object),
]


class SessionConfig(Section):
    """Everything that one session is run with.

    Immutable. `load` reads one from a file or a dict, and so does calling the class with the
    sections as keywords; both raise `ConfigError`, in one line, for anything that is not valid.
    Relative paths are taken from the working directory.
    """

    session_name: SessionName = Field(
        description="Names the run folder: up to 64 letters, digits, dots, hyphens and underscores,"
        " beginning with a letter or digit.",
    )
    exchange_group: Text = Field(
        default="US_EQUITY",
        min_length=1,
        description="Whose trading calendar holds: US_EQUITY, CRYPTO, FX, CME, or any code or alias"
        " of exchange_calendars, such as XTKS. Default US_EQUITY.",
    )
    asset_class: Literal["EQUITY", "FX", "CRYPTO", "FUTURES", "INDEX"] = Field(
        default="EQUITY", description="What kind of thing the symbols are. Default EQUITY."
    )
    mode: Literal["backtest", "live"] = Field(
        default="backtest",
        description="backtest replays the catalog. live is reserved; a run refuses it."
        " Default backtest.",
    )
    backtest_config: BacktestConfig = Field(description="Dates and pace of the replay.")
    session_data_config: SessionDataConfig = Field(description="Symbols and intervals.")
    trading_config: TradingConfig = Field(
        default=TradingConfig(), description="The account of each lane."
    )
    execution: ExecutionConfig = Field(
        default=ExecutionConfig(), description="How orders become fills, and what fills cost."
    )
    instruments: dict[Text, InstrumentConfig] = Field(
        default={},
        description="Ticks, lots, multipliers and currencies by symbol; symbols not named have"
        " none, and the account's currency. Default {}.",
    )
    strategy: Strategies = Field(
        description="The lanes: one strategy, or a list of them. Each trades an account of its own."
    )
    pipeline: PipelineConfig = Field(
        default=PipelineConfig(), description="Processes and shared memory of the run."
    )
    catalog: PathText = Field(
        min_length=1,
        description="Folder of the Parquet catalog that holds the bars, relative to the working"
        " directory.",
    )
    benchmark: Symbol | None = Field(
        default=None,
        description="Symbol that the lanes are compared with (alpha, beta and others in the"
        " summary), by its returns from close to close of the sessions. The catalog must hold it at"
        " the base interval; it need not be among the symbols. null: none. Default null.",
    )
    sweep: SweepConfig | None = Field(
        default=None,
        description="Which sets of parameters `ringtape sweep` tries; a run takes no notice of it."
        " null: no sweep. Default null.",
    )
    metadata: dict[Text, Text] = Field(
        default={},
        description="Notes of your own, text by name; copied into the run folder and used for"
        " nothing. Default {}.",
    )

    @model_validator(mode="after")
    def _instruments_are_symbols(self) -> Self:
        symbols = self.session_data_config.symbols
        for symbol in self.instruments:
            if symbol not in symbols:
                raise expectation(
                    f"one of the symbols {', '.join(symbols)}", field="instruments", value=symbol
                )
        self.conversions()
        check_against_session(self.sweep, symbols, len(self.strategies))
        return self

    def __init__(self, /, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise ConfigError(explain(error, self.json_schema())) from None

    def conversions(self) -> dict[str, Conversion]:
        """Say how the symbols that are quoted in another currency are converted, by symbol."""
        return find_conversions(
            self.trading_config.currency,
            self.session_data_config.symbols,
            self.instruments,
            self.asset_class,
        )

    @property
    def strategies(self) -> tuple[StrategyConfig, ...]:
        """The lanes in order, also when `strategy` is a single object."""
        return self.strategy if isinstance(self.strategy, tuple) else (self.strategy,)

    @classmethod
    def load(
        cls,
        source: "str | os.PathLike[str] | Mapping[str, Any] | SessionConfig",
        overrides: Iterable[str] = (),
        *,
        strategy: Any = None,
    ) -> Self:
        """Read and check a configuration.

        Args:
            source: path of a ``.json`` or ``.toml`` file, a dict of the same form, or a
                `SessionConfig`. It is not changed.
            overrides: settings to replace, each ``"dotted.path=value"``; the value is read as JSON
                and, where it is not JSON, taken as text. Elements of a list go by number:
                ``strategy.0.parameters.fast=5``.
            strategy: a whole ``strategy`` section to use instead of the one in `source`, which
                then needs none. Overrides apply to it.

        Raises:
            ConfigError: in one line, naming the file (if any) and, for each thing wrong, the
                setting's dotted path, the value found and what was expected.
        """
        if isinstance(source, SessionConfig):
            settings, origin = source.model_dump(), ""
        elif isinstance(source, Mapping):
            settings, origin = dict(source), ""
        elif isinstance(source, str | os.PathLike):
            settings, origin = read_config(Path(source)), f"{os.fspath(source)}: "
        else:
            raise ConfigError(f"the configuration is {source!r}, expected a path or a dict")
        if strategy is not None:
            settings["strategy"] = strategy
        try:
            return cls(**apply_overrides(settings, overrides))
        except ConfigError as error:
            raise ConfigError(f"{origin}{error}") from None

    def dump(self) -> str:
        """Give the resolved configuration, defaults included, as JSON that `load` reads back."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Give the JSON Schema (draft 2020-12) of a configuration file, descriptions included."""
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        return dialect | cls.model_json_schema()


def example_path(name: str) -> Path:
    """Find a ready-to-run example configuration, such as ``demo.json``.

    Works in a checkout and in an installed wheel, which carries the examples inside the package.

    Raises:
        ConfigError: there is no example of that name.
    """
    package = Path(__file__).parents[1]
    folder = package / "examples_config"
    if not folder.is_dir():
        folder = package.parent / "config"
    names = sorted(path.name for path in folder.glob("*") if path.suffix in (".json", ".toml"))
    if name not in names:
        raise ConfigError(f"{name} is not an example; there are {', '.join(names)}")
    return folder / name
