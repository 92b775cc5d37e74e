"""Tables of splits and dividends, as people and vendors write them."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers.actions import import_actions
from tests.market.importers.actions.a_year import catalog_of_a_year, daily, rows


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_of_a_year(tmp_path / "catalog")


def take(catalog: Catalog, tmp_path: Path, text: str, name: str = "AAPL.csv", **more):
    path = tmp_path / name
    path.write_text(text)
    return import_actions([path], catalog, **more)


@pytest.mark.parametrize(
    "text",
    [
        "date,split,dividend\n2014-06-09,7,\n2014-08-07,,0.47\n",
        "symbol,date,split,dividend\nAAPL,2014-06-09,7,0\nAAPL,2014-08-07,1,0.47\n",
        "Ex-Date;Dividends;Split Ratio\n20140807;0.47;1\n20140609;0;7:1\n",
        "Ticker\tDate\tRatio\nAAPL\t2014-06-09 00:00:00-04:00\t7/1\n",
        "\n\t Date\tTicker\tRatio\n0\t2014-06-09\tAAPL\t7/1\n",
    ],
)
def test_a_plain_table_is_read(catalog, tmp_path, text):
    (result,), notes = take(catalog, tmp_path, text)
    dividends = 0 if "Ticker" in text else 1
    both = [("2014-06-09", 7.0, 0.0), ("2014-08-07", 1.0, 0.47)]
    assert rows(catalog, "AAPL") == both[: 1 + dividends]
    assert (result.symbol, result.splits, result.dividends) == ("AAPL", 1, dividends)
    assert (result.added, notes) == (1 + dividends, [])
    (again,), _ = take(catalog, tmp_path, text)
    assert (again.added, again.unchanged) == (0, 1 + dividends)


@pytest.mark.parametrize(
    "split", ["7-for-1", "7 for 1", "7 FOR 1", "7 -for- 1", "7.0:1", "7 / 1", "14:2", "7e0"]
)
def test_a_split_may_be_a_ratio_in_several_forms(catalog, tmp_path, split):
    take(catalog, tmp_path, f"date,split\n2014-06-09,{split}\n")
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0)]


def test_columns_can_be_named(catalog, tmp_path):
    text = "wann,wieviel\n2014-08-07,0.47\n"
    take(catalog, tmp_path, text, columns={"date": "wann", "dividend": "wieviel"})
    assert rows(catalog, "AAPL") == [("2014-08-07", 1.0, 0.47)]


def test_columns_can_be_numbered_from_one_unless_a_column_has_that_name(catalog, tmp_path):
    text = "wann,wieviel,wieviel\n2014-08-07,9,0.47\n"
    take(catalog, tmp_path, text, columns={"date": "1", "dividend": "3"})
    assert rows(catalog, "AAPL") == [("2014-08-07", 1.0, 0.47)]
    text = "3,1,2\n0.47,2014-08-07,9\n"
    take(catalog, tmp_path, text, columns={"date": "1", "dividend": "3"})
    assert rows(catalog, "AAPL") == [("2014-08-07", 1.0, 0.47)]


@pytest.mark.parametrize("column", ["0", "3", "-1", "1.0", "²"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(catalog, tmp_path, column):
    with pytest.raises(DataError, match=f"there is no column '{column}'; columns: wann, wieviel"):
        take(catalog, tmp_path, "wann,wieviel\n2014-08-07,1\n", columns={"date": column})


def test_rows_of_bars_without_either_are_left_out(catalog, tmp_path):
    """Quandl's WIKI has both columns on every day, newest first."""
    text = (
        "Date,Open,Close,Ex-Dividend,Split Ratio,Adj. Close\n"
        "2014-08-07,94.9,94.5,0.47,1.0,90\n2014-08-06,94.7,94.9,0.0,1.0,90\n"
        "2014-06-09,92.7,93.7,0.0,7.0,90\n"
    )
    take(catalog, tmp_path, text, "WIKI-2014.csv", symbol="AAPL")
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0), ("2014-08-07", 1.0, 0.47)]


