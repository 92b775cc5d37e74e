import dataclasses
import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.market.actions import Actions
from pipeline.market.catalog.account import Account, Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from tests.cli.terminals import in_a_terminal

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
    header, spy, a = (line.split() for line in done.stdout.splitlines())
    names = ["interval", "symbol", "bars", "days", "first", "last", "gaps", "quality"]
    assert header == [*names, "size", "clock"]
    assert spy[:7] == ["1m", "SPY", "1,501", "2", "2024-03-04", "2024-03-05", "0"]
    assert spy[7:9] == ["100.0", "%"]
    assert (spy[-2], spy[-1]) == ("KiB", "-")
    assert a[:2] == ["5m", "A"]


def test_the_catalog_shows_days_without_bars(called, catalog: Path):
    Catalog(catalog).write("SPY", "1m", bars(1, OPEN + 20 * 1440 * MINUTE), "later.csv")
    lines = called("catalog", "catalog").out.splitlines()
    assert "SPY 1m: 18 days without bars after 2024-03-05" in lines
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
    assert spy["bytes"] == (catalog / "1m" / "SPY.parquet").stat().st_size
    assert spy["jumps"] == {"total": 0, "first": []}
    assert spy["accounts"] == []


def test_files_that_are_lost_are_named_below_the_table(called, catalog: Path):
    (catalog / "5m" / "A.parquet").unlink()
    way = "not on disk; `ringtape catalog verify catalog` says the way on"
    assert called("catalog", "catalog").out.splitlines()[3:] == [f"5m/A.parquet is {way}"]
    (catalog / "1m" / "SPY.parquet").unlink()
    line = called("catalog", "catalog").out.splitlines()[-1]
    assert line == f"1m/SPY.parquet, 5m/A.parquet are {way}"


def test_an_empty_catalog_says_so(called, catalog: Path):
    called("catalog", "remove", "catalog", "SPY", "A")
    assert called("catalog", "catalog").out == "there are no series in catalog\n"
    assert json.loads(called("catalog", "catalog", "--json").out)["series"] == []


