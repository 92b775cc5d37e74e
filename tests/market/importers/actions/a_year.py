"""A catalog of a year of daily bars, and what the tests of actions ask of it."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.codes import DAY_NS
from pipeline.market.catalog.account import Account, Fact
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series

DAYS = np.arange("2014-01-01", "2015-01-01", dtype="M8[D]")


def daily(split_at: str | None = None, ratio: float = 1.0) -> pa.Table:
    """A year of closes of 700, and of 700 / ratio from a date on."""
    close = np.full(len(DAYS), 700.0)
    if split_at is not None:
        close[np.datetime64(split_at) <= DAYS] /= ratio
    ts = pa.array(DAYS.astype("M8[ns]").astype("i8")).cast(pa.timestamp("ns", "UTC"))
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return pa.table({"ts": ts, **prices, "volume": np.ones(len(DAYS))})


def account(adjusted: str, source: str = "in/A.csv", **more: int) -> Account:
    """What an import says of its bars: what they are adjusted for, and where they lie."""
    year = (DAYS[[0, -1]].astype("M8[ns]").astype("i8")).tolist()
    span = {"first_ts": year[0], "last_ts": year[1], **more}
    fact = Fact("open", "layout")
    return Account(
        source,
        "yahoo",
        fact,
        fact,
        fact,
        Fact(adjusted, "layout"),
        (),
        (),
        1,
        (),
        **span,
        forming=False,
        notes=(),
    )


def catalog_of_a_year(folder: Path) -> Catalog:
    """Bars of AAPL with its split of seven for one, and of MSFT without any."""
    catalog = Catalog(folder)
    catalog.write_all(
        [
            Series("AAPL", "1d", daily("2014-06-09", 7.0), "s"),
            Series("MSFT", "1d", daily(), "s"),
        ]
    )
    return catalog


def rows(catalog: Catalog, symbol: str) -> list[tuple[str, float, float]]:
    """The actions of a symbol: ISO ex-date, split, dividend."""
    found = catalog.actions(symbol)
    days = (found.ts // DAY_NS).astype("M8[D]").astype(str).tolist()
    return list(zip(days, found.split.tolist(), found.dividend.tolist(), strict=True))
