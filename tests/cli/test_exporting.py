import json
from pathlib import Path

import pytest

from pipeline.market.actions import Actions
from pipeline.market.catalog.catalog import Catalog
from tests.market.catalogs import bars


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog")
    for symbol in ("SPY", "BTC/USD"):
        catalog.write(symbol, "1m", bars(20), "s")
    catalog.write("SPY", "1h", bars([0, 60]), "s")
    catalog.write_actions({"SPY": Actions.of([("2024-03-05", 2.0, 0.0)])}, "actions.csv")
    return catalog


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_catalog_is_exported_and_imported_again(called, catalog: Catalog, form: str):
    done = called("export", "catalog", "--out", "bars", "--format", form)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"bars/BTC%2FUSD_1m.{form}, 20 bars",
        f"bars/SPY_1m.{form}, 20 bars",
        f"bars/SPY_1h.{form}, 2 bars",
    ]
    assert called("import", "bars", "--catalog", "again").code == 0
    again = {(one.symbol, one.interval): one.sha256 for one in Catalog("again").entries()}
    assert again == {(one.symbol, one.interval): one.sha256 for one in catalog.entries()}


def test_what_was_taken_for_true_of_bars_is_not_exported_as_the_help_says(called, tmp_path: Path):
    (tmp_path / "Y.csv").write_text(
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-03-04,100,101,99,100,100,10\n"
    )
    called("import", "Y.csv", "--catalog", "catalog", "--symbol", "Y")
    called("export", "catalog", "--out", "bars")
    called("import", "bars", "--catalog", "again")
    adjusted = [
        entry.accounts[0].adjusted.value
        for name in ("catalog", "again")
        for entry in Catalog(tmp_path / name).entries()
    ]
    assert adjusted == ["splits", "not known"]
    told = " ".join(called("export", "--help").out.split())
    assert "After an import of the files this is not known." in told


def test_some_series_are_exported(called, catalog: Catalog, tmp_path: Path):
    done = called("export", "catalog", "SPY:1h", "BTC/USD", "--out", "bars", "--json")
    assert json.loads(done.out) == {
        "catalog": "catalog",
        "out": "bars",
        "files": [
            {"symbol": "SPY", "interval": "1h", "rows": 2, "file": "bars/SPY_1h.csv"},
            {"symbol": "BTC/USD", "interval": "1m", "rows": 20, "file": "bars/BTC%2FUSD_1m.csv"},
        ],
    }
    assert len(list((tmp_path / "bars").iterdir())) == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["catalog", "SPX", "--out", "bars"], "SPX is not in catalog; did you mean SPY?"),
        (["catalog", "--out", "bars", "--format", "xlsx"], "'xlsx' is not one of 'csv', 'parquet'"),
        (["catalog"], "Missing option '--out'"),
        (
            ["catalog", "SPY:actions", "BTC/USD", "--out", "bars"],
            "SPY:actions has no bars in catalog: splits and dividends are not exported",
        ),
        (["nowhere", "--out", "bars"], "no catalog at nowhere"),
    ],
)
def test_a_refusal_writes_nothing(called, catalog: Catalog, args: list[str], words: str):
    done = called("export", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert not Path("bars").exists()


def test_a_series_of_one_bar_is_counted_as_one(called, catalog: Catalog):
    catalog.write("A", "5m", bars(1), "s")
    done = called("export", "catalog", "A", "--out", "bars")
    assert done.out == "bars/A_5m.csv, 1 bar\n"
