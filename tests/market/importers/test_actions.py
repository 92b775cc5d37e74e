"""Tables of splits and dividends, as people and vendors write them."""

from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers.actions import import_actions
from tests.market.importers.a_year import catalog_of_a_year, daily, rows


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


def test_columns_can_be_named(catalog, tmp_path):
    text = "wann,wieviel\n2014-08-07,0.47\n"
    take(catalog, tmp_path, text, columns={"date": "wann", "dividend": "wieviel"})
    assert rows(catalog, "AAPL") == [("2014-08-07", 1.0, 0.47)]


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
    take(catalog, tmp_path, text)
    assert rows(catalog, "AAPL") == [
        ("2014-05-08", 1.0, pytest.approx(3.29)),
        ("2014-06-09", 7.0, 0.0),
        ("2014-08-07", 1.0, 0.47),
    ]


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


@pytest.mark.parametrize("name", ["AAPL.csv", "AAPL_1min.csv", "AAPL 1day.txt"])
def test_the_symbol_in_the_name_of_a_file_is_that_of_bars(catalog, tmp_path, name):
    (result,), _ = take(catalog, tmp_path, "date,dividend\n2014-08-07,0.47\n", name)
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
        ("date,split\n2014-06-09,7-1\n", "AAPL.csv, line 2: split must be a number, was '7-1'"),
        ("date,split\n2014-06-09,7:0\n", "line 2: split must be a number, was '7:0'"),
        ("date,dividend\n2014-06-09,-1\n", "dividend must be a finite number of at least 0"),
        (
            "date,dividend\n2014-06-09,1\n2014-06-09,1\n",
            "line 3: AAPL: ex-date 2014-06-09 is there twice, first in line 2",
        ),
        ("date,dividend\n6/9/2014,1\n", "line 2: the date must be YYYY-MM-DD, was '6/9/2014'"),
        ("date,dividend\n2014-02-30,1\n", "line 2: the date must be YYYY-MM-DD, was '2014-02-30'"),
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
        "/AAPL.csv: 5 of 6 rows cannot be taken: line 4: split must be a number, was 'x', line 5: "
        "has 1 cells, the header has 3, line 6: AAPL: ex-date 2014-08-07: dividend must be a "
        "finite number of at least 0 (cash per share), was -1.0, and 2 more; correct them in the "
        "file"
    )
    good = text.replace(",x,", ",,2").replace("06-11\n", "06-11,,\n").replace("06-31", "06-30")
    with pytest.raises(DataError, match="line 7: AAPL: ex-date 2014-06-09 is there twice, first i"):
        take(catalog, tmp_path, good.replace("-1", "1"))
    bad = "".join(f"2014-07-{day:02},x,\n" for day in range(1, 11))
    with pytest.raises(DataError, match=r"10 of 10 .* line 4: .* and 7 more; correct them"):
        take(catalog, tmp_path, "date,split,dividend\n" + bad)


def test_lines_are_those_that_an_editor_shows(catalog, tmp_path):
    text = 'date,why,split\r\n2014-05-01,"seven\r\nfor one",1\r\n\r\n2014-06-09,,x\r\n'
    with pytest.raises(DataError, match="line 5: split must be a number, was 'x'"):
        take(catalog, tmp_path, text)
