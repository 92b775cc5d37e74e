"""Splits and dividends in what yfinance downloads of several tickers."""

from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers.actions import import_actions
from tests.market.importers.actions.a_year import catalog_of_a_year, rows

NAMES = "Price,Adj Close,Adj Close,Close,Close,Dividends,Dividends,Stock Splits,Stock Splits"
TICKERS = "Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT"
FRAME = f"""{NAMES}
{TICKERS}
Date,,,,,,,,
2014-05-08,1,1,1,1,0.47,,0.0,
2014-05-13,1,1,1,1,0.0,0.28,0.0,0.0
2014-06-09,1,1,1,1,0.0,0.0,7.0,0.0
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return catalog_of_a_year(tmp_path / "catalog")


def take(catalog: Catalog, tmp_path: Path, text: str, **more):
    (tmp_path / "prices.csv").write_text(text)
    return import_actions([tmp_path / "prices.csv"], catalog, **more)


@pytest.mark.parametrize(
    "text", [FRAME, FRAME.replace(f"{NAMES}\n{TICKERS}", f"{TICKERS}\n{NAMES}")]
)
def test_each_ticker_has_its_own_columns(catalog, tmp_path, text):
    results, _ = take(catalog, tmp_path, text)
    assert [one.symbol for one in results] == ["AAPL", "MSFT"]
    assert rows(catalog, "AAPL") == [("2014-05-08", 1.0, 0.47)]
    assert rows(catalog, "MSFT") == [("2014-05-13", 1.0, 0.28)]
    splits = "1 splits left out: Yahoo's prices are adjusted for them already"
    assert [one.notes for one in results] == [(splits,), ()]


def test_without_prices_the_splits_are_taken_too(catalog, tmp_path):
    text = "Price,Dividends,Stock Splits\nTicker,AAPL,AAPL\nDate,,\n2014-06-09,0,7\n"
    take(catalog, tmp_path, text)
    assert rows(catalog, "AAPL") == [("2014-06-09", 7.0, 0.0)]


def test_one_of_several_tickers_can_be_named_and_a_single_one_renamed(catalog, tmp_path):
    (result,), _ = take(catalog, tmp_path, FRAME, symbol="MSFT")
    assert result.symbol == "MSFT"
    with pytest.raises(
        DataError, match="the tickers are AAPL, MSFT; --symbol names one of them, was IBM"
    ):
        take(catalog, tmp_path, FRAME, symbol="IBM")
    single = "Price,Close,Dividends\nTicker,IBM,IBM\nDate,,\n2014-08-06,1,1.1\n"
    take(catalog, tmp_path, single, symbol="AAPL")
    assert rows(catalog, "AAPL") == [("2014-08-06", 1.0, 1.1)]


def test_bad_rows_of_all_tickers_are_told_at_their_lines(catalog, tmp_path):
    text = FRAME.replace("0.47", "x").replace("0.28", "-1")
    with pytest.raises(
        DataError, match=r"2 of 3 rows cannot be taken: line 4: .* was 'x', line 5: MSFT: ex-date"
    ):
        take(catalog, tmp_path, text)


def test_a_frame_without_actions_is_refused_with_the_way_on(catalog, tmp_path):
    text = "Price,Close,Close\nTicker,AAPL,MSFT\nDate,,\n2014-08-06,1,1.1\n"
    with pytest.raises(DataError, match="yfinance writes them with actions=True"):
        take(catalog, tmp_path, text)
