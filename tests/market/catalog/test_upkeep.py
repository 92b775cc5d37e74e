"""Series of a catalog that are removed, renamed and verified."""

import os

import pytest

from pipeline.errors import DataError
from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.upkeep import find_series, remove_series, rename_symbol, verify
from tests.market.catalogs import bars, python, tree

SPLIT = Actions.of([("2024-07-03", 2.0, 0.0)])


@pytest.fixture
def catalog(tmp_path):
    catalog = Catalog(tmp_path / "c")
    for symbol in ("AAPL", "MSFT", "EX:BTC", "B:1m", "B"):
        catalog.write(symbol, "1m", bars(20), "s")
    catalog.write("AAPL", "1h", bars([0, 60]), "s")
    catalog.write_actions({"AAPL": SPLIT}, "s")
    return catalog


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("AAPL", [("1m", "AAPL"), ("1h", "AAPL"), ("actions", "AAPL")]),
        ("AAPL:1h", [("1h", "AAPL")]),
        ("AAPL:60s", [("1m", "AAPL")]),
        ("AAPL:actions", [("actions", "AAPL")]),
        ("EX:BTC", [("1m", "EX:BTC")]),
        ("EX:BTC:1m", [("1m", "EX:BTC")]),
        ("B:1m", [("1m", "B:1m")]),
        ("B:60s", [("1m", "B")]),
    ],
)
def test_a_series_is_named_by_symbol_and_interval(catalog, text, keys):
    assert find_series(catalog, text) == keys


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("APPL", "APPL is not in .*; did you mean AAPL?"),
        ("APPL:1m", "APPL is not in .*; did you mean AAPL?"),
        ("AAPL:5m", "AAPL is not in .* at 5m, only at 1m, 1h"),
        ("MSFT:actions", "MSFT has no splits or dividends in"),
        ("EX:BTX", "EX:BTX is not in .*; did you mean EX:BTC?"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is_near(catalog, text, words):
    with pytest.raises(DataError, match=words.replace("?", r"\?")):
        find_series(catalog, text)


def test_what_is_removed_leaves_no_file_and_all_else_as_it_was(catalog):
    before = tree(catalog.path)
    removed = remove_series(catalog, find_series(catalog, "AAPL"))
    assert [(entry.symbol, entry.interval) for entry in removed] == [
        *(("AAPL", "1m"), ("AAPL", "1h"), ("AAPL", "actions")),
    ]
    after = tree(catalog.path)
    gone = before.keys() - after.keys()
    assert gone == {"1m/AAPL.parquet", "1h/AAPL.parquet", "actions/AAPL.parquet"}
    assert sorted(path.name for path in catalog.path.iterdir()) == ["1m", "manifest.json"]
    assert all(before[name] == after[name] for name in after if name != "manifest.json")
    assert {entry.symbol for entry in catalog.entries()} == {"MSFT", "EX:BTC", "B:1m", "B"}
    assert verify(catalog, [], lambda *_: None) == []
    catalog.write("AAPL", "1m", bars(5, seed=2), "again")
    assert catalog.load("AAPL", "1m").num_rows == 5


def test_all_is_removed_or_nothing(catalog):
    before = tree(catalog.path)
    with pytest.raises(DataError, match="NONE at 1m is not in"):
        remove_series(catalog, [("1m", "AAPL"), ("1m", "NONE")])
    assert tree(catalog.path) == before


CRASH = """
    import os
    from pathlib import Path
    from pipeline.market.catalog.upkeep import find_series, remove_series, rename_symbol
    left = [int(sys.argv[2])]
    def counted(kept):
        def call(self, *rest, **more):
            if self.name.startswith((".lock", "RINGTAPE")):
                return kept(self, *rest, **more)
            if left[0] == 0:
                os._exit(9)
            left[0] -= 1
            return kept(self, *rest, **more)
        return call
    Path.replace, Path.unlink = counted(Path.replace), counted(Path.unlink)
    catalog = Catalog(sys.argv[1])
    if sys.argv[3] == "remove":
        remove_series(catalog, find_series(catalog, "AAPL"))
    else:
        rename_symbol(catalog, "AAPL", "NEW")
    os._exit(0)
"""


@pytest.mark.parametrize("what", ["remove", "rename"])
def test_a_crash_at_any_step_leaves_all_or_nothing(tmp_path, what):
    for steps in range(12):
        catalog = Catalog(tmp_path / str(steps))
        for symbol, interval in (("AAPL", "1m"), ("AAPL", "1h"), ("MSFT", "1m")):
            catalog.write(symbol, interval, bars([0, 60]), "s")
        code = python(CRASH, catalog.path, steps, what).wait()
        there = {(entry.symbol, entry.interval) for entry in catalog.entries()}
        names = {symbol for symbol, _ in there} - {"MSFT"}
        assert names in ([{"AAPL"}, set()] if what == "remove" else [{"AAPL"}, {"NEW"}])
        catalog.write("OTHER", "1m", bars(2), "s")
        assert verify(catalog, [], lambda *_: None) == []
        assert not list(catalog.path.rglob("*.new"))
        if code == 0:
            break
    assert (code, steps > 3, names) == (0, True, set() if what == "remove" else {"NEW"})


def test_a_symbol_is_renamed_with_all_it_has_and_its_hashes_stay(catalog):
    hashes = {entry.interval: entry.sha256 for entry in catalog.entries() if entry.symbol == "AAPL"}
    written = rename_symbol(catalog, "AAPL", "BRK/B")
    assert {entry.interval: entry.sha256 for entry in written[:2]} == hashes
    assert catalog.load("BRK/B", "1m").equals(bars(20))
    assert catalog.actions("BRK/B").split.tolist() == [2.0]
    with pytest.raises(DataError):
        catalog.entry("AAPL", "1m")
    assert verify(catalog, [], lambda *_: None) == []
    assert not (catalog.path / "1m" / "AAPL.parquet").exists()


def test_a_symbol_may_be_renamed_to_other_letters_of_the_same_name(catalog):
    rename_symbol(catalog, "AAPL", "aapl")
    assert catalog.load("aapl", "1m").equals(bars(20))
    assert verify(catalog, [], lambda *_: None) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("APPL", "X", "APPL is not in .*; did you mean AAPL"),
        ("AAPL", "MSFT", "MSFT is in .* at 1m; remove it first: `ringtape catalog remove .* MSFT`"),
        ("AAPL", "msft", "'msft' differs only in case from 'MSFT'"),
        ("AAPL", " ", "a symbol has 1 to 128 printable characters"),
        ("AAPL", "AAPL", "the old and the new symbol are the same, AAPL: nothing to rename$"),
        ("APPL", "APPL", "APPL is not in .*; did you mean AAPL"),
    ],
)
def test_an_impossible_name_is_refused_and_changes_nothing(catalog, old, new, words):
    before = tree(catalog.path)
    with pytest.raises(DataError, match=words):
        rename_symbol(catalog, old, new)
    assert tree(catalog.path) == before


