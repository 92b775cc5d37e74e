"""Actions for which the bars of a catalog are said to be adjusted."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.codes import DAY_NS
from pipeline.errors import DataError
from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.importers import import_bars
from pipeline.market.importers.actions import import_actions
from pipeline.market.importers.actions.adjusted_bars import (
    adjusted_bars,
    check_dividends,
    dividends_are_known,
)
from tests.market.importers.actions.a_year import account, catalog_of_a_year, daily, rows

HISTORY = """Date,Open,High,Low,Close,Volume,Dividends,Stock Splits
2014-05-07 00:00:00-04:00,10,10,10,10,1,0.0,0.0
2014-05-08 00:00:00-04:00,10,10,10,10,1,0.47,0.0
2014-05-09 00:00:00-04:00,10,10,10,10,1,0.0,0.0
2014-08-07 00:00:00-04:00,10,10,10,10,1,0.47,0.0
"""
WITH_ADJ_CLOSE = "\n".join(
    line + (",Adj Close" if line.startswith("Date") else ",9") for line in HISTORY.splitlines()
)
BOTH = "splits and dividends"


def ns(date: str) -> int:
    return int(np.datetime64(date, "ns").astype(np.int64))


def bars_said(folder: Path, *said: str, interval: str = "1d", **more: int) -> Catalog:
    """A year of bars, of which imports said one after the other what they are adjusted for."""
    catalog = Catalog(folder)
    for number, adjusted in enumerate(said):
        told = account(adjusted, f"in/{number}.csv", **more)
        catalog.write_all([Series("A", interval, daily(), f"s{number}", told)])
    return catalog


def test_dividends_beside_the_adjusted_prices_that_were_imported_are_refused(tmp_path: Path):
    file = tmp_path / "AAPL.csv"
    file.write_text(HISTORY)
    catalog = Catalog(tmp_path / "catalog")
    import_bars(file, catalog)
    with pytest.raises(DataError) as refusal:
        import_actions([file], catalog)
    assert str(refusal.value) == (
        f"{file}: AAPL: the 1d bars are adjusted for splits and dividends, says the import of "
        f"{tmp_path.name}/AAPL.csv (layout yfinance), so 2 dividends, the first of 0.47 on "
        "2014-05-08, are in their prices already; import unadjusted prices with --replace (of "
        "yfinance: auto_adjust=False), or leave dividends out"
    )
    assert catalog.action_entries() == []


def test_unadjusted_prices_in_place_of_the_adjusted_ones_lead_on(tmp_path: Path):
    file = tmp_path / "AAPL.csv"
    file.write_text(HISTORY)
    catalog = Catalog(tmp_path / "catalog")
    import_bars(file, catalog)
    file.write_text(WITH_ADJ_CLOSE)
    import_bars(file, catalog, replace="bars")
    (result,), _ = import_actions([file], catalog)
    assert (result.dividends, result.notes) == (2, ())


@pytest.mark.parametrize("text", [HISTORY, WITH_ADJ_CLOSE])
def test_beside_adjusted_prices_dividends_for_unknown_bars_have_a_note(tmp_path: Path, text: str):
    (tmp_path / "MSFT.csv").write_text(text)
    catalog = catalog_of_a_year(tmp_path / "catalog")
    (result,), _ = import_actions([tmp_path / "MSFT.csv"], catalog)
    assert rows(catalog, "MSFT") == [("2014-05-08", 1.0, 0.47), ("2014-08-07", 1.0, 0.47)]
    twice = (
        "the prices beside these dividends are adjusted for them, and the catalog does not know "
        "whether its bars are too: if they are, a run counts the dividends twice"
    )
    assert result.notes == ((twice,) if text == HISTORY else ())


@pytest.mark.parametrize(
    ("said", "refused", "known"),
    [
        (("no",), False, True),
        (("splits",), False, True),
        ((BOTH,), True, False),
        (("no", BOTH), True, False),
        ((BOTH, "splits"), False, True),
        (("no and not known",), False, False),
        (("no and splits and dividends",), True, False),
        (("not known",), False, False),
    ],
)
def test_of_several_imports_around_a_dividend_the_latest_tells(
    tmp_path: Path, said: tuple[str, ...], refused: bool, known: bool
):
    entries = bars_said(tmp_path, *said).entries()
    actions = Actions.of([("2014-06-09", 7.0, 0.0), ("2014-08-07", 1.0, 0.47)])
    assert dividends_are_known(entries, actions) == known
    if refused:
        with pytest.raises(DataError, match=r"so the dividend of 0.47 on 2014-08-07 is in their"):
            check_dividends(entries, "A", actions)
    else:
        check_dividends(entries, "A", actions)


@pytest.mark.parametrize(
    ("span", "date", "told"),
    [
        ({}, "2013-12-31", False),
        ({}, "2014-01-01", False),
        ({}, "2014-01-02", True),
        ({}, "2014-12-31", True),
        ({}, "2015-01-01", False),
        ({"last_ts": ns("2014-05-01")}, "2014-05-10", True),
        ({"last_ts": ns("2014-05-01")}, "2014-05-11", False),
        ({"first_ts": ns("2014-05-01")}, "2014-05-01", False),
    ],
)
def test_an_import_tells_of_ex_dates_behind_its_first_bar(tmp_path: Path, span, date, told):
    entries = bars_said(tmp_path, BOTH, **span).entries()
    assert (adjusted_bars(entries, ns(date), "dividends") is not None) == told


def test_the_bars_that_lie_on_both_sides_of_an_ex_date_tell_first(tmp_path: Path):
    catalog = bars_said(tmp_path, "no", first_ts=ns("2014-05-01"))
    before = account(BOTH, "in/later.csv", last_ts=ns("2014-05-01"))
    catalog.write_all([Series("A", "1d", daily().slice(0, 121), "s", before)])
    entries = catalog.entries()
    assert adjusted_bars(entries, ns("2014-05-02"), "dividends") is None
    assert adjusted_bars(entries, ns("2014-05-01"), "dividends") is not None


def test_bars_of_any_interval_count(tmp_path: Path):
    catalog = bars_said(tmp_path, "no")
    minutes = daily()
    told = account(BOTH, "in/minutes.csv")
    catalog.write_all([Series("A", "1m", minutes, "s", told)])
    found = adjusted_bars(catalog.entries(), ns("2014-05-02"), "dividends")
    assert found is not None
    assert found.words().startswith("the 1m bars are adjusted for splits and dividends")
    assert adjusted_bars(catalog.entries(), ns("2014-01-01") + DAY_NS, "splits") == found


def test_adjusted_bars_are_refused_where_the_catalog_has_the_actions(tmp_path: Path):
    file = tmp_path / "KO.csv"
    file.write_text(WITH_ADJ_CLOSE)
    import_bars(file, tmp_path / "catalog")
    import_actions([file], Catalog(tmp_path / "catalog"))
    file.write_text(HISTORY.replace("10,10,10,10", "9,9,9,9"))
    words = r"KO from .*/KO.csv: the bars are adjusted for splits and dividends \(layout yfinance"
    with pytest.raises(DataError, match=words) as raised:
        import_bars(file, tmp_path / "catalog", replace="series")
    assert "the dividend of 0.47 on 2014-05-08, which a run would book again" in str(raised.value)
    assert str(raised.value).endswith(f"catalog remove {tmp_path / 'catalog'} KO:actions`")
