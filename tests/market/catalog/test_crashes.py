"""A catalog whose disk is full, whose writer dies, or whose writers meet."""

import errno
import signal
import subprocess

import pytest

from pipeline.errors import DataError
from pipeline.market.catalog import commit as commit_module
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.lock import catalog_lock
from pipeline.market.catalog.merge import Series
from tests.market.catalogs import bars, python, tree


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("failing_file", [0, 1, 2])
def test_a_full_disk_leaves_the_former_state(tmp_path, monkeypatch, existing, failing_file):
    folder = tmp_path / "c"
    catalog = Catalog(folder)
    if existing:
        catalog.write("A", "1m", bars(5), "s")
    before = tree(tmp_path)
    synced = []

    def full(descriptor):
        synced.append(descriptor)
        if len(synced) > failing_file:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(commit_module.os, "fsync", full)
    with pytest.raises(DataError, match=r"No space left on device; it is unchanged"):
        catalog.write_all([Series("A", "1m", bars(9), "s"), Series("B", "5m", bars([0, 5]), "s")])
    assert tree(tmp_path) == before
    assert folder.exists() == existing
    monkeypatch.undo()
    assert catalog.write("A", "1m", bars(9), "s").rows == 9


CRASH = """
    import os
    from pathlib import Path
    kept, left = Path.replace, [int(sys.argv[2])]
    def replace(self, target):
        if left[0] == 0:
            os._exit(9)
        left[0] -= 1
        return kept(self, target)
    Path.replace = replace
    Catalog(sys.argv[1]).write_all(
        [Series("A", "1m", bars(9), "s"), Series("B", "1m", bars(7), "s")]
    )
"""


@pytest.mark.parametrize("renames", [0, 1, 2, 3])
def test_a_crash_between_renames_leaves_all_or_nothing(tmp_path, renames):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(5), "s")
    assert python(CRASH, tmp_path, renames).wait() == 9
    rows = {entry.symbol: entry.rows for entry in catalog.entries()}
    assert rows == ({"A": 5} if renames == 0 else {"A": 9, "B": 7})
    for symbol, count in rows.items():
        assert catalog.load(symbol, "1m").num_rows == count
    catalog.write("C", "1m", bars(2), "s")
    assert not list(tmp_path.rglob("*.new"))
    assert not list(tmp_path.glob("*.commit"))
    assert not (tmp_path / ".lock").exists()


KILLED = """
    import os, signal
    class Blocks:
        def blocks(self):
            for part in range(30):
                yield BarColumns.from_table(bars(range(part * 65_536, (part + 1) * 65_536)))
            os.kill(os.getpid(), signal.SIGKILL)
    Catalog(sys.argv[1]).write_all(
        [Series("A", "1m", bars(9), "s"), Series("B", "1m", Blocks(), "s")]
    )
"""


def test_a_writer_that_is_killed_while_it_writes_blocks_leaves_the_former_state(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(5), "s")
    assert python(KILLED, tmp_path).wait() == -signal.SIGKILL
    assert {path.name for path in (tmp_path / "1m").glob("*.new")} == {
        *("A.parquet.new", "B.parquet.new")
    }
    assert [(entry.symbol, entry.rows) for entry in Catalog(tmp_path).entries()] == [("A", 5)]
    catalog.write("C", "1m", bars(2), "s")
    assert not list(tmp_path.rglob("*.new"))


WRITER = """
    for part in range(2):
        Catalog(sys.argv[1]).write(f"S{sys.argv[2]}", "1m", bars(20).slice(part * 10, 10), "s")
        Catalog(sys.argv[1]).write("ALL", "1m", bars([int(sys.argv[2]) * 2 + part]), "s", True)
"""


def test_concurrent_writers_lose_nothing(tmp_path):
    writers = [python(WRITER, tmp_path, number) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    catalog = Catalog(tmp_path)
    rows = {entry.symbol: entry.rows for entry in catalog.entries()}
    assert rows == {"S0": 20, "S1": 20, "S2": 20, "ALL": 6}
    assert all(catalog.load(symbol, "1m").num_rows == count for symbol, count in rows.items())
    assert not (tmp_path / ".lock").exists()


HOLDER = """
    import time
    from pathlib import Path
    from pipeline.market.catalog.lock import catalog_lock
    with catalog_lock(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(600)
"""


def test_a_lock_does_not_outlive_its_killed_owner(tmp_path):
    holder = python(HOLDER, tmp_path, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    lock = catalog_lock(tmp_path, timeout=0.05)
    with pytest.raises(DataError, match=f"being written by process {holder.pid}"), lock:
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert Catalog(tmp_path).write("A", "1m", bars(3), "s").rows == 3
