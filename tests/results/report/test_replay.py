"""The block about the replay: bars left out, and the worst quality by symbol."""

from pipeline.results.report.page import format_summary
from tests.results.summaries import SUMMARY


def test_bars_outside_sessions_and_full_quality_are_told():
    text = format_summary({**SUMMARY, "bars_outside_sessions": 12, "quality": {"A": 100.0}})
    assert "58,350 of 5 symbols; 12 outside sessions left out" in text
    assert "quality         100.00 % of the expected bars\n" in text


def test_of_many_symbols_the_three_worst_are_named():
    quality = {f"S{i}": 90.0 + i for i in range(8)} | {"NONE": None}
    text = " ".join(format_summary({**SUMMARY, "quality": quality}).split())
    assert "93.50 % of the expected bars; lowest: S0 90.00 %, S1 91.00 %, S2 92.00 % " in text


def test_each_note_has_a_line():
    notes = ["1 session without a bar of any symbol: 2023-09-01", "something else"]
    lines = format_summary({**SUMMARY, "notes": notes}).splitlines()
    assert [line for line in lines if line.startswith("note")] == [
        f"note            {note}" for note in notes
    ]
