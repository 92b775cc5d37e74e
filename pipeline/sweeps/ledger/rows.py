"""The rows of a ledger, lanes and sweeps, and how they become columns of SQLite and back.

Each row has a checksum, because SQLite's pages have none: a flipped bit would be believed.
"""

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

#: The columns that make a LaneRow and a SweepRow, in the order of their fields, and a checksum.
LANE_COLUMNS = (
    "key, strategy, universe, parameters, state, error, digest, statistics, seconds, checksum"
)
SWEEP_COLUMNS = (
    "sweep, name, started, method, seed, scores, config, state, data_hash, code_hash, bars, "
    "checksum"
)
#: The place of a sweep's state among them, which changes without the checksum.
_STATE = SWEEP_COLUMNS.split(", ").index("state")


class WrongChecksumError(ValueError):
    """A row is not what was written."""


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One lane of a ledger."""

    #: Hash of all that the result depends on (`sweeps.keys.keys.lane_key`).
    key: str
    #: Name of the strategy in the configuration.
    strategy: str
    #: Name of the universe, "" for all symbols of the run.
    universe: str
    #: All parameters, swept and fixed.
    parameters: dict[str, Any]
    #: "done", "pruned" or "failed".
    state: str
    #: Why the lane failed, "" unless it did.
    error: str
    #: Digest of the lane, "" unless it is done.
    digest: str
    #: The lane's figures, as in summary.json; None where a figure is not a number.
    statistics: dict[str, Any]
    #: Processor time that the lane took.
    seconds: float


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One sweep of a ledger."""

    #: Id of the sweep, which is the name of its folder.
    sweep: str
    #: Name of the session in the configuration.
    name: str
    #: Date and time of the start, ISO 8601 in UTC.
    started: str
    method: str
    seed: int
    #: Names of figures, each with "-" before it where less is better.
    scores: tuple[str, ...]
    #: The whole configuration as JSON.
    config: str
    #: "running", "done" or "partial".
    state: str
    data_hash: str
    code_hash: str
    #: Bars of all symbols of the run.
    bars: int = 0


@dataclass(frozen=True, slots=True)
class ComparedSet:
    """One parameter set that several sweeps have, with its figures in each of these sweeps."""

    strategy: str
    universe: str
    parameters: dict[str, Any]
    figures: tuple[dict[str, Any], ...]


def lane_values(row: LaneRow) -> tuple[Any, ...]:
    """Return a lane as values for `LANE_COLUMNS`."""
    values = (
        row.key,
        row.strategy,
        row.universe,
        json_text(row.parameters),
        row.state,
        row.error,
        row.digest,
        json_text(row.statistics),
        float(row.seconds),
    )
    return (*values, _checksum(values))


def lane_row(values: tuple[Any, ...]) -> LaneRow:
    """Return the lane that values of `LANE_COLUMNS` hold. WrongChecksumError for others."""
    *written, checksum = values
    if _checksum(written) != checksum:
        raise WrongChecksumError(f"lane {values[0]} is not what was written")
    key, strategy, universe, parameters, state, error, digest, statistics, seconds = written
    return LaneRow(
        key,
        strategy,
        universe,
        from_json(parameters),
        state,
        error,
        digest,
        from_json(statistics),
        seconds,
    )


def sweep_values(row: SweepRow) -> tuple[Any, ...]:
    """Return a sweep as values for `SWEEP_COLUMNS`."""
    values = (
        row.sweep,
        row.name,
        row.started,
        row.method,
        row.seed,
        json_text(row.scores),
        row.config,
        row.state,
        row.data_hash,
        row.code_hash,
        row.bars,
    )
    return (*values, _checksum_of_sweep(values))


def sweep_row(values: tuple[Any, ...]) -> SweepRow:
    """Return the sweep that values of `SWEEP_COLUMNS` hold. WrongChecksumError for others."""
    *written, checksum = values
    if _checksum_of_sweep(written) != checksum:
        raise WrongChecksumError(f"sweep {values[0]} is not what was written")
    sweep, name, started, method, seed, scores, config, state, data, code, bars = written
    return SweepRow(
        sweep,
        name,
        started,
        method,
        seed,
        tuple(from_json(scores)),
        config,
        state,
        data,
        code,
        bars,
    )


def _checksum_of_sweep(values: Sequence[Any]) -> int:
    return _checksum([*values[:_STATE], *values[_STATE + 1 :]])


def _checksum(values: Sequence[Any]) -> int:
    """Return the CRC-32 of values as SQLite gives them back: texts, numbers, None, bytes."""
    return zlib.crc32(repr(list(values)).encode("utf-8", "surrogatepass"))


def json_text(value: Any) -> str:
    """Return a value as JSON; NaN and infinities become null, NumPy's values become Python's."""
    try:
        return to_json(value, inf_nan_mode="null", fallback=_plain).decode()
    except ValueError:  # a text with half a surrogate pair
        return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
