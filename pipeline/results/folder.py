"""The run folder: where a run's results lie on disk.

::

    <session_name>-<UTC timestamp>-<id>/
        config.json         the resolved configuration
        fills.parquet       orders.parquet       equity.parquet       round_trips.parquet
        sessions.parquet    per lane and session: date, equity, return, the benchmark's return
        summary.json        performance.txt
        PARTIAL             why the results are not whole; absent once they are
        parts/              what engines with several lanes left, until `merge`

PARTIAL is there from the start and the last thing to go, so a folder whose run was killed with
everything that could have said so is marked as well.
"""

import contextlib
import json
import math
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import RunError
from pipeline.native.whole_file import write_whole
from pipeline.results.recorder import PARTS
from pipeline.results.spill import SpillReader
from pipeline.results.table_kinds import SESSIONS, TABLES, Column
from pipeline.results.tables import TableWriter, writing

PARTIAL = "PARTIAL"
UNFINISHED = "the run has not finished"
NAME_LENGTH = 80


class RunFolder:
    """One run's folder, being written by its supervisor or read by anyone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._failed: str | None = None

    @classmethod
    def create(cls, out_dir: Path, session_name: str, config_json: str) -> "RunFolder":
        """Make a folder of its own below `out_dir`, with config.json and PARTIAL in it.

        Its name is `session_name` (what is awkward in a file name becomes "_"), the time in UTC
        and four random bytes, so runs that start in the same second do not meet. Raises RunError
        if it cannot be made.
        """
        safe = re.sub(r"[^\w.+-]+", "_", session_name)[:NAME_LENGTH].strip("._") or "run"
        moment = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        path = Path(out_dir) / f"{safe}-{moment}-{secrets.token_hex(4)}"
        with writing(path):
            path.mkdir(parents=True)
        folder = cls(path)
        folder._write(PARTIAL, UNFINISHED + "\n")
        folder._write("config.json", config_json)
        return folder

    @classmethod
    def open(cls, path: Path | str) -> "RunFolder":
        """Open an existing run folder to read it. Raises RunError if it is none."""
        folder = cls(Path(path))
        if not (folder.path / "config.json").is_file():
            raise RunError(f"{folder.path} is not a run folder: it has no config.json")
        return folder

    def merge(self, symbols: Sequence[str]) -> dict[str, int]:
        """Make the result files of the engines' parts, lane by lane; return the rows of each.

        Call it once all recorders are closed, or their processes dead and the run marked partial:
        then it joins what the dead left, and a table nobody wrote stays absent (0 rows). Without
        parts it only counts. Memory does not grow with the rows. Raises RunError if a part is not
        complete in a run that is not marked partial, or a file cannot be written.
        """
        parts = sorted((self.path / PARTS).glob("*.part"))
        if parts:
            with contextlib.ExitStack() as stack:
                readers = [stack.enter_context(SpillReader(part)) for part in parts]
                for reader in readers:
                    if not reader.complete and self._failed is None:
                        raise RunError(f"{reader.path} is not complete: its engine did not finish")
                for table in range(len(TABLES)):
                    self._merge_table(table, readers, symbols)
            shutil.rmtree(self.path / PARTS)
        return {kind.name: self._rows(kind.name) for kind in TABLES}

    def write_sessions(self, lanes: Iterable[tuple[int, Sequence[Column]]]) -> None:
        """Write sessions.parquet: by lane in order, (dates, equity, return, benchmark's return).

        Dates are int64 ns UTC, the others float64 with NaN where there is none, all of one length
        per lane. Raises RunError if it cannot be written.
        """
        writer = TableWriter(self.path, SESSIONS, ())
        try:
            for lane, columns in lanes:
                writer.append(lane, columns)
            writer.close()
        finally:
            writer.abort()

    def write_performance(self, text: str) -> None:
        """Write performance.txt. Raises RunError if it cannot be written."""
        self._write("performance.txt", text if text.endswith("\n") else text + "\n")

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json in one step and finish the run: PARTIAL goes unless it failed.

        "partial" is set to whether the run failed. NaN and infinities become null; NumPy numbers,
        arrays, paths and dates are accepted. Raises RunError if it cannot be written.
        """
        whole = {**summary, "partial": self._failed is not None}
        self._write("summary.json", json.dumps(_plain(whole), indent=2, allow_nan=False) + "\n")
        if self._failed is None:
            (self.path / PARTIAL).unlink(missing_ok=True)

    def mark_partial(self, reason: str) -> None:
        """Mark the run as failed or interrupted, because of `reason`.

        Drops half-written files, writes `reason` to PARTIAL, and a summary.json that says so
        (`write_summary` may replace it). Raises nothing for a full disk: PARTIAL is there anyway,
        and the error that led here must not be hidden.
        """
        self._failed = reason
        with contextlib.suppress(OSError):
            for unfinished in self.path.glob("*.part"):
                unfinished.unlink()
        with contextlib.suppress(RunError):
            self._write(PARTIAL, reason + "\n")
        with contextlib.suppress(RunError):
            self.write_summary({"run_dir": str(self.path), "reason": reason})

    @property
    def partial(self) -> str | None:
        """Why the results are not whole, or None if they are."""
        try:
            return (self.path / PARTIAL).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration. Raises RunError if it cannot be read."""
        return self._read("config.json")

    @property
    def summary(self) -> dict[str, Any]:
        """What summary.json holds. Raises RunError if it cannot be read."""
        return self._read("summary.json")

    def table(self, name: str) -> pa.Table:
        """Read a table of `TABLES` or "sessions". Raises RunError if it cannot be read."""
        names = [kind.name for kind in (*TABLES, SESSIONS)]
        if name not in names:
            raise ValueError(f"table must be one of {', '.join(names)}, was {name!r}")
        path = self.path / f"{name}.parquet"
        try:
            return pq.ParquetFile(path).read()
        except (OSError, pa.ArrowInvalid) as error:
            why = self.partial
            note = f" (the run is partial: {why})" if why else ""
            raise RunError(f"cannot read {path}: {error}{note}") from error

    def _merge_table(
        self, table: int, readers: Sequence[SpillReader], symbols: Sequence[str]
    ) -> None:
        owners = sorted(
            (lane, i) for i, reader in enumerate(readers) for lane in reader.lanes(table)
        )
        writer = TableWriter(self.path, TABLES[table], symbols)
        try:
            for lane, i in owners:
                for columns in readers[i].chunks(table, lane):
                    writer.append(lane, columns)
            writer.close()
        finally:
            writer.abort()

    def _rows(self, name: str) -> int:
        path = self.path / f"{name}.parquet"
        if not path.exists():
            if self._failed is None:
                raise RunError(f"{path} is missing: no engine wrote it")
            return 0
        rows: int = pq.read_metadata(path).num_rows
        return rows

    def _write(self, name: str, text: str) -> None:
        """Write a small file in one step: a reader sees all of it or what was there before."""
        path = self.path / name
        data = text.encode("utf-8")
        with writing(path, len(data)):
            write_whole(path, data)

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"cannot read {path}: {error}") from error
        if not isinstance(content, dict):
            raise RunError(f"{path} must hold a JSON object, held {type(content).__name__}")
        return content


def _plain(value: Any) -> Any:
    """Return `value` as JSON can say it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
