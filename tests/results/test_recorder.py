"""The recorder: the same files and digests, whatever the slots, lanes per engine and engines."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RunError
from pipeline.results import tables
from pipeline.results.drawdown import max_drawdown
from pipeline.results.folder import RunFolder
from pipeline.results.recorder import Recorder
from pipeline.results.table_kinds import TABLES
from tests.reference.digest import LaneDigest

NAMES = ("fills", "orders", "equity", "round_trips")


def record(out, symbols, lanes, engines, sizes):
    """Record `lanes` (rows by lane) with these lanes per engine; return files and records."""
    folder = RunFolder.create(out, "run", "{}")
    records = {}
    for engine in engines:
        with Recorder(folder.path, engine, symbols, total=len(lanes)) as recorder:
            pieces = {lane: lanes[lane].cut(sizes) for lane in engine}
            for slot in range(len(sizes) + 1):
                for lane in engine:
                    recorder.record(lane, *pieces[lane][slot])
            records.update(recorder.close())
    rows = folder.merge(symbols)
    assert not (folder.path / "parts").exists()
    files = {name: (folder.path / f"{name}.parquet").read_bytes() for name in NAMES}
    return files, dict(sorted(records.items())), rows, folder


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=5),
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.data(),
)
def test_files_and_digests_do_not_show_slots_or_engines(make_rows, symbols, counts, sizes, data):
    lanes = {lane: make_rows(count, lane) for lane, count in enumerate(counts)}
    owner = [data.draw(st.integers(0, 2)) for _ in counts]
    engines = [[lane for lane in lanes if owner[lane] == i] for i in range(3)]
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as out:
        patch.setattr(tables, "GROUP_ROWS", 16)
        whole = record(Path(out), symbols, lanes, [list(lanes)], [1000])
        cut = record(Path(out), symbols, lanes, engines, sizes)
    assert cut[:3] == whole[:3]
    assert whole[2] == dict.fromkeys(NAMES, sum(counts))


def test_one_lane_writes_the_same_files_directly_and_through_parts(tmp_path, make_rows, symbols):
    rows = make_rows(500)
    direct = record(tmp_path, symbols, {0: rows}, [[0]], [7, 100])
    folder = RunFolder.create(tmp_path, "run", "{}")
    with Recorder(folder.path, [0], symbols, total=2) as recorder:
        recorder.record(0, *rows)
    folder.merge(symbols)
    for name in NAMES:
        assert (folder.path / f"{name}.parquet").read_bytes() == direct[0][name]


def test_lanes_are_one_after_the_other(tmp_path, make_rows, symbols):
    lanes = {0: make_rows(30), 1: make_rows(20), 2: make_rows(40)}
    *_, folder = record(tmp_path, symbols, lanes, [[1], [0, 2]], [6, 6])
    equity = folder.table("equity")
    assert equity["lane"].to_pylist() == [0] * 30 + [1] * 20 + [2] * 40
    assert equity["equity"].to_pylist() == [v for rows in lanes.values() for v in rows.equity]


def test_a_record_says_digest_rows_and_drawdown(tmp_path, make_rows, symbols):
    rows = make_rows(120)
    _, records, _, _ = record(tmp_path, symbols, {0: rows}, [[0]], [50])
    digest = LaneDigest()
    digest.absorb_fills(rows.fills)
    digest.absorb_equity(rows.ts, rows.equity, rows.cash)
    assert records[0].digest == digest.hexdigest()
    assert (records[0].fills, records[0].orders, records[0].equity) == (120, 120, 120)
    assert records[0].max_drawdown == max_drawdown(rows.equity)


def test_nothing_is_kept_of_the_arrays(tmp_path, make_rows, symbols):
    """The arrays are views of a slot that is reused after the call."""
    for total in (1, 2):
        folder = RunFolder.create(tmp_path, "run", "{}")
        with Recorder(folder.path, [0], symbols, total=total) as recorder:
            for seed in range(3):
                rows = make_rows(40, seed)
                slot = [column.copy() for column in rows]
                recorder.record(0, *slot)
                for column in slot:
                    column.view(np.uint8)[:] = 0
        folder.merge(symbols)
        expected = [value for seed in range(3) for value in make_rows(40, seed).equity]
        assert folder.table("equity")["equity"].to_pylist() == expected
        assert min(folder.table("fills")["price"].to_pylist()) >= 1


def test_an_engine_without_lanes_leaves_nothing(tmp_path, symbols):
    with Recorder(tmp_path, [], symbols, total=3) as recorder:
        assert recorder.close() == {}
    assert list(tmp_path.iterdir()) == []


def test_a_failed_engine_of_one_lane_keeps_its_rows_in_whole_files(tmp_path, make_rows, symbols):
    def fail():
        with Recorder(tmp_path, [0], symbols) as recorder:
            recorder.record(0, *make_rows(10))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    found = {path.name: pq.read_table(path).num_rows for path in tmp_path.iterdir()}
    assert found == {f"{kind.name}.parquet": 10 for kind in TABLES}


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.name != "posix" or os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a tmpfs needs root")
    command = [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("total", [1, 2])
def test_a_full_disk_ends_the_run_with_its_name(tiny_disk, make_rows, symbols, monkeypatch, total):
    monkeypatch.setattr(tables, "GROUP_ROWS", 2_000)
    folder = RunFolder.create(tiny_disk, "run", "{}")

    def run():
        with Recorder(folder.path, [0], symbols, total=total) as recorder:
            for seed in range(40):
                recorder.record(0, *make_rows(1_000, seed))
            recorder.close()

    with pytest.raises(
        RunError,
        match=r"cannot write .*: the disk is full \(\d[\d,]* bytes needed, \d[\d,]* bytes free",
    ):
        run()
    folder.mark_partial("the disk is full")
    assert folder.partial is not None
    assert list(folder.path.glob("*.part")) == []
    for path in folder.path.glob("*.parquet"):
        pq.read_metadata(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_is_full_at_the_start_leaves_no_file(tmp_path, symbols, name):
    (tmp_path / f"{name}.parquet.part").symlink_to("/dev/full")
    with pytest.raises(RunError, match=rf"{name}\.parquet: the disk is full"):
        Recorder(tmp_path, [0], symbols)
    assert list(tmp_path.iterdir()) == []
