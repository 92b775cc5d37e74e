import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.times.template import LONGEST, distinct, groups, number

TEXTS = st.lists(st.text("0123456789:ä-", max_size=8), max_size=60)


@given(rows=TEXTS, offset=st.integers(0, 3))
def test_every_text_is_in_the_group_of_its_template(rows: list[str], offset: int) -> None:
    text = pa.array([*["x"] * offset, *rows], pa.string()).slice(offset)
    seen = {}
    for group in groups(text):
        places = range(len(rows)) if group.rows is None else group.rows.tolist()
        for at, row in enumerate(places):
            seen[row] = group.template, group.chars[:, at].tobytes().decode()
    assert seen == {row: (re.sub("[0-9]", "0", one), one) for row, one in enumerate(rows)}


def test_a_text_that_is_too_long_has_no_template_of_a_time() -> None:
    long, short = "2" * (LONGEST + 1), "2"
    found = {group.template: group.rows for group in groups(pa.array([long, short, long]))}
    assert found["0"].tolist() == [1]
    assert [rows.tolist() for template, rows in found.items() if template != "0"] == [[0, 2]]


@given(values=st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=20))
def test_numbers_and_distinct_texts_are_taken_from_their_places(values: list[int]) -> None:
    (group,) = groups(pa.array([f"x{value:012}y" for value in values]))
    assert number(group.chars, (1, 13)).tolist() == values
    names, which = distinct(group.chars, (1, 13))
    got = [names[0]] * len(values) if which is None else [names[at] for at in which]
    assert got == [f"{value:012}" for value in values]
