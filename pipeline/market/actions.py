"""Corporate actions of one symbol: its splits and cash dividends by ex-date, and their file.

    ex_date   the first date on which a buyer of the share no longer gets the dividend or new shares
    split     new shares per old share: 7 for seven for one, 0.125 for one for eight, 1 for no split
    dividend  cash per share held before, in the currency of the prices; 0 for no dividend

A row with both pays the dividend on the shares before the split. An action takes effect when the
first session opens whose date is the ex-date or later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codes import DAY_NS
from pipeline.errors import DataError

ACTIONS = "actions"
"""The word in place of an interval, in the catalog's manifest and as the name of a folder."""

COLUMNS = ("split", "dividend")
_VERSION = 1
_METADATA_KEY = b"ringtape"
_SCHEMA = pa.schema(
    [pa.field("ex_date", pa.date32(), nullable=False)]
    + [pa.field(name, pa.float64(), nullable=False) for name in COLUMNS]
)

Floats = npt.NDArray[np.float64]


class Action(NamedTuple):
    """A split, a dividend or both, which take effect when a session of the run opens."""

    session: int
    """Number of the session."""
    symbol: int
    """Number of the symbol."""
    split: float
    """New shares per old share, 1 for no split."""
    dividend: float
    """Cash per old share, 0 for no dividend."""


