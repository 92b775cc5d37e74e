"""Pages are joined without doubles, whatever they have in common."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.fetch.gathering import Gathering
from pipeline.fetch.page import Bars, Page, Payout
from pipeline.fetch.raw import RawReply
from pipeline.fetch.request import Request

HOUR = 3600 * 10**9
REQUEST = Request(("A/B",), "1h", date(2024, 1, 1), date(2024, 1, 11))
COUNT = 240
TS = REQUEST.start_ns + HOUR * np.arange(COUNT)
PRICES = np.random.default_rng(5).uniform(100, 101, (COUNT, 5))


def page(rows, name: str = "a", time_ns: int = REQUEST.end_ns, prices=PRICES, **more) -> Page:
    ts = TS[rows]
    reply = RawReply("http://x", time_ns, 200, "", Path(f"{name}.json"))
    bars = Bars(ts, ts + HOUR, prices[rows])
    return Page("A/B", REQUEST.end, (reply,), bars, **more)


def gathered(*pages: Page) -> Gathering:
    gathering = Gathering("it", "A/B", REQUEST)
    for one in pages:
        gathering.add(one)
    return gathering


def written(gathering: Gathering, folder: Path):
    gathering.write(folder)
    (file,) = gathering.files
    return pq.read_table(file)


spans = st.lists(
    st.tuples(st.integers(0, COUNT - 1), st.integers(1, 60)).map(
        lambda span: np.arange(span[0], min(span[0] + span[1], COUNT))
    ),
    min_size=1,
    max_size=8,
)


@given(spans, st.randoms(use_true_random=False))
def test_bars_of_any_pages_are_there_once_in_order(tmp_path_factory, some, random):
    for rows in some:
        random.shuffle(rows)
    folder = tmp_path_factory.mktemp("tables", numbered=True)
    table = written(gathered(*map(page, some)), folder)
    expected = np.unique(np.concatenate(some))
    assert (table["ts"].cast("int64").to_numpy() == TS[expected]).all()
    found = np.stack([table[name].to_numpy() for name in table.column_names[3:]], axis=1)
    assert (found == PRICES[expected]).all()


def test_the_table_tells_symbol_and_interval(tmp_path):
    table = written(gathered(page(np.arange(3))), tmp_path)
    assert table["symbol"].to_pylist() == ["A/B"] * 3
    assert table["interval"].to_pylist() == ["1h"] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["A%2FB_1h_2024-01-01_2024-01-11.parquet"]


def test_different_bars_of_one_time_are_refused_with_their_files(tmp_path):
    other = PRICES.copy()
    other[7, 1] = 105.0
    found = gathered(page(np.arange(10)), page(np.arange(5, 12), "b", prices=other))
    with pytest.raises(DataError) as caught:
        found.write(tmp_path)
    told = str(caught.value)
    assert told.startswith("it contradicts itself: A/B 1h at 2024-01-01T07:00:00Z has the high ")
    assert "in a.json and 105 in b.json" in told
    assert not list(tmp_path.iterdir())


def test_bars_that_had_not_ended_are_left_out_and_told(tmp_path):
    found = gathered(page(np.arange(10), time_ns=int(TS[9]) + HOUR // 2))
    assert written(found, tmp_path).num_rows == 9
    (note,) = found.notes
    assert note.startswith("The last bar of A/B 1h, 2024-01-01T09:00:00Z, had not ended when")


def test_a_bar_that_ends_later_in_another_page_is_no_note(tmp_path):
    forming = page(np.arange(10), time_ns=int(TS[9]) + HOUR // 2)
    found = gathered(forming, page(np.arange(9, 12)))
    assert written(found, tmp_path).num_rows == 12
    assert found.notes == []


def test_rows_without_prices_are_left_out_and_told(tmp_path):
    holes = PRICES.copy()
    holes[3, :4] = np.nan
    found = gathered(page(np.arange(10), prices=holes))
    assert written(found, tmp_path).num_rows == 9
    assert found.notes == ["Rows of A/B 1h without prices, left out: 1."]


def test_what_lies_beside_the_days_is_left(tmp_path):
    request = Request(("A/B",), "1h", date(2024, 1, 3), date(2024, 1, 4))
    found = Gathering("it", "A/B", request)
    payouts = (Payout(date(2024, 1, 2), 1.0), Payout(date(2024, 1, 3), 2.0))
    found.add(page(np.arange(COUNT), payouts=payouts))
    assert written(found, tmp_path).num_rows == 24
    assert list(found.payouts) == [Payout(date(2024, 1, 3), 2.0)]


def test_no_bars_are_refused_with_what_there_is(tmp_path):
    with pytest.raises(DataError, match=r"no bars of A/B 1h .* or does not know the symbol"):
        gathered(page(np.arange(0))).write(tmp_path)
    later = Gathering("it", "A/B", Request(("A/B",), "1h", date(2023, 1, 1), date(2023, 1, 2)))
    later.add(page(np.arange(30)))
    with pytest.raises(DataError, match="what it gives is from 2024-01-01 to 2024-01-02"):
        later.write(tmp_path)
    with pytest.raises(DataError, match="the bars that it gives have not ended yet"):
        gathered(page(np.arange(1), time_ns=int(TS[0]))).write(tmp_path)
