"""The reader of a column of times, chosen by a sample of it."""

from __future__ import annotations

import re
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import DataError
from pipeline.market.importers.empty_cells import EMPTY_CELLS
from pipeline.market.importers.times.columns import ArrowTimes
from pipeline.market.importers.times.date_order import Verdict
from pipeline.market.importers.times.epochs import EpochTimes
from pipeline.market.importers.times.fields import times_of
from pipeline.market.importers.times.form import (
    PADDED,
    Form,
    Order,
    Place,
    only_digits,
    plan_of,
    row_place,
)
from pipeline.market.importers.times.result import Times
from pipeline.market.importers.times.template import Chars, groups, plain_text
from pipeline.market.importers.times.text import TextTimes

SAMPLE_ROWS: Final = 2_000
"""So many rows with a text show the form."""
_LOOKED_AT: Final = 25 * SAMPLE_ROWS
"""They are sought among so many rows."""
_ALL_EMPTY: Final = "every time is empty; expected one such as 2024-11-04 09:30"
_MOST: Final = 0.9
"""If so many numbers are dates as well, they are no epochs: of epochs, one in ten at most is."""
_DATE_DIGITS: Final = 8
"""Digits of a date alone; an epoch has more."""
_NUMBER: Final = re.compile(r"-?0+(\.0*)?([eE]\+?0+)?")


class TimeReader(Protocol):
    """Reads a column of times, block by block, in the order of the file."""

    zones: tuple[str, ...]
    """Names of the zones that the rows have named up to now, in no order; an offset is
    ``UTC+01:00``."""

    @property
    def timed(self) -> bool:
        """Whether the rows have a time of day; False for plain dates."""

    @property
    def ordered(self) -> bool:
        """Whether the times may be of several orders of day and month."""

    @property
    def verdict(self) -> Verdict:
        """The order of day and month that the rows gathered so far show."""

    def gather(self, block: pa.Array) -> None:
        """Take a block as evidence of the order of day and month, without reading it."""

    def settle(self, order: Order) -> None:
        """Read dates like 3/4/2017 in this order from now on."""

    def words(self, place: Place = row_place) -> str:
        """Return the form in words, for the account of an import.

        ``place`` returns the place of a row, counted from 0 over all blocks.
        """

    def read(self, block: pa.Array) -> Times:
        """Read the next block of rows."""

    def explain(self, value: str | None) -> str:
        """Say in words why the value of a row that was not read is no time of this file."""


def open_times(sample: pa.Array, *, date_order: Order | None = None) -> TimeReader:
    """Return the reader for a column of times whose first rows are `sample`, an Arrow array.

    The column may be of text, integers, floats, timestamps or dates. Of text, the form of most rows
    of the sample is taken, and of forms that are equally frequent the first. The sample is gathered
    as evidence for the order of day and month. While `TimeReader.verdict` is "unknown", gather
    further blocks before you read the first, or settle the order.

    Raises DataError, without the place, if no row of the sample can be read.
    """
    if not is_text(sample.type) and not _is_number(sample.type):
        return ArrowTimes(sample.type)
    if pa.types.is_floating(sample.type):
        return _epochs(sample)
    text = pc.utf8_trim_whitespace(plain_text(sample.slice(0, _LOOKED_AT)).fill_null(""))
    text = text.filter(pc.invert(pc.is_in(text, value_set=pa.array(sorted(EMPTY_CELLS)))))
    text = text.slice(0, SAMPLE_ROWS)
    if len(text) == 0:
        raise DataError(_ALL_EMPTY)
    form, example = _form(text)
    if form is None:
        return _epochs(text)
    order = date_order if form.family == "numbers" else None
    reader = TextTimes(form, example, order, _padded(text, form))
    reader.gather(sample)
    return reader


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type of Arrow's is text of any of its kinds, or has nothing but nulls."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return kind in (pa.string(), pa.large_string(), pa.string_view(), pa.null())


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _epochs(sample: pa.Array) -> EpochTimes:
    rows = sample.drop_null()
    if len(rows) == 0:
        raise DataError(_ALL_EMPTY)
    example = rows[:1].cast(pa.string())[0].as_py()
    try:
        return EpochTimes(sample, example)
    except ValueError:
        raise DataError(f"time must be a date, or an epoch from 1973 on, was {example!r}") from None


def _form(text: pa.Array) -> tuple[Form | None, str]:
    """Return the form of most texts, None for epochs, and an example of it."""
    counts: dict[Form | None, int] = {}
    first: dict[Form | None, int] = {}
    for group in groups(text):
        plan, size = plan_of(group.template), group.chars.shape[1]
        if plan is not None and only_digits(group.template) and not _is_dates(group.chars):
            plan = None
        if plan is None and _NUMBER.fullmatch(group.template) is None:
            continue
        form = plan.form if plan is not None else None
        row = 0 if group.rows is None else int(group.rows[0])
        counts[form] = counts.get(form, 0) + size
        first[form] = min(first.get(form, row), row)
    if not counts:
        raise DataError(f"time must be a date or an epoch, was {text[0].as_py()!r}")
    form = min(counts, key=lambda one: (-counts[one], first[one]))
    return form, text[first[form]].as_py()


def _padded(text: pa.Array, form: Form) -> frozenset[str]:
    """Return the fields that the texts of a form pad: more begin with 0 than have one digit."""
    more = dict.fromkeys(PADDED, 0)
    for group in groups(text):
        plan = plan_of(group.template)
        if plan is None or plan.form != form:
            continue
        for name in PADDED & plan.spans.keys():
            if name in plan.single:
                more[name] -= group.chars.shape[1]
            else:
                more[name] += int(np.count_nonzero(group.chars[plan.spans[name][0]] == ord("0")))
    return frozenset(name for name, rows in more.items() if rows > 0)


def _is_dates(chars: Chars) -> bool:
    """Return whether numbers of so many digits are dates of 1900 to 2099, and not epochs.

    ``chars`` are their digits, uint8[digits, n].
    """
    if len(chars) == _DATE_DIGITS:
        return True
    plan = plan_of("0" * len(chars))
    assert plan is not None
    century = (chars[0] - 48) * 10 + chars[1] - 48
    times, _ = times_of(plan, chars, "mdy")
    dates = ((century == 19) | (century == 20)) & ~times.unread
    return bool(np.mean(dates) >= _MOST)
