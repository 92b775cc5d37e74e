"""One set of bars in every form in which a caller may give it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa


def bars(rows: int = 60, begin: str = "2024-03-04 14:30", step: str = "1min") -> pd.DataFrame:
    """Return bars with a DatetimeIndex in UTC and the columns of backtesting's frames."""
    index = pd.date_range(begin, periods=rows, freq=step, tz="UTC")
    close = 100.0 + np.round(np.cumsum(np.sin(np.arange(rows))), 2)
    columns = {"Open": close, "High": close + 0.5, "Low": close - 0.5, "Close": close + 0.25}
    return pd.DataFrame({**columns, "Volume": np.arange(rows, dtype=float)}, index=index)


def _relation(frame: pd.DataFrame) -> Any:
    plain = frame.reset_index(names="time")  # noqa: F841 - the query names it
    return duckdb.connect().sql("select * from plain")


def _polars(frame: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(frame.reset_index(names="time"))


def _file(frame: pd.DataFrame, folder: Path, name: str) -> Path:
    path = folder / name
    plain = frame.reset_index(names="time")
    if path.suffix == ".csv":
        plain.to_csv(path, index=False)
    else:
        plain.to_parquet(path)
    return path


#: By name, what makes a form of a frame as `bars` returns it, in a folder for files.
FORMS: Mapping[str, Callable[[pd.DataFrame, Path], Any]] = {
    "pandas": lambda frame, _: frame,
    "pandas in ns": lambda frame, _: frame.set_index(frame.index.astype("M8[ns, UTC]")),
    "pandas in another zone": lambda frame, _: frame.tz_convert("Asia/Tokyo"),
    "pandas with text": lambda frame, _: frame.set_index(frame.index.astype(str)),
    "pandas with objects": lambda frame, _: frame.set_index(
        pd.Index(frame.index.to_pydatetime(), dtype=object)
    ),
    "pandas with a column": lambda frame, _: frame.reset_index(names="Date"),
    "pandas in capitals": lambda frame, _: frame.rename(columns=str.upper),
    "polars": lambda frame, _: _polars(frame),
    "polars lazy": lambda frame, _: _polars(frame).lazy(),
    "duckdb": lambda frame, _: _relation(frame),
    "arrow table": lambda frame, _: pa.Table.from_pandas(frame),
    "arrow reader": lambda frame, _: pa.Table.from_pandas(frame).to_reader(7),
    "columns": lambda frame, _: dict(frame.reset_index(names="time").items()),
    "csv": lambda frame, folder: _file(frame, folder, "prices.csv"),
    "parquet": lambda frame, folder: str(_file(frame, folder, "prices.parquet")),
}
