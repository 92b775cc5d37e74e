"""Market tables of the shared data, as arrays."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.codes import PRICE_COLUMNS

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]


def load(shared_data: Path, name: str, symbol: str) -> tuple[Int64Array, Float64Array]:
    table = pq.read_table(shared_data / "open" / f"{name}.parquet")
    rows = table.filter(pc.equal(table["symbol"], symbol))
    values = [rows[column].to_numpy().astype(np.float64) for column in PRICE_COLUMNS]
    return rows["timestamp"].cast("int64").to_numpy(), np.array(values)