def test_every_file_that_is_not_as_it_was_is_named_with_the_way_on(catalog):
    told = []
    assert verify(catalog, [], lambda entry, *at: told.append((entry.symbol, *at))) == []
    assert [number for _, number, _ in told] == [1, 2, 3, 4, 5, 6, 7]
    assert {of for *_, of in told} == {7}
    path = catalog.path
    damaged = path / "1m" / "MSFT.parquet"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 3] ^= 1
    damaged.write_bytes(content)
    (path / "1h" / "AAPL.parquet").unlink()
    (path / "actions" / "AAPL.parquet").write_bytes(b"")
    (path / "5m").mkdir()
    (path / "5m" / "X.parquet").write_bytes(b"")
    (path / "notes.txt").write_text("mine")
    (path / "other").mkdir()
    (path / "other" / "X.parquet").write_bytes(b"")
    found = verify(catalog, [], lambda *_: None)
    assert [(one.file, one.fault) for one in found] == [
        ("1m/MSFT.parquet", "damaged"),
        ("1h/AAPL.parquet", "missing"),
        ("actions/AAPL.parquet", "damaged"),
        ("5m/X.parquet", "surplus"),
    ]
    ways = ["import it again with --replace"] * 2
    ways += ["import it again with --actions --replace", "import it, or delete it"]
    assert all(one.words.endswith(way) for one, way in zip(found, ways, strict=True))
    assert [one.file for one in verify(catalog, ["MSFT:1m", "B"], lambda *_: None)] == [
        "1m/MSFT.parquet"
    ]


def test_a_flip_that_the_file_system_does_not_show_is_found(catalog):
    catalog.reader("MSFT", "1m").close()
    file = catalog.path / "1m" / "MSFT.parquet"
    state = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert [one.fault for one in verify(catalog, ["MSFT"], lambda *_: None)] == ["damaged"]
