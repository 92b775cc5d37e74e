"""Small files that are written and imported."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import ImportResult, import_bars

HEADER = "time,open,high,low,close,volume"
GOOD = "10,11,9,10.5,100"


def write(path: Path, rows: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def imported(path: Path, **options) -> tuple[Catalog, ImportResult]:
    catalog = Catalog(path.parent / "catalog")
    (result,) = import_bars(path, catalog, **options)
    return catalog, result


def times(catalog: Catalog, symbol: str = "SPY", interval: str = "1m") -> list[str]:
    ts = catalog.load(symbol, interval)["ts"].cast(pa.int64()).to_numpy()
    return [str(np.datetime64(int(one), "s"))[11:] for one in ts // 10**9]


def minutes(*clock: str, values: str = GOOD) -> list[str]:
    return [f"2024-01-02 {one},{values}" for one in clock]
