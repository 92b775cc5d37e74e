"""The ledger: a store of every lane that any sweep has run.

    <folder>/ledger.sqlite      sweeps, lanes, and which lane is in which sweep
    <folder>/returns/*.parquet  the session returns of the lanes, one file per batch

A batch is written whole or not at all: first its Parquet file, then one transaction whose rows name
the file. A writer that is killed between the two leaves a file that no row names; the next sweep
removes it. Any number of processes may use a ledger at the same time. A `Ledger` belongs to one
thread.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pipeline.errors import LedgerError, RunError
from pipeline.native.collector import uncollected
from pipeline.results.folder import nearest_folder
from pipeline.sweeps.ledger.export import export_lanes
from pipeline.sweeps.ledger.file import open_ledger_file, reported, transaction
from pipeline.sweeps.ledger.filter import order_clause, where_clause
from pipeline.sweeps.ledger.returns import (
    FOLDER,
    Dates,
    Returns,
    read_returns,
    remove_orphans,
    write_returns,
)
from pipeline.sweeps.ledger.rows import (
    LANE_COLUMNS,
    SWEEP_COLUMNS,
    ComparedSet,
    LaneRow,
    SweepRow,
    WrongChecksumError,
    json_text,
    lane_row,
    lane_values,
    sweep_row,
    sweep_values,
)
from pipeline.sweeps.ledger.running import RunningMark, is_running
from shm.closing import Closing

__all__ = ["FILE", "ComparedSet", "LaneRow", "Ledger", "SweepRow"]

FILE = "ledger.sqlite"
LANE_STATES = ("done", "pruned", "failed")
SWEEP_STATES = ("running", "done", "partial")

_RECORDED = f"{LANE_COLUMNS}, sweep, returns_file, returns_row".split(", ")
_RECORD = (
    f"INSERT INTO lanes ({', '.join(_RECORDED)}) VALUES ({', '.join('?' * len(_RECORDED))}) "
    "ON CONFLICT (key) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _RECORDED if name != "key")
)
_BEGIN = (
    f"INSERT INTO sweeps ({SWEEP_COLUMNS}) VALUES ({', '.join('?' * 12)}) "
    "ON CONFLICT (sweep) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in SWEEP_COLUMNS.split(", ")[1:])
)
_LANES = ", ".join(f"lanes.{name}" for name in LANE_COLUMNS.split(", "))


class Ledger(Closing):
    """An open ledger, made by `open`; a context manager."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.path = folder / FILE
        self._connection = connection
        self._marks: dict[str, RunningMark] = {}

    @classmethod
    def open(cls, folder: Path, create: bool = True) -> Self:
        """Open the ledger in a folder; make both if they do not exist and ``create`` is true.

        LedgerError, with nothing changed, if there is no ledger or it has another version. RunError
        if it cannot be made.
        """
        from pipeline.results.tables import writing

        folder = Path(folder)
        if create:
            with writing(folder / FILE):
                folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, open_ledger_file(folder / FILE, create=create))

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        for mark in self._marks.values():
            mark.close()
        self._connection.close()

    # -- writing ------------------------------------------------------------------------------

    def begin(self, sweep: SweepRow) -> None:
        """Add a sweep that begins or is resumed; remove files that killed writers have left."""
        _check_state(sweep.state, SWEEP_STATES)
        if sweep.sweep not in self._marks:
            self._marks[sweep.sweep] = RunningMark(self.folder, sweep.sweep)
        with self._writing():
            self._connection.execute(_BEGIN, sweep_values(sweep))
            named = self._connection.execute("SELECT DISTINCT returns_file FROM lanes")
            remove_orphans(self.folder / FOLDER, {name for (name,) in named})

    def finish(self, sweep: str, state: str) -> None:
        """Set the state of a sweep to "done" or "partial". LedgerError for an unknown sweep."""
        _check_state(state, SWEEP_STATES)
        with self._writing():
            self._require_sweep(sweep)
            self._connection.execute("UPDATE sweeps SET state = ? WHERE sweep = ?", (state, sweep))
        if sweep in self._marks:
            self._marks.pop(sweep).close()

    def record(
        self,
        sweep: str,
        numbers: int | Sequence[int],
        rows: Sequence[LaneRow],
        dates: Dates,
        returns: Returns,
    ) -> None:
        """Add lanes that a sweep has run: all of them or none.

        ``numbers`` are the lanes' numbers in the sweep; a single number is the first of consecutive
        ones. ``dates`` of the sessions are int64[n] in ns, ``returns`` are float64[len(rows), n],
        NaN where a return is not defined. A lane that the ledger knows is replaced. LedgerError if
        the sweep has not begun. RunError if the lanes cannot be written; then the ledger is as it
        was before.
        """
        numbers = _numbers(numbers, len(rows))
        if returns.shape != (len(rows), len(dates)):
            raise ValueError(f"returns must be {(len(rows), len(dates))}, was {returns.shape}")
        for row in rows:
            _check_state(row.state, LANE_STATES)
        if not rows:
            return
        with reported(self.path):
            self._require_sweep(sweep)
        keys = [row.key for row in rows]
        name = write_returns(self.folder / FOLDER, keys, dates, returns)
        file = self.folder / FOLDER / name
        values = [(*lane_values(row), sweep, name, place) for place, row in enumerate(rows)]
        try:
            with self._writing():
                if not file.exists():  # another machine may have removed it as a dead process's
                    raise RunError(f"{file} was removed while it was being recorded")
                self._connection.executemany(_RECORD, values)
                self._join(sweep, numbers, keys)
        except BaseException:
            self._drop(name)
            raise

    def adopt(self, sweep: str, numbers: Sequence[int], keys: Sequence[str]) -> None:
        """Add lanes that the ledger knows to a sweep, under these numbers.

        LedgerError if the sweep has not begun or the ledger does not know a key.
        """
        numbers = _numbers(numbers, len(keys))
        with self._writing():
            self._require_sweep(sweep)
            there = {key for (key,) in self._with_keys("SELECT key FROM lanes", keys)}
            for key in keys:
                if key not in there:
                    raise LedgerError(f"{self.path} has no lane with the key {key}")
            self._join(sweep, numbers, keys)

    # -- reading ------------------------------------------------------------------------------

    @uncollected()
    def known(self, keys: Iterable[str]) -> dict[str, LaneRow]:
        """Return the lanes with these keys that the ledger has, in any state, by key."""
        with reported(self.path):
            found = self._with_keys(f"SELECT {_LANES} FROM lanes", list(keys))
            return {values[0]: lane_row(values) for values in found}

    def sweeps(self) -> list[SweepRow]:
        """Return all sweeps in the order of their starts.

        A sweep whose process has ended before the sweep was over is "partial".
        """
        with reported(self.path):
            found = self._connection.execute(
                f"SELECT {SWEEP_COLUMNS} FROM sweeps ORDER BY started, sweep"
            )
            rows = [sweep_row(values) for values in found]
        return [
            replace(row, state="partial")
            if row.state == "running" and not is_running(self.folder, row.sweep)
            else row
            for row in rows
        ]

    @uncollected()
    def lanes(
        self,
        sweep: str | None = None,
        where: str | Sequence[str] = (),
        order: str | None = None,
        limit: int | None = None,
    ) -> list[LaneRow]:
        """Return the lanes of a sweep by their numbers, or all lanes as they were first recorded.

        ``where`` are filters that must all be true, such as "sharpe_ratio > 1" or
        "parameters.fast < 20". ``order`` is a name to sort by; with "-" before it the highest comes
        first. Nulls come last. At most ``limit`` lanes are returned. See `filter`. LedgerError for
        an unknown sweep or name.
        """
        with reported(self.path):
            condition = where_clause(self._connection, [where] if isinstance(where, str) else where)
            source, sort, values = "lanes", "lanes.id", condition.values
            text = condition.text
            if sweep is not None:
                self._require_sweep(sweep)
                source, sort = "members JOIN lanes ON lanes.key = members.key", "members.number"
                text, values = f"members.sweep = ? AND {text}", (sweep, *values)
            if order is not None:
                by = order_clause(self._connection, order)
                sort, values = f"{by.text}, {sort}", (*values, *by.values)
            found = self._connection.execute(
                f"SELECT {_LANES} FROM {source} WHERE {text} ORDER BY {sort} LIMIT ?",
                (*values, -1 if limit is None else max(0, limit)),
            )
            return [lane_row(one) for one in found]

    def sweeps_of(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """Return the sweeps that have each of these lanes, the newest last."""
        place = {row.sweep: number for number, row in enumerate(self.sweeps())}
        found: dict[str, list[str]] = {key: [] for key in keys}
        with reported(self.path):
            for key, sweep in self._with_keys("SELECT key, sweep FROM members", keys):
                found[key].append(sweep)
        return {key: sorted(ids, key=place.__getitem__) for key, ids in found.items()}

    def returns(self, keys: Iterable[str]) -> dict[str, tuple[Dates, Returns]]:
        """Return the session dates (int64[n], ns) and returns (float64[n]) of lanes, by key.

        Lanes that the ledger does not have are left out. Returns that are not defined are NaN.
        LedgerError if a file is lost or damaged.
        """
        wanted = list(dict.fromkeys(keys))
        found: dict[str, tuple[Dates, Returns]] = {}
        for name, places in self._places(wanted).items():
            found |= self._read(name, places)
        return {key: found[key] for key in wanted if key in found}

    def whole(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys whose lanes the ledger has with returns that can be read."""
        found: set[str] = set()
        for name, places in self._places(list(keys)).items():
            with contextlib.suppress(LedgerError):
                found |= self._read(name, places).keys()
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many lanes of each sweep are in each state."""
        with reported(self.path):
            counts = {
                sweep: dict.fromkeys(LANE_STATES, 0)
                for (sweep,) in self._connection.execute("SELECT sweep FROM sweeps")
            }
            found = self._connection.execute(
                "SELECT members.sweep, state, count(*) FROM members JOIN lanes "
                "ON lanes.key = members.key GROUP BY members.sweep, state"
            )
            for sweep, state, count in found:
                counts.setdefault(sweep, dict.fromkeys(LANE_STATES, 0))[state] = count
            return counts

    def costs(self, code_hash: str) -> dict[tuple[str, str], float]:
        """Return the mean processor seconds per bar, by (strategy, universe).

        The mean is over lanes that were run to the end in sweeps with that hash of the code.
        """
        with reported(self.path):
            found = self._connection.execute(
                "SELECT strategy, universe, avg(seconds / bars) FROM lanes JOIN sweeps "
                "ON sweeps.sweep = lanes.sweep WHERE code_hash = ? AND bars > 0 "
                "AND lanes.state = 'done' GROUP BY strategy, universe",
                (code_hash,),
            )
            return {(strategy, universe): cost for strategy, universe, cost in found}

    def compare(self, sweeps: Sequence[str]) -> list[ComparedSet]:
        """Return the parameter sets that all of these sweeps have, in the order of the first sweep.

        Each comes with its figures in each sweep, for the scores of all of them. A set is a
        strategy, a universe and parameters; data, code and settings may differ. LedgerError for an
        unknown sweep.
        """
        rows = {row.sweep: row for row in self.sweeps()}
        for sweep in sweeps:
            if sweep not in rows:
                raise LedgerError(no_sweep(self.path, sweep, list(rows)))
        names = dict.fromkeys(s.removeprefix("-") for one in sweeps for s in rows[one].scores)
        by_set = [{_set_of(lane): lane for lane in self.lanes(sweep)} for sweep in sweeps]
        return [
            ComparedSet(
                lane.strategy,
                lane.universe,
                lane.parameters,
                tuple({n: own[one].statistics.get(n) for n in names} for own in by_set),
            )
            for one, lane in (by_set[0] if by_set else {}).items()
            if all(one in own for own in by_set)
        ]

    def export(self, path: Path, rows: Sequence[LaneRow] | None = None) -> None:
        """Write lanes to a .csv or .parquet file, all of them by default: see `export_lanes`."""
        export_lanes(path, self.lanes() if rows is None else rows)

    # -- common to both -----------------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with reported(self.path), transaction(self._connection):
            yield

    def _join(self, sweep: str, numbers: Sequence[int], keys: Sequence[str]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO members (sweep, number, key) VALUES (?, ?, ?)",
            [(sweep, number, key) for number, key in zip(numbers, keys, strict=True)],
        )

    def _require_sweep(self, sweep: str) -> None:
        found = self._connection.execute("SELECT 1 FROM sweeps WHERE sweep = ?", (sweep,))
        if found.fetchone() is None:
            there = [row.sweep for row in self.sweeps()]
            raise LedgerError(no_sweep(self.path, sweep, there))

    def _with_keys(self, select: str, keys: Sequence[str]) -> sqlite3.Cursor:
        return self._connection.execute(
            f"{select} WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),)
        )

    def _places(self, keys: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return the rows at which the returns of lanes are: by file, then by key."""
        places: dict[str, dict[str, int]] = {}
        with reported(self.path):
            select = "SELECT key, returns_file, returns_row FROM lanes"
            for key, name, row in self._with_keys(select, keys):
                if not (isinstance(name, str) and isinstance(row, int)):
                    raise WrongChecksumError(f"lane {key} has no file of returns")
                places.setdefault(name, {})[key] = row
        return places

    def _read(self, name: str, places: dict[str, int]) -> dict[str, tuple[Dates, Returns]]:
        file = self.folder / FOLDER / name
        try:
            dates, values = read_returns(file, list(places), list(places.values()))
        except FileNotFoundError:
            # The lanes may have been recorded again since, and their former file removed.
            now = self._places(list(places))
            if name in now:
                raise LedgerError(f"{file} is lost; {self.path} names it") from None
            return {key: one for n, p in now.items() for key, one in self._read(n, p).items()}
        return {key: (dates, values[place]) for place, key in enumerate(places)}

    def _drop(self, name: str) -> None:
        """Remove a file of returns after a failure, unless rows of the ledger name it."""
        with contextlib.suppress(sqlite3.Error, OSError):
            found = self._connection.execute(
                "SELECT 1 FROM lanes WHERE returns_file = ? LIMIT 1", (name,)
            )
            if found.fetchone() is None:
                (self.folder / FOLDER / name).unlink(missing_ok=True)


def _set_of(lane: LaneRow) -> tuple[str, str, str]:
    parameters: dict[str, Any] = dict(sorted(lane.parameters.items()))
    return lane.strategy, lane.universe, json_text(parameters)


def _numbers(numbers: int | Sequence[int], count: int) -> Sequence[int]:
    if isinstance(numbers, int):
        return range(numbers, numbers + count)
    if len(numbers) != count:
        raise ValueError(f"there must be as many numbers as lanes, {count}, was {len(numbers)}")
    return numbers


def _check_state(state: str, states: Sequence[str]) -> None:
    if state not in states:
        raise ValueError(f"state must be one of {', '.join(states)}, was {state!r}")


def no_sweep(path: Path, sweep: str, there: Sequence[str]) -> str:
    """Return the message about a sweep that is not in a ledger; ``there`` are those in it."""
    near = nearest_folder(sweep, there[::-1])
    if near is not None:
        hint = f"did you mean {near}?"
    else:
        hint = f"the newest is {there[-1]}" if there else "it has none"
    return f"{path} has no sweep {sweep}; {hint}"
