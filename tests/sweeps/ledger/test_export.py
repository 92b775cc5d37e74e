import errno
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from pipeline.errors import LedgerError, RunError
from pipeline.sweeps.ledger.export import export_lanes
from pipeline.sweeps.ledger.ledger import Ledger
from tests.sweeps.ledgers import lane_row, recorded, sweep_row

FIGURES = {"sharpe_ratio": 1, "cagr": None, "mode": "compiled", "digest": "x", "deepest": {"d": 1}}
ROWS = [
    lane_row(1, statistics=FIGURES, parameters={"fast": 5, "exit": True, "leader": "AAA"}),
    lane_row(2, parameters={"fast": 2.5, "leader": 3}, error='a "b",\nc', state="failed"),
]
COLUMNS = {
    "key": [ROWS[0].key, ROWS[1].key],
    "strategy": ["demo:Cross"] * 2,
    "universe": ["", ""],
    "state": ["done", "failed"],
    "error": ["", 'a "b",\nc'],
    "digest": [ROWS[0].digest, ROWS[1].digest],
    "seconds": [0.25, 0.25],
    "parameters.fast": [5.0, 2.5],
    "parameters.exit": [True, None],
    "parameters.leader": ["AAA", "3"],
    "sharpe_ratio": [1.0, 0.5],
    "cagr": [None, None],
    "mode": ["compiled", None],
}


def test_a_parquet_file_has_a_column_per_parameter_and_single_figure(tmp_path: Path):
    export_lanes(tmp_path / "lanes.parquet", ROWS)
    table = pq.read_table(tmp_path / "lanes.parquet")
    assert table.to_pydict() == COLUMNS
    assert table.schema.field("cagr").type == pa.float64()


def test_a_csv_file_holds_the_same(tmp_path: Path):
    export_lanes(tmp_path / "lanes.csv", ROWS)
    text = pc.ConvertOptions(
        column_types={"key": pa.string(), "digest": pa.string(), "parameters.leader": pa.string()},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    multiline = pc.ParseOptions(newlines_in_values=True)
    table = pc.read_csv(tmp_path / "lanes.csv", convert_options=text, parse_options=multiline)
    assert table.to_pydict() == COLUMNS


def test_without_lanes_there_are_columns_and_no_rows(tmp_path: Path):
    export_lanes(tmp_path / "lanes.parquet", [])
    assert pq.read_table(tmp_path / "lanes.parquet").num_rows == 0


def test_numbers_beyond_64_bits_are_text(tmp_path: Path):
    export_lanes(tmp_path / "a.parquet", [lane_row(1, parameters={"seed": 2**70})])
    found = pq.read_table(tmp_path / "a.parquet")
    assert found["parameters.seed"].to_pylist() == [str(2**70)]


def test_a_ledger_exports_all_its_lanes_or_those_given(tmp_path: Path):
    with Ledger.open(tmp_path / "l") as ledger:
        ledger.begin(sweep_row())
        rows = recorded(ledger, "demo", [1, 2])
        ledger.export(tmp_path / "all.parquet")
        ledger.export(tmp_path / "one.parquet", rows[:1])
    assert pq.read_table(tmp_path / "all.parquet").num_rows == 2
    assert pq.read_table(tmp_path / "one.parquet").num_rows == 1


@pytest.mark.parametrize("name", ["lanes.xlsx", "lanes"])
def test_another_ending_is_refused(tmp_path: Path, name: str):
    with pytest.raises(LedgerError, match=r"expected \.csv or \.parquet"):
        export_lanes(tmp_path / name, ROWS)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_that_cannot_be_written_whole_leaves_what_was_there(
    tmp_path: Path, monkeypatch, suffix: str
):
    path = tmp_path / f"lanes{suffix}"
    path.write_text("old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"cannot write .*lanes.*: the disk is full"):
        export_lanes(path, ROWS)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"
