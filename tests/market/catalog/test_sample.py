import datetime as dt
import zoneinfo

import numpy as np
import pyarrow as pa
import pytest

from pipeline.market.catalog import sample
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import INTERVAL, SYMBOLS, sample_is_current, write_sample
from pipeline.market.time.time_manager import TimeManager

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
MINUTE = 60_000_000_000
HASHES = {
    "ALFA": "1836d92a5659fc8f",
    "BRVO": "00eb77e0f375afc9",
    "CHRL": "360787da96f68bb0",
    "DLTA": "21db72fb9a707b6e",
    "ECHO": "3a6b4a961f06499c",
}


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    catalog = Catalog(tmp_path_factory.mktemp("sample"))
    write_sample(catalog)
    return catalog


@pytest.fixture(scope="module")
def sessions():
    return TimeManager("US_EQUITY").session_table(sample.FIRST_DATE, sample.LAST_DATE)


def columns(catalog, symbol):
    table = catalog.load(symbol, INTERVAL)
    ts = table["ts"].cast(pa.int64()).to_numpy()
    return ts, {name: table[name].to_numpy() for name in table.column_names[1:]}


def per_session(ts, sessions):
    place = np.searchsorted(sessions.close_ns, ts, side="right")
    assert (ts >= sessions.open_ns[place]).all()
    assert (ts < sessions.close_ns[place]).all()
    return place


def test_the_sample_is_the_same_bytes_everywhere(market):
    """The hash of seed 7; it changes only together with the sample's version."""
    hashes = {entry.symbol: entry.sha256[:16] for entry in market.entries()}
    assert hashes == HASHES


def test_five_symbols_have_bars_in_all_thirty_sessions_and_only_there(market, sessions):
    assert len(sessions) == 30
    assert [entry.symbol for entry in market.entries()] == list(SYMBOLS)
    for symbol in SYMBOLS:
        ts, _ = columns(market, symbol)
        assert set(per_session(ts, sessions)) == set(range(30))


def test_a_half_day_and_a_clock_change_are_inside(market, sessions):
    ts, _ = columns(market, "ALFA")
    local = [dt.datetime.fromtimestamp(t / 1e9, NEW_YORK) for t in ts]
    assert {moment.time() for moment in local} <= {
        (dt.datetime(2024, 1, 1, 9, 30, tzinfo=NEW_YORK) + dt.timedelta(minutes=i)).time()
        for i in range(390)
    }
    assert {moment.utcoffset() for moment in local} == {
        dt.timedelta(hours=-4),
        dt.timedelta(hours=-5),
    }
    half_day = [moment for moment in local if moment.date() == dt.date(2024, 11, 29)]
    assert half_day[-1].time() == dt.time(12, 59)
    assert sessions.early_close.sum() == 1


def test_a_few_bars_are_missing_of_every_symbol(market, sessions):
    expected = int(((sessions.close_ns - sessions.open_ns) // MINUTE).sum())
    for symbol in SYMBOLS:
        missing = expected - market.entry(symbol, INTERVAL).rows
        assert 0 < missing < expected * 0.03


def test_prices_are_whole_cents(market):
    for symbol in SYMBOLS:
        _, prices = columns(market, symbol)
        for name in ("open", "high", "low", "close"):
            assert (np.round(prices[name] * 100) / 100 == prices[name]).all()
        assert (prices["volume"] == np.round(prices["volume"])).all()
        assert prices["volume"].min() >= 100


def test_sessions_open_with_gaps_and_are_busiest_at_their_ends(market, sessions):
    for symbol in SYMBOLS:
        ts, prices = columns(market, symbol)
        place = per_session(ts, sessions)
        first = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
        gaps = np.abs(prices["open"][first][1:] / prices["close"][first[1:] - 1] - 1)
        assert (gaps > 0.001).mean() > 0.7
        assert gaps.max() < 0.06
        minute = (ts - sessions.open_ns[place]) // MINUTE
        full = ~sessions.early_close[place]
        middle = full & (minute > 150) & (minute < 240)
        ends = full & ((minute < 15) | (minute >= 375))
        width = (prices["high"] - prices["low"]) / prices["open"]
        for measure in (prices["volume"], width):
            assert measure[ends].mean() > 2 * measure[middle].mean()


def test_writing_again_changes_nothing(market):
    before = {p: p.stat().st_mtime_ns for p in market.path.rglob("*.*")}
    entries = write_sample(market)
    assert {p: p.stat().st_mtime_ns for p in market.path.rglob("*.*")} == before
    assert entries == market.entries()


def test_another_seed_is_another_market_and_is_overwritten_whole(tmp_path, market):
    catalog = Catalog(tmp_path)
    write_sample(catalog, seed=8)
    assert {e.sha256 for e in catalog.entries()}.isdisjoint(e.sha256 for e in market.entries())
    assert not sample_is_current(catalog)
    write_sample(catalog)
    assert catalog.entries() == market.entries()


def test_current_means_all_there_and_undamaged(tmp_path):
    catalog = Catalog(tmp_path)
    assert not sample_is_current(catalog)
    write_sample(catalog)
    assert sample_is_current(catalog)
    assert not sample_is_current(catalog, seed=8)
    (tmp_path / catalog.entry("CHRL", INTERVAL).file).write_bytes(b"PAR1")
    assert not sample_is_current(catalog)
    write_sample(catalog)
    assert sample_is_current(catalog)
