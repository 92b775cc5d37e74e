"""Calendars that are not those of the bars: refused, or noted with one that fits."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.codes import DAY_NS, HOUR_NS
from pipeline.errors import ConfigError
from tests.reference.series import catalog_of, every, extent, ns, sessions_of


@pytest.mark.parametrize(
    ("interval", "without", "group", "fits"),
    [
        (HOUR_NS, "", "US_EQUITY", "CRYPTO"),
        (DAY_NS, "", "US_EQUITY", "CRYPTO"),
        (HOUR_NS, "", "FX", "CRYPTO"),
        (DAY_NS, "5", "US_EQUITY", "FX"),
    ],
)
def test_another_markets_calendar_is_refused_with_the_one_that_fits(
    tmp_path: Path, interval: int, without: str, group: str, fits: str
):
    times = every(interval, "2024-07-01", "2024-08-01", without)
    folder = catalog_of(tmp_path, interval, OTHER=times)
    meant = extent(folder, group, "2024-07-01", "2024-07-31", bars_outside_sessions="leave_out")
    rows = meant.bars + meant.outside
    assert len(times) - 5 < rows <= len(times)  # by the dates of the exchange
    with pytest.raises(ConfigError) as caught:
        extent(folder, group, "2024-07-01", "2024-07-31")
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        f"exchange_group is {group}",
        f"{meant.outside:,} of the {rows:,} ",
        "bars of OTHER",
        f'set exchange_group="{fits}"',
        'session_data_config.bars_outside_sessions="leave_out"',
    ):
        assert part in message
    assert extent(folder, fits, "2024-07-01", "2024-07-31").sessions
    assert not [note for note in meant.notes if "auction" in note]


def test_a_few_days_of_a_series_of_all_the_week_are_known_to_be_such(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, BTC=every(DAY_NS, "2024-07-01", "2024-08-01"))
    with pytest.raises(ConfigError, match=r'BTC in catalog .* all seven .* set .*"CRYPTO"'):
        extent(folder, "US_EQUITY", "2024-07-08", "2024-07-12")
    week = ("US_EQUITY", "2024-07-08", "2024-07-12")
    assert extent(folder, *week, bars_outside_sessions="leave_out").bars == 5


@pytest.mark.parametrize(
    ("group", "days"), [("CRYPTO", "all days"), ("FX", "all hours"), ("US_EQUITY", "")]
)
def test_bars_of_less_than_the_calendar_are_noted(sample: Path, group: str, days: str):
    """In a week without enough sessions without a bar to tell which calendar fits."""
    found = extent(sample, group, "2024-11-22", "2024-11-26")
    said = (
        f"of exchange hours, the sessions of exchange_group {group} of {days}; "
        'exchange_group="US_EQUITY" fits better'
    )
    of_alfa = [note for note in found.notes if note.startswith("ALFA")]
    assert [note.partition(" are ")[2] for note in of_alfa] == ([said] if days else [])


@pytest.mark.parametrize(
    ("own", "interval", "group", "shares"),
    [
        ("FX", HOUR_NS, "CRYPTO", ("0.0 %", "14.1 %")),
        ("FX", DAY_NS, "CRYPTO", ("0.0 %", "28.3 %")),
        ("FX", HOUR_NS, "CME", ("2.1 %", "0.0 %")),
        ("US_EQUITY", DAY_NS, "FX", ("0.0 %", "3.1 %")),
        ("US_EQUITY", HOUR_NS, "CME", ("0.0 %", "2.3 %")),
        ("US_EQUITY", DAY_NS, "XPAR", ("0.4 %", "2.7 %")),
    ],
)
def test_a_calendar_that_fits_better_is_noted(
    tmp_path: Path, own: str, interval: int, group: str, shares: tuple[str, str]
):
    """No bar is lost, or few are: the run is not refused."""
    span = ("2010-01-04", "2010-12-30")
    folder = catalog_of(tmp_path, interval, OTHER=sessions_of(own, interval, *span))
    found = extent(folder, group, *span)
    (note,) = (one for one in found.notes if one.startswith("OTHER"))
    assert note == (
        f"OTHER: {shares[0]} of its bars are outside the sessions of exchange_group {group}, and "
        f'{shares[1]} of these are without a bar; exchange_group="{own}" fits better, with 0.0 % '
        "and 0.0 %"
    )
    if shares[1] != "0.0 %":
        assert any("without a bar of any symbol" in one for one in found.notes)
    assert not [one for one in extent(folder, own, *span).notes if one.startswith("OTHER")]


@pytest.mark.parametrize("group", ["XETR", "XLON", "XSWX", "XTSE", "XASX"])
def test_days_of_one_exchange_with_the_holidays_of_another_are_refused(tmp_path: Path, group: str):
    span = ("2010-01-04", "2012-12-31")
    folder = catalog_of(tmp_path, DAY_NS, OTHER=sessions_of("US_EQUITY", DAY_NS, *span))
    with pytest.raises(ConfigError, match=f'is {group}, .* set exchange_group="US_EQUITY"'):
        extent(folder, group, *span)


def test_days_on_holidays_of_the_calendar_are_left_out_with_a_note(tmp_path: Path):
    """An index that has all sessions, and a value on the holidays when its futures are traded."""
    span = ("2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, VIX=sessions_of("CME", DAY_NS, *span))
    found = extent(folder, "US_EQUITY", *span)
    assert (found.bars, found.outside) == (252, 7)
    (note,) = found.notes
    assert note == (
        "VIX: 7 of its 259 1d bars are on holidays of exchange_group US_EQUITY and left out; "
        'exchange_group="CME" has sessions on these days'
    )
    assert extent(folder, "CME", *span).notes == ()
    with pytest.raises(ConfigError, match=r'is XLON, .* set exchange_group="CME"'):
        extent(folder, "XLON", *span)
    meant = extent(folder, "US_EQUITY", *span, bars_outside_sessions="leave_out")
    assert 'exchange_group="CME" fits better' in "".join(meant.notes)


def test_vix_runs_with_its_exchanges_calendar_in_each_year(shared_data: Path, tmp_path: Path):
    table = pq.read_table(shared_data / "open" / "vix_1d.parquet", columns=["timestamp"])
    times = table["timestamp"].cast(pa.timestamp("ns", "UTC")).cast("int64").to_numpy()
    years = times.astype("M8[ns]").astype("M8[Y]").astype(str)
    for year in np.unique(years[years >= "2020"]):
        folder = catalog_of(tmp_path / year, DAY_NS, VIX=times[years == year])
        assert extent(folder, "US_EQUITY", f"{year}-01-01", f"{year}-12-31").bars >= 139


def test_days_of_fx_are_refused_by_an_exchange(tmp_path: Path):
    span = ("2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, EURUSD=sessions_of("FX", DAY_NS, *span))
    with pytest.raises(ConfigError, match=r'is US_EQUITY, .* set exchange_group="FX"'):
        extent(folder, "US_EQUITY", *span)


def test_holes_in_the_data_are_no_other_calendar(tmp_path: Path):
    """Every twentieth session is missing, and each holiday; no calendar is like that."""
    days = sessions_of("US_EQUITY", DAY_NS, "2024-01-02", "2024-12-31")
    folder = catalog_of(tmp_path, DAY_NS, A=[day for i, day in enumerate(days) if i % 20 != 10])
    (note,) = extent(folder, "US_EQUITY", "2024-01-02", "2024-12-31").notes
    assert note.startswith("13 sessions without a bar of any symbol")


def test_a_single_bar_on_a_holiday_is_no_other_calendar(tmp_path: Path):
    folder = catalog_of(tmp_path, DAY_NS, A=[ns(f"2024-07-0{day}") for day in range(1, 6)])
    assert extent(folder, "US_EQUITY", "2024-07-01", "2024-07-05").outside == 1