def test_of_yahoos_bars_only_dividends_are_taken(catalog, tmp_path):
    text = (
        "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n"
        "2014-05-08 00:00:00-04:00,1,1,1,1,1,1,0.47,0.0\n"
        "2014-06-09 00:00:00-04:00,1,1,1,1,1,1,0.0,7.0\n"
    )
    (result,), _ = take(catalog, tmp_path, text, "MSFT.csv")
    assert rows(catalog, "MSFT") == [("2014-05-08", 1.0, 0.47)]
    assert result.notes == ("1 splits left out: Yahoo's prices are adjusted for them already",)


def test_yahoos_actions_alone_are_put_back_to_shares_of_the_day(catalog, tmp_path):
    text = (
        "Date,Dividends,Stock Splits\n"
        "2014-05-08,0.47,0.0\n2014-06-09,0.0,7.0\n2014-08-07,0.47,0.0\n"
    )
    (result,), _ = take(catalog, tmp_path, text)
    assert rows(catalog, "AAPL") == [
        ("2014-05-08", 1.0, pytest.approx(3.29)),
        ("2014-06-09", 7.0, 0.0),
        ("2014-08-07", 1.0, 0.47),
    ]
    assert result.notes == ("dividends are those per share of the day",)


def test_of_yahoos_splits_alone_nothing_is_said_of_dividends(catalog, tmp_path):
    (result,), _ = take(catalog, tmp_path, "Date,Dividends,Stock Splits\n2014-06-09,0.0,7.0\n")
    assert result.notes == ()


def test_a_split_that_the_prices_have_already_is_refused(catalog, tmp_path):
    with pytest.raises(
        DataError,
        match=r"MSFT.csv: MSFT: the prices are already adjusted for the split of 7 on 2014-06-09: "
        r"close 700 before it, open 700 after",
    ):
        take(catalog, tmp_path, "date,split\n2014-06-09,7\n", "MSFT.csv")
    assert catalog.action_entries() == []


def test_symbols_without_bars_are_left_out_and_named(catalog, tmp_path):
    text = "symbol,date,dividend\nIBM,2014-08-06,1.1\nAAPL,2014-08-07,0.47\nGE,2014-06-19,0.22\n"
    results, notes = take(catalog, tmp_path, text)
    assert [one.symbol for one in results] == ["AAPL"]
    assert notes == [f"{name} left out: the catalog has no bars of it" for name in ("GE", "IBM")]


def test_of_more_than_three_symbols_without_bars_three_are_named_and_the_rest_counted(
    catalog, tmp_path
):
    text = "symbol,date,dividend\nAAPL,2014-08-07,0.47\n"
    for name in ("A", "B", "C"):
        text += f"{name},2014-08-06,1\n"
    assert take(catalog, tmp_path, text)[1] == [
        f"{name} left out: the catalog has no bars of it" for name in ("A", "B", "C")
    ]
    for number in range(1000):
        text += f"D{number},2014-08-06,1\n"
    assert take(catalog, tmp_path, text)[1] == [
        "A, B, C and 1,000 more left out: the catalog has no bars of them"
    ]


@pytest.mark.parametrize("name", ["AAPL.csv", "AAPL_1min.csv", "AAPL 1day.txt"])
def test_the_symbol_in_the_name_of_a_file_is_that_of_bars(catalog, tmp_path, name):
    (result,), _ = take(catalog, tmp_path, "date,dividend\n2014-08-07,0.47\n", name)
    assert result.symbol == "AAPL"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("WIKI-AAPL-2014-quandl.csv", "Date,Close,Ex-Dividend,Split Ratio,Adj. Close"),
        ("AAPL-2014-1d.csv", "Date,Close,Dividends,Stock Splits,Open"),
    ],
)
def test_the_symbol_in_a_name_is_found_as_the_layout_of_the_bars_finds_it(
    catalog, tmp_path, name, header
):
    (result,), _ = take(catalog, tmp_path, header + "\n2014-08-07,94.5,0.47,1.0,90\n", name)
    assert result.symbol == "AAPL"


