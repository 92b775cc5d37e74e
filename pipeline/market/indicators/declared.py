"""Indicators as values, which strategies declare before anything is computed.

``ind.sma(10)`` computes nothing. It returns a frozen, hashable `Indicator`. `plan` turns the
indicators of all lanes into columns, each computed once, and `runner` computes them row by row.
This module does not import the compiler, so that a command that only reads strategies starts
quickly.

A value has the same meaning in every process: two indicators are equal if they would give the same
column. A user's own function is judged by its code and by all that this refers to
(`dependencies.code.code_hash`), never by its address.

Definitions are those of TA-Lib (https://ta-lib.org/functions) where it has them: averages start
with the simple mean of their first ``period`` values, deviations are those of the population, and
a value that needs rows which do not exist yet is NaN.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import SupportsIndex

from pipeline.codes import PRICE_COLUMNS
from pipeline.dependencies.code import code_hash
from pipeline.errors import DataError, nearest
from pipeline.market.indicators.own_function import plain_function

WHOLE_BAR = "bar"
"""The ``column`` of an indicator that reads several columns of a bar, such as atr."""

_MOST_POWER = 4
_MOST_COUNT = 2**53
_INTERVAL = re.compile(r"[1-9][0-9]*[smhd]")


@dataclass(frozen=True)
class Indicator:
    """One indicator with its parameters, on one column of one interval.

    Each of its ``outputs`` is also an attribute, which is an `Output`.
    """

    kind: str
    """Name of its constructor."""
    params: tuple[float, ...]
    """Parameters in the order of the constructor."""
    column: str
    """The column that it reads, one of ``PRICE_COLUMNS`` or ``WHOLE_BAR``."""
    interval: str | None = None
    """Interval such as ``"5m"``, None for the base interval."""
    outputs: tuple[str, ...] = ()
    """Names of its series if it has several; empty if it has one."""
    warmup: int = 0
    """Number of leading rows that are NaN."""
    memory: int = 0
    """Cells of state (float64) that a user's own function has for each symbol."""
    power: int | None = None
    """Power of the price by which its values scale when a share is split; None: see `power_of`."""
    state_powers: tuple[int, ...] = ()
    """The same power for each cell of a user's own state."""
    function_key: str = field(default="", repr=False)
    """Identity of a user's own function (`dependencies.code.code_hash`), else empty."""
    function: Callable[..., float] | None = field(default=None, compare=False, repr=False)
    """A user's own function, else None."""

    def __getattr__(self, name: str) -> Output:
        # Python calls it only for names that are no fields. Unpickling does so before they exist.
        outputs: tuple[str, ...] = self.__dict__.get("outputs", ())
        if name in outputs:
            return Output(self, name)
        named = f"its outputs are {', '.join(outputs)}" if outputs else "it has a single output"
        kind = self.__dict__.get("kind", "indicator")
        raise AttributeError(f"{kind} has no attribute {name!r}: {named}")

    def on(self, interval: str) -> Indicator:
        """Return the same indicator with its interval spelled out."""
        if self.interval == interval:
            return self
        # In a third of the time that `dataclasses.replace` takes: a sweep asks for thousands.
        other = object.__new__(Indicator)
        other.__dict__.update(self.__dict__, interval=interval)
        return other

    @property
    def label(self) -> str:
        """The readable name, without the interval: ``sma(10)``, ``sma(10,high)``, ``vwap``."""
        name = self.kind
        if self.function is not None:
            name = getattr(self.function, "__name__", self.kind)
        inside = [_number(value) for value in self.params]
        if self.column not in ("close", WHOLE_BAR):
            inside.append(self.column)
        return f"{name}({','.join(inside)})" if inside else name


@dataclass(frozen=True)
class Output:
    """One series of an indicator with several, such as ``ind.bollinger(20, 2).upper``."""

    indicator: Indicator
    name: str

    @property
    def label(self) -> str:
        """The readable name: ``bollinger(20,2).upper``."""
        return f"{self.indicator.label}.{self.name}"


