"""Times of odd forms and orders: read, told, or refused with the way on."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import DataError
from tests.market.importers.written import GOOD, HEADER, imported, minutes, times, write


def test_times_of_day_that_lost_their_zeros_have_them(tmp_path: Path):
    rows = [f"20240102,{time},{GOOD}" for time in ("95900", "100000", "100100")]
    path = write(tmp_path / "SPY.csv", rows, HEADER.replace("time", "date,time"))
    catalog, _ = imported(path)
    assert [one[-8:] for one in times(catalog)] == ["09:59:00", "10:00:00", "10:01:00"]


@pytest.mark.parametrize("form", ["%H%M", "%H%M%S"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_times_of_day_that_are_numbers_are_read_alike_in_all_rows(
    tmp_path: Path, form: str, ending: str
):
    whole = [dt.datetime(2024, 11, 11) + dt.timedelta(minutes=5 * at) for at in range(400)]  # noqa: DTZ001
    path = tmp_path / f"BTC.{ending}"
    if ending == "csv":
        rows = [f"{one:%Y%m%d},{int(one.strftime(form))},{GOOD}" for one in whole]
        write(path, rows, HEADER.replace("time", "date,time"))
    else:
        prices = dict.fromkeys(("open", "high", "low", "close", "volume"), [1.0] * len(whole))
        dates = [int(f"{one:%Y%m%d}") for one in whole]
        clock = [int(one.strftime(form)) for one in whole]
        table = pa.table({"date": dates, "time": clock, **prices})
        pq.write_table(table, path, row_group_size=7)
    catalog, result = imported(path)
    assert result.interval == "5m"
    assert times(catalog, "BTC", "5m") == [f"{one:%H:%M:%S}" for one in whole]


def test_times_of_day_that_may_be_hours_are_asked_about(tmp_path: Path):
    rows = [f"20240102,{hour},{GOOD}" for hour in range(9, 17)]
    path = write(tmp_path / "SPY.csv", rows, HEADER.replace("time", "date,time"))
    with pytest.raises(DataError, match=r"SPY\.csv: times of day like '10' can be hours or minu"):
        imported(path)


@pytest.mark.parametrize("options", [{}, {"stamped": "close"}, {"stamped": "open"}])
def test_times_that_look_like_ends_are_told_unless_taken_so(tmp_path: Path, options):
    clock = [f"{9 + (31 + at) // 60:02}:{(31 + at) % 60:02}" for at in range(390)]
    _, result = imported(write(tmp_path / "SPY.csv", minutes(*clock)), **options)
    note = (
        "The times of day run from 09:31 to 16:00, as those of bars stamped at their ends do: "
        "--end-stamped takes them so."
    )
    assert (note in result.account.notes) == (options.get("stamped") != "close")
    assert result.account.stamped.ground == ("option" if options else "guess")


def test_times_that_look_like_opens_are_no_guess(tmp_path: Path):
    clock = [f"{9 + (30 + at) // 60:02}:{(30 + at) % 60:02}" for at in range(390)]
    _, result = imported(write(tmp_path / "SPY.csv", minutes(*clock)))
    assert result.account.stamped == ("open", "rows", "--end-stamped")


def test_bars_whose_first_is_cut_at_the_open_are_asked_about(tmp_path: Path):
    rows = [
        f"2024-11-{day} {time}:00-05:00,{GOOD}"
        for day in (11, 12, 13, 14)
        for time in ("09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00")
    ]
    for order in (rows, rows[::-1]):
        path = write(tmp_path / "SPY.csv", order)
        with pytest.raises(DataError, match=r"say which: --interval 1h --off-grid floor.* 30m$"):
            imported(path)
        catalog, result = imported(path, interval="1h", off_grid="floor", replace="series")
        assert times(catalog, interval="1h")[:2] == ["14:00:00", "15:00:00"]
        assert "Rows moved to the beginning of their bar: 4." in result.account.notes
        _, result = imported(path, interval="30m", replace="series")
        assert result.rows == 28


def test_times_just_before_the_ends_of_bars_are_told(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("09:30:59.999", "09:31:59.999"))
    catalog, result = imported(path)
    assert "Rows that do not begin at a whole minute, kept as they are: 2." in result.account.notes
    assert any("--end-stamped takes them so" in note for note in result.account.notes)
    imported(path, stamped="close", off_grid="floor", replace="series")
    assert times(catalog) == ["09:30:00", "09:31:00"]


def test_a_file_out_of_order_is_not_thinned_out(tmp_path: Path):
    days = [11, 30, 12, 13, 14]
    path = write(tmp_path / "SPY.csv", [f"2024-11-{day},{GOOD}" for day in days])
    with pytest.raises(DataError) as raised:
        imported(path)
    assert str(raised.value).endswith("; --sort sorts the rows by their times")
    with pytest.raises(DataError, match="3 of 5 rows, too many to leave them out, are"):
        imported(path, bad_rows="drop")
    _, result = imported(path, sort=True)
    assert "Rows that were earlier than a row before, sorted: 3." in result.account.notes
    _, again = imported(write(path, [f"2024-11-{day},{GOOD}" for day in sorted(days)]))
    assert (result.rows, again.unchanged) == (5, 5)


def test_the_weeks_of_a_server_contradict_a_wrong_zone(tmp_path: Path):
    rows = []
    for monday in range(1, 29, 7):  # 17:00 in New York is midnight on the clock of the server
        for day in range(5):
            for hour in range(24):
                stamp = f"2024.07.{monday + day:02}\t{hour:02}:00:00"
                rows.append(f"{stamp}\t1.1\t1.2\t1.0\t1.1\t5\t0\t1")
    path = tmp_path / "EURUSD_H1.csv"
    header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
    path.write_text("\n".join([header, *rows]) + "\n")
    _, result = imported(path, tz="UTC")
    assert any("takes it, instead of UTC" in note for note in result.account.notes)
    _, result = imported(path, tz="America/New_York+7h", replace="series")
    assert not any("instead of" in note for note in result.account.notes)


def test_the_last_row_of_a_download_may_be_of_a_bar_that_has_just_begun(tmp_path: Path):
    rows = [f"2024-11-0{day} {hour}:30:00-05:00,{GOOD}" for day in (4, 5) for hour in range(10, 16)]
    path = write(tmp_path / "SPY.csv", [*rows, f"2024-11-05 16:00:00-05:00,{GOOD}"])
    with pytest.raises(DataError, match=r"line 14: .*1h bars must not overlap.*--bad-rows drop"):
        imported(path)
    _, result = imported(path, bad_rows="drop")
    assert (result.interval, result.rows) == ("1h", 12)


def test_bars_whose_last_is_cut_at_the_close_are_asked_about(tmp_path: Path):
    clock = [*(f"{hour}:30" for hour in range(10, 16)), "16:00"]
    rows = [f"2024-11-{day} {time},{GOOD}" for day in (11, 12, 13, 14) for time in clock]
    with pytest.raises(DataError, match=r"cut at the close.* --interval 1h --bad-rows drop"):
        imported(write(tmp_path / "SPY.csv", rows), tz="America/New_York", stamped="close")


def test_inexact_times_are_moved_to_the_nearest_end(tmp_path: Path):
    late = [f"2024-11-04 09:{35 + at * 5 % 25:02}:0{at % 5 + 1},{GOOD}" for at in range(5)]
    path = write(tmp_path / "SPY.csv", late)
    with pytest.raises(DataError, match=r"which divides no day; .* --off-grid floor if"):
        imported(path)
    catalog, _ = imported(path, interval="5m", off_grid="floor", stamped="close")
    assert times(catalog, interval="5m")[:2] == ["09:30:00", "09:35:00"]


@pytest.mark.parametrize(("late", "told"), [(0, False), (1, True), (-1, True), (7, True)])
def test_weeks_of_currencies_contradict_a_wrong_clock(tmp_path: Path, late: int, told: bool):
    hours = np.arange(np.datetime64("2024-06-30T21"), np.datetime64("2024-07-26T21"))
    week = (hours - np.datetime64("2024-06-30T21")).astype(int) % (7 * 24)
    written = hours[week < 5 * 24] + late  # the market is open from Sunday to Friday, 21:00Z
    rows = [f"{time}:00,1.1,1.2,1.0,1.1,5" for time in written]
    _, result = imported(write(tmp_path / "EURUSD.csv", rows), tz="UTC")
    words = ("where the market of currencies is closed", "takes it, instead of UTC")
    assert any(one in note for one in words for note in result.account.notes) == told