#: For each session with splits, the symbols that are split when it opens, each with its ratio.
Splits = Mapping[int, Sequence[tuple[int, float]]]
NO_SPLITS: Splits = {}


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of one symbol, one element of each array for each ex-date."""

    ts: npt.NDArray[np.int64]
    """00:00Z of the ex-dates, ns UTC, ascending."""
    split: Floats
    """New shares per old share, 1 for no split."""
    dividend: Floats
    """Cash per old share, 0 for no dividend."""

    @classmethod
    def of(cls, rows: list[tuple[str, float, float]]) -> Actions:
        """Make actions of rows (ISO date, split, dividend). `check_actions` checks them."""
        dates = np.array([row[0] for row in rows], "M8[D]").astype("M8[ns]").astype(np.int64)
        split, dividend = (np.array([row[k] for row in rows], np.float64) for k in (1, 2))
        return cls(dates, split, dividend)

    def content_hash(self) -> str:
        """Return the sha256 of the little-endian bytes of ts, split and dividend."""
        digest = hashlib.sha256(np.ascontiguousarray(self.ts, "<i8").data)
        for column in (self.split, self.dividend):
            digest.update(np.ascontiguousarray(column, "<f8").data)
        return digest.hexdigest()

    def effects(self, dates: npt.NDArray[np.int64], symbol: int = 0) -> Iterator[Action]:
        """Yield the actions that take effect in sessions of these dates (int64[K], ns), in order.

        Actions that are due by the first session are left out, because there is no position to act
        on yet. So are those after the last session. Actions that take effect in one session are
        joined.
        """
        first, last = int(dates[0]), int(dates[-1])
        inside = np.flatnonzero((self.ts > first) & (self.ts <= last))
        due = np.searchsorted(dates, self.ts[inside])
        for session in np.unique(due):
            split, dividend = 1.0, 0.0
            for row in inside[due == session]:
                dividend += split * float(self.dividend[row])
                split *= float(self.split[row])
            yield Action(int(session), symbol, split, dividend)


NONE = Actions(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def splits_of(actions: Iterable[Action]) -> dict[int, list[tuple[int, float]]]:
    """Return the splits among the actions of a run, by session."""
    found: dict[int, list[tuple[int, float]]] = {}
    for action in actions:
        if action.split != 1.0:
            found.setdefault(action.session, []).append((action.symbol, action.split))
    return found


def splits_by_symbol(splits: Splits, symbols: int) -> list[dict[int, float]]:
    """Return the splits of each of so many symbols: their ratios by session."""
    found: list[dict[int, float]] = [{} for _ in range(symbols)]
    for session, changed in splits.items():
        for symbol, ratio in changed:
            found[symbol][session] = ratio
    return found


def check_actions(symbol: str, actions: Actions) -> None:
    """Raise DataError for the first impossible row, naming symbol, ex-date, value and rule."""
    if len(actions.ts) == 0:
        raise DataError(f"{symbol}: there are no splits or dividends")
    before = None
    for ts, split, dividend in zip(actions.ts, actions.split, actions.dividend, strict=True):
        day = f"{symbol}: ex-date {iso_date(ts)}"
        if ts % DAY_NS:
            raise DataError(f"{day}: an ex-date has no time")
        if before is not None and ts == before:
            raise DataError(f"{day} is there twice; a date has one row, with split and dividend")
        if before is not None and ts < before:
            raise DataError(f"{day} is after {iso_date(before)}; ex-dates must ascend")
        if not (np.isfinite(split) and split > 0.0):
            raise DataError(
                f"{day}: split must be a finite number above 0 (new shares per old share, 1 for "
                f"none), was {float(split)!r}"
            )
        if not (np.isfinite(dividend) and dividend >= 0.0):
            raise DataError(
                f"{day}: dividend must be a finite number of at least 0 (cash per share), was "
                f"{float(dividend)!r}"
            )
        if split == 1.0 and dividend == 0.0:
            raise DataError(f"{day} has neither a split nor a dividend")
        before = ts


def iso_date(ts: int | np.int64) -> str:
    """Return the date of an instant (ns UTC) as YYYY-MM-DD."""
    return str(np.datetime64(int(ts), "ns").astype("M8[D]"))


def merge_actions(old: Actions, new: Actions, *, replace: bool) -> tuple[Actions, int, int]:
    """Unite two tables by ex-date into (merged, rows added, rows replaced).

    With `replace`, a new row takes the place of an old one of the same date. Otherwise the two must
    be equal, and DataError shows the first pair that is not.
    """
    rows = {int(ts): (s, d) for ts, s, d in zip(old.ts, old.split, old.dividend, strict=True)}
    added = replaced = 0
    for ts, split, dividend in zip(new.ts, new.split, new.dividend, strict=True):
        known = rows.get(int(ts))
        if known is not None and known != (split, dividend) and not replace:
            raise DataError(
                f"ex-date {iso_date(ts)} is there with split {known[0]:g} and dividend "
                f"{known[1]:g}, new are {split:g} and {dividend:g}; --replace takes the new ones"
            )
        added += known is None
        replaced += known is not None and known != (split, dividend)
        rows[int(ts)] = (split, dividend)
    dates = sorted(rows)
    split, dividend = (np.array([rows[ts][k] for ts in dates], np.float64) for k in (0, 1))
    return Actions(np.array(dates, np.int64), split, dividend), added, replaced


def write_actions(actions: Actions, sink: BinaryIO, *, symbol: str) -> None:
    """Encode actions into `sink`; equal actions give equal bytes."""
    about = {"version": _VERSION, "symbol": symbol, "sha256": actions.content_hash()}
    days = pa.array((actions.ts // DAY_NS).astype(np.int32)).view(pa.date32())
    table = pa.table([days, pa.array(actions.split), pa.array(actions.dividend)], schema=_SCHEMA)
    metadata = {_METADATA_KEY: json.dumps(about, sort_keys=True).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="none")


def read_actions(path: Path, *, symbol: str, sha256: str) -> Actions:
    """Read a file of actions. DataError, naming it, unless it has the content of this hash."""
    again = "import it again with --actions --replace"
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            table = file.read(use_threads=False)
    except FileNotFoundError:
        raise DataError(f"{path} is in the manifest but not on disk; {again}") from None
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {error}; {again}") from error
    try:
        about = json.loads((table.schema.metadata or {}).get(_METADATA_KEY, b"{}"))
    except ValueError as error:  # of a text, or of JSON
        raise DataError(f"{path} is damaged: its footer has {error}; {again}") from error
    if not table.schema.equals(_SCHEMA, check_metadata=False) or about.get("symbol") != symbol:
        raise DataError(f"{path} was changed outside the catalog; {again}")
    days = _values(table, "ex_date", np.int32).astype(np.int64)
    found = Actions(days * DAY_NS, *(_values(table, name, np.float64) for name in COLUMNS))
    if found.content_hash() != sha256:
        raise DataError(f"{path} is damaged: its content is not that of the manifest; {again}")
    return found


def _values(table: pa.Table, name: str, kind: npt.DTypeLike) -> npt.NDArray[np.float64]:
    """Return a column without nulls as NumPy, without ``to_numpy``, which imports pandas."""
    column = table.column(name).combine_chunks()
    return np.frombuffer(column.buffers()[1], kind)[column.offset : column.offset + len(column)]