def sma(period: int = 20, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the simple moving average: the mean of the last ``period`` values."""
    n = _period("sma", "period", period)
    return _on_column("sma", (n,), n - 1, column, interval)


def ema(period: int = 20, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the exponential moving average.

    Its factor is 2 / (period + 1); it starts with the mean of the first ``period`` values.
    """
    n = _period("ema", "period", period)
    return _on_column("ema", (n,), n - 1, column, interval)


def wma(period: int = 20, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the weighted moving average: weights ``period`` for the newest value, down to 1."""
    n = _period("wma", "period", period)
    return _on_column("wma", (n,), n - 1, column, interval)


def rsi(period: int = 14, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return Wilder's relative strength index, 0 to 100; 0 while nothing moves, as in TA-Lib."""
    n = _period("rsi", "period", period)
    return _on_column("rsi", (n,), n, column, interval, power=0)


def atr(period: int = 14, *, interval: str | None = None) -> Indicator:
    """Return Wilder's average true range, in units of the price."""
    n = _period("atr", "period", period)
    return _on_bar("atr", (n,), n, interval)


def stdev(period: int = 20, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the population standard deviation of the last ``period`` values."""
    n = _period("stdev", "period", period)
    return _on_column("stdev", (n,), n - 1, column, interval)


def bollinger(
    period: int = 20, width: float = 2.0, *, column: str = "close", interval: str | None = None
) -> Indicator:
    """Return Bollinger bands: ``upper``, ``middle`` and ``lower``.

    The middle is the simple moving average, the others ``width`` population deviations away.
    """
    n = _period("bollinger", "period", period)
    wide = _finite("bollinger", "width", width)
    if wide < 0:
        raise DataError(f"bollinger: width must be at least 0, was {width!r}")
    outputs = ("upper", "middle", "lower")
    return _on_column("bollinger", (n, wide), n - 1, column, interval, outputs)


def macd(
    fast: int = 12,
    slow: int = 26,
    signal: int = 9,
    *,
    column: str = "close",
    interval: str | None = None,
) -> Indicator:
    """Return moving average convergence/divergence: ``macd``, ``signal`` and ``histogram``.

    As in TA-Lib, both averages start at row ``slow``, and all three outputs start with the signal.
    """
    numbers = tuple(
        _period("macd", name, value)
        for name, value in (("fast", fast), ("slow", slow), ("signal", signal))
    )
    if numbers[0] >= numbers[1]:
        raise DataError(f"macd: fast must be less than slow, was fast={fast!r}, slow={slow!r}")
    outputs = ("macd", "signal", "histogram")
    return _on_column("macd", numbers, numbers[1] + numbers[2] - 2, column, interval, outputs)


def highest(period: int = 20, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the highest of the last ``period`` values, the current one included."""
    n = _period("highest", "period", period)
    return _on_column("highest", (n,), n - 1, column, interval)


def lowest(period: int = 20, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the lowest of the last ``period`` values, the current one included."""
    n = _period("lowest", "period", period)
    return _on_column("lowest", (n,), n - 1, column, interval)


def roc(period: int = 10, *, column: str = "close", interval: str | None = None) -> Indicator:
    """Return the rate of change in percent against the value ``period`` rows ago."""
    n = _period("roc", "period", period)
    return _on_column("roc", (n,), n, column, interval, power=0)


def vwap(*, interval: str | None = None) -> Indicator:
    """Return the volume-weighted mean of (high + low + close) / 3 since the session's first bar.

    It is NaN as long as no volume was traded in the session.
    """
    return _on_bar("vwap", (), 0, interval)


def obv(*, interval: str | None = None) -> Indicator:
    """Return on-balance volume: volume added when the close rises, taken away when it falls.

    It starts with the first bar's volume, as in TA-Lib.
    """
    return _on_bar("obv", (), 0, interval, power=-1)


def custom(
    function: Callable[..., float],
    *params: float,
    state: int = 0,
    warmup: int = 0,
    interval: str | None = None,
    power: int | None = None,
    state_powers: Sequence[int] | None = None,
) -> Indicator:
    """Return an indicator of your own that sees every bar and has a state.

    ``function(state, bar, params) -> float`` is plain Python that Numba can compile. It is called
    for each bar in order. ``state`` is float64[state]: it is zero before a symbol's first bar, and
    keeps what the function writes. ``bar`` is float64[5] (open, high, low, close, volume).
    ``params`` is float64[len(params)] and must not be written to. The first ``warmup`` rows are NaN
    whatever the function returns.

    When a share is split, the past is put on the scale of the new shares. ``power`` is the power of
    the price by which the value scales (1: a price, 0: a ratio, -1: a volume), and ``state_powers``
    has the power of each cell of the state. Without ``power`` the indicator starts anew at a split:
    its state is zero, all values before the split are NaN, and the warm-up begins again.

    Raises DataError for impossible numbers, and StrategyError if it is no function of three
    arguments. A function that does not compile is refused when the plan is first computed.
    """
    plain = plain_function(function, "custom", ("state", "bar", "params"))
    cells = _count("custom", "state", state, 0)
    powers = tuple(_power("custom", "state_powers", one) for one in state_powers or ())
    if len(powers) != (0 if power is None else cells):
        raise DataError(
            f"custom: state_powers must be given with power, one for each of the {cells} cells of "
            f"the state, were {state_powers!r} and power {power!r}"
        )
    return Indicator(
        kind="custom",
        params=tuple(_finite("custom", "params", value) for value in params),
        column=WHOLE_BAR,
        interval=_interval("custom", interval),
        warmup=_count("custom", "warmup", warmup, 0),
        memory=cells,
        power=None if power is None else _power("custom", "power", power),
        state_powers=powers,
        function_key=code_hash(plain),
        function=plain,
    )


def window(
    function: Callable[..., float],
    period: int,
    *params: float,
    column: str = "close",
    interval: str | None = None,
    power: int | None = None,
) -> Indicator:
    """Return an indicator of your own over the last ``period`` values of a column.

    ``function(window, params) -> float`` is plain Python that Numba can compile. ``window`` is
    float64[period], oldest first. ``params`` is float64[len(params)]. Neither may be written to nor
    kept. The value is NaN until there are ``period`` rows.

    When a share is split, the window is put on the scale of the new shares. ``power`` is the power
    of the price by which the value scales, as in `custom`. Without it, the values before a split
    become NaN at the split. Raises as `custom` does.
    """
    plain = plain_function(function, "window", ("window", "params"))
    n = _period("window", "period", period)
    return Indicator(
        kind="window",
        params=(n, *(_finite("window", "params", value) for value in params)),
        column=_column("window", column),
        interval=_interval("window", interval),
        warmup=n - 1,
        power=None if power is None else _power("window", "power", power),
        function_key=code_hash(plain),
        function=plain,
    )


def power_of(indicator: Indicator) -> int | None:
    """Return the power of the price by which the outputs of an indicator scale; None: not known."""
    if indicator.power is not None or indicator.function is not None:
        return indicator.power
    return source_power(indicator)


def source_power(indicator: Indicator) -> int:
    """Return the power of the price of the column that an indicator reads; 1 for the whole bar."""
    return -1 if indicator.column == "volume" else 1


def _on_column(
    kind: str,
    params: tuple[float, ...],
    warmup: int,
    column: str,
    interval: str | None,
    outputs: tuple[str, ...] = (),
    *,
    power: int | None = None,
) -> Indicator:
    """Declare a built-in indicator of one column, which scales as its column without ``power``."""
    return Indicator(
        kind,
        params,
        _column(kind, column),
        _interval(kind, interval),
        outputs,
        warmup,
        power=power,
    )


def _on_bar(
    kind: str,
    params: tuple[float, ...],
    warmup: int,
    interval: str | None,
    *,
    power: int | None = None,
) -> Indicator:
    """Declare a built-in indicator of whole bars, which scales as a price without ``power``."""
    return Indicator(kind, params, WHOLE_BAR, _interval(kind, interval), (), warmup, power=power)


def _period(kind: str, name: str, value: SupportsIndex) -> int:
    return _count(kind, name, value, 1)


def _count(kind: str, name: str, value: SupportsIndex, least: int) -> int:
    """Return an integer of Python or NumPy, of at least ``least``. A bool or float is refused.

    Kernels have it as a float64, which is exact up to 2**53.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise DataError(f"{kind}: {name} must be an integer of at least {least}, was {value!r}")
    if number > _MOST_COUNT:
        raise DataError(f"{kind}: {name} must be at most {_MOST_COUNT:,}, was {number:,}")
    return number


def _power(kind: str, name: str, value: SupportsIndex) -> int:
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or abs(number) > _MOST_POWER:
        raise DataError(
            f"{kind}: {name} must be integers from {-_MOST_POWER} to {_MOST_POWER}, was {value!r}"
        )
    return number


def _finite(kind: str, name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{kind}: {name} must be a finite number, was {value!r}")
    return number


def _column(kind: str, column: str) -> str:
    if column not in PRICE_COLUMNS:
        near = nearest(str(column), PRICE_COLUMNS, 1, cutoff=0.0)[0]
        raise DataError(
            f"{kind}: column {column!r} does not exist, did you mean {near!r}? "
            f"(columns are {', '.join(PRICE_COLUMNS)})"
        )
    return column


def _interval(kind: str, interval: str | None) -> str | None:
    if interval is None or (isinstance(interval, str) and _INTERVAL.fullmatch(interval)):
        return interval
    raise DataError(
        f"{kind}: interval must be a number and one of s, m, h, d, such as '5m', was {interval!r}"
    )


def _number(value: float) -> str:
    """Write a parameter: different numbers look different, and whole ones have no point."""
    return str(int(value)) if value == int(value) else repr(value)
