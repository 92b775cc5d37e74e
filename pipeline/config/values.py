"""The types of single values: dates, names, symbols, intervals, parameters.

Each type accepts the forms in which JSON, TOML and Python users write its values, and refuses any
other with a message that says in words which values it expects.
"""

import os
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from pipeline.codes import LONGEST_SYMBOL, SYMBOL_WORDS, interval_ns, is_symbol
from pipeline.config.refusal import expectation
from pipeline.errors import ConfigError
from pipeline.native.address import as_text, fault_of, is_address


class Section(BaseModel):
    """One part of a configuration: it is strict, immutable, and refuses unknown settings."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
    )


def _read_date(value: object) -> object:
    """Turn ``"2024-10-21"`` into a date; refuse one that does not exist, with the reason.

    Midnight as a datetime, as a pandas Timestamp, or as NumPy has it is a date as well.
    """
    if not isinstance(value, str):
        return _date_of_midnight(value)
    parts = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", value)
    if parts is None:
        raise expectation("a date written as YYYY-MM-DD")
    year, month, day = (int(part) for part in parts.groups())
    if year == 0 or not 1 <= month <= 12:
        raise expectation("a date that exists: years begin at 0001, months are 01 to 12")
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise expectation(f"a date that exists: {value[:7]} has {last} days")
    return date(year, month, day)


def _date_of_midnight(value: object) -> object:
    if type(value).__name__ == "datetime64":
        value = value.astype("M8[us]").item()  # type: ignore[attr-defined]  # NumPy's
    if isinstance(value, datetime):
        if value.time() != time():
            raise expectation("a date without a time of day")
        return value.date()
    return value


def as_tuple(value: object) -> object:
    """Turn a list, as JSON, TOML and Python users write it, into a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _as_path_text(value: object) -> object:
    if isinstance(value, PurePath):
        text = as_text(value)
        return text if is_address(text) else value.as_posix()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def with_slashes(path: str, separator: str = os.sep) -> str:
    """Return a path with slashes in place of the system's separators: Windows reads both.

    So what is kept of a configuration is the same on all systems.
    """
    return path.replace(separator, "/")


def _without_nul(path: str) -> str:
    if "\0" in path:
        raise expectation("a path without the character NUL")
    return path


def _place(path: str) -> str:
    if fault := fault_of(path):
        raise expectation(fault)
    return path


def _as_python_scalar(value: object) -> object:
    """Turn a NumPy scalar, such as a parameter that is taken from an array, into Python's."""
    return value.item() if hasattr(value, "item") else value


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise expectation(f"each once ({', '.join(twice)} is repeated)")
    return values


def _interval(value: str) -> str:
    try:
        interval_ns(value)
    except ConfigError:
        raise expectation("an interval such as 30s, 5m or 4h, 1d at most") from None
    return value


def _multiples(intervals: tuple[str, ...]) -> tuple[str, ...]:
    # The same rule as market.longer_bars.check_derivable, which this room may not import: 1d, the
    # whole session, can be built from any shorter interval.
    base = interval_ns(intervals[0])
    for interval in intervals[1:]:
        if interval != "1d" and interval_ns(interval) % base:
            raise expectation(f"multiples of the base interval {intervals[0]} ({interval} is not)")
    return intervals


def _encodable(value: object) -> object:
    """Refuse half of a surrogate pair: JSON can express it, but no UTF-8 file can hold it."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise expectation("text that UTF-8 can hold") from None
    return value


@dataclass(frozen=True)
class _Matching:
    """Marks a text that must fully match `pattern`; `expected` says in words which texts do."""

    pattern: str
    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise expectation(self.expected)
        return value


def _read_time(value: object) -> object:
    """Turn ``"09:45"`` into a time of day."""
    if isinstance(value, str) and re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    if not isinstance(value, time):
        raise expectation("a time written as HH:MM, 00:00 to 23:59")
    return value


#: A Python name, which may have letters of any alphabet.
_NAME = r"[^\W\d]\w*"

Date = Annotated[date, BeforeValidator(_read_date)]
Text = Annotated[str, AfterValidator(_encodable)]
SessionName = Annotated[
    str,
    _Matching(
        "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first",
    ),
]


def _printable(value: str) -> str:
    """Refuse a symbol that no terminal can show, which has half of a control sequence in it."""
    if not is_symbol(value):
        raise expectation(f"a symbol: {SYMBOL_WORDS}")
    return value


Symbol = Annotated[
    Text,
    _Matching(
        rf"[^\s\x00-\x1f](?:[^\x00-\x1f]{{0,{LONGEST_SYMBOL - 2}}}[^\s\x00-\x1f])?",
        f"a symbol: {SYMBOL_WORDS}",
    ),
    AfterValidator(_printable),
]
Currency = Annotated[
    str,
    _Matching(
        "[A-Z][A-Z0-9]{2,4}",
        "the code of a currency: 3 to 5 capital letters or digits, a letter first",
    ),
]
Interval = Annotated[str, AfterValidator(_interval)]
StrategyName = Annotated[
    Text,
    _Matching(
        rf"(?:{_NAME}(?:\.{_NAME})*|[^\r\n]+\.py):{_NAME}",
        '"module:Class" or "path/to/file.py:Class"',
    ),
    AfterValidator(with_slashes),
]
FunctionName = Annotated[
    Text,
    _Matching(
        rf"(?:{_NAME}(?:\.{_NAME})*|[^\r\n]+\.py):{_NAME}",
        '"module:function" or "path/to/file.py:function"',
    ),
    AfterValidator(with_slashes),
]
ParameterName = Annotated[str, _Matching(_NAME, "the name of a parameter: a Python name")]
ParameterValue = Annotated[
    int | float | bool | str, BeforeValidator(_as_python_scalar), AfterValidator(_encodable)
]
Hours = Annotated[
    tuple[
        Annotated[time, BeforeValidator(_read_time)], Annotated[time, BeforeValidator(_read_time)]
    ],
    BeforeValidator(as_tuple),
]
Symbols = Annotated[tuple[Symbol, ...], BeforeValidator(as_tuple), AfterValidator(_unique)]
Streams = Annotated[
    tuple[Interval, ...],
    BeforeValidator(as_tuple),
    AfterValidator(_unique),
    AfterValidator(_multiples),
]
PathText = Annotated[
    Text,
    BeforeValidator(_as_path_text),
    AfterValidator(with_slashes),
    AfterValidator(_without_nul),
    AfterValidator(_place),
]
