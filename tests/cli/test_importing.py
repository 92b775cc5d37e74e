import json
from pathlib import Path

import pytest

from pipeline.market.catalog.catalog import Catalog
from tests.cli.terminals import in_a_terminal


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
    (line,) = [line for line in done.out.splitlines() if line.startswith("SPY 1m: ")]
    assert "; clock UTC (a guess: --tz says otherwise); " in line


def test_a_note_on_all_series_is_told_once(called, tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "SPY.csv").write_text(CSV.replace("Last", "Close"))
    (tmp_path / "in" / "about.md").write_text("no bars")
    note = "Files that were not looked at: 1 .md."
    done = called("import", "in", "--catalog", "one")
    assert done.out.splitlines()[-1].endswith(note)
    (tmp_path / "in" / "QQQ.csv").write_text(CSV.replace("Last", "Close").replace("Volume", "Vol"))
    done = called("import", "in", "--catalog", "two")
    assert done.out.splitlines()[-1] == f"All: {note}"
    assert done.out.count(note) == 1


def test_a_jump_of_prices_that_are_said_to_be_adjusted_is_told_so(called, tmp_path: Path):
    (tmp_path / "Y.csv").write_text(
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-03-04,100,101,99,100,100,10\n"
        "2024-03-05,50,51,49,50,50,10\n"
        "2024-03-06,50,51,49,50,50,10\n"
    )
    done = called("import", "Y.csv", "--catalog", "made", "--symbol", "Y")
    assert done.out.splitlines()[-1] == (
        "Y 1d: price jumps as at a split (though its prices are said to be adjusted for splits), "
        "or a real move: 2024-03-05 from 100 to 50."
    )


def test_a_rehearsal_says_all_and_writes_nothing(called, tmp_path: Path):
    (tmp_path / "SPY.csv").write_text(CSV.replace("Last", "Close"))
    done = called("import", "SPY.csv", "--catalog", "made", "--dry-run")
    assert done.code == 0
    assert done.out.rstrip().endswith("Nothing was written.")
    assert not (tmp_path / "made").exists()
    real = called("import", "SPY.csv", "--catalog", "made")
    told = done.out.partition("\n\n")[0].splitlines()
    assert told == real.out.rstrip().splitlines()


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
    document = json.loads(
        called("import", "--actions", "actions.csv", "--catalog", "made", "--json").out
    )
    assert (document["actions"][0]["unchanged"], len(document["notes"])) == (2, 1)


def test_the_order_of_dates_and_the_encoding_of_actions_can_be_said(called, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    text = "symbol,date,ausschüttung\nSPY,6/3/2024,0.25\n"
    (tmp_path / "actions.csv").write_bytes(text.encode("cp850"))
    imported(called)
    command = ("import", "--actions", "actions.csv", "--catalog", "made", "--encoding", "cp850")
    command = (*command, "--columns", "dividend=ausschüttung")
    assert "say which with --date-order mdy or dmy" in called(*command).err
    done = called(*command, "--date-order", "dmy")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1].split()[-1] == "2024-03-06"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--tz", "UTC"), "--tz is not used with --actions; leave it out"),
        (("--dry-run",), "--dry-run is not used with --actions; leave it out"),
        (("--replace", "series"), "--actions takes --replace without a word, was series"),
    ],
)
def test_options_that_actions_do_not_use_are_bad_input(called, options, words: str):
    done = called("import", "--actions", "actions.csv", "--catalog", "made", *options)
    assert done.code == 2
    assert words in done.err


def test_a_table_of_actions_that_is_wrong_is_bad_input(called, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    (tmp_path / "actions.csv").write_text(ACTIONS.replace("2:1", "-2"))
    imported(called)
    done = called("import", "--actions", "actions.csv", "--catalog", "made")
    assert (done.code, done.out) == (2, "")
    told = "actions.csv, line 2: SPY: ex-date 2024-03-05: split must be a finite number above 0"
    assert told in done.err


def test_a_terminal_shows_which_file_is_read(tmp_path: Path):
    for name in ("AAA.csv", "BBB.csv"):
        (tmp_path / name).write_text(CSV.replace("Last", "Close"))
    code, text = in_a_terminal("import", tmp_path, "--catalog", tmp_path / "made", "--tz", "UTC")
    assert code == 0
    assert text.index("reading 1 of 2: ") < text.index("reading 2 of 2: ")
    assert "AAA.csv" in text


def wide_csv(columns: int) -> str:
    """Three bars with so many further columns."""
    head, *rows = CSV.replace("Last", "Close").splitlines()
    more = "".join(f",extra{number}" for number in range(columns))
    return "\n".join((head + more, *(row + ",1" * columns for row in rows), ""))


def test_a_terminal_shows_an_account_wrapped_and_a_pipe_one_line(
    called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "SPY.csv").write_text(wide_csv(4))
    command = ("import", str(tmp_path / "SPY.csv"), "--tz", "UTC", "--catalog")
    (line,) = called(*command, "one").out.splitlines()[2:]
    monkeypatch.setenv("COLUMNS", "60")
    code, text = in_a_terminal(*command, tmp_path / "two")
    assert code == 0
    first, *others = text[text.index("SPY 1m: ") :].splitlines()
    assert all(len(one) <= 60 for one in (first, *others))
    assert all(one.startswith("  ") for one in others)
    assert " ".join((first, *map(str.strip, others))) == line


def test_of_many_columns_the_first_are_told_and_the_manifest_keeps_all(called, tmp_path: Path):
    (tmp_path / "SPY.csv").write_text(wide_csv(400))
    out = called("import", "SPY.csv", "--catalog", "made").out
    names = [f"extra{number}" for number in range(400)]
    assert f"not taken: {', '.join(names[:8])} and 392 more; " in out
    (entry,) = Catalog(tmp_path / "made").entries()
    assert entry.accounts[0].left == tuple(names)
    shown = called("catalog", "show", "made", "SPY").out
    assert f"  not taken {', '.join(names[:30])} and 370 more\n" in shown


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("d/SPY.csv", "; write --replace at the end of the line, or --replace bars d/SPY.csv"),
        (
            "two words.csv",
            "; write --replace at the end of the line, or --replace bars 'two words.csv'",
        ),
        ("serie", "; did you mean 'series'?"),
    ],
)
def test_a_file_behind_replace_is_refused_with_the_way_on(called, word: str, way: str):
    done = called("import", "--replace", word, "--catalog", "made")
    assert done.code == 2
    assert f"{word!r} is not one of 'bars', 'source', 'series'{way}" in done.err


def test_what_prices_are_adjusted_for_is_kept_as_told(called, tmp_path: Path):
    (tmp_path / "prices.csv").write_text(CSV)
    done = imported(called, "--adjusted", "splits-and-dividends")
    assert "adjusted: splits and dividends" in done.out
    (account,) = Catalog(tmp_path / "made").entry("SPY", "1m").accounts
    assert account.adjusted.value == "splits and dividends"
    refused = called("import", "prices.csv", "--catalog", "made", "--actions", "--adjusted", "no")
    assert "--adjusted is not used with --actions" in refused.err
