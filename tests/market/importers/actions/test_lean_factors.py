"""LEAN's factor files, alone and in the tree that also has bars."""

import zipfile
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers.actions import import_actions
from tests.market.importers.actions.a_year import catalog_of_a_year, rows

#: AAPL in 2014: 0.47 on 7 August, 3.29 on 8 May, seven for one on 9 June, a Monday.
FACTORS = (
    "20140507,0.9895237,0.142857,592.33\n20140606,0.9950505,0.142857,645.57\n"
    "20140806,0.9950505,1,94.96\n20501231,1,1,0\n"
)
ACTIONS = [("2014-05-08", 1.0, 3.29), ("2014-06-09", 7.0, 0.0), ("2014-08-07", 1.0, 0.47)]
NONE = "20120518,1,1,1\n20501231,1,1,0\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_of_a_year(tmp_path / "catalog")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with factor files of two markets and of futures, a map file, and bars."""
    tree = tmp_path / "Data"
    for place, text in (
        ("equity/usa/factor_files/aapl.csv", FACTORS),
        ("equity/usa/factor_files/fb.csv", NONE),
        ("equity/usa/map_files/aapl.csv", "19980102,aapl,Q\n20501231,aapl,Q\n"),
        ("equity/india/factor_files/msft.csv", "20140806,0.5,1,10\n20501231,1,1,0\n"),
        ("future/cme/factor_files/es.csv", '{"Date":"2009-11-02T00:00:00","DataMappingMode":0}\n'),
        ("forex/oanda/hour/eurusd.csv", "20140507 00:00,1,1,1,1\n"),
        (".old/factor_files/aapl.csv", "20140501,0.5,1,10\n20501231,1,1,0\n"),
    ):
        file = tree / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    quotes = tree / "equity/usa/minute/aapl/20140507_quote.zip"
    quotes.parent.mkdir(parents=True)
    quotes.write_bytes(b"no zip")
    return tree


def test_factor_files_give_back_splits_and_dividends(catalog: Catalog, tree: Path):
    import_actions([tree / "equity" / "usa" / "factor_files"], catalog)
    assert rows(catalog, "AAPL") == ACTIONS


def test_of_a_whole_tree_the_factor_files_of_all_markets_are_read(catalog: Catalog, tree: Path):
    results, notes = import_actions([tree], catalog)
    assert ([one.symbol for one in results], notes) == (["MSFT", "AAPL"], [])
    assert rows(catalog, "AAPL") == ACTIONS
    assert rows(catalog, "MSFT") == [("2014-08-07", 1.0, 5.0)]


def test_a_tree_whose_factors_never_change_has_no_actions(catalog: Catalog, tree: Path):
    for name in ("equity/usa", "equity/india"):
        for file in (tree / name / "factor_files").iterdir():
            file.write_text(NONE)
    with pytest.raises(DataError, match="Data: there is no split and no dividend"):
        import_actions([tree], catalog)


def test_a_folder_without_factor_files_is_read_as_tables(catalog: Catalog, tmp_path: Path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "AAPL.csv").write_text("date,dividend\n2014-08-07,0.47\n")
    import_actions([tmp_path / "tables"], catalog)
    assert rows(catalog, "AAPL") == ACTIONS[2:]


def test_a_zip_of_factor_files_has_the_symbols_of_its_members(catalog: Catalog, tmp_path: Path):
    folder = tmp_path / "equity" / "usa" / "factor_files"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "factor_files_20141231.zip", "w") as archive:
        archive.writestr("aapl.csv", FACTORS)
        archive.writestr("fb.csv", NONE)
    import_actions([tmp_path], catalog)
    assert rows(catalog, "AAPL") == ACTIONS


def test_actions_are_of_the_ticker_that_the_map_file_has_for_the_date(tmp_path: Path):
    catalog = catalog_of_a_year(tmp_path / "catalog")
    for name, text in (
        ("factor_files", "20140102,0.25,1,10\n20140602,0.5,1,10\n20501231,1,1,0\n"),
        ("map_files", "20100104,msft,N\n20140305,msft,N\n20501231,aapl,N\n"),
    ):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "aapl.csv").write_text(text)
    import_actions([tmp_path / "tree"], catalog)
    assert rows(catalog, "MSFT") == [("2014-01-03", 1.0, 5.0)]
    assert rows(catalog, "AAPL") == [("2014-06-03", 1.0, 5.0)]


def test_one_symbol_is_given_to_the_tickers_of_one_company_only(catalog: Catalog, tree: Path):
    company = tree / "equity" / "usa" / "factor_files" / "aapl.csv"
    (tree / "equity/usa/map_files/aapl.csv").write_text("20140601,old,N\n20501231,new,N\n")
    import_actions([company], catalog, symbol="AAPL")
    assert rows(catalog, "AAPL") == ACTIONS
    with pytest.raises(DataError, match=r"msft.csv and .*aapl.csv are of two companies; --symbol"):
        import_actions([tree], catalog, symbol="AAPL")
    with pytest.raises(DataError, match=r"the symbol is from the factor file's name or map file"):
        import_actions([company], catalog)


def test_a_factor_of_zero_is_refused(catalog: Catalog, tmp_path: Path):
    file = tmp_path / "aapl.csv"
    file.write_text("20140606,1.0,0\n\n20501231,1,1,0\n")
    with pytest.raises(DataError, match="line 1: a factor must be a finite number above 0"):
        import_actions([file], catalog)
    file.write_text("20140506,1,1,9\n20140606,1.0,0\n\n20140706,nan,1\n20501231,1\n")
    with pytest.raises(
        DataError, match=r"3 of 4 rows cannot be taken: line 2: .* line 4: .*line 5"
    ):
        import_actions([file], catalog)


def test_the_real_tree_gives_what_its_folder_of_factor_files_gives(
    shared_data: Path, tmp_path: Path
):
    bars = pq.read_table(shared_data / "open" / "lean_us_equity_1d.parquet")
    tree = shared_data / "raw" / "lean" / "Data"
    found = []
    for number, source in enumerate((tree, tree / "equity" / "usa" / "factor_files")):
        catalog = Catalog(tmp_path / str(number))
        for symbol in ("AAPL", "USO"):
            some = bars.filter(pc.equal(bars["symbol"], symbol))
            some = some.rename_columns({"timestamp": "ts"})
            names = ("ts", "open", "high", "low", "close", "volume")
            catalog.write(symbol, "1d", some.select(names), "lean")
        results, _ = import_actions([source], catalog)
        assert sorted(one.symbol for one in results) == ["AAPL", "USO"]
        found.append([rows(catalog, symbol) for symbol in ("AAPL", "USO")])
    assert found[0] == found[1]
    assert ("2014-06-09", 7.0, 0.0) in found[0][0]
