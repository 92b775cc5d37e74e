"""SessionConfig: all settings of one session, as one immutable value.

A configuration is written as JSON or TOML, or given from Python as a dict. It is checked as a whole
before anything starts, and strictly: the text ``"10"`` is not a number, an unknown setting is
refused, and a value that cannot be read is never replaced by a default. Each field's description is
its documentation, which `SessionConfig.json_schema` publishes.
"""

import os
from collections.abc import Iterable, Mapping
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
from pipeline.config.reading import read_settings
from pipeline.config.refusal import LIST, OBJECT, expectation, explain, list_or_object
from pipeline.config.source import apply_overrides, blame, texts_of
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
    """The part of history that is replayed, and the pace of the replay."""

    start_date: Date = Field(
        description="First trading date, YYYY-MM-DD, inclusive. It need not be a trading day."
    )
    end_date: Date = Field(
        description="Last trading date, YYYY-MM-DD, inclusive. It is start_date or later."
    )
    speed_multiplier: float = Field(
        default=0.0,
        ge=0,
        description="Pace, in multiples of real time. 0: data-driven, as fast as the slowest stage;"
        " the other stages wait for it, so nothing is lost. Above 0: clock-driven, with one slot"
        " per timestamp; 60 replays one hour of market time per minute. A stage that is late counts"
        " as an overrun, and its data is still delivered. Results are the same either way."
        " Default 0.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        description="Seed of the random numbers that strategies draw with ctx.random(). Each lane"
        " has numbers of its own, which follow from the seed, its strategy, its parameters and its"
        " symbols. Default 0.",
    )
    prefetch_days: int = Field(
        default=1,
        ge=0,
        le=60,
        description="Trading days of data that the coordinator decodes ahead of the tape, in a"
        " background thread. They take memory in proportion. 0: decode on demand. Default 1.",
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
    """The preparation from past data before a session opens."""

    enable_quality: bool = Field(
        default=True,
        description="Grade the historical bars of every symbol and interval: 100 x bars present /"
        " bars expected by the calendar, in percent. Default true.",
    )


class GapFillerConfig(Section):
    """The treatment of missing bars while a session runs. They are never filled silently."""

    enable_session_quality: bool = Field(
        default=False,
        description="Update the quality of the running session, in percent, with every bar that"
        " arrives or is missing. Default false.",
    )


class SessionDataConfig(Section):
    """The bars that the session sees."""

    symbols: Symbols = Field(
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="Symbols, as the catalog names them. Events of one moment are handled in the"
        " order of the symbols.",
    )
    streams: Streams = Field(
        default=("1m",),
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="Intervals of bars, each a whole number with s, m, h or d. The first is the"
        " base interval, which the catalog must hold. The others are derived from it, so each is a"
        ' multiple of it. Default ["1m"].',
    )
    trading_hours: Literal["regular", "extended"] = Field(
        default="regular",
        description="Hours of a session. regular: the regular hours of the exchange. extended: also"
        " the hours before the open and after the close. Default regular.",
    )
    closing_auction: Literal["leave_out", "last_bar"] = Field(
        default="leave_out",
        description="Treatment of a bar that opens at a session's close, as that of the closing"
        " auction does: the bar labelled 16:00 in New York. leave_out: it is outside the session"
        " and counted as such. last_bar: it is added to the last bar of the session, which gets its"
        " close and volume, so that the session closes at the auction's price. Default leave_out.",
    )
    bars_outside_sessions: Literal["refuse", "leave_out"] = Field(
        default="refuse",
        description="Treatment of bars that show that the calendar is not theirs: those at night or"
        " on days without trading, further than 6 hours from the next open and 7 hours from the"
        " last close, and those in the hours of another calendar. refuse: a run is refused if more"
        " than 0.8 percent of a symbol's bars are at night or on such days, or if more than 20"
        " percent are outside and sessions of another calendar have them and are clearly fuller."
        " So is a run in whose sessions bars begin and end at least half an hour late or early by"
        " the same time, as with a wrong clock: in more than 80 percent of the sessions of one UTC"
        " offset of the exchange, and in at least three."
        " leave_out: it goes on without them. Bars outside all sessions are counted and left"
        " out either way. Default refuse.",
    )
    prices: Literal["raw", "adjusted"] = Field(
        default="raw",
        description="Treatment of the splits and dividends in the catalog. raw: prices are as they"
        " were traded. Before a session opens, positions, orders at rest and the past that"
        " strategies see are split, and dividends are booked. adjusted: prices and volumes before a"
        " split or dividend are scaled by it, as seen from the run's last session, and nothing is"
        " booked. Default raw.",
    )
    historical: HistoricalConfig = Field(
        default=HistoricalConfig(), description="Preparation before a session opens."
    )
    gap_filler: GapFillerConfig = Field(
        default=GapFillerConfig(), description="Treatment of missing bars."
    )


class StrategyConfig(Section):
    """One lane: a strategy with its parameters, and an account of its own."""

    name: StrategyName = Field(
        description='Place of the class: "module:Class", importable, or "path/to/file.py:Class",'
        " relative to the working directory.",
    )
    parameters: dict[ParameterName, ParameterValue] = Field(
        default={},
        description="Values of the strategy's parameters by name. A parameter that is not named"
        " has the strategy's own default. Default {}.",
    )
    mode: Literal["compiled", "interpreted"] = Field(
        default="compiled",
        description="compiled: the strategy runs as machine code, made by Numba, for speed."
        " interpreted: it runs as plain Python, for writing and debugging, and for code that Numba"
        " does not accept. Results are the same either way. Default compiled.",
    )
    symbols: Symbols | None = Field(
        default=None,
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="The lane's universe: the symbols of the run for which the strategy is called"
        " and which it can trade. It knows nothing of the other symbols, and an order in one of"
        " them is never filled. null: all symbols. Default null.",
    )


class PipelineConfig(Section):
    """The processes and the shared memory of the run. Results do not depend on them."""

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
        description="Slots of the ring, which is the number of blocks under way at once. With 1"
        " every stage waits for the stage before. Unless slots or slot_rows is set, the ring has"
        " fewer where shared memory has no room for 4. Default 4.",
    )
    slot_rows: int | None = Field(
        default=None,
        ge=1,
        description="Fresh base bars per symbol for which one slot has room. 1: one timestamp per"
        " slot, as in every clock-driven run. null: chosen from the number of symbols."
        " Default null.",
    )
    start_method: Literal["forkserver", "spawn"] = Field(
        default="forkserver",
        description="How processes are started. forkserver is faster. spawn works everywhere, and"
        " takes its place on Windows, which has no fork server. Default forkserver.",
    )
    held_up_seconds: float | None = Field(
        default=None,
        ge=1.0,
        description="Seconds for which a process of the run may be held up by the system: stopped"
        " by a signal, or waiting for a disk that does not answer. After that the run ends and"
        " names the process. null: it waits, and the progress line says for whom. Default null.",
    )