def test_a_symbol_in_a_name_may_have_a_point(tmp_path):
    catalog = Catalog(tmp_path / "catalog")
    catalog.write("BRK.B", "1d", daily(), "s")
    (result,), _ = take(catalog, tmp_path, "date,dividend\n2014-08-07,0.47\n", "BRK.B.csv")
    assert result.symbol == "BRK.B"


@pytest.mark.parametrize("name", ["aapl.csv", "AAPL_actions.csv", "AAPL splits.csv"])
def test_a_name_without_a_plain_symbol_is_refused_with_the_way_on(catalog, tmp_path, name):
    text = "date,dividend\n2014-08-07,0.47\n"
    with pytest.raises(DataError, match=f"{name}: neither its columns nor its name .* --symbol"):
        take(catalog, tmp_path, text, name)
    take(catalog, tmp_path, text, name, symbol="AAPL")
    assert rows(catalog, "AAPL") == [("2014-08-07", 1.0, 0.47)]
    assert take(catalog, tmp_path, text, "AAPL.csv")[0][0].unchanged == 1


def test_a_symbol_without_bars_is_refused_with_what_it_is_from(catalog, tmp_path):
    text = "date,dividend\n2014-08-07,0.47\n"
    told = (
        "APPL.csv: APPL is not in .*; did you mean AAPL.; the symbol is from the name of the file"
    )
    with pytest.raises(DataError, match=f"{told}, --symbol gives another"):
        take(catalog, tmp_path, text, "APPL.csv")
    with pytest.raises(DataError, match=r"APPL is not in .*; did you mean AAPL\?$"):
        take(catalog, tmp_path, text, symbol="APPL")


def test_one_symbol_is_not_given_to_rows_of_several(catalog, tmp_path):
    text = "symbol,date,dividend\n,2014-08-05,0\nIBM,2014-08-06,1.1\nGE,2014-08-07,0.47\n"
    with pytest.raises(DataError, match="line 4: the symbol is 'GE', and 'IBM' before; --symbol"):
        take(catalog, tmp_path, text, symbol="AAPL")
    take(catalog, tmp_path, text.replace("GE", " IBM "), symbol="AAPL")
    assert len(rows(catalog, "AAPL")) == 2


