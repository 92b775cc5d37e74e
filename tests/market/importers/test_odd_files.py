"""Files that are odd, imported again, or of another kind: read, or refused with the way on."""

import datetime as dt
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ConfigError, DataError
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


def test_lines_behind_a_quoted_line_break_have_the_numbers_of_an_editor(tmp_path: Path):
    rows = [f'{row},"two\nlines"' for row in minutes("09:30", "09:31", "09:32")]
    rows[2] = rows[2].replace("10.5", "ten")
    with pytest.raises(DataError, match="line 6: close must be a number, was 'ten'"):
        imported(write(tmp_path / "SPY.csv", rows, HEADER + ",note"))


def test_columns_of_actions_are_told_unless_prices_are_adjusted_for_them(tmp_path: Path):
    rows = [f"2024-01-{day:02},{GOOD},0,0" for day in (2, 3, 4)]
    path = write(tmp_path / "SPY.csv", rows, HEADER + ",Dividend,Split Ratio")
    _, result = imported(path)
    note = "The columns of splits and dividends can be imported with --actions."
    assert note in result.account.notes
    header = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits"
    history = write(tmp_path / "MSFT.csv", rows, header)
    _, result = imported(history)
    assert (result.account.adjusted.value, result.account.notes) == ("splits and dividends", ())


def test_rows_left_out_of_several_symbols_are_told_as_such(tmp_path: Path):
    rows = [f"{row},{name}" for row in minutes("09:30", "09:31") for name in "AB"]
    rows.append("2024-01-02 09:32,ten,11,9,10.5,,A")
    path = write(tmp_path / "all.csv", rows, HEADER + ",symbol")
    for one in import_bars(path, tmp_path / "catalog", bad_rows="drop"):
        assert one.account.rows_left == (
            ("rows with a cell that is no number (of 2 series together)", 1),
        )


@pytest.mark.parametrize(
    ("name", "header", "options", "origin"),
    [
        ("SPY.csv", HEADER, {}, "the name of the file"),
        ("SPY.csv", HEADER, {"symbol": "X"}, "--symbol"),
        ("SPY.csv", HEADER.replace("volume", "ticker"), {}, "the column ticker"),
    ],
)
def test_the_account_says_from_where_the_symbol_comes(
    tmp_path: Path, name: str, header: str, options, origin: str
):
    rows = minutes("09:30", "09:31", values="10,11,9,10.5,A")
    rows = rows if "ticker" in header else [row.replace(",A", ",5") for row in rows]
    _, result = imported(write(tmp_path / name, rows, header), **options)
    assert result.account.symbol_from == origin


