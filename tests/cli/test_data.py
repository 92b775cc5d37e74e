import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.market.catalog.catalog import Catalog

MINUTE = 60_000_000_000
OPEN = 1_709_562_600_000_000_000  # 2024-03-04 14:30 UTC


def bars(count: int, start: int = OPEN) -> pa.Table:
    price = [100.0 + k for k in range(count)]
    return pa.table(
        {
            "ts": pa.array([start + k * MINUTE for k in range(count)], pa.timestamp("ns", "UTC")),
            "open": price,
            "high": price,
            "low": price,
            "close": price,
            "volume": [10.0] * count,
        }
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    catalog = Catalog(tmp_path / "catalog")
    catalog.write("SPY", "1m", bars(1500), "first.csv")
    catalog.write("SPY", "1m", bars(1501), "second.csv")
    catalog.write("A", "5m", bars(1), "a.csv")
    return catalog.path


def test_the_catalog_is_a_table_of_series(ringtape, catalog: Path):
    done = ringtape("catalog", "catalog")
    assert (done.returncode, done.stderr) == (0, "")
    header, spy, a = done.stdout.splitlines()
    names = ["interval", "symbol", "bars", "days", "first", "last", "gaps", "sources"]
    assert header.split() == names
    assert spy.startswith("1m ")
    for part in ("SPY", "1,501 ", " 2  2024-03-04 14:30:00Z", " 0     first.csv and 1 more"):
        assert part in spy
    assert a.endswith("a.csv")


def test_the_catalog_shows_days_without_bars(called, catalog: Path):
    Catalog(catalog).write("SPY", "1m", bars(1, OPEN + 20 * 1440 * MINUTE), "later.csv")
    (row,) = (line for line in called("catalog", "catalog").out.splitlines() if "SPY" in line)
    assert "  1, longest 18 days after 2024-03-05  " in row
    (spy,) = json.loads(called("catalog", "catalog", "--json").out)["series"][:1]
    assert (spy["coverage"]["days"], spy["coverage"]["gaps"]) == (3, 1)
    assert set(spy["coverage"]["longest_gap"]) == {"after", "before"}


def test_the_catalog_as_json_has_everything(ringtape, catalog: Path):
    done = ringtape("catalog", "catalog", "--json")
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert document["catalog"] == "catalog"
    spy, a = document["series"]
    assert (spy["symbol"], spy["interval"], spy["rows"]) == ("SPY", "1m", 1501)
    assert (spy["first_ts"], spy["first"]) == (OPEN, "2024-03-04T14:30:00Z")
    assert spy["sources"] == ["first.csv", "second.csv"]
    assert spy["sha256"] == Catalog(catalog).entry("SPY", "1m").sha256
    assert a["first_ts"] == a["last_ts"]


def test_a_folder_that_is_a_file_is_bad_input(ringtape, tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert ringtape("catalog", "file").returncode == 2


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ("ts", "'ts' is not of the form ts=Date"),
        ("ts=Date,close=", "'close=' is not of the form ts=Date"),
        ("ts=Date,ts=Time", "ts is given twice, as Date and Time"),
    ],
)
def test_a_column_mapping_that_cannot_be_read_is_bad_input(ringtape, columns: str, what: str):
    done = ringtape("import", "x.csv", "--catalog", "catalog", "--columns", columns)
    assert (done.returncode, done.stdout) == (2, "")
    assert what in done.stderr


CSV = """Date,Open,High,Low,Last,Volume
2024-03-04 09:31:00,100,101,99,100.5,10
2024-03-04 09:32:00,100.5,102,100,101,20
2024-03-04 09:33:00,101,103,100,102,30
"""


def imported(called, *more: str):
    return called(
        *("import", "prices.csv", "--catalog", "made", "--symbol", "SPY", "--interval", "1m"),
        *("--tz", "America/New_York", "--columns", "ts=Date,close=Last", "--end-stamped", *more),
    )


