"""Splits for which the bars of a catalog are already adjusted, found without reading all bars."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import Actions, iso_date
from pipeline.market.catalog import bar_file
from pipeline.market.catalog.bar_file import BarReader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series
from pipeline.market.importers import import_bars
from pipeline.market.importers.actions import import_actions
from pipeline.market.importers.actions.split_check import check_splits
from tests.market.importers.actions.a_year import account

FIRST = int(np.datetime64("2014-01-01", "ns").astype(np.int64))
HOUR_NS = DAY_NS // 24


def table(ts: np.ndarray, opens: np.ndarray, closes: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "ts": pa.array(ts).cast(pa.timestamp("ns", "UTC")),
            "open": opens,
            "high": np.maximum(opens, closes),
            "low": np.minimum(opens, closes),
            "close": closes,
            "volume": np.ones(len(ts)),
        }
    )


def refusal_of_all_bars(bars: pa.Table, interval: str, actions: Actions) -> str | None:
    """The slow reference: the refusal, or None, from a whole series in memory."""
    ts = bars["ts"].cast(pa.int64()).to_numpy()
    opens, closes = (bars[name].to_numpy() for name in ("open", "close"))
    pause = 0 if interval_ns(interval) >= DAY_NS else DAY_NS // 2
    for at, split in zip(actions.ts, actions.split, strict=True):
        before, after = np.searchsorted(ts, at) - 1, np.searchsorted(ts, at + pause)
        expected = math.log(split)
        if abs(expected) < math.log(1.35) or before < 0 or after == len(ts):
            continue
        if ts[after] - ts[before] >= 10 * DAY_NS:
            continue
        part = math.log(closes[before] / opens[after]) / expected
        told = f"close {closes[before]:g} before it, open {opens[after]:g} after"
        if part <= -0.5:
            inverse = f"1:{split:.4g}" if split > 1 else f"{1 / split:.4g}"
            return (
                f"A: the split of {split:g} on {iso_date(at)} moves the price "
                f"{'down' if split > 1 else 'up'}, and it moved the other way: {told}; write "
                f"{inverse + ', ' if part > -1.5 else ''}new shares per old share"
            )
        if part < 0.25:
            return (
                f"A: the prices are already adjusted for the split of {split:g} on "
                f"{iso_date(at)}: {told}"
            )
    return None


def refusal(catalog: Catalog, actions: Actions) -> str | None:
    try:
        check_splits(catalog, "A", actions)
    except DataError as error:
        return str(error)
    return None


splits = st.dictionaries(
    st.integers(-1, 12), st.sampled_from([1.2, 1.5, 2.0, 7.0, 0.125]), min_size=4, max_size=9
)


@given(
    steps=st.lists(
        st.sampled_from([3, 5, 7, 9, 11, 13, 24, 239, 240, 241]), min_size=8, max_size=40
    ),
    prices=st.lists(st.sampled_from([10.0, 11.0, 20.0, 70.0]), min_size=2, max_size=9),
    interval=st.sampled_from(["1h", "1d"]),
    ratios=splits,
)
def test_blocks_around_ex_dates_show_what_all_bars_show(steps, prices, interval, ratios):
    step = HOUR_NS if interval == "1h" else DAY_NS
    apart = steps if interval == "1h" else [(hours + 23) // 24 for hours in steps]
    ts = FIRST + np.cumsum(apart).astype(np.int64) * step
    opens = np.resize(np.array(prices), len(ts))
    bars = table(ts, opens, np.roll(opens, 1))
    days = np.datetime64("2014-01-01") + np.array(sorted(ratios))
    rows = [(str(day), ratios[at], 0.0) for day, at in zip(days, sorted(ratios), strict=True)]
    actions = Actions.of(rows)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar_file, "ROW_GROUP_ROWS", 4)
        catalog = Catalog(folder)
        catalog.write("A", interval, bars, "s")
        told, *_ = (refusal(catalog, actions) or "").partition("; the price jumps on")
        assert told == (refusal_of_all_bars(bars, interval, actions) or "")


def test_only_blocks_near_a_split_are_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(bar_file, "ROW_GROUP_ROWS", 10)
    ts = FIRST + np.arange(1000, dtype=np.int64) * DAY_NS
    catalog = Catalog(tmp_path)
    catalog.write("A", "1d", table(ts, np.ones(1000), np.ones(1000)), "s")
    decoded, kept = [], BarReader.next_block
    monkeypatch.setattr(BarReader, "next_block", lambda reader: decoded.append(1) or kept(reader))
    assert refusal(catalog, Actions.of([("2015-01-01", 2.0, 0.0)])) is not None
    assert 1 <= len(decoded) <= 3


@pytest.mark.parametrize(
    ("closes", "opens", "split", "words"),
    [
        (50.0, 25.0, 0.5, "close 50 before it, open 25 after; write 2, new shares per old share"),
        (10.0, 71.0, 7.0, "close 10 before it, open 71 after; write 1:7, new shares per old share"),
        (700.0, 100.0, 0.5, "close 700 before it, open 100 after; write new shares per old share"),
    ],
)
def test_a_split_that_moves_the_price_the_other_way_is_refused(
    tmp_path, closes, opens, split, words
):
    ts = FIRST + np.arange(2, dtype=np.int64) * DAY_NS
    catalog = Catalog(tmp_path)
    catalog.write("A", "1d", table(ts, np.array([closes, opens]), np.array([closes, opens])), "s")
    told = refusal(catalog, Actions.of([("2014-01-02", split, 0.0)]))
    assert told is not None
    assert told.startswith(f"A: the split of {split:g} on 2014-01-02 moves the price ")
    assert told.endswith(f", and it moved the other way: {words}")


def adjusted_catalog(folder, step: int, adjusted: str) -> Catalog:
    """Ten bars of 100, so many days apart, of which an import said what they are adjusted for."""
    ts = FIRST + np.arange(10, dtype=np.int64) * step * DAY_NS
    told = account(adjusted, first_ts=int(ts[0]), last_ts=int(ts[-1]))
    catalog = Catalog(folder)
    bars = table(ts, np.full(10, 100.0), np.full(10, 100.0))
    catalog.write_all([Series("A", "1d", bars, "s", told)])
    return catalog


@pytest.mark.parametrize(("step", "split"), [(1, 1.05), (30, 2.0)])
def test_of_a_split_that_prices_do_not_show_the_import_of_the_bars_tells(tmp_path, step, split):
    actions = Actions.of([("2014-01-05", split, 0.0)])
    told = refusal(adjusted_catalog(tmp_path / "said", step, "splits"), actions)
    assert told == (
        "A: the 1d bars are adjusted for splits, says the import of in/A.csv (layout yahoo), so "
        f"the split of {split:g} on 2014-01-05 is in their prices already; leave it out, or import "
        "prices as they were traded, with --replace"
    )
    assert refusal(adjusted_catalog(tmp_path / "not", step, "not known"), actions) is None


def test_adjusted_bars_are_refused_where_the_catalog_has_the_split(tmp_path: Path):
    header = "date,open,high,low,close,volume"
    days = [f"2024-03-0{day}" for day in range(1, 7)]
    prices = dict(zip(days, [200, 200, 200, 100, 100, 100], strict=True))
    file = tmp_path / "X.csv"

    def write(prices: dict[str, int]) -> None:
        rows = [f"{day},{p},{p},{p},{p},1" for day, p in prices.items()]
        file.write_text("\n".join([header, *rows]) + "\n")

    write(prices)
    import_bars(file, tmp_path / "catalog")
    (tmp_path / "actions.csv").write_text("symbol,date,split\nX,2024-03-04,2\n")
    import_actions([tmp_path / "actions.csv"], Catalog(tmp_path / "catalog"))
    write(dict.fromkeys(days, 100))
    with pytest.raises(DataError, match=r"already adjusted for the split of 2 on 2024-03-04.*re"):
        import_bars(file, tmp_path / "catalog", replace="bars")
    write({day: price + 1 for day, price in prices.items()})
    (result,) = import_bars(file, tmp_path / "catalog", replace="bars")
    assert result.replaced == 6


def test_a_split_beside_the_day_of_the_jump_is_asked_about(tmp_path: Path):
    file = tmp_path / "X.csv"
    prices = zip(range(1, 7), [200] * 3 + [100] * 3, strict=True)
    rows = [f"2024-03-0{day},{price},{price},{price},{price},1" for day, price in prices]
    file.write_text("\n".join(["date,open,high,low,close,volume", *rows]) + "\n")
    import_bars(file, tmp_path / "catalog")
    (tmp_path / "actions.csv").write_text("symbol,date,split\nX,2024-03-05,2\n")
    words = "the price jumps on 2024-03-04 from 200 to 100: is that the ex-date"
    with pytest.raises(DataError, match=words):
        import_actions([tmp_path / "actions.csv"], Catalog(tmp_path / "catalog"))
