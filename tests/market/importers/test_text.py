"""The lines of a text that begin a row."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.text import begins_row

CELLS = st.text(alphabet='a"\n,', max_size=5)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=3), min_size=1, max_size=8))
def test_rows_begin_where_a_reader_of_csv_begins_them(rows: list[list[str]]):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    reader = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    begins = [1, *(reader.line_num + 1 for _ in reader)]
    found = begins_row(stream.getvalue().encode())
    assert (found.nonzero()[0] + 1).tolist() == begins