def test_an_option_that_daily_bars_do_not_need_is_told(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", [f"2024-01-0{day},{GOOD}" for day in (2, 3, 4)])
    _, result = imported(path, stamped="close", tz="America/New_York")
    assert result.account.notes == (
        "--end-stamped is not used: daily bars have the dates of their days.",
        "--tz is not used: daily bars have the dates of their days.",
    )


THREE_DAYS = ("2024-11-11", "2024-11-12", "2024-11-13")


def days(catalog: Catalog) -> list[str]:
    """The dates of the bars."""
    return catalog.load("A", "1d")["ts"].cast(pa.timestamp("s")).to_numpy().astype(str).tolist()


@pytest.mark.parametrize(
    ("stamp", "options", "first", "ground"),
    [
        ("22:00:00Z", {}, 12, "guess"),
        ("22:00:00Z", {"tz": "America/New_York"}, 11, "option"),
        ("22:00:00Z", {"tz": "America/New_York+7h"}, 12, "option"),
        ("22:00:00", {"tz": "UTC"}, 12, "guess"),
        ("17:00:00", {"tz": "America/New_York"}, 12, "guess"),
        ("22:00:00", {}, 11, "guess"),
        ("15:30:00", {"tz": "Asia/Kolkata"}, 11, "guess"),
        ("00:00:00", {"tz": "America/New_York"}, 11, "file"),
    ],
)
def test_dates_of_daily_bars_that_the_rows_do_not_show_are_a_guess(
    tmp_path: Path, stamp: str, options, first: int, ground: str
):
    path = write(tmp_path / "A.csv", [f"{day}T{stamp},{GOOD}" for day in THREE_DAYS])
    catalog, result = imported(path, **options)
    assert [int(day[8:10]) for day in days(catalog)] == [first, first + 1, first + 2]
    assert result.account.clock.ground == ground
    assert ground != "guess" or result.account.clock.option == "--tz"


@pytest.mark.parametrize(
    ("stamp", "options", "advice"),
    [
        ("22:00:00Z", {}, "17:00, which --tz America/New_York says."),
        ("22:00:00", {"tz": "UTC"}, "17:00. Without --tz they are as written."),
        ("15:30:00", {"tz": "Asia/Kolkata"}, "these times of Asia/Kolkata: dates are as written."),
    ],
)
def test_a_guess_of_dates_is_told_with_the_way_to_others(
    tmp_path: Path, stamp: str, options, advice: str
):
    path = write(tmp_path / "A.csv", [f"{day}T{stamp},{GOOD}" for day in THREE_DAYS])
    _, result = imported(path, **options)
    assert any(note.endswith(advice) for note in result.account.notes)


@pytest.mark.parametrize(
    ("dates", "used"),
    [
        (("2024-01-02", "2024-01-03"), False),
        (("1704153600", "1704240000"), False),
        (("02/01/2024", "03/01/2024"), True),
    ],
)
def test_an_order_of_dates_that_no_date_needs_is_told(tmp_path: Path, dates, used: bool):
    path = write(tmp_path / "A.csv", [f"{date},{GOOD}" for date in dates])
    _, result = imported(path, date_order="dmy")
    note = "--date-order is not used: the times do not leave it open."
    assert (note not in result.account.notes) == used


def test_an_unknown_zone_is_refused_where_the_file_says_its_own(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", [f"2024-01-02T09:30:00Z,{GOOD}"])
    with pytest.raises(ConfigError, match="did you mean America/New_York"):
        imported(path, tz="America/NewYork", interval="1m")


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


def test_a_single_date_is_no_bar_of_a_minute_but_a_single_midnight_is_one(tmp_path: Path):
    with pytest.raises(DataError, match=r"dates without a time of day, .* give --interval 1d"):
        imported(write(tmp_path / "SPY.csv", [f"2024-01-02,{GOOD}"]), interval="1m")
    _, result = imported(write(tmp_path / "BTC.csv", minutes("00:00")), interval="1m")
    assert result.rows == 1


def test_an_interval_in_a_name_that_rows_contradict_is_not_told_as_an_option(tmp_path: Path):
    rows = [f"{1_704_067_200 + 3600 * at},10,11,9,10.5,100,5" for at in range(20)]
    path = tmp_path / "XBTUSD_1.csv"
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError, match=r"so they are no bars of 1m; give --interval 1h$"):
        imported(path)
    _, result = imported(path, interval="1h")
    assert result.rows == 20


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


def test_bars_of_a_catalog_without_zones_are_on_the_clock_of_the_user(tmp_path: Path):
    path = tmp_path / "x.csv"
    header = "symbol,interval,ts,open,high,low,close,volume"
    path.write_text(f"{header}\nSPY,1m,2024-11-13 09:30,{GOOD}\nSPY,1m,2024-11-13 09:31,{GOOD}\n")
    catalog, result = imported(path, tz="America/New_York", stamped="close")
    assert times(catalog) == ["14:29:00", "14:30:00"]
    assert result.account.clock == ("America/New_York", "option", "")
    path.write_text(path.read_text().replace(":30,", ":30Z,").replace(":31,", ":31Z,"))
    _, result = imported(path, tz="America/New_York", stamped="close", replace="series")
    assert times(catalog) == ["09:30:00", "09:31:00"]
    assert result.account.notes == (
        "--tz is not used: bars of a catalog are taken as they are.",
        "--end-stamped is not used: bars of a catalog are taken as they are.",
    )


def test_files_of_several_symbols_are_not_called_by_one(tmp_path: Path):
    header = HEADER + ",symbol"
    first = write(tmp_path / "first.csv", [f"2024-11-13,{GOOD},A"], header)
    second = write(tmp_path / "second.csv", [f"2024-11-14,{GOOD},B"], header)
    with pytest.raises(DataError, match=r"the symbol is 'B', and 'A' in .*first\.csv; --symbol na"):
        import_bars([first, second], tmp_path / "catalog", symbol="X")
    for name in ("AAPL", "MSFT"):
        write(tmp_path / f"{name}.csv", [f"2024-11-1{len(name)},{GOOD}"])
    write(tmp_path / "MSFT.csv", [f"2024-11-15,{GOOD}"])
    (result,) = import_bars(
        [tmp_path / "AAPL.csv", tmp_path / "MSFT.csv"], tmp_path / "catalog", symbol="X"
    )
    assert "Files that are called AAPL and MSFT have the symbol X." in result.account.notes


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
    with pytest.raises(DataError, match="3 of 5 rows are earlier than a row before, too many to l"):
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
