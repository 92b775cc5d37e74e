"""The catalog of data that a caller gives: one for equal bars, whatever has them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError, DataError, RingtapeError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.given.catalog import given_catalog
from pipeline.market.importers import import_bars
from tests.market.given.forms import FORMS, bars


def place_of(data: Any, **options: Any) -> Path:
    with given_catalog(data, options) as found:
        return Path(found.place)


def test_all_forms_of_equal_bars_share_one_catalog(cache: Path, tmp_path: Path):
    (tmp_path / "files").mkdir()
    places = {place_of(make(bars(), tmp_path / "files")) for make in FORMS.values()}
    assert len(places) == 1
    assert len(list((cache / "catalogs").iterdir())) == 1


def test_data_are_imported_once(cache: Path, monkeypatch: pytest.MonkeyPatch):
    place = place_of(bars())
    monkeypatch.setattr("pipeline.market.given.catalog.read_series", None)
    assert place_of(bars()) == place
    with pytest.raises(TypeError):  # other bars, which have to be imported
        place_of(bars(61))
    with pytest.raises(TypeError):  # and equal ones under another option
        place_of(bars(), scale=2.0)


def test_the_accounts_are_those_of_the_input(cache: Path):
    with given_catalog(bars(), {}) as by_frame:
        assert by_frame.series[0].account.source == "a pandas DataFrame"
    with given_catalog(FORMS["polars"](bars(), cache), {}) as by_polars:
        assert by_polars.series[0].account.source == "a polars DataFrame"
    assert by_polars.place == by_frame.place


def test_remarks_are_those_of_the_input(cache: Path):
    frame = bars()
    wide = pd.concat({"A": frame, "B": frame.iloc[10:]}, axis=1)
    apart = {"A": frame, "B": frame.iloc[10:]}
    for data, notes in ((wide, 1), (apart, 0), (wide, 1)):
        with given_catalog(data, {}) as found:
            assert len(found.series[1].account.notes) == notes


def test_rows_without_a_symbol_have_the_usual_one_or_the_callers(cache: Path):
    for options, symbol in (({}, "DATA"), ({"symbol": "GOOG"}, "GOOG")):
        with given_catalog(bars(), options) as found:
            assert [one.symbol for one in found.series] == [symbol]
    with given_catalog(bars(), {}, "MINE") as found:
        assert [one.symbol for one in found.series] == ["MINE"]


def test_files_without_a_symbol_are_no_single_symbol_if_there_are_several(
    cache: Path, tmp_path: Path
):
    for name in ("first.csv", "second.csv"):
        bars().to_csv(tmp_path / name)
    with pytest.raises(DataError, match="tell the symbol"):
        place_of([tmp_path / "first.csv", tmp_path / "second.csv"])


@pytest.mark.parametrize(
    ("data", "options", "error", "told"),
    [
        (bars().tz_localize(None), {}, DataError, "the times name no zone; give the zone of its"),
        (bars(), {"tz": "Mars"}, ConfigError, "time zone must be a name such as"),
        (bars(), {"bad_rows": "no"}, ConfigError, "bad_rows must be refuse, drop or widen"),
        ("nowhere.csv", {}, DataError, "there is no file or folder nowhere.csv"),
    ],
)
def test_a_refusal_leaves_nothing(
    cache: Path, data: Any, options: Any, error: type[RingtapeError], told: str
):
    with pytest.raises(error, match=told):
        place_of(data, **options)
    assert [one for one in cache.rglob("*") if one.is_file()] == []


def test_dates_need_no_zone(cache: Path):
    daily = bars(30, "2024-01-01", "D").tz_localize(None)
    with given_catalog(daily, {}) as found:
        assert [one.interval for one in found.series] == ["1d"]


def test_a_catalog_is_taken_as_it_is(cache: Path, tmp_path: Path):
    import_bars(bars(), tmp_path / "own", symbol="X")
    with given_catalog(tmp_path / "own", {}) as found:
        assert (found.place, found.in_place) == (str(tmp_path / "own"), True)
        assert [one.symbol for one in found.series] == ["X"]
    assert not list(cache.iterdir())
    with pytest.raises(ConfigError, match=r"tz says how data are imported, but .* is a catalog"):
        place_of(tmp_path / "own", tz="UTC")


def test_a_catalog_that_was_damaged_is_made_anew(cache: Path):
    place = place_of(bars())
    (file,) = place.rglob("*.parquet")
    file.write_bytes(b"x" * file.stat().st_size)
    again = place_of(bars())
    assert again == place
    assert Catalog(again).load("DATA", "1m").num_rows == 60
    file.unlink()
    place_of(bars())
    assert file.exists()


@settings(max_examples=15, deadline=None)
@given(
    prices=st.lists(st.integers(1_000, 1_999), min_size=2, max_size=40),
    scale=st.sampled_from([0.01, 0.0001, 1.0]),
)
def test_any_bars_have_one_content_in_pandas_and_polars(
    tmp_path_factory: pytest.TempPathFactory, prices: list[int], scale: float
):
    folder = tmp_path_factory.mktemp("any")
    index = pd.date_range("2024-01-01", periods=len(prices), freq="1h", tz="UTC")
    close = np.array(prices) * scale
    frame = pd.DataFrame({"open": close, "high": close, "low": close, "close": close}, index=index)
    hashes = set()
    for name in ("pandas", "polars", "arrow reader"):
        import_bars(FORMS[name](frame, folder), folder / name, symbol="X", interval="1h", scale=1.0)
        hashes.add(Catalog(folder / name).entries()[0].sha256)
    assert len(hashes) == 1