def test_a_folder_that_is_a_file_is_bad_input(ringtape, tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert ringtape("catalog", "file").returncode == 2


def account(clock: Fact, *, forming: bool = False) -> Account:
    """What an import of one file took for true."""
    return Account(
        source="spy.csv",
        layout="csv",
        clock=clock,
        stamped=Fact("open", "layout"),
        interval=Fact("1m", "rows"),
        adjusted=Fact("not known", "guess", "--adjusted"),
        taken=(("ts", "Date"), ("close", "Last")),
        left=("Change",),
        rows=3,
        rows_left=(("rows without prices", 3),),
        first_ts=OPEN,
        last_ts=OPEN + 2 * MINUTE,
        forming=forming,
        notes=("Volume is 0 everywhere.",),
    )


def test_the_catalog_shows_clocks_jumps_and_bars_that_had_not_ended(called, catalog: Path):
    there = Catalog(catalog)
    clocks = (Fact("America/New_York", "option", "--tz"), Fact("UTC", "guess", "--tz"))
    for symbol, clock in zip(("NYC", "GUESS"), clocks, strict=True):
        told = account(clock, forming=symbol == "NYC")
        there.write_all([Series(symbol, "1m", bars(3), "spy.csv", told)])
    day = 1440 * MINUTE
    pence = bars(1).to_pydict()
    for number, price in enumerate((612.2, 609.6, 5.854, 5.872, 2.9)):
        row = {name: [price] for name in ("open", "high", "low", "close")}
        table = pa.table({**pence, **row, "ts": [OPEN // day * day + number * day]})
        there.write("BP.L", "1d", table, "bp.csv")
    lines = called("catalog", "catalog").out.splitlines()
    clock = {line.split()[1]: line.split()[-1] for line in lines[1:6]}
    assert clock == {"A": "-", "BP.L": "-", "GUESS": "UTC?", "NYC": "New_York", "SPY": "-"}
    assert all(len(line) <= 100 for line in lines[:7])
    jumps = "2024-03-06 from 609.6 to 5.854, 2024-03-08 from 5.872 to 2.9"
    assert lines[6:] == [
        "NYC 1m: the last bar had not ended when it was imported",
        f"BP.L 1d: price jumps as if its unit changed (pence, pounds): {jumps}",
    ]
    there.write_actions({"BP.L": Actions.of([("2024-03-08", 2.0, 0.0)])}, "actions.csv")
    text = called("catalog", "catalog").out
    assert "609.6 to 5.854\n" in text
    assert text.splitlines()[-2:] == [
        "         symbol  splits  dividends  first       last        sources",
        "actions  BP.L         1          0  2024-03-08  2024-03-08  actions.csv",
    ]
    actions = json.loads(called("catalog", "catalog", "--json").out)["actions"]
    assert [(one["symbol"], one["splits"], one["rows"]) for one in actions] == [("BP.L", 1, 1)]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("no", "at a split that is not in the catalog"),
        ("splits", "at a split (though its prices are said to be adjusted for splits)"),
        (
            "splits and dividends",
            "at a split (though its prices are said to be adjusted for splits and dividends)",
        ),
    ],
)
def test_a_jump_of_prices_that_are_said_to_be_adjusted_is_told_so(
    called, catalog: Path, said: str, why: str
):
    there, day = Catalog(catalog), 1440 * MINUTE
    told = account(Fact("UTC", "file"))
    for number, (price, adjusted) in enumerate(((100.0, "not known"), (101.0, said), (50.0, said))):
        ts = OPEN // day * day + number * day
        row = {name: [price] for name in ("open", "high", "low", "close")}
        table = pa.table({**bars(1).to_pydict(), **row, "ts": [ts]})
        now = dataclasses.replace(
            told,
            source=adjusted,
            adjusted=Fact(adjusted, "layout"),
            first_ts=ts - (day if price == 50.0 else 0),
            last_ts=ts,
        )
        there.write_all([Series("Y", "1d", table, "y.csv", now)])
    lines = called("catalog", "catalog").out.splitlines()
    assert lines[-1] == (f"Y 1d: price jumps as {why}, or a real move: 2024-03-06 from 101 to 50")


def test_a_catalog_of_a_version_that_knew_less_is_shown(called, catalog: Path):
    path = catalog / "manifest.json"
    document = json.loads(path.read_text())
    for series in document["series"]:
        for name in ("week", "coverage", "accounts", "jumps", "unaccounted"):
            del series[name]
    path.write_text(json.dumps(document))
    spy = called("catalog", "catalog").out.splitlines()[1].split()
    assert spy[:7] == ["1m", "SPY", "1,501", "-", "2024-03-04", "2024-03-05", "-"]
    assert (spy[7], spy[-1]) == ("-", "-")
    assert "  week      not known\n" in called("catalog", "show", "catalog", "SPY").out


def test_of_many_such_lines_the_first_are_shown(called, catalog: Path):
    there = Catalog(catalog)
    for number in range(14):
        told = account(Fact("UTC", "file"), forming=True)
        there.write_all([Series(f"S{number:02}", "1m", bars(3), "s", told)])
    lines = called("catalog", "catalog").out.splitlines()
    assert lines[-1] == ("and 4 more such lines; `ringtape catalog show catalog SYMBOL` has them")
    assert len(lines) == 1 + 16 + 10 + 1


def test_a_series_is_shown_in_full(called, catalog: Path):
    there = Catalog(catalog)
    told = account(Fact("America/New_York", "option", "--tz"), forming=True)
    there.write_all([Series("SPY", "1m", bars(3, OPEN + 20 * 1440 * MINUTE), "spy.csv", told)])
    text = called("catalog", "show", "catalog", "SPY:1m").out
    for part in (
        "bars      1,504 on 3 days",
        "from      2024-03-04 14:30:00Z to 2024-03-24 14:32:00Z",
        "gap       18 days without bars after 2024-03-05",
        "source    second.csv",
        "import    spy.csv",
        "  clock     America/New_York (by the option)",
        "  adjusted  not known",
        "  columns   ts from Date, close from Last",
        "  not taken Change",
        "  left out  3 rows without prices",
        "  note      Volume is 0 everywhere.",
        "import    without an account, of bars from 2024-03-04 to 2024-03-05",
    ):
        assert f"\n  {part}\n" in f"{text}\n"
    (document,) = json.loads(called("catalog", "show", "catalog", "SPY", "--json").out)["series"]
    assert [gap["after"] % (1440 * MINUTE) for gap in document["gaps"]] == [0]
    assert document["accounts"][0]["clock"]["value"] == "America/New_York"


def test_splits_and_dividends_are_shown_one_by_one(called, catalog: Path):
    rows = [("2024-03-05", 2.0, 0.0), ("2024-03-06", 1.0, 0.25)]
    Catalog(catalog).write_actions({"SPY": Actions.of(rows)}, "actions.csv")
    done = called("catalog", "show", "catalog", "SPY:actions")
    assert done.out.splitlines()[-2:] == [
        "  split     2024-03-05  2 new shares per old share",
        "  dividend  2024-03-06  0.25 per share",
    ]
    done = called("catalog", "show", "catalog", "SPY:actions", "--json")
    (document,) = json.loads(done.out)["series"]
    assert document["table"][1] == {"date": "2024-03-06", "split": 1.0, "dividend": 0.25}


def test_series_are_removed_and_renamed(called, catalog: Path):
    there = Catalog(catalog)
    there.write_actions({"SPY": Actions.of([("2024-03-05", 2.0, 0.0)])}, "actions.csv")
    done = called("catalog", "rename", "catalog", "SPY", "^GSPC")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "renamed SPY 1m to ^GSPC, 1,501 rows\nrenamed SPY actions to ^GSPC, 1 row\n"
    )
    done = called("catalog", "remove", "catalog", "^GSPC:1m", "A", "--json")
    assert json.loads(done.out) == {
        "catalog": "catalog",
        "removed": [
            {"symbol": "^GSPC", "interval": "1m", "rows": 1501},
            {"symbol": "A", "interval": "5m", "rows": 1},
        ],
    }
    assert there.entries() == []
    assert called("catalog", "catalog", "--json").code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["remove", "catalog", "SPX"], "SPX is not in catalog; did you mean SPY?"),
        (["remove", "catalog", "SPY:5m"], "SPY is not in catalog at 5m, only at 1m"),
        (["remove", "catalog"], "Missing argument 'SYMBOL[:INTERVAL]...'"),
        (["remove", "nowhere", "SPY"], "no catalog at nowhere"),
        (["rename", "nowhere", "SPY", "X"], "no catalog at nowhere"),
        (["rename", "catalog", "SPY", "A"], "A is in catalog at 5m; remove it first"),
        (["show", "catalog", "SPX"], "SPX is not in catalog; did you mean SPY?"),
        (["verify", "catalog", "SPX"], "SPX is not in catalog; did you mean SPY?"),
        (
            ["remov", "catalog", "SPY"],
            "'remov' is no folder and no command; did you mean 'remove'?",
        ),
        (
            ["xyzzy", "catalog"],
            "is no folder and no command; there are show, remove, rename, verify",
        ),
        (
            ["replace", "catalog", "SPY"],
            "command; `ringtape import` with `--replace series` or `--replace source` does that",
        ),
        (
            ["import", "x.csv", "--catalog", "catalog"],
            "'import' is no folder and no command; `ringtape import` does that",
        ),
        (["export", "catalog", "--out", "x"], "`ringtape export` does that"),
        (
            ["catalog", "SPY"],
            "a catalog is listed whole; `ringtape catalog show catalog SPY` shows a series",
        ),
        (
            ["show", "SPY", "catalog"],
            "the catalog comes before the rest: `ringtape catalog show catalog SPY`",
        ),
        (
            ["--json", "rename", "SPY", "^GSPC", "catalog"],
            "before the rest: `ringtape catalog rename catalog SPY '^GSPC'`",
        ),
        (
            ["catalog", "show", "SPY"],
            "the command comes before the catalog: `ringtape catalog show catalog SPY`",
        ),
        (["show", "SPY", "nowhere"], "no catalog at SPY"),
        ([], "Missing argument 'DIR'"),
    ],
)
def test_a_refusal_is_one_line_with_the_way_on(called, catalog: Path, args: list[str], words: str):
    done = called("catalog", *args)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert words in line
    assert len(Catalog(catalog).entries()) == 2


