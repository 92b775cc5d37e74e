"""Data of any kind as tables: their symbols, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest

from pipeline import import_bars
from pipeline.errors import ConfigError, DataError, RingtapeError
from pipeline.market.catalog.catalog import Catalog
from tests.market.given.forms import FORMS, bars


def long_table() -> pd.DataFrame:
    """Return bars of two symbols below each other."""
    frame = bars().reset_index(names="time")
    return pd.concat([frame.assign(ticker="A"), frame.assign(ticker="B")])


def wide(*symbols: str) -> pd.DataFrame:
    """Return bars of symbols beside each other, the second of which begins five bars later."""
    return pd.concat({symbol: bars().iloc[5 * at :] for at, symbol in enumerate(symbols)}, axis=1)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_bars(form: str, tmp_path: Path):
    (tmp_path / "files").mkdir()
    given = FORMS[form](bars(), tmp_path / "files")
    import_bars(given, tmp_path / "c", symbol="X")
    (entry,) = Catalog(tmp_path / "c").entries()
    import_bars(bars(), tmp_path / "expected", symbol="X")
    (expected,) = Catalog(tmp_path / "expected").entries()
    assert (entry.sha256, entry.rows) == (expected.sha256, 60)


@pytest.mark.parametrize(
    "given",
    [
        long_table,
        lambda: pl.from_pandas(long_table()),
        lambda: pl.from_pandas(long_table()).with_columns(pl.col("ticker").cast(pl.Categorical)),
        lambda: long_table().assign(ticker=lambda one: one.ticker.astype("category")),
        lambda: long_table().set_index(["ticker", "time"]),
        lambda: long_table().set_index(["time", "ticker"]).rename_axis([None, None]),
        lambda: {"A": bars(), "B": pl.from_pandas(bars().reset_index(names="time"))},
        lambda: {"A": pa.Table.from_pandas(bars()).to_reader(), "B": bars()},
        lambda: wide("A", "B"),
        lambda: wide("A", "B").swaplevel(axis=1),
    ],
)
def test_symbols_come_from_a_column_a_level_or_the_keys_of_a_dict(
    given: Callable[[], Any], tmp_path: Path
):
    found = import_bars(given(), tmp_path / "c")
    assert [one.symbol for one in found] == ["A", "B"]
    assert found[0].rows == 60


def two_in_one(**changes: Any) -> pd.DataFrame:
    """Return daily bars of X, and behind them others of Y."""
    frame = bars(40, "2024-01-01", "D").tz_localize(None)
    return frame.assign(**changes)


@pytest.mark.parametrize(
    ("given", "symbols"),
    [
        (lambda: pd.concat({"X": bars(), "Y": bars()}, names=["who", "when"]), ["X", "Y"]),
        (lambda: pd.concat({"X": bars(), "Y": bars()}), ["X", "Y"]),
        (lambda: two_in_one(tic=["X"] * 20 + ["Y"] * 20), ["X", "Y"]),
        (lambda: two_in_one(ts_code=["X"] * 20 + ["Y"] * 20), ["X", "Y"]),
        (
            lambda: two_in_one(Date=two_in_one().index).set_index(
                pd.Index(["600519"] * 20 + ["000001"] * 20)
            ),
            ["600519", "000001"],
        ),
        (lambda: {"A": two_in_one(code=["a", "b"] * 20)}, ["A"]),
        (lambda: {"A": bars().assign(code=["a", "b"] * 30)}, ["A"]),
    ],
)
def test_symbols_are_told_from_features(
    given: Callable[[], Any], symbols: list[str], tmp_path: Path
):
    found = import_bars(given(), tmp_path / "c")
    assert [one.symbol for one in found] == symbols


def test_a_feature_is_no_symbol_without_a_name_for_the_rows(tmp_path: Path):
    with pytest.raises(DataError, match="no column tells the symbol; give it with symbol="):
        import_bars(bars().assign(code=["a", "b"] * 30), tmp_path / "c")


@pytest.mark.parametrize("column", ["timestamp", "time", "date", "Datetime", "hour", "epoch"])
def test_the_times_are_those_of_an_index_of_times(column: str, tmp_path: Path):
    frame = bars()
    other = frame.assign(**{column: frame.index + pd.Timedelta("1D"), "hour": 3})
    (found,) = import_bars(other, tmp_path / "c", symbol="X")
    assert found.first_ts == frame.index[0].value
    assert dict(found.account.taken)["ts"] == "index"
    (found,) = import_bars(
        other, tmp_path / "d", symbol="X", columns={"ts": column if column != "hour" else "index"}
    )
    assert (found.first_ts > frame.index[0].value) == (column != "hour")


def test_columns_that_cannot_be_read_and_are_not_used_are_told(tmp_path: Path):
    odd = bars().assign(note=[1, "a"] * 30, quarter=lambda one: one.Open.map(complex))
    (found,) = import_bars(odd, tmp_path / "c", symbol="X")
    assert found.account.notes == ("Columns that cannot be read, and are not used: note, quarter.",)


def test_columns_of_periods_and_sparse_ones_are_read(tmp_path: Path):
    frame = bars()
    odd = frame.assign(
        q=frame.index.tz_localize(None).to_period("Q"),
        Volume=frame.Volume.astype(pd.SparseDtype(float)),
    )
    (found,) = import_bars(odd, tmp_path / "c", symbol="X")
    assert found.first_bars[3][1][-1] == 3.0


def test_a_symbol_without_any_value_is_left_out_and_told(tmp_path: Path):
    frame = wide("A", "B")
    frame["B"] = float("nan")
    (found,) = import_bars(frame, tmp_path / "c")
    assert (found.symbol, found.account.notes) == ("A", ("Without any value, and left out: B.",))


@pytest.mark.parametrize(
    "kind", [pa.dataset.dataset, lambda one: pa.dataset.dataset(one).scanner()]
)
def test_datasets_of_arrow_are_read(kind: Callable[[Any], Any], tmp_path: Path):
    (found,) = import_bars(kind(pa.Table.from_pandas(bars())), tmp_path / "c", symbol="X")
    assert found.rows == 60


def test_rows_in_which_only_other_symbols_have_bars_are_left_out_and_told(tmp_path: Path):
    first, second = import_bars(wide("A", "B"), tmp_path / "c")
    assert (first.account.notes, second.rows) == ((), 55)
    assert second.account.notes == ("5 rows in which only other symbols have values are left out.",)


def test_the_frame_is_not_changed(tmp_path: Path):
    frame = bars()
    before = frame.copy(deep=True)
    import_bars(frame, tmp_path / "c", symbol="X", scale=2.0)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (bars, "the pandas DataFrame: no column tells the symbol; give it with symbol="),
        (lambda: {"X": bars().reset_index(drop=True)}, "of X: cannot tell which columns are ts"),
        (
            lambda: {"X": bars(400).sample(frac=1, random_state=1)},
            r"of X, row 0: the rows are in no order of time, \d+ of 400 .*; sort=True sorts them",
        ),
        (
            lambda: {"X": pd.concat([bars(), bars().iloc[-1:]])},
            'ts duplicates that of the row before.*duplicates="same" takes one of',
        ),
        (
            lambda: {"X": bars().assign(Close=lambda one: one.Close.where(one.Volume != 3))},
            'row 3: Close is empty; bad_rows="drop" leaves such rows out',
        ),
        (
            lambda: {"X": bars().set_axis(range(5), axis=1)},
            r'cannot tell which columns are open.*such as columns=\{"open": "NAME"\}',
        ),
        (lambda: {"X": bars().iloc[:0]}, "of X: there are no rows"),
        (pd.DataFrame, "the pandas DataFrame is empty: it has no columns"),
        (pl.DataFrame, "the polars DataFrame is empty: it has no columns"),
        (
            lambda: {"A": two_in_one(symbol=pd.Categorical(["X"] * 20 + ["Y"] * 20))},
            "row 20: the symbol is 'Y', and 'X' before; what is given as A has one symbol only",
        ),
        (
            lambda: {"A": two_in_one(symbol=["X"] * 20 + ["Y"] * 20)},
            "row 20: the symbol is 'Y', and 'X' before; what is given as A has one symbol only",
        ),
        (
            lambda: {"X": bars().assign(close=1.0)},
            r'the close may be \'Close\', \'close\'.*columns=\{"close": "NAME"\}',
        ),
        (lambda: {"A": "a.csv"}, r"data\['A'\] is 'a.csv', a path, expected a table"),
        (lambda: "a,b\n1,2", "data is text of several lines, expected a table, or the path"),
        (
            lambda: pd.concat({"a": pd.concat({"X": bars()})}),
            "its index has 3 levels, expected times, or times and symbols",
        ),
        (
            lambda: wide("A", "B") * float("nan"),
            "the pandas DataFrame has no values",
        ),
        (dict, "data is an empty dict, expected a table for each symbol"),
        (lambda: {1: bars()}, "data is a dict with the key 1, expected a symbol"),
        (lambda: {"X": wide("A", "B")}, r"data\['X'\] is a pandas DataFrame of several symbols"),
        (lambda: bars().Close, "data is a pandas Series, expected a DataFrame with the columns"),
        (lambda: np.zeros((3, 4)), "data is a ndarray, expected a pandas or Polars data"),
        (lambda: None, "data is a NoneType, expected a pandas or Polars data frame"),
        (lambda: [1, 2], "data is a list, expected a pandas or Polars data frame"),
        (
            lambda: {"X": pd.concat([bars(), bars().Close], axis=1)},
            "has 2 columns 'Close', expected one",
        ),
        (
            lambda: {"X": bars().assign(Open=["x", 1.0] * 30)},
            "the pandas DataFrame: the column 'Open' cannot be read",
        ),
        (lambda: {"open": [1, 2], "close": [1]}, "data is a dict of list, expected columns of one"),
        (
            lambda: pl.from_pandas(bars()).lazy().select(pl.col("nope")),
            'the polars LazyFrame cannot be computed: unable to find column "nope"',
        ),
        (lambda: pd.concat({"k": wide("A")}, axis=1), "its columns have 3 levels, expected one"),
        (lambda: bars().T.iloc[:2].T.pipe(lambda f: pd.concat({"A": f}, axis=1)), "none has the"),
    ],
)
def test_what_cannot_be_taken_is_told_in_one_line_with_arguments_of_python(
    given: Callable[[], Any], told: str, tmp_path: Path
):
    with pytest.raises(RingtapeError, match=told) as caught:
        import_bars(given(), tmp_path / "c")
    assert isinstance(caught.value, ConfigError | DataError)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
