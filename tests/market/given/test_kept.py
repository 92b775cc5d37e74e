"""Kept catalogs: bounded, never removed while in use, and nothing is left of those that died."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.given.kept import KeptCatalogs, SeriesAccount, Use
from pipeline.market.importers import import_bars
from tests.market.given.forms import bars
from tests.reference.own_process import environment


def writer(rows: int):
    """Return what writes a catalog of so many bars."""

    def write(path: Path) -> Sequence[SeriesAccount]:
        found = import_bars(bars(rows), path, symbol="X")
        return [SeriesAccount(one.symbol, one.interval, one.account) for one in found]

    return write


def make(kept: KeptCatalogs, rows: int) -> Use:
    return kept.make(f"{rows}", writer(rows))


def names(folder: Path) -> set[str]:
    return {one.name for one in (folder / "catalogs").iterdir()}


def test_what_was_made_is_found_with_its_accounts(tmp_path: Path):
    kept = KeptCatalogs(tmp_path)
    assert kept.find("60") is None
    with make(kept, 60) as made:
        path = made.path
    with kept.find("60") as found:
        assert (found.path, found.accounts) == (path, made.accounts)
        assert Catalog(found.path).load("X", "1m").num_rows == 60
    assert not list((path.parent / "uses").iterdir())
    assert not list((tmp_path / "making").iterdir())


def test_the_one_that_was_not_used_for_longest_is_removed(tmp_path: Path):
    kept = KeptCatalogs(tmp_path)
    sizes = {}
    for rows in (60, 61, 62):
        with make(kept, rows) as use:
            sizes[rows] = use.path.parent
            os.utime(use.path.parent, (rows, rows))
    os.utime(sizes[60], (100, 100))
    total = sum(one.stat().st_size for one in tmp_path.rglob("catalogs/*/**/*") if one.is_file())
    small = KeptCatalogs(tmp_path, most_bytes=total + 1_000)
    with make(small, 63):
        pass
    assert names(tmp_path) >= {sizes[60].name, sizes[62].name}
    assert sizes[61].name not in names(tmp_path)
    assert kept.find("61") is None
    assert not (tmp_path / "inputs" / "61.json").exists()


def test_one_that_is_in_use_stays(tmp_path: Path):
    kept = KeptCatalogs(tmp_path, most_bytes=0)
    with make(kept, 60) as used:
        with make(kept, 61) as other:
            assert names(tmp_path) == {used.path.parent.name, other.path.parent.name}
        with make(kept, 62) as last:
            assert names(tmp_path) == {used.path.parent.name, last.path.parent.name}
    with make(kept, 63) as only:
        assert names(tmp_path) == {only.path.parent.name}


def test_what_raises_while_it_is_made_leaves_nothing(tmp_path: Path):
    kept = KeptCatalogs(tmp_path)

    def fail(path: Path) -> Sequence[SeriesAccount]:
        writer(60)(path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.make("x", fail)
    assert not list((tmp_path / "making").iterdir())
    assert kept.find("x") is None


KILLED = """
import sys
from pathlib import Path
from pipeline.market.given.kept import KeptCatalogs
from tests.market.given.test_kept import make, writer

kept = KeptCatalogs(Path(sys.argv[1]), most_bytes=0)
if sys.argv[2] == "using":
    use = make(kept, 60)
    print("ready", flush=True)
    sys.stdin.read()
else:
    def write(path):
        writer(60)(path)
        print("ready", flush=True)
        sys.stdin.read()
    kept.make("60", write)
"""


@pytest.mark.parametrize("what", ["using", "making"])
def test_what_a_killed_process_used_or_made_is_removed_by_the_next(tmp_path: Path, what: str):
    kept = KeptCatalogs(tmp_path, most_bytes=0)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with make(kept, 61) as use:
            there = len(names(tmp_path)) + len(list((tmp_path / "making").iterdir()))
            assert there == 2
        process.send_signal(signal.SIGKILL)
    with make(kept, 62) as use:
        assert names(tmp_path) == {use.path.parent.name}
        assert not list((tmp_path / "making").iterdir())
