"""Writes to object stores: what they leave, two at once, and one that is killed."""

import contextlib
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.commit import MANIFEST
from pipeline.market.catalog.remote import publish, writing
from pipeline.market.catalog.remote.store import Store
from pipeline.market.catalog.upkeep import remove_series, rename_symbol, verify
from tests.market.catalog.remote.servers import Server, error
from tests.market.catalogs import bars, tree
from tests.reference.own_process import environment


def objects(server: Server) -> list[str]:
    return sorted(one.name for one in Store(server.address).names())


def series_of(server: Server) -> dict[str, int]:
    found = Catalog(str(server.address)).entries()
    return {entry.symbol: entry.rows for entry in found}


def test_a_catalog_of_many_writes_reads_as_a_local_one(s3: Server, tmp_path: Path):
    import numpy as np

    places = str(s3.address), str(tmp_path / "local")
    day = np.array([0], np.int64)
    for place in places:
        catalog = Catalog(place)
        catalog.write("SPY", "1m", bars(100), "one")
        catalog.write("SPY", "1m", bars(200), "two")
        catalog.write("SPY", "1m", bars(200, seed=2), "three", replace=True)
        catalog.write("OLD/X", "5m", bars(1), "one")
        catalog.write("GONE", "1m", bars(7), "one")
        catalog.write_actions({"SPY": Actions(day, np.array([2.0]), np.array([0.0]))}, "one")
        rename_symbol(catalog, "OLD/X", "NEW/X")
        remove_series(catalog, [("1m", "GONE")])
    there, here = (Catalog(place).manifest() for place in places)
    assert {key: one.sha256 for key, one in there.items()} == {
        key: one.sha256 for key, one in here.items()
    }
    assert {key: one.sources for key, one in there.items()} == {
        key: one.sources for key, one in here.items()
    }
    assert verify(Catalog(places[0]), [], lambda *told: None) == []


def test_an_equal_import_writes_nothing(s3: Server):
    Catalog(str(s3.address)).write("SPY", "1m", bars(100), "one")
    before = objects(s3)
    s3.asked.clear()
    result = Catalog(str(s3.address)).write("SPY", "1m", bars(100), "two")
    assert (result.added, result.unchanged) == (0, 100)
    assert {method for method, _ in s3.asked} == {"HEAD", "GET"}
    assert objects(s3) == before


def test_what_is_replaced_stays_for_readers_until_the_next_write(s3: Server):
    catalog = Catalog(str(s3.address))
    files = []
    for rows in (100, 200, 300):
        catalog.write("SPY", "1m", bars(rows), "test")
        files.append({name for name in objects(s3) if name != MANIFEST})
    assert [len(one) for one in files] == [1, 2, 2]
    assert not files[0] & files[2]


def test_objects_of_others_below_the_prefix_stay(s3: Server):
    store = Store(s3.address)
    for name in ("notes.txt", "1m/deep/a.parquet", "drafts/a.parquet"):
        store.put(name, b"mine")
    for rows in (100, 200, 300):
        Catalog(str(s3.address)).write("SPY", "1m", bars(rows), "test")
    assert {"notes.txt", "1m/deep/a.parquet", "drafts/a.parquet"} <= set(objects(s3))


