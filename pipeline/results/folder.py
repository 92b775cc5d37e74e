"""The run folder, in which the results of a run lie on disk.

::

    <session_name>-<UTC timestamp>-<id>/
        config.json         the resolved configuration
        fills.parquet       orders.parquet       equity.parquet       round_trips.parquet
        sessions.parquet    per lane and session: date, equity, return, the benchmark's return
        summary.json        performance.txt
        PARTIAL             the reason why the results are not complete; absent once they are
        parts/              the rows of engines with several lanes, until `merge`

PARTIAL is written first and removed last. So a folder is also marked if its run was killed together
with every process that could have marked it.
"""

import contextlib
import json
import math
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import RunError, nearest
from pipeline.native.regular_file import check_regular
from pipeline.native.whole_file import write_whole
from pipeline.results.recorder import PARTS
from pipeline.results.spill import SpillReader
from pipeline.results.table_kinds import SESSIONS, TABLES, Column
from pipeline.results.tables import TableWriter, writing

PARTIAL = "PARTIAL"
UNFINISHED = "the run has not finished"
NAME_LENGTH = 80
#: The name of the newest run, and of the newest sweep.
LATEST = "latest"
#: The end of a folder's name: the time in UTC, and random digits.
STAMP = re.compile(r"-(\d{8}T\d{6}Z)-[0-9a-f]{8}$")


def nearest_folder(text: str, names: Sequence[str]) -> str | None:
    """Return the folder whose name, or the session's name in it, is most like ``text``.

    It is `LATEST` if that is most like it, and None if nothing is. ``names`` are those of run
    folders, the newest first; of a session it is the newest.
    """
    sessions: dict[str, str] = {}
    for name in names:
        sessions.setdefault(STAMP.sub("", name), name)
    near = nearest(text, [LATEST, *names, *sessions])
    return sessions.get(near[0], near[0]) if near else None


