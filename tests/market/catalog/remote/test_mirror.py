"""Mirrors: what is fetched, verified, shared, kept and removed, and how refusals read."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import DataError, RunError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.commit import MANIFEST
from pipeline.market.catalog.remote import clients, mirror
from pipeline.market.catalog.remote.mirror import Mirror, mirror_of, pinned
from pipeline.market.catalog.remote.store import TRIES, Store
from pipeline.native.address import Address
from tests.market.catalog.remote.servers import Server, error
from tests.market.catalogs import bars


@pytest.fixture
def filled(s3: Server, another_cache: Callable[[], Path]) -> Server:
    """A server with two series, of which this machine has no mirror."""
    for symbol in ("A/B", "SPY"):
        Catalog(str(s3.address)).write(symbol, "1m", bars(100), "test")
    another_cache()
    s3.asked.clear()
    return s3


def slept(address: Address, pauses: list[float]) -> Mirror:
    return Mirror(address, Store(address, pauses.append))


def name_of(server: Server, symbol: str) -> str:
    """The object of a series, as the store has it."""
    return Mirror(server.address).origin()["1m", symbol].file


def let_go() -> None:
    """Let this process use no snapshot, as if it had ended."""
    for path in list(mirror._used):
        os.close(mirror._used.pop(path))


def test_only_what_is_read_is_downloaded_and_only_once(filled: Server):
    for _ in range(2):
        assert Catalog(str(filled.address)).load("SPY", "1m").equals(bars(100))
    assert [name.partition(".")[0] for name in filled.read()] == ["1m/SPY"]


def test_a_manifest_whose_tag_is_known_is_not_read_again(filled: Server):
    Catalog(str(filled.address)).entries()
    filled.asked.clear()
    assert len(Catalog(str(filled.address)).entries()) == 2
    assert [method for method, _ in filled.asked] == ["HEAD"]


def test_a_server_that_fails_once_for_each_object_is_asked_again(filled: Server):
    failed: set[tuple[str, str]] = set()

    def once(method: str, path: str) -> tuple[int, str] | None:
        if (method, path) in failed:
            return None
        failed.add((method, path))
        return 500, error("InternalError")

    pauses: list[float] = []
    with filled.answering(once):
        slept(filled.address, pauses).fetch_all([("1m", "SPY"), ("1m", "A/B")])
    assert len(pauses) == len(failed) > 3


def test_a_server_that_always_fails_is_asked_so_many_times(filled: Server):
    pauses: list[float] = []
    with (
        filled.answering(lambda method, path: (503, error("SlowDown"))),
        pytest.raises(RunError, match=rf"manifest.json cannot be reached, tried {TRIES} times: "),
    ):
        slept(filled.address, pauses).manifest()
    assert pauses == [0.25, 0.5, 1.0]


def test_no_network_is_told_with_the_settings_that_lead_there(
    filled: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(RunError, match=r"check the network, and AWS_REGION and AWS_ENDPOINT_URL"):
        slept(filled.address, []).manifest()


def test_refused_access_is_told_at_once_with_the_variables(filled: Server):
    pauses: list[float] = []
    with (
        filled.answering(lambda method, path: (403, error("AccessDenied"))),
        pytest.raises(DataError, match=r"access was refused .*; set AWS_ACCESS_KEY_ID"),
    ):
        slept(filled.address, pauses).manifest()
    assert not pauses


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_bucket_that_is_not_there_is_told(scheme: str, request: pytest.FixtureRequest):
    request.getfixturevalue(scheme)
    with pytest.raises(DataError, match="there is no bucket nobody"):
        Catalog(f"{scheme}://nobody/a").entries()
    with pytest.raises(DataError, match="there is no bucket nobody"):
        Catalog(f"{scheme}://nobody/a").write("SPY", "1m", bars(10), "test")


def test_a_place_without_a_manifest_is_told(s3: Server):
    with pytest.raises(DataError, match=f"no catalog at {s3.address}: it has no manifest.json"):
        Catalog(str(s3.address)).entries()


def test_an_object_of_other_content_is_refused_by_its_address(filled: Server):
    store, name = Store(filled.address), name_of(filled, "SPY")
    store.put(name, store.read(name_of(filled, "A/B")).content)
    with pytest.raises(DataError, match=f"{filled.address}/{name} was changed outside") as refused:
        Catalog(str(filled.address)).load("SPY", "1m")
    assert "\n" not in str(refused.value)


def test_an_object_with_a_flipped_bit_is_refused_by_its_address(filled: Server):
    store, name = Store(filled.address), name_of(filled, "SPY")
    content = bytearray(store.read(name).content)
    content[100] ^= 1
    store.put(name, bytes(content))
    with pytest.raises(DataError, match=f"{filled.address}/{name} is damaged"):
        Catalog(str(filled.address)).load("SPY", "1m")
    assert not list((Mirror(filled.address).base / "objects").rglob("*.*"))


def test_an_object_that_is_lost_is_refused_by_its_address(filled: Server):
    name = name_of(filled, "SPY")
    Store(filled.address).delete(name)
    with pytest.raises(DataError, match=f"{filled.address}/{name} is in the manifest but not in"):
        Catalog(str(filled.address)).load("SPY", "1m")


def test_a_damaged_manifest_is_refused_by_its_address(filled: Server):
    Store(filled.address).put(MANIFEST, b"{}")
    with pytest.raises(DataError, match=f"{filled.address}/{MANIFEST} is damaged"):
        Catalog(str(filled.address)).entries()


def test_an_interval_that_leads_out_of_the_mirror_is_refused(filled: Server):
    store = Store(filled.address)
    content = store.read(MANIFEST).content.replace(b'"interval": "1m"', b'"interval": "../.."', 1)
    store.put(MANIFEST, content)
    with pytest.raises(DataError, match=r"damaged: A/B has the interval '\.\./\.\.'"):
        Catalog(str(filled.address)).entries()


def test_a_damaged_object_of_the_mirror_is_downloaded_again(filled: Server):
    Catalog(str(filled.address)).load("SPY", "1m")
    (path,) = (Mirror(filled.address).base / "objects").rglob("SPY*")
    path.write_bytes(path.read_bytes()[:-10])
    assert Catalog(str(filled.address)).load("SPY", "1m").equals(bars(100))


def test_a_manifest_that_changes_while_objects_are_fetched_is_read_again(
    filled: Server, another_cache: Callable[[], Path]
):
    reader = Mirror(filled.address)
    old = reader.manifest()["1m", "SPY"]
    another_cache()  # the writers are another machine; what they replace goes with the second write
    for rows in (200, 300):
        Catalog(str(filled.address)).write("SPY", "1m", bars(rows), "test")
    reader.fetch_all([("1m", "A/B"), ("1m", "SPY")])
    new = reader.manifest()["1m", "SPY"]
    assert (old.rows, new.rows) == (100, 300)
    assert all((reader.folder / one.file).is_file() for one in reader.manifest().values())


def test_a_manifest_that_always_changes_is_given_up(
    filled: Server, monkeypatch: pytest.MonkeyPatch
):
    reader, rows = Mirror(filled.address), iter(range(200, 300))
    reader.manifest()

    def changed(*args: object) -> bool:
        content = Store(filled.address).read(MANIFEST).content
        Store(filled.address).put(
            MANIFEST, content.replace(b'"rows": 100', b'"rows": %d' % next(rows), 1) + b" "
        )
        raise DataError("is gone")

    monkeypatch.setattr(reader, "_fetch", changed)
    with pytest.raises(DataError, match=f"has changed {mirror.READS} times while it was read"):
        reader.fetch_all([("1m", "SPY")])


def test_a_pinned_manifest_is_that_of_all_catalogs_of_the_address(
    filled: Server, another_cache: Callable[[], Path]
):
    with pinned(filled.address):
        assert Catalog(str(filled.address)).entry("SPY", "1m").rows == 100
        assert mirror_of(filled.address) is mirror_of(filled.address)
        Store(filled.address).put(MANIFEST, b"{}")
        assert Catalog(str(filled.address)).entry("SPY", "1m").rows == 100
    with pytest.raises(DataError, match="damaged"):
        Catalog(str(filled.address)).entry("SPY", "1m")


def test_a_snapshot_goes_on_when_the_catalog_is_written(filled: Server):
    old = Catalog(str(filled.address))
    with old.reader("SPY", "1m"):
        pass
    path = old.path
    Catalog(str(filled.address)).write("SPY", "1m", bars(200), "test")
    assert Catalog(path).load("SPY", "1m").equals(bars(100))
    assert Catalog(path).place == str(filled.address)
    assert Catalog(str(filled.address)).load("SPY", "1m").equals(bars(200))


def test_what_no_snapshot_in_use_names_is_removed(filled: Server):
    catalog = Catalog(str(filled.address))
    catalog.load("SPY", "1m")
    for rows in (200, 300):
        let_go()
        Catalog(str(filled.address)).write("SPY", "1m", bars(rows), "test")
    base = Mirror(filled.address).base
    assert len(list((base / "objects").rglob("SPY*"))) == 2  # the write's own two
    assert len(list((base / "manifests").iterdir())) == 2


def test_the_mirror_that_was_not_used_for_longest_is_removed(filled: Server):
    Catalog(str(filled.address)).load("SPY", "1m")
    old = Mirror(filled.address).base
    let_go()
    other = filled.address._replace(prefix=f"{filled.address.prefix}-other")
    Catalog(str(other)).write("SPY", "1m", bars(10), "test")
    store = Store(other)
    held = Mirror(other, store, most_bytes=1)
    (held.folder / held.manifest()["1m", "SPY"].file).unlink()
    held.fetch_all([("1m", "SPY")])
    assert not old.exists()
    assert held.base.exists()  # it is in use


def test_the_clients_take_the_usual_variables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:10")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert clients.client_of(Address("s3", "a", "b")).region == "eu-west-1"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:9")
    assert clients.client_of(Address("gs", "a", "b")).type_name == "gcs"