def test_a_write_that_fails_changes_nothing_and_leaves_nothing(s3: Server):
    Catalog(str(s3.address)).write("SPY", "1m", bars(100), "one")
    before = {name: Store(s3.address).read(name) for name in objects(s3)}

    def refused(method: str, path: str) -> tuple[int, str] | None:
        closed = method == "PUT" and path.endswith(MANIFEST)
        return (403, error("AccessDenied")) if closed else None

    with s3.answering(refused), pytest.raises(DataError, match="access was refused"):
        Catalog(str(s3.address)).write("SPY", "1m", bars(200), "two")
    assert {name: Store(s3.address).read(name) for name in objects(s3)} == before


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_writer_whose_manifest_has_changed_begins_again(
    scheme: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    found = request.getfixturevalue(scheme)
    place = str(found.address) if scheme == "s3" else found
    Catalog(place).write("SPY", "1m", bars(100), "one")
    kept, others = writing.publish, iter(["B"])

    def late(*args):
        for name in others:  # another machine is quicker, once
            monkeypatch.setattr(writing, "_room", alone(monkeypatch, writing._room))
            Catalog(place).write(name, "1m", bars(50), "other")
        return kept(*args)

    monkeypatch.setattr(writing, "publish", late)
    Catalog(place).write("SPY", "1m", bars(200), "two")
    assert {one.symbol: one.rows for one in Catalog(place).entries()} == {"B": 50, "SPY": 200}


def alone(monkeypatch: pytest.MonkeyPatch, room):
    """Let one write not wait for that of this process, as if it were on another machine."""

    @contextlib.contextmanager
    def own(mirror):
        monkeypatch.setattr(writing, "_room", room)
        home = mirror.base / "other"
        home.mkdir()
        yield home

    return own


def test_a_writer_that_is_always_too_late_is_refused(s3: Server, monkeypatch: pytest.MonkeyPatch):
    Catalog(str(s3.address)).write("SPY", "1m", bars(100), "one")
    monkeypatch.setattr(writing, "publish", lambda *args: False)
    with pytest.raises(DataError, match=f"by others {writing.BEGINNINGS} times while this write"):
        Catalog(str(s3.address)).write("SPY", "1m", bars(200), "two")
    assert series_of(s3) == {"SPY": 100}


def test_a_claim_of_another_writer_is_waited_for(s3: Server, monkeypatch: pytest.MonkeyPatch):
    catalog = Catalog(str(s3.address))
    catalog.write("SPY", "1m", bars(100), "one")
    claim = f"{MANIFEST}.claim-other"
    Store(s3.address).put(claim, b"")
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            Store(s3.address).delete(claim)

    catalog._home.store.sleep = sleep
    catalog.write("SPY", "1m", bars(200), "two")
    assert len(pauses) == 3
    assert series_of(s3) == {"SPY": 200}
    assert not [name for name in objects(s3) if "claim" in name]


def test_a_claim_that_stays_is_refused_and_one_of_a_dead_writer_is_not(
    s3: Server, monkeypatch: pytest.MonkeyPatch
):
    catalog = Catalog(str(s3.address))
    Store(s3.address).put(f"{MANIFEST}.claim-other", b"")
    catalog._home.store.sleep = lambda seconds: None
    monkeypatch.setattr(publish, "_WAITS", 3)
    with pytest.raises(DataError, match="is being written by another process"):
        catalog.write("SPY", "1m", bars(100), "one")
    assert objects(s3) == [f"{MANIFEST}.claim-other"]
    monkeypatch.setattr(publish, "CLAIM_SECONDS", -1)  # so that time has passed
    catalog.write("SPY", "1m", bars(100), "one")
    assert series_of(s3) == {"SPY": 100}


def test_writers_at_once_lose_nothing(s3: Server, tmp_path: Path):
    script = textwrap.dedent("""
        import sys
        from pipeline.market.catalog.catalog import Catalog
        from tests.market.catalogs import bars
        Catalog(sys.argv[1]).write(sys.argv[2], "1m", bars(100), "test")
    """)
    names = ["A", "B", "C"]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(s3.address), name],
            env={**environment(), "RINGTAPE_CACHE_DIR": str(tmp_path / name)},
        )
        for name in names
    ]
    assert [one.wait() for one in running] == [0, 0, 0]
    assert series_of(s3) == dict.fromkeys(names, 100)


def test_a_killed_import_leaves_the_old_catalog_and_the_next_write_its_leftovers(
    s3: Server, tmp_path: Path
):
    catalog = Catalog(str(s3.address))
    catalog.write("SPY", "1m", bars(100), "one")
    before = Store(s3.address).read(MANIFEST)
    script = textwrap.dedent("""
        import os, signal, sys
        from pipeline.market.catalog.catalog import Catalog
        from pipeline.market.catalog.remote import publish
        from tests.market.catalogs import bars
        publish._claim = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
        Catalog(sys.argv[1]).write("SPY", "1m", bars(200), "test")
    """)
    cache = tmp_path / "killed"
    killed = subprocess.run(
        [sys.executable, "-c", script, str(s3.address)],
        env={**environment(), "RINGTAPE_CACHE_DIR": str(cache)},
    )
    assert killed.returncode == -signal.SIGKILL
    assert Store(s3.address).read(MANIFEST) == before
    assert Catalog(str(s3.address)).load("SPY", "1m").equals(bars(100))
    left = set(objects(s3)) - {MANIFEST, Catalog(str(s3.address))._home.origin()["1m", "SPY"].file}
    assert len(left) == 1
    assert any(name.endswith(".parquet") for name in tree(cache / "remote") if "writing" in name)
    Catalog(str(s3.address)).write("B", "1m", bars(10), "two")
    assert not left & set(objects(s3))
    assert series_of(s3) == {"SPY": 100, "B": 10}