def test_a_row_without_a_symbol_is_refused_where_others_have_one(catalog, tmp_path):
    text = "symbol,date,dividend\nAAPL,2014-08-06,1.1\n ,2014-08-07,0.47\n"
    with pytest.raises(DataError, match="line 3: no symbol"):
        take(catalog, tmp_path, text)
    with pytest.raises(DataError, match="2 of 3 rows cannot be taken: line 3: no symbol, line 4: "):
        take(catalog, tmp_path, text + "AAPL,2014-08-09,x\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,split\n2014-06-09,0\n", "AAPL.csv, line 2: AAPL: ex-date 2014-06-09: split must be"),
        ("date,split\n2014-06-09,nan\n", "split must be a finite number above 0 .* was nan"),
        (
            "date,split\n2014-06-09,7-1\n",
            r"line 2: split must be a number or a ratio \(2, 2:1, 2/1, 2-for-1\), was '7-1'",
        ),
        ("date,split\n2014-06-09,7for1\n", "split must be a number .*, was '7for1'"),
        ("date,split\n2014-06-09,7:1:1\n", "split must be a number .*, was '7:1:1'"),
        ("date,split\n2014-06-09,7_0\n", "line 2: split must be a number .*, was '7_0'"),
        ("date,split\n2014-06-09,7:\n", "line 2: split must be a number .*, was '7:'"),
        ("date,split\n2014-06-09,7:0\n", "line 2: split must be a number .*, was '7:0'"),
        ("date,dividend\n2014-06-09,-1\n", "dividend must be a finite number of at least 0"),
        (
            "date,dividend\n2014-06-09,1\n2014-06-09,1\n",
            "line 3: AAPL: ex-date 2014-06-09 is there twice, first in line 2",
        ),
        ("date,dividend\nnever,1\n", "column 'date': time must be a date or an epoch, was 'never'"),
        ("date,dividend\n2014-02-30,1\n", "line 2: the time '2014-02-30' does not exist"),
        ("date,dividend\n2014-02-03,1/2\n", "line 2: dividend must be a number, was '1/2'"),
        ("date,dividend\n2014-02-03,1\n,1\n", "line 3: time is empty"),
        ("date,dividend\n2014-06-09\n", "line 2: has 1 cells, the header has 2"),
        ("date,close\n2014-06-09,1\n", "a table of actions has a date and a split or a dividend"),
        ("date,split\n2014-06-09,1\n", "there is no split and no dividend"),
        ("symbol,date,split\nAPPL,2014-06-09,7\n", "APPL is not in .*; did you mean AAPL"),
        ("", "AAPL.csv is empty"),
        ("\n\n", "AAPL.csv is empty"),
        ("date,split\n2014-06-09,%s\n" % ("7" * 200_000), "line 2: field larger than"),
    ],
)
def test_what_cannot_be_read_or_be_true_is_refused(catalog, tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        take(catalog, tmp_path, text)
    assert catalog.action_entries() == []


def test_all_bad_rows_are_counted_with_the_first_lines(catalog, tmp_path):
    text = (
        "date,split,dividend\n2014-06-09,7,\n\n2014-06-10,x,\n2014-06-11\n2014-08-07,,-1\n"
        "2014-06-09,2,\n2014-06-31,,1\n"
    )
    with pytest.raises(DataError) as refusal:
        take(catalog, tmp_path, text)
    assert str(refusal.value).removeprefix(str(tmp_path)) == (
        "/AAPL.csv: 5 of 6 rows cannot be taken: line 4: split must be a number or a ratio "
        "(2, 2:1, 2/1, 2-for-1), was 'x', line 5: has 1 cells, the header has 3, line 6: AAPL: "
        "ex-date 2014-08-07: dividend must be a finite number of at least 0 (cash per share), was "
        "-1.0, and 2 more; correct them in the file"
    )
    good = text.replace(",x,", ",,2").replace("06-11\n", "06-11,,\n").replace("06-31", "06-30")
    with pytest.raises(DataError, match="line 7: AAPL: ex-date 2014-06-09 is there twice, first i"):
        take(catalog, tmp_path, good.replace("-1", "1"))
    bad = "".join(f"2014-07-{day:02},x,\n" for day in range(1, 11))
    with pytest.raises(DataError, match=r"10 of 10 .* line 4: .* and 7 more; correct them"):
        take(catalog, tmp_path, "date,split,dividend\n" + bad)


@pytest.mark.parametrize(
    ("split", "paid"),
    [
        ("20140609", "20140807"),
        ("09.06.2014", "27.08.2014"),
        ("9-Jun-2014", "7-Aug-2014"),
        ("Jun 9, 2014", "Aug 7, 2014"),
        ("2014/06/09", "2014/08/07"),
        ("2014-06-09T00:00:00+09:00", "2014-08-07T00:00:00+09:00"),
        ("1402272000", "1407369600"),
    ],
)
def test_dates_may_have_the_forms_of_times_of_bars(catalog, tmp_path, split, paid):
    take(catalog, tmp_path, f'date,split,dividend\n"{split}",7,\n"{paid}",,0.47\n')
    day = "2014-08-27" if paid.startswith("27") else "2014-08-07"
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0), (day, 1.0, 0.47)]


def test_dates_of_either_order_need_the_option_that_the_refusal_names(catalog, tmp_path):
    text = "date,split\n6/9/2014,7\n"
    with pytest.raises(
        DataError, match=r"'date': dates like '6/9/2014' .* --date-order mdy or dmy"
    ):
        take(catalog, tmp_path, text)
    take(catalog, tmp_path, text, date_order="mdy")
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0)]