_Lanes = Annotated[tuple[StrategyConfig, ...], Field(min_length=1), BeforeValidator(as_tuple)]
Strategies = Annotated[
    Annotated[StrategyConfig, Tag(OBJECT)] | Annotated[_Lanes, Tag(LIST)],
    Discriminator(list_or_object),
]


class SessionConfig(Section):
    """All settings of one session. It is immutable.

    `load` makes one from a file or a dict. The class can also be called with the sections as
    keywords. Both raise `ConfigError`, with one line, for anything that is not valid. Relative
    paths are taken from the working directory.
    """

    session_name: SessionName = Field(
        description="Name of the session, with which the name of the run folder begins: up to 64"
        " letters, digits, dots, hyphens and underscores, a letter or digit first.",
    )
    exchange_group: Text = Field(
        default="US_EQUITY",
        min_length=1,
        description="Exchanges whose trading calendar is used: US_EQUITY, CRYPTO, FX, CME, or any"
        " code or alias of exchange_calendars, such as XTKS. Default US_EQUITY.",
    )
    asset_class: Literal["EQUITY", "FX", "CRYPTO", "FUTURES", "INDEX"] = Field(
        default="EQUITY", description="Kind of the symbols. Default EQUITY."
    )
    mode: Literal["backtest", "live"] = Field(
        default="backtest",
        description="backtest: the catalog is replayed. live: reserved, a run refuses it."
        " Default backtest.",
    )
    backtest_config: BacktestConfig = Field(description="Dates and pace of the replay.")
    session_data_config: SessionDataConfig = Field(description="Symbols and intervals.")
    trading_config: TradingConfig = Field(
        default=TradingConfig(), description="The account of each lane."
    )
    execution: ExecutionConfig = Field(
        default=ExecutionConfig(), description="How orders become fills, and the costs of fills."
    )
    instruments: dict[Text, InstrumentConfig] = Field(
        default={},
        description="Ticks, lots, multipliers and currencies by symbol. A symbol that is not named"
        " has the defaults: no ticks and lots, and the account's currency. Default {}.",
    )
    strategy: Strategies = Field(
        description="The lanes: one strategy or a list of strategies. Each has its own account."
    )
    pipeline: PipelineConfig = Field(
        default=PipelineConfig(), description="Processes and shared memory of the run."
    )
    catalog: PathText = Field(
        min_length=1,
        description="Folder of the Parquet catalog that holds the bars, relative to the working"
        " directory, or its address: s3://bucket/prefix, gs://bucket/prefix or file:///path.",
    )
    benchmark: Symbol | None = Field(
        default=None,
        description="Symbol with which the lanes are compared (alpha, beta and others in the"
        " summary), by its returns from one session's close to the next. The catalog must hold it"
        " at the base interval, but it need not be among the symbols. null: none. Default null.",
    )
    sweep: SweepConfig | None = Field(
        default=None,
        description="Sets of parameters that `ringtape sweep` tries. A run ignores it. null: no"
        " sweep. Default null.",
    )
    metadata: dict[Text, Text] = Field(
        default={},
        description="Notes of your own, text by name. They are copied into the run folder and not"
        " used otherwise. Default {}.",
    )

    @model_validator(mode="after")
    def _names_are_symbols(self) -> Self:
        symbols = self.session_data_config.symbols
        named = [("instruments", one) for one in self.instruments]
        for strategy in self.strategies:
            named += [("strategy.symbols", one) for one in strategy.symbols or ()]
        for field, symbol in named:
            if symbol not in symbols:
                expected = f"one of the symbols {', '.join(symbols)}"
                raise expectation(expected, field=field, value=symbol)
        self.conversions()
        check_against_session(self.sweep, symbols, len(self.strategies))
        return self

    def __init__(self, /, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise ConfigError(explain(error, self.json_schema())) from None

    def conversions(self) -> dict[str, Conversion]:
        """Return the conversion of each symbol that is quoted in another currency."""
        return find_conversions(
            self.trading_config.currency,
            self.session_data_config.symbols,
            self.instruments,
            self.asset_class,
            self.exchange_group,
        )

    @property
    def strategies(self) -> tuple[StrategyConfig, ...]:
        """The lanes in order, as a tuple even if `strategy` is a single object."""
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
            overrides: settings to replace, each ``"dotted.path=value"``. The value is read as JSON;
                if it is not JSON, it is taken as text. An element of a list is named by its number:
                ``strategy.0.parameters.fast=5``.
            strategy: a whole ``strategy`` section that takes the place of the one in `source`, if
                there is one. Overrides apply to it.

        Raises:
            ConfigError: with one line that names the file (if any) and, for each fault, the dotted
                path of the setting, the value found and the value expected.
        """
        settings, origin = read_settings(source, strategy)
        return cls.made(settings, overrides, origin)

    @classmethod
    def made(
        cls, settings: Mapping[str, Any], overrides: Iterable[str] = (), origin: str = ""
    ) -> Self:
        """Return the configuration of settings and overrides, as `load` does.

        ``origin`` is what refusals name in front of settings that are not overridden.
        """
        overrides = texts_of(overrides)
        try:
            return cls(**apply_overrides(settings, overrides))
        except ConfigError as error:
            if not origin:
                raise
            raise blame(
                error, origin, overrides, lambda some: cls(**apply_overrides(settings, some))
            ) from None

    def dump(self) -> str:
        """Return the configuration, defaults included, as JSON that `load` reads back."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of a configuration file, with descriptions."""
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        return dialect | cls.model_json_schema()
