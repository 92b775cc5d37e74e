"""Lines that are no rows: further headers, titles, blank rows, line breaks in quotes."""

from pathlib import Path

import pytest

from pipeline.errors import DataError
from tests.market.importers.written import GOOD, HEADER, imported, minutes, write


def test_headers_of_files_that_were_put_together_are_left_out_and_told(tmp_path: Path):
    rows = [*minutes("09:30", "09:31"), HEADER, *minutes("09:32"), "", HEADER, *minutes("09:33")]
    _, result = imported(write(tmp_path / "SPY.csv", rows))
    assert result.rows == 4
    assert "Headers between the rows, left out: 2." in result.account.notes


@pytest.mark.parametrize("bad_rows", ["refuse", "drop"])
def test_a_further_header_of_another_order_is_never_left_out(tmp_path: Path, bad_rows: str):
    rows = [*minutes("09:30"), "time,close,high,low,open,volume", *minutes("09:31")]
    with pytest.raises(DataError, match=r"line 3: .*was 'time'; make a file of each table$"):
        imported(write(tmp_path / "SPY.csv", rows), interval="1m", bad_rows=bad_rows)


def test_tables_with_titles_are_several_tables(tmp_path: Path):
    rows = [*minutes("09:30"), "Symbol: MSFT", HEADER, *minutes("09:31")]
    path = write(tmp_path / "SPY.csv", rows)
    with pytest.raises(
        DataError, match=r"line 4: names the .*\. Options: make a file of each table$"
    ):
        imported(path, interval="1m")
    with pytest.raises(DataError, match="line 4: names the columns again, and other lines stand"):
        imported(path, interval="1m", bad_rows="drop")


def test_rows_of_empty_cells_are_left_out_and_told(tmp_path: Path):
    rows = [*minutes("09:30"), ",,,,,", *minutes("09:31"), ",,,,,", ",,,,,"]
    _, result = imported(write(tmp_path / "SPY.csv", rows))
    assert result.rows == 2
    assert "Rows of empty cells, left out: 3." in result.account.notes


def test_a_row_without_a_time_but_with_prices_is_bad(tmp_path: Path):
    rows = [*minutes("09:30", "09:31"), f",{GOOD}"]
    with pytest.raises(DataError, match="line 4: time is empty"):
        imported(write(tmp_path / "SPY.csv", rows))


def test_lines_that_a_quote_holds_together_are_told(tmp_path: Path):
    rows = minutes("09:30", "09:31", "09:32", "09:33")
    rows = [f'{rows[0]},"ditto', f"{rows[1]},x", f'{rows[2]},"', f"{rows[3]},"]
    _, result = imported(write(tmp_path / "SPY.csv", rows, HEADER + ",note"), interval="1m")
    assert result.rows == 2
    assert "Line breaks within quoted cells: 2." in result.account.notes


def test_a_long_cell_is_told_in_part(tmp_path: Path):
    row = minutes("09:31")[0].replace("10.5", '"' + "x\n" * 500 + '"')
    with pytest.raises(DataError) as raised:
        imported(write(tmp_path / "SPY.csv", [*minutes("09:30"), row]), interval="1m")
    assert len(str(raised.value)) < 600