class RunFolder:
    """The folder of one run, which its supervisor writes and anyone may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._failed: str | None = None

    @classmethod
    def create(cls, out_dir: Path, session_name: str, config_json: str) -> "RunFolder":
        """Make a new folder below `out_dir`, with config.json and PARTIAL in it.

        Its name is made of `session_name` (in which characters that are awkward in a file name
        become "_"), the time in UTC and four random bytes. So runs that start in the same second
        have different folders. Raises RunError, and leaves nothing, if the folder cannot be made.
        """
        safe = re.sub(r"[^\w.+-]+", "_", session_name)[:NAME_LENGTH].strip("._") or "run"
        moment = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        path = Path(out_dir) / f"{safe}-{moment}-{secrets.token_hex(4)}"
        with writing(path):
            path.mkdir(parents=True)
        folder = cls(path)
        try:
            folder._write(PARTIAL, UNFINISHED + "\n")
            folder._write("config.json", config_json)
        except RunError:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return folder

    @classmethod
    def open(cls, path: Path | str) -> "RunFolder":
        """Open an existing run folder to read it. Raises RunError if it is not a run folder."""
        folder = cls(Path(path))
        if not (folder.path / "config.json").is_file():
            raise RunError(f"{folder.path} is not a run folder: it has no config.json")
        return folder

    def merge(self, symbols: Sequence[str]) -> dict[str, int]:
        """Join the engines' part files into result files, lane by lane; return their row counts.

        Call it when all recorders are closed. It may also be called when their processes are dead
        and the run is marked partial: it then joins the rows that they left, and a table that no
        engine wrote stays absent and has 0 rows. If there are no part files, it only counts. Its
        memory does not grow with the rows. Raises RunError if a part is not complete although the
        run is not marked partial, or if a file cannot be written.
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
        """Write sessions.parquet from each lane's number and columns, in the order of the lanes.

        The columns are the dates (int64, ns UTC), the equity, its return and the benchmark's return
        (float64, NaN where there is none). Those of one lane have one length. Raises RunError if
        the file cannot be written.
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
        """Write summary.json in one step, and remove PARTIAL unless the run failed.

        The entry "partial" is set to whether the run failed. NaN and infinities become null. NumPy
        numbers, arrays, paths and dates are accepted. Raises RunError if the file cannot be
        written.
        """
        whole = {**summary, "partial": self._failed is not None}
        self._write("summary.json", json.dumps(_plain(whole), indent=2, allow_nan=False) + "\n")
        if self._failed is None:
            (self.path / PARTIAL).unlink(missing_ok=True)

    def mark_partial(self, reason: str) -> None:
        """Mark the run as failed or interrupted, for the given `reason`.

        Half-written files are removed. The reason is written to PARTIAL and to a summary.json,
        which `write_summary` may replace. A full disk raises nothing, because PARTIAL is there
        anyway and the error that ended the run must not be hidden.
        """
        self._failed = reason
        with contextlib.suppress(OSError):
            for unfinished in self.path.glob("*.part"):
                unfinished.unlink()
        with contextlib.suppress(RunError):
            self._write(PARTIAL, reason + "\n")
        with contextlib.suppress(RunError):
            self.write_summary({"run_dir": self.path, "reason": reason})

    def write_kept(self, symbols: Sequence[str]) -> None:
        """Join what the engines of a run that is marked partial have left, and say what it is.

        summary.json then also has the session's name, the number of rows of each table ("rows") and
        the last moment of which there is an equity ("until", text in UTC; null if there is none).
        Raises RunError if a file cannot be written.
        """
        rows = self.merge(symbols)
        until = self._last_moment() if rows["equity"] else None
        name = self.config.get("session_name")
        self.write_summary({"session_name": name, **self.summary, "rows": rows, "until": until})

    @property
    def partial(self) -> str | None:
        """The reason why the results are not complete, or None if they are."""
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
        """The content of summary.json. Raises RunError if it cannot be read."""
        return self._read("summary.json")

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table of `TABLES` or "sessions", all of its columns or some.

        Raises RunError if it cannot be read.
        """
        names = [kind.name for kind in (*TABLES, SESSIONS)]
        if name not in names:
            raise ValueError(f"table must be one of {', '.join(names)}, was {name!r}")
        path = self.path / f"{name}.parquet"
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                return file.read(None if columns is None else list(columns))
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            why = self.partial
            note = f" (the run is partial: {why})" if why else ""
            raise RunError(f"cannot read {path}: {error}{note}") from error

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """Give the rows of a table of `TABLES` piece by piece. RunError if it cannot be read."""
        path = self.path / f"{name}.parquet"
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                yield from file.iter_batches()
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"cannot read {path}: {error}") from error

    def rows(self, name: str) -> int:
        """Return how many rows a table of `TABLES` has. RunError if it cannot be read."""
        path = self.path / f"{name}.parquet"
        try:
            rows: int = pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"cannot read {path}: {error}") from error
        return rows

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

    def _last_moment(self) -> str:
        """Return the last time in the table of equity, which has rows, as text."""
        batches = pq.ParquetFile(self.path / "equity.parquet").iter_batches(columns=["ts"])
        last = max(batch.column(0).to_numpy().max() for batch in batches)
        return str(last.astype("M8[s]")).replace("T", " ") + "Z"

    def _write(self, name: str, text: str) -> None:
        """Write a small file in one step, so that a reader sees the old content or the new."""
        path = self.path / name
        data = text.encode("utf-8")
        with writing(path, len(data)):
            write_whole(path, data)

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            check_regular(path)
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"cannot read {path}: {error}") from error
        if not isinstance(content, dict):
            raise RunError(f"{path} must hold a JSON object, held {type(content).__name__}")
        return content


def _plain(value: Any) -> Any:
    """Return `value` in the types that JSON has."""
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
    return value.as_posix() if isinstance(value, PurePath) else str(value)
