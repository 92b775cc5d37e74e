from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import DAY_NS, HOUR_NS
from pipeline.market.importers.times.clock import Clock
from pipeline.market.importers.times.fx_week import CANDIDATES, fit_fx_clocks
from pipeline.market.importers.times.readers import open_times


def hours_of_fx(clock: str, first: str, weeks: int) -> np.ndarray:
    """Return hour bars of FX on a clock, from Sunday 17:00 to Friday 17:00 in New York."""
    new_york = Clock.parse("America/New_York")
    sunday = int(np.datetime64(first, "ns").astype(np.int64))
    begins = sunday + 17 * HOUR_NS + np.arange(weeks, dtype=np.int64) * 7 * DAY_NS
    local = (begins[:, None] + np.arange(120, dtype=np.int64) * HOUR_NS).ravel()
    return Clock.parse(clock).to_wall(new_york.to_utc(local).utc)


@given(clock=st.sampled_from(CANDIDATES), weeks=st.integers(60, 120))
def test_the_clock_of_a_year_of_bars_fits_best(clock: str, weeks: int) -> None:
    best, *others = fit_fx_clocks(hours_of_fx(clock, "2022-01-02", weeks))
    assert best.clock == Clock.parse(clock)
    assert best.fits == best.weeks == weeks - 1
    assert all(other.fits < best.fits for other in others)


def test_the_fit_is_told() -> None:
    fits = fit_fx_clocks(hours_of_fx("America/New_York+7h", "2022-01-02", 96))
    words = {fit.clock.name: fit.words() for fit in fits}
    assert words["America/New_York+7h"] == "America/New_York+7h fits 95 of 95 week beginnings"
    assert words["Europe/Athens"] == "Europe/Athens fits 89 of 95 week beginnings"


def test_winter_alone_does_not_tell_clocks_apart() -> None:
    fits = fit_fx_clocks(hours_of_fx("Europe/Athens", "2023-12-03", 10))
    assert [fit.clock.name for fit in fits if fit.fits == fit.weeks == 9] == [
        *("Europe/Athens", "America/New_York+7h", "Etc/GMT-2")
    ]


@pytest.mark.parametrize("hours", [np.arange(2_000), np.array([0]), np.empty(0, dtype=np.int64)])
def test_bars_around_the_clock_have_no_week_to_judge(hours: np.ndarray) -> None:
    fits = fit_fx_clocks(hours.astype(np.int64) * HOUR_NS)
    assert {(fit.fits, fit.weeks) for fit in fits} == {(0, 0)}


def of_symbol(file: Path, symbol: str) -> np.ndarray:
    table = pq.read_table(file)
    rows = table.filter(pc.equal(table["symbol"], symbol))
    return np.asarray(rows["timestamp"].cast("int64").to_numpy())


def test_oanda_s_bars_are_in_utc(shared_data: Path) -> None:
    best, *_ = fit_fx_clocks(of_symbol(shared_data / "open/lean_fx_oanda_1h.parquet", "EURUSD"))
    assert best.clock.name == "UTC"
    assert best.fits > 0.99 * best.weeks > 500


def test_the_bars_of_an_mt5_broker_are_on_the_new_york_close_clock(shared_data: Path) -> None:
    """Athens, by which such files are often read, is an hour off in one week of fourteen."""
    text = gzip.decompress((shared_data / "raw/ejtrader/GBPUSDh4.csv.gz").read_bytes()).decode()
    rows = pa.array([line.split(",")[0] for line in text.splitlines()[1:]])
    best, second, *_ = fit_fx_clocks(open_times(rows).read(rows).wall)
    assert best.words() == "America/New_York+7h fits 476 of 477 week beginnings"
    assert second.words() == "Europe/Athens fits 444 of 477 week beginnings"


def test_metals_open_an_hour_later(shared_data: Path) -> None:
    gold = of_symbol(shared_data / "open/lean_fx_oanda_1m.parquet", "XAUUSD")
    best, *others = fit_fx_clocks(gold, opens=18)
    assert (best.clock.name, best.fits, best.weeks) == ("UTC", 2, 2)
    assert not any(other.fits for other in others)