def test_a_catalog_that_is_called_like_a_command_is_named_with_its_place(called, catalog: Path):
    catalog.rename(catalog.parent / "remove")
    assert "SPY" in called("catalog", "./remove").out
    removed = json.loads(called("catalog", "--json", "remove", "./remove", "A").out)["removed"]
    assert [one["symbol"] for one in removed] == ["A"]
    assert called("catalog", "remove", "remove", "SPY").out == "removed SPY 1m, 1,501 rows\n"


@pytest.mark.parametrize("command", ["show", "remove", "rename", "verify"])
def test_each_command_has_help_with_an_example(called, command: str):
    done = called("catalog", command, "--help")
    assert done.code == 0
    assert f"\n  Example:\n    ringtape catalog {command} catalog" in done.out
    assert "--json" in done.out
    assert f"\n  {command} " in called("catalog", "--help").out


def test_files_are_verified(called, catalog: Path):
    done = called("catalog", "verify", "catalog")
    assert (done.code, done.out, done.err) == (0, "2 files verified: as written\n", "")
    (catalog / "5m" / "A.parquet").unlink()
    (catalog / "5m" / "B.parquet").write_bytes(b"")
    done = called("catalog", "verify", "catalog")
    assert (done.code, done.err) == (2, "")
    missing, surplus, last = done.out.splitlines()
    assert missing.startswith("missing: catalog/5m/A.parquet is in the manifest but not on disk; ")
    assert surplus.startswith("surplus: catalog/5m/B.parquet is of no series in the manifest")
    assert last == "2 files verified: 1 missing, 1 surplus"
    done = called("catalog", "verify", "catalog", "--json")
    assert done.code == 2
    document = json.loads(done.out)
    assert document["files"] == 2
    assert [(one["file"], one["fault"]) for one in document["findings"]] == [
        ("5m/A.parquet", "missing"),
        ("5m/B.parquet", "surplus"),
    ]
    done = called("catalog", "verify", "catalog", "SPY")
    assert (done.code, done.out) == (0, "1 file verified: as written\n")


def test_a_terminal_shows_which_file_is_read(catalog: Path):
    code, text = in_a_terminal("catalog", "verify", catalog)
    assert code == 0
    assert "verifying 1 of 2: SPY 1m" in text
    assert text.rstrip().endswith("2 files verified: as written")
