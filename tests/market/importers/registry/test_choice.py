"""Which importer reads a file, among Ringtape's own and those of other packages."""

import gzip
import re
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from tests.market.importers.registry.declared import ACME, BARS, COLUMNS, Plain, declare

CSV = "ts,open,high,low,close,volume\n" + "".join(
    f"2024-03-04T09:{minute}:00Z,1,2,1,2,5\n" for minute in range(30, 40)
)
FAILS = "raise ValueError('no licence found')\n"


@pytest.fixture
def with_acme(tmp_path, monkeypatch):
    """The package of the page, declared; its module is not imported yet."""
    points = {"acme.bars": "ringtape_acme:IMPORTER"}
    declare(tmp_path, monkeypatch, "ringtape-acme", points, {"ringtape_acme": ACME.read_text()})


@pytest.fixture
def bars(tmp_path) -> Path:
    path = tmp_path / "february.bars"
    path.write_text(BARS)
    return path


@pytest.mark.usefixtures("with_acme")
def test_its_rows_are_treated_as_those_of_any_file(bars, tmp_path):
    (result,) = import_bars(bars, tmp_path / "c")
    account = result.account
    assert (result.symbol, result.interval, result.rows) == ("MSFT", "1m", 3)
    assert account.layout == "acme"
    assert account.clock == Fact("America/Chicago", "importer", "--tz")
    assert account.stamped == Fact("close", "importer", "--open-stamped")
    assert account.adjusted == Fact("splits", "importer")
    assert "Times without trades have no bars, as the importer acme says." in account.notes
    ts = Catalog(tmp_path / "c").load("MSFT", "1m")["ts"]
    assert str(ts[0].as_py()) == "2024-03-04 15:30:00+00:00"


@pytest.mark.usefixtures("with_acme")
def test_options_of_the_user_come_before_its_conventions(bars, tmp_path):
    options = {"tz": "UTC", "stamped": "open", "symbol": "X", "decimal": "comma"}
    (result,) = import_bars(bars, tmp_path / "c", **options)
    assert (result.symbol, result.account.clock) == ("X", Fact("UTC", "option"))
    assert str(Catalog(tmp_path / "c").load("X", "1m")["ts"][0].as_py())[11:16] == "09:31"
    notes = result.account.notes
    assert "--decimal is not used: the importer acme does not take it." in notes


@pytest.mark.usefixtures("with_acme")
def test_bad_rows_are_told_and_left_out_as_in_any_file(tmp_path):
    rows = [f"2024-03-04 09:{minute};1;1;1;1;5" for minute in range(31, 51)]
    rows[7] = "2024-03-04 09:38;1;0.5;1;1;5"
    (tmp_path / "x.bars").write_text("\n".join(("ACME bars;M", *rows, "END;20", "")))
    with pytest.raises(DataError, match=r"x\.bars, row 7: .*; --bad-rows drop leaves such rows"):
        import_bars(tmp_path / "x.bars", tmp_path / "c")
    (result,) = import_bars(tmp_path / "x.bars", tmp_path / "c", bad_rows="drop")
    assert result.rows == 19