def test_an_import_reads_columns_zone_and_end_stamps_as_told(ringtape, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    done = imported(ringtape, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (series,) = json.loads(done.stdout)["series"]
    assert (series["symbol"], series["interval"]) == ("SPY", "1m")
    assert (series["added"], series["unchanged"], series["replaced"]) == (3, 0, 0)
    assert series["first"] == "2024-03-04T14:30:00Z"
    table = Catalog(tmp_path / "made").load("SPY", "1m")
    assert table["close"].to_pylist() == [100.5, 101.0, 102.0]


def test_importing_the_same_again_changes_no_byte(called, tmp_path: Path):
    def content() -> dict[Path, bytes]:
        files = (tmp_path / "made").rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file()}

    (tmp_path / "prices.csv").write_text(CSV)
    imported(called)
    before = content()
    done = imported(called)
    assert done.code == 0
    header, row = (line.split() for line in done.out.splitlines()[:2])
    assert row[header.index("added")] == "0"
    assert row[header.index("unchanged")] == "3"
    assert content() == before


def test_a_conflict_is_bad_input_unless_replace(called, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    imported(called)
    (tmp_path / "prices.csv").write_text(CSV.replace("102,30", "102.5,30"))
    refused = imported(called)
    assert (refused.code, refused.out) == (2, "")
    assert "--replace" in refused.err
    replaced = imported(called, "--replace", "--json")
    assert json.loads(replaced.out)["series"][0]["replaced"] == 1


def test_a_source_that_is_not_there_is_bad_input_and_makes_no_catalog(called, tmp_path: Path):
    done = called("import", "nowhere.csv", "--catalog", "made")
    assert done.code == 2
    assert "nowhere.csv" in done.err
    assert not (tmp_path / "made").exists()


def test_notes_follow_the_table(called, tmp_path: Path):
    (tmp_path / "SPY.csv").write_text(CSV.replace("Last", "Close"))
    done = called("import", "SPY.csv", "--catalog", "made")
    assert done.code == 0
    assert "SPY 1m: times without a zone were read as UTC" in done.out.splitlines()


ACTIONS = """symbol,date,split,dividend
SPY,2024-03-05,2:1,
SPY,2024-03-06,,0.25
QQQ,2024-03-06,,0.5
"""


def test_splits_and_dividends_are_imported_and_listed(called, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    (tmp_path / "actions.csv").write_text(ACTIONS)
    imported(called)
    done = called("import", "--actions", "actions.csv", "--catalog", "made")
    assert (done.code, done.err) == (0, "")
    header, row, note = done.out.splitlines()
    assert header.split()[:6] == ["symbol", "added", "unchanged", "replaced", "splits", "dividends"]
    assert row.split() == ["SPY", "2", "0", "0", "1", "1", "2024-03-05", "2024-03-06"]
    assert note == "QQQ left out: the catalog has no bars of it"
    listed = called("catalog", "made").out.splitlines()
    assert listed[-2].split() == ["symbol", "splits", "dividends", "first", "last", "sources"]
    assert listed[-1].split() == [
        *("actions", "SPY", "1", "1", "2024-03-05", "2024-03-06", "actions.csv")
    ]
    document = json.loads(called("catalog", "made", "--json").out)
    (series,), (actions,) = document["series"], document["actions"]
    assert (series["interval"], actions["symbol"]) == ("1m", "SPY")
    assert (actions["splits"], actions["dividends"], actions["rows"]) == (1, 1, 2)
    document = json.loads(
        called("import", "--actions", "actions.csv", "--catalog", "made", "--json").out
    )
    assert (document["actions"][0]["unchanged"], len(document["notes"])) == (2, 1)


def test_a_table_of_actions_that_is_wrong_is_bad_input(called, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    (tmp_path / "actions.csv").write_text(ACTIONS.replace("2:1", "-2"))
    imported(called)
    done = called("import", "--actions", "actions.csv", "--catalog", "made")
    assert (done.code, done.out) == (2, "")
    assert "actions.csv: SPY: ex-date 2024-03-05: split must be a finite number above 0" in done.err
