"""The rows of a table of actions that cannot be taken, told all at once."""

import pytest

from pipeline.errors import DataError
from pipeline.market.importers.actions.bad_rows import BadRows


def test_without_any_there_is_no_refusal():
    BadRows("a.csv").check()


def test_one_row_is_told_at_its_place():
    bad = BadRows("a.csv", "row")
    bad.add(2, "no symbol")
    bad.add(2, "another fault of the same row")
    with pytest.raises(DataError, match=r"^a.csv, row 2: no symbol$"):
        bad.check()


def test_of_several_the_first_three_are_told_and_all_are_counted():
    bad = BadRows("a.csv")
    for line in (9, 4, 7, 2):
        bad.add(line, lambda line=line: f"fault {line}")
    bad.rows = 1000
    with pytest.raises(DataError) as refusal:
        bad.check()
    assert str(refusal.value) == (
        "a.csv: 4 of 1,000 rows cannot be taken: line 2: fault 2, line 4: fault 4, line 7: "
        "fault 7, and 1 more; correct them in the file"
    )


def test_words_of_rows_that_are_not_shown_are_not_made():
    bad = BadRows("a.csv")
    for line in range(5):
        bad.add(line, lambda line=line: "word" if line < 3 else str(1 / 0))
    with pytest.raises(DataError, match="and 2 more"):
        bad.check()