@pytest.mark.usefixtures("with_acme")
def test_files_of_its_ending_are_found_in_folders_and_archives(bars, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.bars.gz").write_bytes(gzip.compress(BARS.encode()))
    (folder / "b.bars").write_text(BARS.replace("2024-03-04", "2024-03-05"))
    (folder / "b.other").write_text(BARS)
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.writestr("deep/c.bars", BARS.replace("2024-03-04", "2024-03-06"))
    (result,) = import_bars(folder, tmp_path / "c")
    assert (result.files, result.rows) == (3, 9)
    assert "Files that were not looked at: 1 .other." in result.account.notes


@pytest.mark.usefixtures("with_acme")
def test_a_damaged_file_in_an_archive_is_called_by_its_name_there(tmp_path):
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("c.bars", BARS.removesuffix("END;3\n"))
    with pytest.raises(DataError, match=r"^\S+c\.zip/c\.bars must end with END;3, was ''; get"):
        import_bars(tmp_path / "c.zip", tmp_path / "c")


@pytest.mark.usefixtures("with_acme")
def test_a_package_is_imported_only_for_a_file_that_it_may_read(tmp_path):
    (tmp_path / "AAPL.csv").write_text(CSV)
    import_bars(tmp_path / "AAPL.csv", tmp_path / "c")
    assert "ringtape_acme" not in sys.modules
    (tmp_path / "x.bars").write_text("hello")
    with pytest.raises(DataError, match=r"x\.bars"):
        import_bars(tmp_path / "x.bars", tmp_path / "c")
    assert "ringtape_acme" in sys.modules


def test_without_an_ending_it_is_asked_for_files_that_nobody_takes(tmp_path, monkeypatch):
    one = Plain(score=1)
    declare(tmp_path, monkeypatch, "one", {"plain": "one_module:IMPORTER"}, {"one_module": one})
    (tmp_path / "A").write_bytes(b"plain")
    (result,) = import_bars(tmp_path / "A", tmp_path / "c")
    assert (result.account.layout, result.rows) == ("plain", 3)
    one.sniff = lambda path, head: pytest.fail("the file is CSV")
    (tmp_path / "AAPL.csv").write_text(CSV)
    import_bars(tmp_path / "AAPL.csv", tmp_path / "c")


def test_the_highest_score_wins_and_equal_ones_are_refused(tmp_path, monkeypatch):
    (tmp_path / "AAPL.csv").write_text(CSV)
    scores = {name: Plain(name=name, score=10, word=b"ts,") for name in ("one", "two")}
    for name, importer in scores.items():
        points = {f"{name}.csv": f"{name}_module:IMPORTER"}
        declare(tmp_path, monkeypatch, f"of-{name}", points, {f"{name}_module": importer})

    def chosen(**options: str) -> str:
        found = import_bars(tmp_path / "AAPL.csv", tmp_path / "c", dry_run=True, **options)
        return found[0].account.layout

    words = (
        r"AAPL\.csv: the importers 'one' of of-one 0\.1 and 'two' of of-two 0\.1 and 'csv' of "
        r"Ringtape both claim it with the score 10; say which is right: --layout one or"
    )
    with pytest.raises(DataError, match=words):
        chosen()
    assert [chosen(layout=name) for name in ("one", "two", "csv")] == ["one", "two", "csv"]
    scores["one"].score = 11
    assert chosen() == "one"
    scores["two"].score = 12
    assert chosen() == "two"
    scores["one"].score = scores["two"].score = 9
    assert chosen() == "csv"


@pytest.mark.usefixtures("with_acme")
def test_an_importer_that_is_named_reads_files_that_it_does_not_know(tmp_path):
    (tmp_path / "x.txt").write_text(BARS.replace("ACME bars", "ACME BARS"))
    (result,) = import_bars(tmp_path / "x.txt", tmp_path / "c", layout="acme")
    assert "The file has not the signs of 'acme' of ringtape-acme 0.1." in result.account.notes


@pytest.mark.usefixtures("with_acme")
def test_a_layout_of_ringtape_that_is_named_asks_nobody_else(tmp_path, bars):
    with pytest.raises(DataError, match=r"february\.bars: neither its columns nor its name tell"):
        import_bars(bars, tmp_path / "c", layout="kraken")
    assert "ringtape_acme" not in sys.modules


@pytest.mark.usefixtures("with_acme")
def test_rows_from_python_are_no_file_of_an_importer(tmp_path):
    with pytest.raises(
        DataError, match=r"is no file, which 'acme' of ringtape-acme 0\.1 reads; le"
    ):
        import_bars(pa.table(COLUMNS), tmp_path / "c", layout="acme")
    (result,) = import_bars({"X": pa.table(COLUMNS)}, tmp_path / "c", layout="arrow")
    assert (result.symbol, result.rows) == ("X", 3)


def test_a_broken_one_is_named_and_stops_nobody_else(tmp_path, monkeypatch, bars):
    points = {"fails.bars": "broken_module:IMPORTER", "fails.csv": "broken_module:IMPORTER"}
    declare(tmp_path, monkeypatch, "of-broken", points, {"broken_module": FAILS})
    why = (
        r"importer 'fails' of of-broken 0\.1 \(broken_module:IMPORTER\) cannot be used: "
        r"ValueError: no licence found"
    )
    with pytest.raises(DataError, match=rf"february\.bars has no .*; the {why}$"):
        import_bars(bars, tmp_path / "c")
    with pytest.raises(DataError, match=why):
        import_bars(bars, tmp_path / "c", layout="fails")
    (tmp_path / "AAPL.csv").write_text(CSV)
    (result,) = import_bars(tmp_path / "AAPL.csv", tmp_path / "c")
    assert result.account.notes[-1].startswith("The importer 'fails' of of-broken 0.1")


def test_without_its_package_a_file_is_refused_with_the_way_on(tmp_path, bars):
    with pytest.raises(DataError, match=r"no importer takes files that end in \.bars, of those th"):
        import_bars(bars, tmp_path / "c")
    with pytest.raises(ConfigError, match=r"there is no layout 'acme'.*which `ringtape importers`"):
        import_bars(bars, tmp_path / "c", layout="acme")


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"\x89PNG\r\n", "a picture"), (b"\x28\xb5\x2f\xfd" + bytes(9), "packed by zstd (unpack it)")],
)
def test_what_is_known_to_be_no_market_data_needs_no_importer(tmp_path, head, kind):
    (tmp_path / "a.odd").write_bytes(head)
    with pytest.raises(DataError, match=rf"is {re.escape(kind)}, not market data; .* writes$"):
        import_bars(tmp_path / "a.odd", tmp_path / "c")


@pytest.mark.parametrize(
    ("score", "why"),
    [
        (101, "must give a score from 0 to 100 to .*, was 101"),
        (True, "must give a score from 0 to 100 to .*, was True"),
        (None, "must give a score from 0 to 100 to .*, was None"),
    ],
)
def test_a_score_of_another_kind_is_told(tmp_path, monkeypatch, score, why):
    one = Plain(score=score)
    declare(tmp_path, monkeypatch, "one", {"plain.x": "one_module:IMPORTER"}, {"one_module": one})
    (tmp_path / "a.x").write_bytes(b"plain")
    with pytest.raises(DataError, match=why):
        import_bars(tmp_path / "a.x", tmp_path / "c")
