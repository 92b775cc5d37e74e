"""Exports lanes of a ledger as a table: one row per lane, one column per parameter and figure."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import LedgerError
from pipeline.native.whole_file import whole_file
from pipeline.sweeps.ledger.filter import COLUMNS
from pipeline.sweeps.ledger.rows import LaneRow

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_INT = 2**63
_SUFFIXES = (".csv", ".parquet")


def export_lanes(path: Path, rows: Sequence[LaneRow]) -> None:
    """Write lanes to a .csv or .parquet file, which appears only when it is complete.

    The columns of the lane come first, then ``parameters.<name>``, then the figures that are single
    values. A cell is null where a lane lacks the parameter or figure. LedgerError for another
    ending, RunError if the file cannot be written.
    """
    from pipeline.results.tables import writing

    path = Path(path)
    if path.suffix not in _SUFFIXES:
        raise LedgerError(f"{path} ends in {path.suffix or 'nothing'}, expected .csv or .parquet")
    table = lanes_table(rows)
    with writing(path, table.nbytes), whole_file(path) as unfinished:
        _write(unfinished, table, path.suffix)


def lanes_table(rows: Sequence[LaneRow]) -> "pa.Table":
    """Return lanes as the Arrow table that `export_lanes` writes."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    parameters = dict.fromkeys(name for row in rows for name in row.parameters)
    for name in parameters:
        columns[f"parameters.{name}"] = [row.parameters.get(name) for row in rows]
    figures = dict.fromkeys(
        name
        for row in rows
        for name, value in row.statistics.items()
        if name not in columns and not isinstance(value, dict | list)
    )
    for name in figures:
        columns[name] = [_scalar(row.statistics.get(name)) for row in rows]
    return pa.table({name: _column(name, values) for name, values in columns.items()})


def _scalar(value: Any) -> Any:
    return None if isinstance(value, dict | list) else value


def _column(name: str, values: list[Any]) -> "pa.Array":
    """Return values as the narrowest type that holds them all; values of several kinds as text."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if name == "seconds" or (kinds <= {int, float} and float in kinds):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(v is None or -_MAX_INT <= v < _MAX_INT for v in values):
        return pa.array(values, pa.int64())
    if not kinds and name not in COLUMNS:
        return pa.array(values, pa.float64())
    return pa.array([None if v is None else str(v) for v in values], pa.string())


def _write(path: Path, table: "pa.Table", suffix: str) -> None:
    with path.open("wb") as sink:
        if suffix == ".parquet":
            import pyarrow.parquet as pq

            pq.write_table(table, sink)
        else:
            from pyarrow import csv

            csv.write_csv(table, sink)
        sink.flush()
        os.fsync(sink.fileno())
