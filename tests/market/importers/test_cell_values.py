"""Which cells are values, and which are names of columns."""

import pytest

from pipeline.market.importers.cell_values import is_value


@pytest.mark.parametrize(
    "cell",
    [
        *("$10.4", "US$5", "10 €", "EUR 10,40", "10,50", "1'234.5", "1 234,5", "68.18K", "-0,61%"),
        *("1.325317920e9", "2024-01-02", "04.11.24 09:30", "2024-11-04T09:30:00Z", "09:30 AM"),
        *("20241104T0930", "Nov 4 2024", "Nov 4, 2024", "04NOV2024", "4-Nov-24"),
        "Mon Nov 04 2024 09:30:00 GMT+0100",
    ],
)
def test_numbers_and_times_in_any_notation_are_values(cell: str):
    assert is_value(cell)


@pytest.mark.parametrize(
    "cell",
    ["", "-", "NaN", "Open", "H", "SMA 20", "EMA200", "50 DMA", "MAR24", "Volume ($)", "1. Read"],
)
def test_names_and_empty_cells_are_no_values(cell: str):
    assert not is_value(cell)
