"""Files that are odd, imported again, or of another kind: read, or refused with the way on."""

import zipfile
from pathlib import Path

import pytest

from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from tests.market.importers.written import GOOD, HEADER, imported, minutes, times, write


def test_another_clock_for_the_same_source_is_refused_and_replaces_all_that_it_gave(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("09:30", "09:31"))
    catalog, _ = imported(path, tz="America/Chicago")
    with pytest.raises(DataError, match="before with the clock America/Chicago, and now with Amer"):
        imported(path, tz="America/New_York")
    _, result = imported(path, tz="America/New_York", replace="bars")
    assert (result.added, result.removed, result.rows) == (2, 2, 2)
    assert times(catalog) == ["14:30:00", "14:31:00"]


def test_files_of_one_name_in_two_folders_are_two_sources(tmp_path: Path):
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
    first = write(tmp_path / "2023" / "SPY.csv", minutes("09:30", "09:31"))
    second = write(tmp_path / "2024" / "SPY.csv", minutes("10:30", "10:31"))
    catalog = Catalog(tmp_path / "both")
    import_bars(first, catalog, tz="UTC")
    import_bars(second, catalog, tz="UTC")
    (result,) = import_bars(first, catalog, tz="UTC", replace="source")
    assert (result.removed, result.rows) == (0, 4)


def test_rows_of_several_symbols_are_not_called_by_one(tmp_path: Path):
    rows = [f"{row},{name}" for row, name in zip(minutes("09:30", "09:31"), "AB", strict=True)]
    path = write(tmp_path / "all.csv", rows, HEADER + ",symbol")
    with pytest.raises(
        DataError, match="line 3: the symbol is 'B', and 'A' before; --symbol names"
    ):
        imported(path, symbol="X")
    one = write(tmp_path / "one.csv", [row.replace("B", "A") for row in rows], HEADER + ",symbol")
    _, result = imported(one, symbol="X")
    assert result.symbol == "X"


def test_symbols_of_one_table_may_have_different_intervals(tmp_path: Path):
    rows = [f"2024-01-02 {hour:02}:00,{GOOD},H" for hour in range(20)]
    rows += [f"2024-01-02 09:{minute:02},{GOOD},M" for minute in range(40)]
    path = write(tmp_path / "all.csv", rows, HEADER + ",symbol")
    results = import_bars(path, tmp_path / "catalog", tz="UTC")
    assert [(one.symbol, one.interval) for one in results] == [("H", "1h"), ("M", "1m")]


def test_a_single_date_is_a_daily_bar(tmp_path: Path):
    _, result = imported(write(tmp_path / "SPY.csv", [f"2024-01-02,{GOOD}"]))
    assert result.interval == "1d"


def test_lines_of_blanks_are_none(tmp_path: Path):
    first, second = minutes("09:30", "09:31")
    path = write(tmp_path / "SPY.csv", [first, "   ", second, "\t"])
    _, result = imported(path)
    assert (result.rows, result.account.rows_left) == (2, ())


def test_thousands_that_begin_far_down_are_asked_about(tmp_path: Path):
    rows = [f"2024-01-02 {at // 60:02}:{at % 60:02};950;999;900;960;500" for at in range(250)]
    rows.append("2024-01-02 05:00;950;999;900;960;1.200")
    path = write(tmp_path / "SPY.csv", rows, HEADER.replace(",", ";"))
    with pytest.raises(DataError, match=r"numbers like '1\.200' can have a decimal point or thous"):
        imported(path)


def test_newest_first_with_a_time_twice_is_turned_round(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("09:32", "09:31", "09:31", "09:30"))
    catalog, _ = imported(path, duplicates="same")
    assert [one[-8:] for one in times(catalog)] == ["09:30:00", "09:31:00", "09:32:00"]


def test_times_of_day_that_lost_their_zeros_have_them(tmp_path: Path):
    rows = [f"20240102,{time},{GOOD}" for time in ("95900", "100000", "100100")]
    path = write(tmp_path / "SPY.csv", rows, HEADER.replace("time", "date,time"))
    catalog, _ = imported(path)
    assert [one[-8:] for one in times(catalog)] == ["09:59:00", "10:00:00", "10:01:00"]


@pytest.mark.parametrize("layout", ["mt5", "cryptodatadownload", "yfinance"])
def test_a_layout_that_does_not_fit_is_refused_with_its_signs(tmp_path: Path, layout: str):
    path = write(tmp_path / "SPY.csv", minutes("09:30", "09:31"))
    with pytest.raises(DataError, match=f"is no file of the layout '{layout}', which has "):
        imported(path, layout=layout)


def test_prices_in_points_are_divided_and_it_is_said(tmp_path: Path):
    header = "time,open,high,low,close,tick_volume,spread,real_volume"
    rows = [f"2024-01-0{day},82173,82190,82100,82150,10,1,0" for day in (2, 3)]
    _, result = imported(write(tmp_path / "USDJPYd1.csv", rows, header))
    told = "Prices are those of the file divided by 1000; --scale says otherwise."
    assert told in result.account.notes
    assert result.first_bars[0][1][:4] == (82.173, 82.19, 82.1, 82.15)


def test_one_column_may_be_all_prices(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", minutes("09:30", "09:31"))
    columns = dict.fromkeys(("open", "high", "low", "close"), "close")
    _, result = imported(path, columns=columns)
    assert len(set(result.first_bars[0][1][:4])) == 1


def test_an_archive_of_a_mac_or_with_a_picture_is_read(tmp_path: Path):
    path = tmp_path / "SPY.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("SPY.csv", "\n".join([HEADER, *minutes("09:30", "09:31")]))
        archive.writestr("__MACOSX/._SPY.csv", b"\0\5\x16\7")
        archive.writestr("chart.png", b"\x89PNG")
    _, result = imported(path)
    assert (result.files, result.rows) == (1, 2)


def test_a_zone_that_is_not_used_is_told(tmp_path: Path):
    path = write(
        tmp_path / "SPY.csv", [f"2024-01-02T09:30:00Z,{GOOD}", f"2024-01-02T09:31Z,{GOOD}"]
    )
    _, result = imported(path, tz="Asia/Tokyo")
    assert "--tz is not used: the file says the zone of its times." in result.account.notes


def test_a_quoted_cell_with_a_line_break_may_lie_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.market.importers.table.BLOCK", 64)
    rows = [f'{row},"two\nlines"' for row in minutes("09:30", "09:31", "09:32", "09:33")]
    _, result = imported(write(tmp_path / "SPY.csv", rows, HEADER + ",note"))
    assert result.rows == 4


def test_weekly_bars_are_refused(tmp_path: Path):
    rows = [f"2024-0{month}-{day:02},{GOOD}" for month in (1, 2) for day in (1, 8, 15, 22)]
    with pytest.raises(DataError, match="mostly 7 days apart; weekly and longer bars are not supp"):
        imported(write(tmp_path / "SPY.csv", rows))


def test_a_broken_tick_is_told_as_one(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", ["2024-01-02 09:30:01,0,5"], "time,price,size")
    with pytest.raises(DataError, match=r"the price must be above zero, was 0\.0"):
        imported(path, interval="1m")