def test_a_time_of_day_in_utc_does_not_tell_the_ex_date(catalog, tmp_path):
    """Of 9 June in Berlin midnight is on 8 June in UTC."""
    with pytest.raises(DataError, match="line 2: 2014-06-08T22:00:00Z is a time of day in UTC"):
        take(catalog, tmp_path, "date,split\n2014-06-08T22:00:00Z,7\n")
    take(catalog, tmp_path, "date,split\n2014-06-09T00:00:00Z,7\n")
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0)]


def test_text_may_have_another_encoding(catalog, tmp_path):
    text = "Datum;Ausschüttung\n07.08.2014;0.47\n27.08.2014;0.11\n"
    (tmp_path / "AAPL.csv").write_bytes(text.encode("utf-16"))
    named = {"date": "Datum", "dividend": "Ausschüttung"}
    import_actions([tmp_path / "AAPL.csv"], catalog, columns=named)
    assert rows(catalog, "AAPL") == [("2014-08-07", 1.0, 0.47), ("2014-08-27", 1.0, 0.11)]


@pytest.mark.parametrize(
    "dates",
    [
        pa.array([16230, None, 16289], pa.date32()),
        pa.array(["2014-06-09", None, "2014-08-07"]),
        pa.array([1402286400, None, 1407384000], pa.timestamp("s", "America/New_York")),
        pa.array([20140609, None, 20140807]),
    ],
)
def test_a_table_of_parquet_is_read(catalog, tmp_path, dates):
    table = pa.table(
        {
            "Date": dates,
            "Stock Splits": pa.array([7.0, 0.0, None]),
            "dividend": pa.array([None, None, Decimal("0.47")]),
            "symbol": pa.array([" AAPL ", "", "AAPL"]).dictionary_encode(),
        }
    )
    path = tmp_path / "all.parquet"
    pq.write_table(table.filter(pa.array([True, False, True])), path)
    import_actions([path], catalog)
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0), ("2014-08-07", 1.0, 0.47)]
    pq.write_table(table, path)
    with pytest.raises(DataError, match="row 1: time is empty"):
        import_actions([path], catalog)
    pq.write_table(pa.concat_tables([table.slice(0, 1)] * 2), path)
    with pytest.raises(DataError, match=r"row 1: AAPL: .* is there twice, first in row 0"):
        import_actions([path], catalog)


def test_a_binary_file_that_is_no_table_is_refused_by_its_kind(catalog, tmp_path):
    table = pa.table({"date": ["2014-06-09"], "split": [True]})
    path = tmp_path / "AAPL.parquet"
    pq.write_table(table, path)
    with pytest.raises(DataError, match="split must be a number, was bool"):
        import_actions([path], catalog)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"AAPL.parquet is damaged"):
        import_actions([path], catalog)
    with pa.ipc.new_file(tmp_path / "AAPL.arrow", table.schema) as file:
        file.write_table(table)
    with pytest.raises(
        DataError, match="is an Arrow or Feather file; write the actions as Parquet"
    ):
        import_actions([tmp_path / "AAPL.arrow"], catalog)
    (tmp_path / "AAPL.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match="Excel workbook"):
        import_actions([tmp_path / "AAPL.xlsx"], catalog)


def test_lines_are_those_that_an_editor_shows(catalog, tmp_path):
    text = 'date,why,split\r\n2014-05-01,"seven\r\nfor one",1\r\n\r\n2014-06-09,,x\r\n'
    with pytest.raises(DataError, match=r"line 5: split must be a number .*, was 'x'"):
        take(catalog, tmp_path, text)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("AAPL.csv", "<html>", "HTML"), ("a.csv", "{}", "JSON"), ("AAPL.csv", "PK\x03\x04", "a zip")],
)
def test_text_that_is_no_table_is_told_what_actions_are_read_from(
    catalog, tmp_path, name, text, kind
):
    with pytest.raises(DataError) as refusal:
        take(catalog, tmp_path, text, name)
    told = str(refusal.value)
    assert told.startswith(f"{tmp_path / name} is {kind}")
    assert told.endswith(
        "; expected a table of splits and dividends as delimited text or Parquet, or LEAN's factor "
        "files"
    )
    assert "bars or ticks" not in told
