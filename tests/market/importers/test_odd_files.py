"""Files that are odd, imported again, or of another kind: read, or refused with the way on."""

import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import ConfigError, DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from tests.market.importers.written import GOOD, HEADER, imported, minutes, times, write

BARS = ("ts", "open", "high", "low", "close")


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


def test_short_rows_at_the_top_are_told_and_not_left_out(tmp_path: Path):
    short = [f"20240108 000{minute}00;1.1;1.2;1.0;1.1" for minute in range(3)]
    long = [f"20240108 000{minute}00;1.1;1.2;1.0;1.1;5" for minute in range(3, 7)]
    path = write(tmp_path / "EURUSD.csv", short[1:] + long, short[0])
    words = r"line is '20240108 000000;1\.1.*--columns ts=1,open=2,high=3,low=4,close=5, or"
    with pytest.raises(DataError, match=words):
        imported(path)
    columns = {name: str(at) for at, name in enumerate(BARS, 1)}
    with pytest.raises(
        DataError, match=r"4 of 7 rows .*line 4: 6 fields, expected 5 as in the fir"
    ):
        imported(path, columns=columns)


def test_a_first_row_of_currencies_is_a_bar(tmp_path: Path):
    rows = [f"Nov {day} 2024,$10.4,$11.5,$9.5,$10.6" for day in (4, 5, 6)]
    path = write(tmp_path / "ACME.csv", rows[1:], rows[0])
    columns = {name: str(at) for at, name in enumerate(BARS, 1)}
    _, result = imported(path, columns=columns)
    assert (result.rows, result.first_bars[0][1][:4]) == (3, (10.4, 11.5, 9.5, 10.6))


def test_a_title_is_left_out_and_told(tmp_path: Path):
    title = ["ACME Corp - daily prices,,,,,", ",,,,,", "Date,Open,High,Low,Close,Volume"]
    rows = [f"2024-01-0{day},{GOOD}" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "ACME.csv", title[1:] + rows, title[0]))
    assert result.rows == 3
    assert "Lines above the table, left out: 2." in result.account.notes


def test_commas_within_thousands_are_told_by_the_number_of_cells(tmp_path: Path):
    rows = [f"2024-01-0{day},10,11,9,10.5,1,500" for day in (2, 3, 4)]
    with pytest.raises(DataError, match="the header has 6 names, the rows 7 cells; quote numbers"):
        imported(write(tmp_path / "SPY.csv", rows))
    _, result = imported(write(tmp_path / "SPY.csv", [row[:-4] + "0," for row in rows]))
    assert (result.rows, result.account.left) == (3, ("column 7",))


def test_a_german_table_is_read_without_options(tmp_path: Path):
    rows = [f"{day}.11.2024;10,50;11,60;9,40;10,55;1.200" for day in (14, 15, 18)]
    header = "Datum;Eröffnung;Hoch;Tief;Schluss;Stück"
    _, result = imported(write(tmp_path / "SAP.csv", rows, header))
    assert result.first_bars[0][1] == (10.5, 11.6, 9.4, 10.55, 1200.0)


def test_a_table_that_pandas_wrote_has_its_time_first(tmp_path: Path):
    rows = [f"2024-01-0{day},{GOOD}" for day in (2, 3, 4)]
    _, result = imported(write(tmp_path / "SPY.csv", rows, ",Open,High,Low,Close,Volume"))
    assert (result.rows, result.interval) == (3, "1d")


def test_rows_of_several_contracts_are_several_series(tmp_path: Path):
    rows = [f"2024-01-0{day},{GOOD},{name}" for day in (2, 3, 4) for name in ("ESH4", "ESM4")]
    path = write(tmp_path / "ES.csv", rows, HEADER + ",Contract")
    results = import_bars(path, tmp_path / "catalog")
    assert [one.symbol for one in results] == ["ESH4", "ESM4"]


def test_ticks_without_a_header_are_named_by_position(tmp_path: Path):
    path = write(tmp_path / "SPY.csv", ["2024-01-02 09:30:02,10.5,5"], "2024-01-02 09:30:01,10,5")
    with pytest.raises(DataError, match="such as --columns ts=1,price=2,size=3, or name the"):
        imported(path, interval="1m")


@pytest.mark.parametrize("text", ["Bars of ACME.", "Bars, made in 2024\nby ACME", "a,,,,\n\nb,,,,"])
def test_other_text_is_told_as_no_table(tmp_path: Path, text: str):
    (tmp_path / "README.txt").write_text(text)
    with pytest.raises(DataError, match=r"no table of bars .* leave it out .* --skip-rows$"):
        imported(tmp_path / "README.txt")


def test_a_layout_that_the_user_names_takes_the_symbol_of_a_plain_name(tmp_path: Path):
    rows = [f"{1_704_067_200 + 60 * at},10,11,9,10.5,100,5" for at in range(9)]
    _, result = imported(write(tmp_path / "AA.csv", rows[1:], rows[0]), layout="kraken")
    assert (result.symbol, result.rows) == ("AA", 9)


def test_a_layout_of_positions_is_refused_where_the_header_names_other_prices(tmp_path: Path):
    rows = [f"{1_704_067_200 + 60 * at},10.5,10,11,9,100" for at in range(9)]
    path = write(tmp_path / "AA.csv", rows, "time,close,open,high,low,volume")
    with pytest.raises(DataError, match="column 2 is 'close', where the layout kraken has the op"):
        imported(path, layout="kraken")


def test_a_layout_of_text_is_refused_for_other_files(tmp_path: Path):
    path = tmp_path / "SPY.parquet"
    pq.write_table(pa.table({"ts": ["2024-01-02"]}), path)
    with pytest.raises(
        DataError, match=r"SPY\.parquet is Parquet or Arrow, and --layout kraken is"
    ):
        imported(path, layout="kraken")
    with pytest.raises(ConfigError, match=r"there is no layout 'kraaken'.*did you mean kraken"):
        imported(path, layout="kraaken")


def test_recordings_of_others_are_refused_with_those_that_are_read(tmp_path: Path):
    path = tmp_path / "feed.txt"
    path.write_text('1700000000.5: {"event": "book"}\n')
    with pytest.raises(DataError, match="Binance's klines and trades are read"):
        imported(path)


def test_long_lines_are_shown_by_their_beginning(tmp_path: Path):
    for text in ("x" * 50_000, "x," * 50_000, "1," * 50_000, f"Date,{'x' * 9_000},Close,Low"):
        (tmp_path / "SPY.csv").write_text(text)
        with pytest.raises(DataError) as refusal:
            imported(tmp_path / "SPY.csv")
        assert len(str(refusal.value)) < 1_500
